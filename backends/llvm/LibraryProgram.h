// From a plan to what a library is made of: tables and weights. Kernels are the backends' business.
#ifndef INCC_BACKENDS_LLVM_LIBRARYPROGRAM_H
#define INCC_BACKENDS_LLVM_LIBRARYPROGRAM_H

#include "backends/llvm/Library.h"
#include "ir/Plan.h"
#include "mlir/IR/BuiltinOps.h"

namespace incc {

/// The module's only program; null, after a diagnostic, if it has not one.
plan::ProgramOp findProgram(mlir::ModuleOp module);

/// Tensors, steps and memory of a program; `kernelOf` numbers the kernel of each `plan.kernel`. The
/// kernels and the target are left to add.
LibraryDesc describeProgram(mlir::ModuleOp module, plan::ProgramOp program,
                            const llvm::DenseMap<mlir::Operation *, unsigned> &kernelOf);

/// Lays out weights operand `index` of a kernel as the kernel reads it.
using PackWeights = llvm::function_ref<std::vector<float>(plan::KernelOp kernel, unsigned index,
                                                          llvm::ArrayRef<float> values)>;

/// Writes the packed weights of a program, and releases them.
llvm::Error writeWeights(plan::ProgramOp program, PackWeights pack, llvm::raw_ostream &os);

} // namespace incc

#endif // INCC_BACKENDS_LLVM_LIBRARYPROGRAM_H
