// Takes layers apart whose weights are known only when the network runs.
//
//   conv(x, w) bias(b) residual(r) act   ->   act((conv(x, w) + b) + r)
//   linear(x, w)                         ->   reshape(conv 1x1 (reshape(x), reshape(w)))
//
// Kernels add biases that were packed at compile time; one with a filter of the caller's reads only
// that filter, which another kernel packs for it. Declines where filter and bias are constants.
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Passes.h"

namespace incc {
#define GEN_PASS_DEF_SPLITRUNTIMEWEIGHTSPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;
using namespace incc::cnn;

static bool hasConstantWeights(Value weights, Value bias) {
  return isConstant(weights) && (!bias || isConstant(bias));
}

static Value reshapeTo(PatternRewriter &rewriter, Location loc, Value value,
                       ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, rewriter.getF32Type());
  return rewriter.create<ReshapeOp>(loc, type, value);
}

static LogicalResult splitEpilogue(Conv2dOp op, PatternRewriter &rewriter) {
  Value bias = op.getBias(), residual = op.getResidual();
  if (hasConstantWeights(op.getFilter(), bias) || (!bias && !residual))
    return rewriter.notifyMatchFailure(op, "weights are constants, or there is no epilogue");
  auto conv = rewriter.create<Conv2dOp>(
      op.getLoc(), op.getType(), op.getInput(), op.getFilter(), /*bias=*/Value(),
      /*residual=*/Value(), op.getStridesAttr(), op.getPadsAttr(), op.getDilationsAttr(),
      op.getGroupsAttr(), ActivationAttr());
  Value sum = conv;
  auto add = [&](Value term, ActivationAttr act) {
    sum = rewriter.create<AddOp>(op.getLoc(), op.getType(), sum, term, act);
  };
  if (bias)
    add(reshapeTo(rewriter, op.getLoc(), bias, {1, tensorType(bias).getDimSize(0), 1, 1}),
        residual ? ActivationAttr() : op.getActAttr());
  if (residual)
    add(residual, op.getActAttr());
  rewriter.replaceOp(op, sum);
  return success();
}

static LogicalResult convolveLinear(LinearOp op, PatternRewriter &rewriter) {
  if (hasConstantWeights(op.getWeight(), op.getBias()))
    return rewriter.notifyMatchFailure(op, "weights are constants");
  Location loc = op.getLoc();
  ArrayRef<int64_t> weight = tensorType(op.getWeight()).getShape();
  SmallVector<int64_t> in = {op.getType().getDimSize(0), weight[1], 1, 1};
  SmallVector<int64_t> out = {in[0], weight[0], 1, 1};
  Value input = reshapeTo(rewriter, loc, op.getInput(), in);
  Value filter = reshapeTo(rewriter, loc, op.getWeight(), {weight[0], weight[1], 1, 1});
  Value residual = op.getResidual();
  if (residual)
    residual = reshapeTo(rewriter, loc, residual, out);
  Value conv = rewriter.create<Conv2dOp>(
      loc, RankedTensorType::get(out, rewriter.getF32Type()), input, filter, op.getBias(), residual,
      rewriter.getDenseI64ArrayAttr({1, 1}), rewriter.getDenseI64ArrayAttr({0, 0, 0, 0}),
      rewriter.getDenseI64ArrayAttr({1, 1}), rewriter.getI64IntegerAttr(1), op.getActAttr());
  rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), conv);
  return success();
}

namespace {
struct SplitRuntimeWeightsPass : incc::impl::SplitRuntimeWeightsPassBase<SplitRuntimeWeightsPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add(splitEpilogue).add(convolveLinear);
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
