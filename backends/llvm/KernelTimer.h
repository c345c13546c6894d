// Times kernels on this machine.
#ifndef INCC_BACKENDS_LLVM_KERNELTIMER_H
#define INCC_BACKENDS_LLVM_KERNELTIMER_H

#include "backends/llvm/Codegen.h"
#include "llvm/Support/Error.h"

namespace incc {

/// Compiles kernels in memory and runs them as a network would: on the runtime's threads, with
/// inputs that other kernels have pushed out of the L2 cache, and weights that lie in memory if the
/// network has more of them than the last-level cache holds.
class KernelTimer {
public:
  /// Fails if this machine can't run code for `options.target`.
  static llvm::Expected<std::unique_ptr<KernelTimer>> create(const CodegenOptions &options,
                                                             unsigned threads);
  ~KernelTimer();

  /// Seconds of each of `runs`, the least of several in which they take turns; infinity if they can't
  /// be compiled. A run is a list of stages, a stage a list of kernels, which may be detached; they
  /// pass each other their maps, whose contents are arbitrary: none may compute addresses from them
  /// or from weights. `networkBytes` are those of all weights.
  std::vector<double> time(llvm::ArrayRef<std::vector<std::vector<plan::KernelOp>>> runs,
                           int64_t networkBytes);

private:
  struct Runtime;
  KernelTimer(const CodegenOptions &options, std::unique_ptr<Runtime> runtime);

  CodegenOptions options;
  std::unique_ptr<Runtime> runtime;
};

} // namespace incc

#endif // INCC_BACKENDS_LLVM_KERNELTIMER_H
