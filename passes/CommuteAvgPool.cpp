// commute-avg-pool: pools after a 1x1 convolution that reduces channels, not before it.
#include "ir/DecisionLog.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Passes.h"
#include "passes/Siblings.h"

using namespace mlir;
using namespace incc;
using namespace incc::cnn;

namespace incc {
#define GEN_PASS_DEF_COMMUTEAVGPOOLPASS
#include "passes/Passes.h.inc"
} // namespace incc

/// True if `conv` maps each position by itself: 1x1, step 1, no padding, not in groups.
static bool isPointwise(Conv2dOp conv) {
  auto isAll = [](ArrayRef<int64_t> values, int64_t wanted) {
    return llvm::all_of(values, [&](int64_t value) { return value == wanted; });
  };
  return isAll(tensorType(conv.getFilter()).getShape().drop_front(2), 1) &&
         isAll(conv.getStrides(), 1) && isAll(conv.getPads(), 0) && conv.getGroups() == 1;
}

/// Additions and multiply-adds of a pool over `window` elements and a 1x1 convolution C -> K.
static double countWork(int64_t convPositions, int64_t pooledChannels, int64_t pooledPositions,
                        int64_t window, ArrayRef<int64_t> filter) {
  return double(convPositions) * filter[0] * filter[1] +
         double(pooledPositions) * pooledChannels * window;
}

/// True if pooling `conv`'s result takes less work than pooling its input.
static bool reducesWork(AvgPoolOp pool, Conv2dOp conv) {
  ArrayRef<int64_t> in = tensorType(pool.getInput()).getShape();
  ArrayRef<int64_t> out = tensorType(pool.getOutput()).getShape();
  ArrayRef<int64_t> filter = tensorType(conv.getFilter()).getShape();
  int64_t window = pool.getKernel()[0] * pool.getKernel()[1];
  int64_t inPositions = in[2] * in[3], outPositions = out[2] * out[3];
  return countWork(inPositions, filter[0], outPositions, window, filter) <
         countWork(outPositions, filter[1], outPositions, window, filter);
}

namespace {
/// act(conv1x1(avg_pool(x)) + b) -> act(avg_pool(conv1x1(x)) + b)
///
/// Legal since the mean is the same linear map for every channel and the convolution the same for
/// every position. Padding fits in as well: the convolution without its bias maps zeros to zeros,
/// so padded zeros count as before (count_include_pad), and a divisor depends on the position only
/// (its absence, ceil_mode). The bias and the activation must stay behind the pool.
struct CommuteAvgPool : OpRewritePattern<Conv2dOp> {
  CommuteAvgPool(MLIRContext *context, Pass::Statistic &counter)
      : OpRewritePattern(context), counter(counter) {}

  LogicalResult matchAndRewrite(Conv2dOp conv, PatternRewriter &rewriter) const override {
    auto pool = conv.getInput().getDefiningOp<AvgPoolOp>();
    if (!pool)
      return rewriter.notifyMatchFailure(conv, "input is not an average pool");
    if (!pool->hasOneUse())
      return decline(rewriter, conv, "the pool's result has other uses");
    if (pool.getBias() || activationKind(pool.getAct()) != ActivationKind::none)
      return decline(rewriter, conv, "the pool has an epilogue");
    if (!isPointwise(conv))
      return decline(rewriter, conv, "is not 1x1 at every position");
    // A residual has the pooled extent: it can't be added before the pool, and a pool takes none.
    if (conv.getResidual())
      return decline(rewriter, conv, "adds a residual");
    if (tensorType(conv.getOutput()).getEncoding() || tensorType(pool.getInput()).getEncoding())
      return rewriter.notifyMatchFailure(conv, "layouts are assigned already");
    if (!reducesWork(pool, conv) && !joinsSibling(pool, conv))
      return decline(rewriter, conv, "takes no less work when pooled afterwards");

    logDone(conv, "computed before '" + layerName(pool.getLoc()) + "', which pools its outputs");
    RankedTensorType poolInput = tensorType(pool.getInput());
    SmallVector<int64_t> shape(poolInput.getShape());
    shape[1] = tensorType(conv.getOutput()).getDimSize(1);
    auto newConv = rewriter.create<Conv2dOp>(
        conv.getLoc(), poolInput.clone(shape), pool.getInput(), conv.getFilter(), /*bias=*/Value(),
        /*residual=*/Value(), conv.getStridesAttr(), conv.getPadsAttr(), conv.getDilationsAttr(),
        conv.getGroupsAttr(), ActivationAttr());
    auto newPool = rewriter.create<AvgPoolOp>(
        pool.getLoc(), conv.getType(), newConv, conv.getBias(), pool.getKernelAttr(),
        pool.getStridesAttr(), pool.getPadsAttr(), pool.getDilationsAttr(), pool.getCeilModeAttr(),
        pool.getCountIncludePadAttr(), conv.getActAttr());
    rewriter.replaceOp(conv, newPool);
    rewriter.eraseOp(pool);
    ++counter;
    return success();
  }

private:
  /// True if the convolution, once ahead of a pool that keeps the extent, can be merged with another
  /// that reads the same tensor (merge-sibling-convs).
  static bool joinsSibling(AvgPoolOp pool, Conv2dOp conv) {
    if (tensorType(pool.getInput()).getShape() != tensorType(pool.getOutput()).getShape())
      return false;
    return llvm::any_of(pool.getInput().getUsers(), [&](Operation *user) {
      auto sibling = dyn_cast<Conv2dOp>(user);
      return sibling && sibling.getInput() == pool.getInput() && isPointwise(sibling) &&
             !sibling.getResidual() && !feedsConcat(sibling) &&
             activationKind(sibling.getAct()) == ActivationKind::none;
    });
  }

  Pass::Statistic &counter;
};

struct CommuteAvgPoolPass : incc::impl::CommuteAvgPoolPassBase<CommuteAvgPoolPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<CommuteAvgPool>(&getContext(), numCommuted);
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
