// Computes a convolution in few, wide groups as one convolution for each group.
//
//   conv2d(x, W, groups 2)   ->   concat(conv2d(slice(x, 0), W0), conv2d(slice(x, 1), W1))
//
// Legal: a group reads a slice of the channels and writes a slice. Groups that are whole blocks of
// channels cost no copy, as their slices are views. It pays where Winograd's algorithm is faster, which
// knows no groups.
#include "ir/DecisionLog.h"
#include "passes/Constants.h"
#include "passes/ConvEstimate.h"
#include "passes/Passes.h"

namespace incc {
#define GEN_PASS_DEF_SPLITGROUPEDCONVPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;
using namespace incc::cnn;

/// The part of a constant that belongs to group `index` of `groups`; null of null.
static Value partOf(RewriterBase &rewriter, Value whole, int64_t index, int64_t groups) {
  if (!whole)
    return {};
  SmallVector<int64_t> shape(tensorType(whole).getShape());
  shape[0] /= groups;
  ConstantOperand constant(whole);
  size_t size = constant.values().size() / groups;
  return createConstant(rewriter, whole.getLoc(), {}, shape, [&](MutableArrayRef<float> out) {
    llvm::copy(constant.values().slice(index * size, size), out.begin());
  });
}

static void split(RewriterBase &rewriter, Conv2dOp conv) {
  auto groups = static_cast<int64_t>(conv.getGroups());
  ConstantsToErase constants;
  constants.add(conv.getFilter());
  constants.add(conv.getBias());
  auto sliceType = [&](Value whole) {
    SmallVector<int64_t> shape(tensorType(whole).getShape());
    shape[1] /= groups;
    return tensorType(whole).clone(shape);
  };
  RankedTensorType in = sliceType(conv.getInput()), out = sliceType(conv.getOutput());
  rewriter.setInsertionPoint(conv);
  SmallVector<Value> parts;
  for (int64_t i = 0; i < groups; ++i) {
    int64_t channels = in.getDimSize(1);
    Value slice =
        rewriter.create<SliceOp>(conv.getLoc(), in, conv.getInput(), i * channels, channels);
    parts.push_back(rewriter.create<Conv2dOp>(
        conv.getLoc(), out, slice, partOf(rewriter, conv.getFilter(), i, groups),
        partOf(rewriter, conv.getBias(), i, groups), /*residual=*/Value(), conv.getStridesAttr(),
        conv.getPadsAttr(), conv.getDilationsAttr(), rewriter.getI64IntegerAttr(1),
        conv.getActAttr()));
  }
  rewriter.replaceOpWithNewOp<ConcatOp>(conv, conv.getType(), parts);
  constants.eraseUnused(rewriter);
}

namespace {
struct SplitGroupedConvPass : incc::impl::SplitGroupedConvPassBase<SplitGroupedConvPass> {
  using SplitGroupedConvPassBase::SplitGroupedConvPassBase;

  void runOnOperation() override {
    std::optional<Goal> goal = parseGoal(getOperation(), mcpu, threads, accuracy);
    if (!goal)
      return signalPassFailure();
    SmallVector<Conv2dOp> convs;
    getOperation().walk([&](Conv2dOp conv) {
      if (conv.getGroups() > 1)
        convs.push_back(conv);
    });
    IRRewriter rewriter(&getContext());
    for (Conv2dOp conv : convs) {
      if (StringRef reason = whyNot(conv, *goal); !reason.empty()) {
        logDeclined(conv, reason);
        continue;
      }
      logDone(conv, "each of " + Twine(conv.getGroups()) + " groups is a convolution");
      split(rewriter, conv);
    }
  }

  /// Why `conv` stays in groups; empty if it is split.
  StringRef whyNot(Conv2dOp conv, const Goal &goal) {
    // Each is a kernel, with a barrier after it or a stage to share.
    constexpr int64_t kMostGroups = 4;
    auto groups = static_cast<int64_t>(conv.getGroups());
    if (groups > kMostGroups)
      return "too many groups";
    ConvGeometry group(conv);
    group.input[1] /= groups;
    group.filter[0] /= groups;
    if (group.input[1] % goal.target.isa.lanes || group.filter[0] % goal.target.isa.lanes)
      return "groups are not of whole blocks of channels";
    if (conv.getResidual())
      return "adds a residual";
    if (!ConstantOperand(conv.getFilter()) || (conv.getBias() && !ConstantOperand(conv.getBias())))
      return "its weights are not constants";
    if (!estimateConv(&getContext(), group, goal).config.transformsTiles())
      return "a direct convolution is as fast, and knows groups";
    return "";
  }
};
} // namespace
