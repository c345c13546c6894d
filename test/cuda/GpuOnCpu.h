// Runs GPU kernels on the CPU: from the LLVM IR that goes to the NVPTX code generator, with every
// intrinsic of a GPU replaced by a call, compiled for this machine. A thread of the GPU is a fiber.
#ifndef INCC_TEST_CUDA_GPUONCPU_H
#define INCC_TEST_CUDA_GPUONCPU_H

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gpu_on_cpu {

/// What a multiprocessor has of shared memory, and more than any block may use.
constexpr size_t kSharedBytes = 256 << 10;

/// A kernel that takes its arguments, pointers all, as a list.
struct Kernel {
  void (*entry)(void *const *arguments);
  unsigned numArguments;
  /// It has barriers or exchanges between lanes.
  bool needsFibers;
};

/// How threads are run, and what is broken on purpose to see that it is noticed.
struct Options {
  /// The last thread, block and node of a graph first.
  bool reversed = false;
  /// Intrinsic whose `mutateCall`-th call in every kernel is dropped ("barrier0", "wait.group").
  std::string mutate;
  unsigned mutateCall = 0;
};

/// The modules of a text of LLVM IR, one after the other, that define kernels which `ptx` has.
class Program {
public:
  /// Null, with a reason, where the IR is not what it should be.
  static std::unique_ptr<Program> load(llvm::StringRef ir, llvm::StringRef ptx,
                                       const Options &options, std::string &reason);
  const Kernel *find(const std::string &name) const;

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::map<std::string, Kernel> kernels;
};

struct Launch {
  const Kernel *kernel;
  unsigned blocks, threads, sharedBytes;
  std::vector<void *> arguments;
};

/// Runs all blocks, one after the other. Returns what was wrong, or "".
std::string run(const Launch &launch, const Options &options);

} // namespace gpu_on_cpu

#endif // INCC_TEST_CUDA_GPUONCPU_H
