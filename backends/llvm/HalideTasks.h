// The tasks of kernels that the Halide backend compiles.
#ifndef INCC_BACKENDS_LLVM_HALIDETASKS_H
#define INCC_BACKENDS_LLVM_HALIDETASKS_H

#include "backends/halide/HalideCode.h"
#include "backends/llvm/KernelBuilder.h"

namespace llvm {
class Module;
}

namespace incc {

/// Writes a kernel's body: for each task its indices, the call of a function, zeros in the halo.
void emitHalideTasks(KernelBuilder &b, const HalideCode &code);

/// Defines what the body calls: functions that make a `halide_buffer_t` of each operand.
void defineHalideCalls(llvm::Module &module, const HalideCode &code);

} // namespace incc

#endif // INCC_BACKENDS_LLVM_HALIDETASKS_H
