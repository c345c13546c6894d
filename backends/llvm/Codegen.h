// From the kernels of a plan to machine code: one function per distinct kernel.
#ifndef INCC_BACKENDS_LLVM_CODEGEN_H
#define INCC_BACKENDS_LLVM_CODEGEN_H

#include "ir/Plan.h"
#include "ir/Target.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/MemoryBuffer.h"

namespace incc {

/// Halide's statements are those of the kernels that it compiles; nothing else is written then.
enum class CodeKind { LlvmIr, Assembly, Object, HalideStatements };

struct CodegenOptions {
  Target target;
  CodeKind kind = CodeKind::Object;
  /// Generate code for this instruction set instead of the target's own: kernels that were planned
  /// for another machine then run on this one, slower.
  std::optional<Isa> codegenIsa;

  const Isa &isa() const { return codegenIsa ? *codegenIsa : target.isa; }
  /// Passes of LLVM that run: 0 to 3.
  unsigned optLevel = 3;
  /// What the names of functions begin with.
  std::string symbolPrefix = "k";
};

struct CompiledKernels {
  /// One function `void k(const incc_args *, int begin, int end)` for each distinct kernel.
  std::vector<std::string> symbols;
  /// Index into `symbols` of each `plan.kernel`.
  llvm::DenseMap<mlir::Operation *, unsigned> symbolOf;
  /// Objects (or texts) that define the symbols, always in the same order.
  std::vector<std::unique_ptr<llvm::MemoryBuffer>> code;
};

/// A kernel to compile, and the name of its function.
struct DistinctKernel {
  plan::KernelOp kernel;
  std::string symbol;
};

struct KernelTable {
  std::vector<DistinctKernel> kernels;
  /// Index into `kernels` of each `plan.kernel`.
  llvm::DenseMap<mlir::Operation *, unsigned> indexOf;
};

/// Kernels that agree in all that their code depends on are one.
KernelTable findDistinctKernels(llvm::ArrayRef<plan::KernelOp> kernels, llvm::StringRef prefix);

/// Registers what lowering needs. Call once per context, before `compileKernels`.
void registerCodegenDialects(mlir::MLIRContext &context);

/// Compiles kernels, in parallel. Emits diagnostics on failure.
mlir::FailureOr<CompiledKernels> compileKernels(llvm::ArrayRef<plan::KernelOp> kernels,
                                                const CodegenOptions &options);

/// The kernels of a program in their order.
llvm::SmallVector<plan::KernelOp> kernelsOf(plan::ProgramOp program);

} // namespace incc

#endif // INCC_BACKENDS_LLVM_CODEGEN_H
