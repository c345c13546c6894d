// The ways to compute a convolution that choose-algorithm chooses among.
#ifndef INCC_PASSES_CONVCANDIDATES_H
#define INCC_PASSES_CONVCANDIDATES_H

#include "passes/ConvCost.h"

namespace incc {

/// What is chosen for.
struct Goal {
  Target target;
  unsigned threads;
  Accuracy accuracy;
  /// The backend that compiles convolutions, or "auto" for either.
  llvm::StringRef backend = plan::kLlvmBackend;
  llvm::StringRef accuracyName() const {
    return accuracy == Accuracy::strict ? "strict"
           : accuracy == Accuracy::fast ? "fast"
                                        : "default";
  }
};

/// What a pass's options ask for; errors are `op`'s.
std::optional<Goal> parseGoal(mlir::Operation *op, llvm::StringRef mcpu, unsigned threads,
                              llvm::StringRef accuracy);

/// All candidates for a convolution, the one with the fewest modelled cycles, times its handicap,
/// first; then by backend. There is at least one.
llvm::SmallVector<ConvCandidate> convCandidates(plan::KernelOp kernel, const Goal &goal);

/// Some of `candidates` that are unlike each other: the first, then always the next one that
/// differs from all so far in algorithm, outputs, blocks or markedly in the size of tasks.
llvm::SmallVector<ConvCandidate> diversify(llvm::ArrayRef<ConvCandidate> candidates, size_t most);

/// Sets the config and the tasks of a convolution.
void applyCandidate(plan::KernelOp kernel, const ConvCandidate &candidate, const Target &target);

/// Floats of a convolution's packed filter.
int64_t packedFilterFloats(const ConvShape &shape, const ConvConfig &config, const Target &target);

/// "winograd 4x4" or "direct": what a candidate is in few words; "direct by Halide".
std::string describe(const ConvConfig &config);
std::string describe(const ConvCandidate &candidate);

} // namespace incc

#endif // INCC_PASSES_CONVCANDIDATES_H
