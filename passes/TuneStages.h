// Choosing among a block's schedules by measuring them.
#ifndef INCC_PASSES_TUNESTAGES_H
#define INCC_PASSES_TUNESTAGES_H

#include "passes/Pipeline.h"
#include "passes/StageSearch.h"
#include "passes/TuneRecords.h"
#include <chrono>

namespace incc {

/// False for kernels that take addresses from their weights, which are not there yet.
bool canMeasure(plan::KernelOp kernel);

/// Measures schedules of blocks of a program as far as `options` give time, or takes what was
/// measured earlier. Blocks that agree in all but their weights are measured once.
class StageTuner {
public:
  /// What is found counts for one kind of CPU and number of threads.
  StageTuner(plan::ProgramOp program, llvm::StringRef cpu, unsigned threads,
             const TuneOptions &options);

  /// The one of `candidates`, which are schedules of the kernels of `block`, that takes the least
  /// time; the first one unless another is clearly faster, or if there was no time to measure.
  size_t fastest(llvm::ArrayRef<plan::KernelOp> block, llvm::ArrayRef<Schedule> candidates);

  /// Keeps what was found and reports it in a remark on the program.
  void finish();

private:
  plan::ProgramOp program;
  std::string machine;
  const TuneOptions &options;
  TuneRecords records;
  int64_t networkBytes;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  size_t numBlocks = 0, numMeasured = 0, numModelBest = 0;

  double elapsed() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  size_t measure(llvm::ArrayRef<plan::KernelOp> block, llvm::ArrayRef<Schedule> candidates);
};

} // namespace incc

#endif // INCC_PASSES_TUNESTAGES_H
