// What Halide writes, and its errors, in LLVM's terms.
#ifndef INCC_BACKENDS_HALIDE_HALIDEFILE_H
#define INCC_BACKENDS_HALIDE_HALIDEFILE_H

#include "llvm/Support/Error.h"
#include <Halide.h>

namespace incc {

/// Generates assembly of a module, or prints it. Halide writes files only: this one is gone afterwards.
llvm::Expected<std::string> writeHalideFile(const Halide::Module &module,
                                            Halide::OutputFileType kind);

llvm::Error toError(const Halide::Error &error);

} // namespace incc

#endif // INCC_BACKENDS_HALIDE_HALIDEFILE_H
