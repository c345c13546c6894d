// Lets a depthwise convolution take the mean of each plane that it writes, while it is in cache.
//
//   conv2d(x) into y, global_avg_pool(y) into m   ->   conv2d(x) into y, m
//
// Legal where a task writes whole planes: then no two tasks share a sum. The sum's order is the
// pool's own. Declines where planes are split over tasks, which choose-algorithm decides.
#include "ir/ConvPlan.h"
#include "ir/DecisionLog.h"
#include "passes/Passes.h"

namespace incc {
#define GEN_PASS_DEF_FUSEGLOBALPOOLPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;

/// The kernel that alone writes `map`, a buffer; null if it is none, or views of it are written.
static plan::KernelOp writerOf(Value map) {
  if (!map.getDefiningOp<plan::BufferOp>())
    return {};
  plan::KernelOp writer;
  for (OpOperand &use : map.getUses()) {
    auto kernel = dyn_cast<plan::KernelOp>(use.getOwner());
    if (!kernel)
      return {};
    unsigned firstOutput = kernel->getNumOperands() - kernel.getOutputs().size();
    if (use.getOperandNumber() < firstOutput)
      continue;
    if (writer)
      return {};
    writer = kernel;
  }
  return writer;
}

/// Why `kernel`, which writes a pool's input, can't take the means of its planes; empty if it can.
static StringRef whyNotWithMeans(plan::KernelOp kernel) {
  if (!kernel || kernel.getKind() != cnn::Conv2dOp::getOperationName() ||
      kernel.getOutputs().size() > 1 || !kernel.getConfig())
    return "its input is not what one convolution writes";
  ConvConfig config = ConvConfig::fromAttr(*kernel.getConfig());
  if (config.algorithm != ConvAlgorithm::lanes)
    return "the convolution before it is not depthwise";
  if (config.taskRows < ConvShape(kernel).out.h())
    return "planes are split over tasks";
  return "";
}

namespace {
struct FuseGlobalPoolPass : incc::impl::FuseGlobalPoolPassBase<FuseGlobalPoolPass> {
  void runOnOperation() override {
    SmallVector<plan::KernelOp> pools;
    getOperation().walk([&](plan::KernelOp kernel) {
      if (kernel.getKind() == cnn::GlobalAvgPoolOp::getOperationName())
        pools.push_back(kernel);
    });
    for (plan::KernelOp pool : pools)
      fuse(pool);
  }

  void fuse(plan::KernelOp pool) {
    Value mean = pool.getOutputs()[0];
    auto buffer = mean.getDefiningOp<plan::BufferOp>();
    auto type = cast<plan::MapType>(mean.getType());
    plan::KernelOp conv = writerOf(pool.getInputs()[0]);
    StringRef reason = !buffer          ? "its result is not a buffer of its own"
                       : type.hasHalo() ? "its result has a halo"
                                        : whyNotWithMeans(conv);
    if (!reason.empty())
      return logDeclined(pool, "takes its means apart: " + reason);
    logDone(pool, "taken by '" + cnn::layerName(conv.getLoc()) + "', which writes the planes");
    // The means are written where the planes are, so their buffer is declared before that.
    Operation *convStage = conv->getParentOp();
    if (convStage->isBeforeInBlock(buffer))
      buffer->moveBefore(convStage);
    conv.getOutputsMutable().append(mean);
    if (conv.getCycles() && pool.getCycles())
      conv.setCyclesAttr(
          plan::cyclesAttr(&getContext(), plan::cyclesOf(conv) + plan::cyclesOf(pool)));
    plan::eraseKernel(pool);
    ++numFused;
  }
};
} // namespace
