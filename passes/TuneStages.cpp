// Measures schedules of blocks.
#include "passes/TuneStages.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace incc;

/// "0 1+2 3": the kernels of each stage.
static std::string textOf(const Schedule &schedule) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(
      schedule.stages, os,
      [&](const CostedStage &stage) { llvm::interleave(stage.kernels, os, "+"); }, " ");
  return text;
}

bool incc::canMeasure(plan::KernelOp kernel) {
  return kernel.getKind() != cnn::TakeOp::getOperationName() &&
         kernel.getKind() != plan::kPackFilterKind;
}

StageTuner::StageTuner(plan::ProgramOp program, StringRef cpu, unsigned threads,
                       const TuneOptions &options)
    : program(program), machine(cpu.str() + ", " + std::to_string(threads) + " threads"),
      options(options), records(options.recordsPath), networkBytes(bytesOfWeights(program)) {}

size_t StageTuner::fastest(ArrayRef<plan::KernelOp> block, ArrayRef<Schedule> candidates) {
  if (candidates.size() == 1 || !llvm::all_of(block, canMeasure))
    return 0;
  ++numBlocks;
  // What depends on what shows in the schedules.
  std::string key;
  llvm::raw_string_ostream os(key);
  os << machine << ", " << networkBytes / (1 << 20) << " MiB, stages";
  for (const Schedule &candidate : candidates)
    os << " | " << textOf(candidate);
  for (plan::KernelOp kernel : block) {
    os << "; " << kernel.getKind() << " " << kernel.getParams() << " " << kernel.getConfigAttr();
    for (Type type : kernel->getOperandTypes())
      os << " " << type;
  }
  if (std::optional<StringRef> record = records.find(key))
    for (auto [i, candidate] : llvm::enumerate(candidates))
      if (textOf(candidate) == *record)
        return i;
  // Convolutions have had their time already.
  constexpr double kShare = 0.25;
  if (elapsed() > kShare * options.seconds)
    return 0;
  size_t best = measure(block, candidates);
  records.set(key, textOf(candidates[best]));
  return best;
}

size_t StageTuner::measure(ArrayRef<plan::KernelOp> block, ArrayRef<Schedule> candidates) {
  std::vector<StageList> runs;
  for (const Schedule &candidate : candidates) {
    StageList &run = runs.emplace_back();
    for (const CostedStage &stage : candidate.stages)
      for (std::vector<plan::KernelOp> &kernels = run.emplace_back(); unsigned k : stage.kernels)
        kernels.push_back(block[k]);
  }
  std::vector<double> seconds = options.time(runs, networkBytes);
  // What differs by less is chance.
  constexpr double kClearly = 0.99;
  size_t best = 0;
  for (size_t i = 1; i < candidates.size(); ++i)
    if (seconds[i] < seconds[best] * (best == 0 ? kClearly : 1))
      best = i;
  ++numMeasured;
  numModelBest += best == 0;
  if (options.details) {
    InFlightDiagnostic remark =
        emitRemark(plan::KernelOp(block.front()).getLoc(), "schedules measured");
    for (auto [candidate, time] : llvm::zip_equal(candidates, seconds))
      remark.attachNote() << llvm::formatv("{0:f3} ms, modelled {1:f3} Mcycles: {2}", time * 1e3,
                                           candidate.cycles() * 1e-6, textOf(candidate))
                                 .str();
  }
  return best;
}

void StageTuner::finish() {
  if (llvm::Error error = records.write())
    emitWarning(program.getLoc(), llvm::toString(std::move(error)));
  if (numBlocks)
    emitRemark(
        program.getLoc(),
        llvm::formatv("measured the schedules of {0} of {1} blocks with branches in {2:f1} s; the "
                      "model's choice was within 1% of the best for {3}",
                      numMeasured, numBlocks, elapsed(), numModelBest));
}
