// Gathers the pixels that a strided 1x1 convolution reads before it reads them.
//
//   conv2d(x, 1x1, stride s)   ->   conv2d(max_pool(x, 1x1, stride s), 1x1)
//
// Legal: the maximum of one value is that value, and without padding both read the same pixels. It
// pays where many output channels read the input again: every read of the strided map fetches lines
// of which it uses a part, from beyond the cache where the gathered map would fit.
#include "ir/DecisionLog.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Passes.h"

namespace incc {
#define GEN_PASS_DEF_COMPACTSTRIDEDCONVPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;
using namespace incc::cnn;

namespace {
struct CompactStridedConv : OpRewritePattern<Conv2dOp> {
  CompactStridedConv(MLIRContext *context, int64_t leastChannels)
      : OpRewritePattern(context), leastChannels(leastChannels) {}

  LogicalResult matchAndRewrite(Conv2dOp conv, PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> filter = tensorType(conv.getFilter()).getShape();
    ArrayRef<int64_t> strides = conv.getStrides();
    if (filter[2] != 1 || filter[3] != 1)
      return rewriter.notifyMatchFailure(conv, "windows overlap");
    if (strides[0] == 1 && strides[1] == 1)
      return rewriter.notifyMatchFailure(conv, "every pixel is read");
    // A pool may not pad more than its window.
    if (llvm::any_of(conv.getPads(), [](int64_t pad) { return pad != 0; }))
      return decline(rewriter, conv, "the convolution pads");
    if (filter[0] < leastChannels)
      return decline(rewriter, conv, "too few output channels read the input again");

    logDone(conv, "reads pixels that are gathered first");
    SmallVector<int64_t> shape(tensorType(conv.getInput()).getShape());
    ArrayRef<int64_t> out = tensorType(conv.getOutput()).getShape();
    shape[2] = out[2];
    shape[3] = out[3];
    auto gathered = rewriter.create<MaxPoolOp>(
        conv.getLoc(), tensorType(conv.getInput()).clone(shape), conv.getInput(),
        rewriter.getDenseI64ArrayAttr({1, 1}), conv.getStridesAttr(),
        rewriter.getDenseI64ArrayAttr({0, 0, 0, 0}), rewriter.getDenseI64ArrayAttr({1, 1}),
        /*ceil_mode=*/UnitAttr());
    rewriter.modifyOpInPlace(conv, [&] {
      conv.getInputMutable().assign(gathered);
      conv.setStrides({1, 1});
    });
    return success();
  }

  int64_t leastChannels;
};

struct CompactStridedConvPass : incc::impl::CompactStridedConvPassBase<CompactStridedConvPass> {
  using CompactStridedConvPassBase::CompactStridedConvPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<CompactStridedConv>(&getContext(), leastChannels);
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
