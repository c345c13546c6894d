// The order of incc's passes.
#ifndef INCC_PASSES_PIPELINE_H
#define INCC_PASSES_PIPELINE_H

#include "ir/GpuTarget.h"
#include "ir/Target.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/LogicalResult.h"
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mlir {
class OpPassManager;
namespace func {
class FuncOp;
} // namespace func
} // namespace mlir

namespace incc {

namespace plan {
class KernelOp;
} // namespace plan

/// Stages in their order; the kernels of each share a parallel loop.
using StageList = std::vector<std::vector<plan::KernelOp>>;

/// How candidates of convolutions and schedules are measured; not at all if `time` is empty.
struct TuneOptions {
  /// Seconds that each of `runs` takes on the machine that it is compiled for, in a network with
  /// `networkBytes` of weights.
  std::function<std::vector<double>(llvm::ArrayRef<StageList> runs, int64_t networkBytes)> time;
  /// No new measurement begins after so many.
  double seconds = 30;
  /// A file of what was found earlier, read and written; empty: none.
  std::string recordsPath;
  /// Called as convolutions are done.
  std::function<void(size_t done, size_t count)> progress;
  /// Report every candidate.
  bool details = false;
};

/// The inputs on which factorize-conv sees what a network does; none if `run` is empty.
struct CalibrationOptions {
  /// Runs `function` on each input and shows its results, in their order. Reports errors itself.
  std::function<llvm::LogicalResult(
      mlir::func::FuncOp function,
      llvm::function_ref<void(llvm::ArrayRef<std::vector<float>> results)> visit)>
      run;
  size_t numRuns = 0;
};

struct PipelineOptions {
  /// 0 runs only what the backends need, 1 fuses as well, 2 and more also rewrite the graph.
  unsigned optLevel = 2;
  /// Names of the network's outputs to keep; all if empty.
  std::vector<std::string> keepOutputs;
  Target target;
  /// The GPU that kernels run on, if any: then `target` is of no account.
  std::optional<Gpu> gpu;
  /// Rounding errors that algorithms may add: "strict", "default" or "fast".
  std::string accuracy = "default";
  /// How a GPU's convolutions may multiply: "f32", "3xtf32" or "tf32".
  std::string precision = "f32";
  /// Number of threads to schedule for.
  unsigned threads = 1;
  TuneOptions tune;
  /// Let independent kernels share stages.
  bool scheduleBranches = true;
  /// Which convolutions become two: "off", "exact" (no change but of rounding) or "lowrank".
  std::string factorize = "exact";
  /// The relative error that lowrank may cost.
  double maxError = 0.01;
  CalibrationOptions calibration;
  /// The last phase to run, one of `phaseNames()`; all of them if empty.
  std::string compileTo;
};

/// The phases of `buildCnnPipeline` in their order. The first, "import", is the frontend's work: it
/// adds no pass.
llvm::ArrayRef<llvm::StringRef> phaseNames();

/// The passes of the whole pipeline, in their order.
std::vector<std::string> passNames();

/// Adds to `manager`, which runs on a module, all passes from the frontend's IR to a
/// `plan.program`.
void buildCnnPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);

/// Registers the pipeline as `--incc-pipeline` for incc-opt.
void registerCnnPipeline();

} // namespace incc

#endif // INCC_PASSES_PIPELINE_H
