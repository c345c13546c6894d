// fuse-conv-epilogue: moves residual additions and activations into the op before them.
#include "ir/DecisionLog.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace incc;
using namespace incc::cnn;

namespace incc {
#define GEN_PASS_DEF_FUSECONVEPILOGUEPASS
#include "passes/Passes.h.inc"
} // namespace incc

/// True if `layer` can add a residual: its result goes to one addition, which is in the same block
/// (not in a loop that would repeat the layer), and no activation comes before the addition.
template <typename LayerOp>
static bool canTakeResidual(LayerOp layer, AddOp add) {
  return layer && layer->hasOneUse() && layer->getBlock() == add->getBlock() &&
         !layer.getResidual() && activationKind(layer.getAct()) == ActivationKind::none &&
         layer.getType() == add.getType();
}

static bool canTakeResidual(Value operand, AddOp add) {
  return canTakeResidual(operand.getDefiningOp<Conv2dOp>(), add) ||
         canTakeResidual(operand.getDefiningOp<LinearOp>(), add);
}

/// The layer's copy in the place of `add`, with `residual` and the activation of `add`.
template <typename LayerOp>
static void fuseInto(LayerOp layer, Value residual, AddOp add, PatternRewriter &rewriter) {
  // What both operands need is computed before the addition, so the layer may move there.
  auto fused = cast<LayerOp>(rewriter.clone(*layer));
  rewriter.modifyOpInPlace(fused, [&] {
    fused.getResidualMutable().assign(residual);
    fused.setActAttr(add.getActAttr());
  });
  rewriter.replaceOp(add, fused);
  rewriter.eraseOp(layer);
}

namespace {
/// act(conv(x) + y) -> conv(x) residual(y) act
///
/// Legal since a convolution adds its residual before it applies its activation. Where both operands
/// are convolutions the later one takes the other as its residual: it runs second in any case.
/// Declines if `y` is broadcast, and as `canTakeResidual` says.
struct FuseResidual : OpRewritePattern<AddOp> {
  FuseResidual(MLIRContext *context, Pass::Statistic &counter)
      : OpRewritePattern(context), counter(counter) {}

  LogicalResult matchAndRewrite(AddOp add, PatternRewriter &rewriter) const override {
    Value lhs = add.getLhs(), rhs = add.getRhs();
    if (tensorType(lhs).getShape() != tensorType(rhs).getShape())
      return decline(rewriter, add, "right operand is broadcast");
    bool lhsFits = canTakeResidual(lhs, add), rhsFits = canTakeResidual(rhs, add);
    if (!lhsFits && !rhsFits)
      return decline(rewriter, add, "no operand is a layer that can take a residual");
    bool takesLhs = lhsFits;
    if (lhsFits && rhsFits)
      takesLhs = rhs.getDefiningOp()->isBeforeInBlock(lhs.getDefiningOp());
    Operation *layer = (takesLhs ? lhs : rhs).getDefiningOp();
    Value residual = takesLhs ? rhs : lhs;
    logDone(layer, "adds the residual of '" + layerName(add.getLoc()) + "'");
    if (auto conv = dyn_cast<Conv2dOp>(layer))
      fuseInto(conv, residual, add, rewriter);
    else
      fuseInto(cast<LinearOp>(layer), residual, add, rewriter);
    ++counter;
    return success();
  }

  Pass::Statistic &counter;
};

/// act(op(x)) -> op(x) act, for each op that may end in an activation.
///
/// Declines where something else reads the op's result, and where it has an activation already.
struct FuseActivation : OpRewritePattern<ActivationOp> {
  FuseActivation(MLIRContext *context, Pass::Statistic &counter)
      : OpRewritePattern(context), counter(counter) {}

  LogicalResult matchAndRewrite(ActivationOp activation,
                                PatternRewriter &rewriter) const override {
    Operation *producer = activation.getInput().getDefiningOp();
    if (!producer)
      return rewriter.notifyMatchFailure(activation, "input is an argument");
    if (!producer->hasOneUse())
      return decline(rewriter, activation, "input has other uses");
    if (producer->getResult(0).getType() != activation.getType())
      return rewriter.notifyMatchFailure(activation, "layouts differ");
    return TypeSwitch<Operation *, LogicalResult>(producer)
        .Case<Conv2dOp, LinearOp, AddOp, MulOp, AvgPoolOp>([&](auto op) -> LogicalResult {
          if (activationKind(op.getAct()) != ActivationKind::none)
            return decline(rewriter, activation, "input has an activation already");
          logDone(op, "applies " + stringifyActivationKind(activationKind(activation.getAct())) +
                          " of '" + layerName(activation.getLoc()) + "'");
          rewriter.modifyOpInPlace(op, [&] { op.setActAttr(activation.getActAttr()); });
          rewriter.replaceOp(activation, op);
          ++counter;
          return success();
        })
        .Default([&](Operation *) {
          return decline(rewriter, activation, "input comes from an op without epilogue");
        });
  }

  Pass::Statistic &counter;
};

struct FuseConvEpiloguePass : incc::impl::FuseConvEpiloguePassBase<FuseConvEpiloguePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseResidual>(&getContext(), numResiduals);
    patterns.add<FuseActivation>(&getContext(), numActivations);
    GreedyRewriteConfig config;
    config.useTopDownTraversal = true;
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns), config)))
      signalPassFailure();
  }
};
} // namespace
