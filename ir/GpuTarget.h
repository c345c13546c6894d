// The GPUs that incc compiles for, as rows of data.
#ifndef INCC_IR_GPUTARGET_H
#define INCC_IR_GPUTARGET_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace incc {

/// A GPU by the name that `--mcpu` takes: under `--target cuda` the first of its compute
/// capability, under `--target opencl` what is assumed of any.
struct Gpu {
  /// Whose driver runs it, as `--target` names it.
  llvm::StringRef api;
  llvm::StringRef name;
  /// The version of PTX, as LLVM's NVPTX target names the feature, if it is one that runs PTX.
  llvm::StringRef ptxFeature;
  unsigned multiprocessors;
  /// Float32 multiply-adds that a multiprocessor starts in a cycle.
  unsigned fmasPerCycle;
  /// Multiply-adds of tf32 numbers on its tensor cores, by the instruction mma.sync.
  unsigned tf32FmasPerCycle;
  /// Shared memory of a block at most, and of a multiprocessor; its 32-bit registers.
  unsigned sharedBytesPerBlock, sharedBytes, registers;
  unsigned clockMHz;
  unsigned memoryGBPerSecond;

  /// Bytes that a multiprocessor's share of memory gives in a cycle.
  double memoryBytesPerCycle() const {
    return 1e3 * memoryGBPerSecond / clockMHz / multiprocessors;
  }

  bool isOpenCl() const { return api == "opencl"; }

  /// Looks up `mcpu`; where `api` has one GPU only it may be empty. The error lists what is supported.
  static llvm::Expected<Gpu> lookup(llvm::StringRef mcpu, llvm::StringRef api = "cuda");
};

llvm::ArrayRef<Gpu> allGpus();

/// Cycles of the GPU between the end of a kernel in a graph and the work of the next: some 2 us, as
/// measured by others.
constexpr double kGpuLaunchCycles = 3000;

/// Prints the table as rows of that of `printTargets`, a multiprocessor for a core's vector unit.
void printGpus(llvm::raw_ostream &os);

} // namespace incc

#endif // INCC_IR_GPUTARGET_H
