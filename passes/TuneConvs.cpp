// Measures candidates of convolutions, and keeps what it found in a file.
#include "passes/TuneConvs.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <chrono>

using namespace mlir;
using namespace incc;

namespace {

/// The best configs found so far, by what they were found for: a JSON object of texts. A file that
/// can't be read, or that something else wrote, counts as empty.
class Records {
public:
  explicit Records(StringRef path) : path(path) {
    if (path.empty())
      return;
    auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
    if (!file)
      return;
    llvm::Expected<llvm::json::Value> value = llvm::json::parse((*file)->getBuffer());
    if (!value)
      llvm::consumeError(value.takeError());
    else if (llvm::json::Object *object = value->getAsObject())
      records = std::move(*object);
  }

  std::optional<StringRef> find(StringRef key) const { return records.getString(key); }
  void set(StringRef key, StringRef config) { records[key.str()] = config.str(); }

  /// Other processes may write at the same time: the last one wins.
  llvm::Error write() const {
    if (path.empty())
      return llvm::Error::success();
    StringRef folder = llvm::sys::path::parent_path(path);
    if (std::error_code code =
            folder.empty() ? std::error_code() : llvm::sys::fs::create_directories(folder))
      return llvm::createStringError(code, "can't make the folder of " + path);
    return llvm::writeToOutput(path, [&](llvm::raw_ostream &os) {
      os << llvm::formatv("{0:2}\n", llvm::json::Value(llvm::json::Object(records)));
      return llvm::Error::success();
    });
  }

private:
  std::string path;
  llvm::json::Object records;
};

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
    for (auto weights : program.getOps<plan::WeightsOp>())
      networkBytes += sizeof(float) * weights.getValue().getNumElements();
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
  Records records;
  int64_t networkBytes = 0;
  size_t numRecorded = 0, numMeasured = 0, numModelGood = 0;
  double modelledSeconds = 0, bestSeconds = 0;

  std::vector<Group> group(ArrayRef<plan::KernelOp> convs) {
    std::vector<Group> groups;
    llvm::StringMap<size_t> indices;
    for (plan::KernelOp conv : convs) {
      std::string key;
      llvm::raw_string_ostream os(key);
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
    SmallVector<plan::KernelOp> kernels;
    for (const ConvCandidate &candidate : candidates) {
      kernels.push_back(cast<plan::KernelOp>(group.convs.front()->clone()));
      applyCandidate(kernels.back(), candidate, goal.target);
    }
    std::vector<double> seconds = options.time(kernels, networkBytes);
    for (plan::KernelOp kernel : kernels)
      kernel->destroy();
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
