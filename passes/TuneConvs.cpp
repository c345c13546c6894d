// Measures candidates of convolutions.
#include "passes/TuneConvs.h"
#include "passes/TuneRecords.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"
#include <chrono>

using namespace mlir;
using namespace incc;

namespace {

/// Convolutions that differ in their weights only.
struct Group {
  std::string key;
  SmallVector<plan::KernelOp> convs;
  SmallVector<ConvCandidate> candidates;
  double modelledCycles() const {
    return candidates.front().cycles * static_cast<double>(convs.size());
  }
};

class ConvTuner {
public:
  ConvTuner(plan::ProgramOp program, const Goal &goal, const TuneOptions &options)
      : program(program), goal(goal), options(options), records(options.recordsPath) {
    networkBytes = bytesOfWeights(program);
  }

  void run(ArrayRef<plan::KernelOp> convs) {
    std::vector<Group> groups = group(convs);
    llvm::sort(groups, [](const Group &a, const Group &b) {
      return std::pair(-a.modelledCycles(), StringRef(a.key)) <
             std::pair(-b.modelledCycles(), StringRef(b.key));
    });
    auto start = std::chrono::steady_clock::now();
    auto elapsed = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    size_t numLeft = 0;
    for (auto [i, group] : llvm::enumerate(groups)) {
      if (options.progress)
        options.progress(i, groups.size());
      if (useRecord(group))
        continue;
      if (elapsed() > options.seconds)
        ++numLeft;
      else
        measure(group);
    }
    if (options.progress)
      options.progress(groups.size(), groups.size());
    if (llvm::Error error = records.write())
      emitWarning(program.getLoc(), llvm::toString(std::move(error)));
    report(groups.size(), numLeft, elapsed());
  }

private:
  plan::ProgramOp program;
  const Goal &goal;
  const TuneOptions &options;
  TuneRecords records;
  int64_t networkBytes = 0;
  size_t numRecorded = 0, numMeasured = 0, numModelGood = 0;
  double modelledSeconds = 0, bestSeconds = 0;

  std::vector<Group> group(ArrayRef<plan::KernelOp> convs) {
    std::vector<Group> groups;
    llvm::StringMap<size_t> indices;
    for (plan::KernelOp conv : convs) {
      std::string key;
      llvm::raw_string_ostream os(key);
      if (goal.backend != plan::kLlvmBackend)
        os << goal.backend << ", ";
      os << goal.target.cpu.name << ", " << goal.threads << " threads, " << goal.accuracyName()
         << ", " << networkBytes / (1 << 20) << " MiB: " << conv.getParams();
      for (Type type : conv->getOperandTypes())
        os << " " << type;
      auto [entry, isNew] = indices.try_emplace(key, groups.size());
      if (isNew)
        groups.push_back({key, {}, convCandidates(conv, goal)});
      groups[entry->second].convs.push_back(conv);
    }
    return groups;
  }

  void apply(Group &group, const ConvCandidate &candidate) {
    for (plan::KernelOp conv : group.convs)
      applyCandidate(conv, candidate, goal.target);
  }

  std::string textOf(const ConvCandidate &candidate) {
    std::string text;
    llvm::raw_string_ostream(text) << candidate.config.toAttr(program.getContext(), {});
    if (candidate.backend != plan::kLlvmBackend)
      text += (" by " + candidate.backend).str();
    return text;
  }

  /// A record that is none of the candidates is of another version of incc.
  bool useRecord(Group &group) {
    std::optional<StringRef> record = records.find(group.key);
    if (!record)
      return false;
    for (const ConvCandidate &candidate : group.candidates)
      if (textOf(candidate) == *record) {
        apply(group, candidate);
        ++numRecorded;
        return true;
      }
    return false;
  }

  void measure(Group &group) {
    constexpr size_t kMostCandidates = 16;
    // What the model gives more than this is not worth the time.
    constexpr double kHopeless = 2;
    SmallVector<ConvCandidate> candidates = diversify(group.candidates, kMostCandidates);
    llvm::erase_if(candidates, [&](const ConvCandidate &candidate) {
      return candidate.cycles > kHopeless * candidates.front().cycles;
    });
    std::vector<StageList> runs;
    for (const ConvCandidate &candidate : candidates) {
      auto kernel = cast<plan::KernelOp>(group.convs.front()->clone());
      applyCandidate(kernel, candidate, goal.target);
      runs.push_back({{kernel}});
    }
    std::vector<double> seconds = options.time(runs, networkBytes);
    for (StageList &run : runs)
      run.front().front()->destroy();
    size_t best = 0;
    for (size_t i = 1; i < candidates.size(); ++i)
      if (seconds[i] * candidates[i].handicap < seconds[best] * candidates[best].handicap)
        best = i;
    apply(group, candidates[best]);
    records.set(group.key, textOf(candidates[best]));
    ++numMeasured;
    constexpr double kGood = 1.05;
    numModelGood += seconds.front() <= kGood * seconds[best];
    modelledSeconds += seconds.front() * static_cast<double>(group.convs.size());
    bestSeconds += seconds[best] * static_cast<double>(group.convs.size());
    if (options.details)
      printDetails(group, candidates, seconds);
  }

  void printDetails(Group &group, ArrayRef<ConvCandidate> candidates, ArrayRef<double> seconds) {
    InFlightDiagnostic remark = emitRemark(group.convs.front().getLoc(), "candidates measured");
    for (auto [candidate, time] : llvm::zip_equal(candidates, seconds))
      remark.attachNote() << llvm::formatv("{0:f3} ms, modelled {1:f3} Mcycles: {2}", time * 1e3,
                                           candidate.cycles * 1e-6, textOf(candidate))
                                 .str();
  }

  void report(size_t numGroups, size_t numLeft, double elapsed) {
    std::string text = llvm::formatv("tuned {0} of {1} convolutions in {2:f1} s", numMeasured,
                                     numGroups - numRecorded, elapsed);
    if (numRecorded)
      text += llvm::formatv(", {0} more were measured earlier", numRecorded);
    if (numMeasured)
      text += llvm::formatv("; the model's choice was within 5% of the best for {0}, and they take "
                            "{1:f2} ms of its {2:f2} ms",
                            numModelGood, bestSeconds * 1e3, modelledSeconds * 1e3);
    if (numLeft)
      text += "; there was no time for the others";
    emitRemark(program.getLoc(), text);
  }
};

} // namespace

void incc::tuneConvs(plan::ProgramOp program, ArrayRef<plan::KernelOp> convs, const Goal &goal,
                     const TuneOptions &options) {
  ConvTuner(program, goal, options).run(convs);
}
