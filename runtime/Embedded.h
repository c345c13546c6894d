// The runtime as it lies inside incc.
#ifndef INCC_RUNTIME_EMBEDDED_H
#define INCC_RUNTIME_EMBEDDED_H

#include "llvm/ADT/StringRef.h"

namespace incc {

/// Bitcode of the runtime for an architecture as llvm::Triple names it ("x86_64"), or empty.
llvm::StringRef embeddedRuntime(llvm::StringRef arch);

/// The same for models that run on a GPU by the CUDA driver.
llvm::StringRef embeddedCudaRuntime(llvm::StringRef arch);

/// The text of incc.h.
llvm::StringRef embeddedHeader();

} // namespace incc

#endif // INCC_RUNTIME_EMBEDDED_H
