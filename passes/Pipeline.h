// The order of incc's passes.
#ifndef INCC_PASSES_PIPELINE_H
#define INCC_PASSES_PIPELINE_H

#include "ir/Target.h"
#include "llvm/ADT/ArrayRef.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace incc {

struct PipelineOptions {
  /// 0 runs only what the backends need, 1 fuses as well, 2 and more also rewrite the graph.
  unsigned optLevel = 2;
  /// Names of the network's outputs to keep; all if empty.
  std::vector<std::string> keepOutputs;
  Target target;
  /// Rounding errors that algorithms may add: "strict", "default" or "fast".
  std::string accuracy = "default";
  /// Number of threads to schedule for.
  unsigned threads = 1;
  /// The last phase to run, one of `phaseNames()`; all of them if empty.
  std::string compileTo;
};

/// The phases of `buildCnnPipeline` in their order. The first, "import", is the frontend's work: it
/// adds no pass.
llvm::ArrayRef<llvm::StringRef> phaseNames();

/// The passes of the whole pipeline, in their order.
std::vector<std::string> passNames();

/// Adds to `manager`, which runs on a module, all passes from the frontend's IR to a `plan.program`.
void buildCnnPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);

/// Registers the pipeline as `--incc-pipeline` for incc-opt.
void registerCnnPipeline();

} // namespace incc

#endif // INCC_PASSES_PIPELINE_H
