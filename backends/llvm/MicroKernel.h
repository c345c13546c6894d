// The inner loops of convolution and fully connected layers: a register tile of outputs that
// accumulates over the whole reduction.
#ifndef INCC_BACKENDS_LLVM_MICROKERNEL_H
#define INCC_BACKENDS_LLVM_MICROKERNEL_H

#include "backends/llvm/KernelBuilder.h"

namespace incc {

/// Floats in a cache line.
constexpr int64_t kLineFloats = 16;

/// `acc[p][j] += sum over steps of input[pixel p, step] * weights[step, block j]`.
/// Weights are a panel of consecutive steps, each `numBlocks` vectors wide.
struct MicroKernel {
  /// Offset of each pixel of the tile in the input, in floats.
  llvm::SmallVector<int64_t> pixelOffsets;
  int64_t numBlocks;

  /// A part of the reduction: nested loops, outermost first, around unrolled steps.
  struct Part {
    struct Loop {
      int64_t count, inputStride;
    };
    llvm::SmallVector<Loop> loops;
    Loop steps;
    /// Where the part begins in the input, relative to the tile's first pixel.
    int64_t inputOffset = 0;

    int64_t numSteps() const {
      int64_t n = steps.count;
      for (const Loop &loop : loops)
        n *= loop.count;
      return n;
    }
  };
  llvm::SmallVector<Part> parts;
  /// Steps ahead of use that weights are prefetched into L1, 0 for not at all.
  int64_t prefetchSteps = 0;

  /// An array of which some cache lines are prefetched into L2 before each run of unrolled steps:
  /// `linesPerRun` lines from `at` on before the first, the following ones before the second...
  struct Stream {
    mlir::Value array;
    Index at;
    int64_t linesPerRun;
  };
  std::optional<Stream> stream;
  /// Offsets from a run's first input that are prefetched into L2: what the next tile will read.
  llvm::SmallVector<int64_t> inputAhead;

  /// Runs of unrolled steps in the whole reduction, and steps.
  int64_t numRuns() const;
  int64_t numSteps() const;

  /// Emits the loops. Accumulators are ordered by pixel, then block.
  KernelBuilder::Values emit(KernelBuilder &b, mlir::Value input, Index inputAt,
                             mlir::Value weights, Index weightsAt,
                             KernelBuilder::Values accumulators) const;
};

} // namespace incc

#endif // INCC_BACKENDS_LLVM_MICROKERNEL_H
