// The runtime as it lies inside incc.
#ifndef INCC_RUNTIME_EMBEDDED_H
#define INCC_RUNTIME_EMBEDDED_H

#include "llvm/ADT/StringRef.h"

namespace incc {

/// Bitcode of the runtime for an architecture as llvm::Triple names it ("x86_64"), or empty; of the
/// one for models that run on a GPU by `api`, "cuda" or "opencl".
llvm::StringRef embeddedRuntime(llvm::StringRef arch, llvm::StringRef api = "");

/// The text of incc.h.
llvm::StringRef embeddedHeader();

} // namespace incc

#endif // INCC_RUNTIME_EMBEDDED_H
