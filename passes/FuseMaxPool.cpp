// Lets a Winograd convolution store the largest of each window of its outputs, while a tile of them
// is in registers.
//
//   conv2d(x) into y, max_pool2x2(y) into m   ->   conv2d(x) into m
//
// Legal where nothing else reads y and windows lie within tiles: windows that do not overlap, tiles
// and maps of even extents. The maximum is taken before bias and activation, which is the same as
// long as these are monotonic: also after rounding, as this is.
#include "ir/ConvPlan.h"
#include "ir/DecisionLog.h"
#include "ir/KernelParams.h"
#include "passes/Passes.h"
#include "passes/PlanGraph.h"

namespace incc {
#define GEN_PASS_DEF_FUSEMAXPOOLPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;

static bool areAll(ArrayRef<int64_t> values, int64_t value) {
  return llvm::all_of(values, [&](int64_t x) { return x == value; });
}

static bool isMonotonic(std::optional<cnn::ActivationAttr> act) {
  switch (cnn::activationKind(act)) {
  case cnn::ActivationKind::none:
  case cnn::ActivationKind::relu:
  case cnn::ActivationKind::relu6:
  case cnn::ActivationKind::clip:
    return true;
  default:
    return false;
  }
}

/// Why `conv` can't take `pool`, which alone reads what it writes; empty if it can.
static StringRef whyNotPooled(plan::KernelOp conv, plan::KernelOp pool) {
  KernelParams params(pool);
  if (!areAll(params.list("kernel"), 2) || !areAll(params.list("strides"), 2) ||
      !areAll(params.list("pads"), 0) || !areAll(params.list("dilations"), 1))
    return "its windows are not 2x2 beside each other";
  if (!conv.getConfig())
    return "no algorithm was chosen for the convolution before it";
  ConvConfig config = ConvConfig::fromAttr(*conv.getConfig());
  if (config.algorithm != ConvAlgorithm::winograd)
    return "the convolution before it is not by Winograd's algorithm";
  if (config.outputRows % 2 || config.outputColumns % 2)
    return "windows cross the convolution's tiles";
  ConvShape shape(conv);
  if (shape.out.h() % 2 || shape.out.w() % 2)
    return "windows do not divide the map";
  if (shape.residual || !isMonotonic(KernelParams(conv).act()))
    return "the convolution before it adds a map, or its activation does not keep the order";
  if (cast<plan::MapType>(pool.getOutputs()[0].getType()).getBlock() != shape.out.getBlock())
    return "layouts differ";
  return "";
}

namespace {
struct FuseMaxPoolPass : incc::impl::FuseMaxPoolPassBase<FuseMaxPoolPass> {
  void runOnOperation() override {
    SmallVector<plan::KernelOp> convs;
    getOperation().walk([&](plan::KernelOp kernel) {
      if (kernel.getKind() == cnn::Conv2dOp::getOperationName() && kernel.getOutputs().size() == 1)
        convs.push_back(kernel);
    });
    for (plan::KernelOp conv : convs)
      if (plan::KernelOp reader = onlyReaderOf(conv))
        if (reader.getKind() == cnn::MaxPoolOp::getOperationName())
          fuse(conv, reader);
  }

  void fuse(plan::KernelOp conv, plan::KernelOp pool) {
    StringRef reason = whyNotPooled(conv, pool);
    if (!reason.empty())
      return logDeclined(pool, "reads a whole map: " + reason);
    logDone(pool, "taken by '" + cnn::layerName(conv.getLoc()) + "', which writes the largest only");
    // The maxima are written where the map is, so what they lie in is declared before that.
    Value map = conv.getOutputs()[0], maxima = pool.getOutputs()[0];
    moveBefore(maxima.getDefiningOp(), conv->getParentOp());
    conv.getOutputsMutable()[0].set(maxima);
    NamedAttrList params(conv.getParams());
    params.set(kPooledName, UnitAttr::get(&getContext()));
    conv.setParamsAttr(params.getDictionary(&getContext()));
    plan::eraseKernel(pool);
    map.getDefiningOp()->erase();
    ++numFused;
  }

  static void moveBefore(Operation *declaration, Operation *stage) {
    if (!stage->isBeforeInBlock(declaration))
      return;
    for (Value operand : declaration->getOperands())
      if (Operation *inner = operand.getDefiningOp())
        moveBefore(inner, stage);
    declaration->moveBefore(stage);
  }
};
} // namespace
