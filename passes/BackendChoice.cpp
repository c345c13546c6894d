// LLVM's kernels or Halide's, by a table of what was measured or by measuring.
#include "passes/BackendChoice.h"
#include "ir/DecisionLog.h"
#include "passes/TuneRecords.h"
#include "passes/TuneStages.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include <chrono>
#include <cmath>

using namespace mlir;
using namespace incc;

namespace {
/// Medians over the layers of GoogLeNet, Inception v3, EfficientNet-B0, ResNeXt-50, AlexNet and
/// SE-ResNet-50, one thread of Zen 4. Halide's pools and sums are held up by what they store between
/// loops.
struct FactorRow {
  StringRef kind;
  double avx2, avx512;
};
} // namespace

std::optional<double> incc::halideFactor(plan::KernelOp kernel, const Target &target) {
  static const FactorRow kRows[] = {
      {cnn::AvgPoolOp::getOperationName(), 1.23, 1.07},
      {cnn::GlobalAvgPoolOp::getOperationName(), 1.36, 1.40},
      {cnn::LinearOp::getOperationName(), 1.00, 1.00},
      {cnn::MaxPoolOp::getOperationName(), 1.25, 1.18},
      {cnn::MulOp::getOperationName(), 1.06, 1.09},
      {cnn::ToLayoutOp::getOperationName(), 1.04, 1.00},
  };
  const FactorRow *row =
      llvm::find_if(kRows, [&](const FactorRow &r) { return r.kind == kernel.getKind(); });
  if (row == std::end(kRows))
    return std::nullopt;
  if (target.isa.name == "avx2")
    return row->avx2;
  if (target.isa.name == "avx512")
    return row->avx512;
  return std::nullopt;
}

double incc::halideConvFactor(const ConvConfig &config, const Target &target) {
  // EfficientNet-B0: steps through narrow groups wait for their loads. Elsewhere both have the same inner
  // loops.
  constexpr double kLanes = 1.3;
  return areBackendsMeasured(target.isa) && config.algorithm == ConvAlgorithm::lanes ? kLanes : 1;
}

bool incc::areBackendsMeasured(const Isa &isa) {
  return isa.name == "avx2" || isa.name == "avx512";
}

/// Kinds that Halide has no kernel for: where it compiles all of a network there are none of them.
static bool isOnlyForLlvm(StringRef kind) {
  return kind == cnn::SpaceToDepthOp::getOperationName();
}

namespace {
class BackendChooser {
public:
  BackendChooser(plan::ProgramOp program, const Target &target, unsigned threads,
                 const TuneOptions &tune)
      : program(program), target(target), threads(threads), tune(tune),
        records(tune.time ? tune.recordsPath : ""), networkBytes(bytesOfWeights(program)) {}

  void run(ArrayRef<plan::KernelOp> kernels) {
    llvm::MapVector<StringRef, SmallVector<plan::KernelOp>> groups;
    for (plan::KernelOp kernel : kernels)
      groups[keys.insert(keyOf(kernel)).first->getKey()].push_back(kernel);
    auto start = std::chrono::steady_clock::now();
    for (auto &[key, group] : groups) {
      std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
      if (isOnlyForLlvm(group.front().getKind()))
        continue;
      bool isMeasured = tune.time && canMeasure(group.front());
      if (isMeasured && useRecord(key, group))
        continue;
      // Convolutions have had most of the time.
      constexpr double kPart = 0.25;
      if (isMeasured && elapsed.count() < kPart * tune.seconds)
        measure(key, group);
      else
        model(group);
    }
    if (!tune.time)
      return;
    if (llvm::Error error = records.write())
      emitWarning(program.getLoc(), llvm::toString(std::move(error)));
  }

private:
  plan::ProgramOp program;
  const Target &target;
  unsigned threads;
  const TuneOptions &tune;
  TuneRecords records;
  int64_t networkBytes;
  llvm::StringSet<> keys;

  std::string keyOf(plan::KernelOp kernel) {
    std::string key;
    llvm::raw_string_ostream os(key);
    os << "backend, " << target.cpu.name << ", " << threads << " threads, "
       << networkBytes / (1 << 20) << " MiB: " << kernel.getKind() << kernel.getParams();
    if (auto config = kernel.getConfig())
      os << *config;
    for (Type type : kernel->getOperandTypes())
      os << " " << type;
    return key;
  }

  /// Takes Halide's kernels if they take `factor` of the time of LLVM's, less than all of it.
  void decide(ArrayRef<plan::KernelOp> group, double factor, StringRef how) {
    bool isHalide = factor < 1;
    std::string text =
        llvm::formatv("by Halide, {0} at {1:f2} of the time by LLVM", how, factor).str();
    for (plan::KernelOp kernel : group) {
      plan::setBackend(kernel, isHalide ? plan::kHalideBackend : plan::kLlvmBackend);
      if (isHalide) {
        kernel.setCyclesAttr(plan::cyclesAttr(kernel.getContext(),
                                              factor * kernel.getCyclesAttr().getValueAsDouble()));
        logDone(kernel, text, {{"halide_factor", factor}});
      } else {
        logDeclined(kernel, text, {{"halide_factor", factor}});
      }
    }
  }

  void model(ArrayRef<plan::KernelOp> group) {
    if (std::optional<double> factor = halideFactor(group.front(), target))
      decide(group, *factor, "modelled");
  }

  bool useRecord(StringRef key, ArrayRef<plan::KernelOp> group) {
    std::optional<StringRef> record = records.find(key);
    double factor;
    if (!record || record->getAsDouble(factor))
      return false;
    decide(group, factor, "measured earlier");
    return true;
  }

  void measure(StringRef key, ArrayRef<plan::KernelOp> group) {
    std::vector<StageList> runs;
    for (StringRef backend : {plan::kLlvmBackend, plan::kHalideBackend}) {
      auto kernel = cast<plan::KernelOp>(group.front()->clone());
      plan::setBackend(kernel, backend);
      runs.push_back({{kernel}});
    }
    std::vector<double> seconds = tune.time(runs, networkBytes);
    for (StageList &run : runs)
      run.front().front()->destroy();
    // As the record will have it.
    double factor = std::round(seconds[1] / seconds[0] * 1000) / 1000;
    if (!std::isfinite(factor)) // neither could be compiled
      return;
    records.set(key, llvm::formatv("{0:f3}", factor).str());
    decide(group, factor, "measured");
  }
};
} // namespace

void incc::chooseBackends(plan::ProgramOp program, ArrayRef<plan::KernelOp> kernels,
                          const Target &target, unsigned threads, const TuneOptions &tune) {
  BackendChooser(program, target, threads, tune).run(kernels);
}
