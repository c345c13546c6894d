// The model by which convolutions choose tiles and algorithms, in cycles of one core.
#ifndef INCC_PASSES_CONVCOST_H
#define INCC_PASSES_CONVCOST_H

#include "ir/ConvPlan.h"
#include "ir/KernelParams.h"

namespace incc {

/// Tasks per thread that even out differences between them.
constexpr int64_t kTasksPerThread = 4;

/// Cycles of starting a register tile's sums and storing them.
constexpr double kCyclesPerRegisterTile = 26;

/// Cycles of one step of a tile's reduction: the pipes that multiply-adds and loads share out, and
/// the latency of a chain of multiply-adds where there are too few to fill it.
double stepCycles(const Target &target, int64_t pixels, int64_t blocks);

/// Cycles per step of a row of `columns` pixels cut into near-equal tiles of at most `most`.
double rowCycles(const Target &target, int64_t columns, int64_t most, int64_t rows, int64_t blocks);

/// The same for all `outputBlocks`: panels of `blocks`, and a last one of the rest.
double panelCycles(const Target &target, int64_t columns, int64_t most, int64_t rows,
                   int64_t outputBlocks, int64_t blocks);

/// `compute` cycles during which `traffic` cycles' worth of bytes are prefetched from beyond L2.
double overlap(double compute, double traffic);

/// How far rounding errors may exceed those of a direct convolution. Relative to the largest
/// output: not beyond (1e-6), to some 4e-6, to some 1e-5.
enum class Accuracy { strict, standard, fast };

/// The level that is called "strict", "default" or "fast".
std::optional<Accuracy> parseAccuracy(llvm::StringRef name);

/// A way to compute a convolution and what it costs by the model, in cycles of one core.
struct ConvCandidate {
  ConvConfig config;
  /// Of all cores: those of the tasks, and those of threads that wait for the last task.
  double cycles;
  /// Of the tasks alone.
  double work;
  /// Factor by which its time counts in a comparison: large tiles round more.
  double handicap = 1;
  /// Who compiles it, and what that makes of the cycles.
  llvm::StringRef backend = plan::kLlvmBackend;
  double backendFactor = 1;
};

/// The Winograd tiles that are worth a thought on `threads` threads: the best register tile for
/// each number of outputs, of tiles transformed together and of blocks in a register tile; none
/// where the convolution has a dilation, groups or a stride over 2, or is too small.
llvm::SmallVector<ConvCandidate> winogradCandidates(const ConvShape &shape, const Target &target,
                                                    unsigned threads, Accuracy accuracy);

/// The same for Strassen's algorithm; none where the convolution is not 1x1, or has channels that
/// can't be halved.
llvm::SmallVector<ConvCandidate> strassenCandidates(const ConvShape &shape, const Target &target,
                                                    unsigned threads, Accuracy accuracy);

} // namespace incc

#endif // INCC_PASSES_CONVCOST_H
