// The folder that `incc --report` writes and `incc-run --report` completes.
#ifndef INCC_TOOLS_SUPPORT_REPORTFOLDER_H
#define INCC_TOOLS_SUPPORT_REPORTFOLDER_H

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace incc {

/// Writes report.json and report.html, the page that shows it, into `folder`, which is made if it
/// is not there.
llvm::Error writeReport(llvm::StringRef folder, const llvm::json::Object &report);

/// The report.json that `folder` has.
llvm::Expected<llvm::json::Object> readReport(llvm::StringRef folder);

} // namespace incc

#endif // INCC_TOOLS_SUPPORT_REPORTFOLDER_H
