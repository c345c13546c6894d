// Lets the reader of a map multiply its channels by their factors, so that no product of the two is
// written: squeeze-and-excitation (Hu et al. 2018).
//
//   conv2d(x * s, w)   ->   conv2d(x, w, s) scaled
//   act(x * s + r)     ->   mul(x, s, r) act
//
// `s` has a factor for each channel (and image). A scaled convolution multiplies the weights of
// each task instead of the map: sum of (x s) w = sum of x (s w). Declines where that is no less
// work, where something else reads the product, and where a pixel's padding or a group would have
// to be told apart.
#include "ir/DecisionLog.h"
#include "passes/Passes.h"
#include "passes/PlanGraph.h"

namespace incc {
#define GEN_PASS_DEF_FUSECHANNELSCALEPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;

static plan::MapType mapOf(Value value) { return cast<plan::MapType>(value.getType()); }

static bool hasActivation(plan::KernelOp kernel) {
  auto act = kernel.getParams().getAs<cnn::ActivationAttr>("act");
  return act && act.getKind() != cnn::ActivationKind::none;
}

/// True if `kernel` multiplies a map by a factor for each channel, and nothing more.
static bool isChannelScale(plan::KernelOp kernel) {
  if (kernel.getKind() != cnn::MulOp::getOperationName() || kernel.getInputs().size() != 2 ||
      hasActivation(kernel))
    return false;
  plan::MapType map = mapOf(kernel.getInputs()[0]), factors = mapOf(kernel.getInputs()[1]);
  return factors.c() == map.c() && factors.h() == 1 && factors.w() == 1 && !factors.hasHalo() &&
         factors.getBlock() == map.getBlock();
}

/// Why `conv` can't take the factors of `scale`; empty if it can.
static StringRef whyNotScaled(plan::KernelOp conv, plan::KernelOp scale) {
  DictionaryAttr params = conv.getParams();
  auto areAll = [&](StringRef name, int64_t value) {
    return llvm::all_of(cast<DenseI64ArrayAttr>(params.get(name)).asArrayRef(),
                        [&](int64_t x) { return x == value; });
  };
  plan::MapType map = mapOf(scale.getInputs()[0]), product = mapOf(scale.getOutputs()[0]);
  plan::MapType out = mapOf(conv.getOutputs()[0]);
  if (conv.getWeights().empty() || conv.getInputs()[0] != scale.getOutputs()[0])
    return "the product is not the input of a convolution with constant weights";
  if (!areAll("kernel", 1) || !areAll("pads", 0) ||
      cast<IntegerAttr>(params.get("groups")).getInt() != 1)
    return "the convolution is not 1x1, has padding or groups";
  if (map.getBlock() == 1 || map.getBlock() != product.getBlock() ||
      map.getHalo() != product.getHalo())
    return "layouts differ";
  // Every weight is multiplied for each task of rows, while the map waits in cache or beyond it.
  // Measured: even at 2.5, worse at 1.7.
  constexpr int64_t kLeastPixelsPerOutput = 3;
  if (out.h() * out.w() < kLeastPixelsPerOutput * out.c())
    return "the filter is too large for the map";
  return "";
}

namespace {
struct FuseChannelScalePass : incc::impl::FuseChannelScalePassBase<FuseChannelScalePass> {
  void runOnOperation() override {
    SmallVector<plan::KernelOp> scales;
    getOperation().walk([&](plan::KernelOp kernel) {
      if (isChannelScale(kernel))
        scales.push_back(kernel);
    });
    for (plan::KernelOp scale : scales) {
      if (plan::KernelOp reader = onlyReaderOf(scale))
        fuse(scale, reader);
      else
        logDeclined(scale, "multiplied apart: the product has no single reader");
    }
  }

  void fuse(plan::KernelOp scale, plan::KernelOp reader) {
    if (reader.getKind() == cnn::Conv2dOp::getOperationName()) {
      StringRef reason = whyNotScaled(reader, scale);
      if (!reason.empty()) {
        logDeclined(scale, "multiplied apart: " + reason);
        return;
      }
      scaleInput(reader, scale);
    } else if (reader.getKind() == cnn::AddOp::getOperationName() &&
               reader.getInputs().size() == 2 &&
               mapOf(reader.getInputs()[0]).getShape() == mapOf(reader.getInputs()[1]).getShape()) {
      addAfter(scale, reader);
    } else {
      logDeclined(scale, "multiplied apart: its reader is neither a convolution nor an addition");
      return;
    }
    logDone(scale, "multiplied by its reader '" + cnn::layerName(reader.getLoc()) + "'");
    Value product = scale.getOutputs()[0];
    plan::eraseKernel(scale);
    product.getDefiningOp()->erase();
    ++numFused;
  }

  /// conv2d(x * s) -> conv2d(x, s) scaled
  void scaleInput(plan::KernelOp conv, plan::KernelOp scale) {
    conv.getInputsMutable().slice(0, 1).assign(scale.getInputs()[0]);
    conv.getInputsMutable().append(scale.getInputs()[1]);
    NamedAttrList params(conv.getParams());
    params.set("scaled", UnitAttr::get(&getContext()));
    conv.setParamsAttr(params.getDictionary(&getContext()));
  }

  /// act(x * s + r) -> mul(x, s, r) act, in place of the addition
  void addAfter(plan::KernelOp scale, plan::KernelOp add) {
    Value product = scale.getOutputs()[0];
    Value residual = add.getInputs()[add.getInputs()[0] == product ? 1 : 0];
    SmallVector<Value> inputs = {scale.getInputs()[0], scale.getInputs()[1], residual};
    add.getInputsMutable().assign(inputs);
    add.setKindAttr(scale.getKindAttr());
    add->setLoc(scale.getLoc());
  }
};
} // namespace
