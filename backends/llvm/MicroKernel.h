// The inner loops of convolution and fully connected layers: a register tile of outputs that
// accumulates over the whole reduction.
#ifndef INCC_BACKENDS_LLVM_MICROKERNEL_H
#define INCC_BACKENDS_LLVM_MICROKERNEL_H

#include "backends/llvm/KernelBuilder.h"

namespace incc {

/// Blocks [first, first + count) of input channels that are summed before the next ones; the last
/// block may be partial.
struct Chunk {
  Index first;
  int64_t count;
  bool isFirst, isLast;
};

/// Runs `body` for each chunk of `count` of `total` blocks.
void forEachChunk(KernelBuilder &b, int64_t total, int64_t count,
                  llvm::function_ref<void(const Chunk &)> body);

/// `acc[p][j] += sum over steps of input[pixel p, step] * weights[step, block j]`.
/// Weights are a panel of consecutive steps, each `numBlocks` vectors wide, or as many panels of
/// one vector as there are blocks.
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
  /// Floats from one block's panel to the next one's; 0 if blocks share a panel.
  int64_t weightsBlockStride = 0;

  /// Cache lines that are prefetched into L2, some before each run of unrolled steps.
  struct Stream {
    mlir::Value array;
    Index at;
    /// Runs before the first, of other tiles, and lines of a run.
    Index run;
    int64_t linesPerRun;
  };
  std::optional<Stream> stream;
  /// Makes tile `tile` of `numTiles` prefetch its share of `numLines` lines from `at` on, unless that
  /// is too much for so few tiles. Call when the parts are complete.
  void streamLines(KernelBuilder &b, mlir::Value array, Index at, int64_t numLines, Index tile,
                   int64_t numTiles);
  /// Offsets from a run's first input that are prefetched into L2: what the next tile will read.
  llvm::SmallVector<int64_t> inputAhead;

  /// Runs of unrolled steps in the whole reduction, and steps.
  int64_t numRuns() const;
  /// Floats of the weights from one step to the next.
  int64_t stepWidth(int64_t lanes) const { return weightsBlockStride ? lanes : numBlocks * lanes; }
  int64_t numSteps() const;

  /// Emits the loops. Accumulators are ordered by pixel, then block.
  KernelBuilder::Values emit(KernelBuilder &b, mlir::Value input, Index inputAt,
                             mlir::Value weights, Index weightsAt,
                             KernelBuilder::Values accumulators) const;
};

} // namespace incc

#endif // INCC_BACKENDS_LLVM_MICROKERNEL_H
