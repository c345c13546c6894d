// Compiles one model as the options say.
#ifndef INCC_TOOLS_INCC_DRIVER_H
#define INCC_TOOLS_INCC_DRIVER_H

#include "tools/incc/Options.h"

namespace incc {

/// Returns the process's exit status; diagnostics have been printed.
int compileModel(const Options &options);

} // namespace incc

#endif // INCC_TOOLS_INCC_DRIVER_H
