// Error messages and file output of the tools.
#ifndef INCC_TOOLS_SUPPORT_ERRORS_H
#define INCC_TOOLS_SUPPORT_ERRORS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace incc {

/// An error that is its message.
llvm::Error makeError(const llvm::Twine &message);

/// Prints "TOOL: error: MESSAGE" and returns the exit status of a failed tool.
int report(llvm::StringRef tool, llvm::Error error);

/// "1x3x224x224"
std::string formatDims(llvm::ArrayRef<int64_t> dims);

/// Writes a file that appears under its name only when it is complete.
llvm::Error writeFile(llvm::StringRef path, llvm::StringRef bytes);

} // namespace incc

#endif // INCC_TOOLS_SUPPORT_ERRORS_H
