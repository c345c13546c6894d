// Makes Winograd's algorithm fit the first convolution of a network, which strides over few channels.
//
//   conv2d(x, K x C x KH x KW, stride s)   ->   conv2d(space_to_depth(x, s), K x (C*s*s) x KH' x KW')
//
// Legal: tap t of output y reads row s*y - pad + t = s*(y - pad') + t', where pad' = ceil(pad / s)
// squares and t' = t + s*pad' - pad: pixel t' mod s of the square t' / s rows below the first. Taps t'
// that no t gives are zero. Padding stays zeros: it is whole squares now, of which those taps that are
// not zero read what they read before.
#include "ir/DecisionLog.h"
#include "ir/KernelParams.h"
#include "passes/Constants.h"
#include "passes/ConvEstimate.h"
#include "passes/Passes.h"
#include "passes/PlanarInput.h"
#include "llvm/Support/FormatVariadic.h"

namespace incc {
#define GEN_PASS_DEF_SPACETODEPTHSTEMPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;
using namespace incc::cnn;

namespace {
/// One axis of the convolution, before and after.
struct StemAxis {
  int64_t step, extent, taps;
  /// Of the new convolution, in squares.
  int64_t padBefore, padAfter, newTaps;
  /// t' - t.
  int64_t shift;

  StemAxis(int64_t step, int64_t extent, int64_t taps, int64_t pad, int64_t outputs)
      : step(step), extent(extent), taps(taps) {
    padBefore = ceilDiv(pad, step);
    shift = step * padBefore - pad;
    newTaps = ceilDiv(shift + taps, step);
    padAfter = outputs - 1 + newTaps - padBefore - extent / step;
    assert(padAfter >= 0 && "the last window begins less than a stride before the input's end");
  }
};

struct SpaceToDepthStemPass : incc::impl::SpaceToDepthStemPassBase<SpaceToDepthStemPass> {
  using SpaceToDepthStemPassBase::SpaceToDepthStemPassBase;

  void runOnOperation() override {
    std::optional<Goal> goal = parseGoal(getOperation(), mcpu, threads, accuracy);
    if (!goal)
      return signalPassFailure();
    if (plan::wantedBackend(getOperation()) == plan::kHalideBackend)
      return;
    SmallVector<Conv2dOp> stems;
    getOperation().walk([&](Conv2dOp conv) {
      if (readsPlanar(conv) && isa<BlockArgument>(conv.getInput()) && conv.getStrides()[0] > 1)
        stems.push_back(conv);
    });
    IRRewriter rewriter(&getContext());
    for (Conv2dOp conv : stems)
      if (std::string reason = rewrite(rewriter, conv, *goal); !reason.empty())
        logDeclined(conv, "keeps its stride: " + reason);
  }

private:
  /// Rewrites `conv` or says why not.
  std::string rewrite(IRRewriter &rewriter, Conv2dOp conv, const Goal &goal) {
    ConvGeometry before(conv);
    int64_t step = before.strides[0];
    if (before.strides[1] != step || (step != 2 && step != 4))
      return "it is not 2 or 4 in both directions";
    if (before.dilations[0] != 1 || before.dilations[1] != 1)
      return "the filter is dilated";
    if (before.input[2] % step || before.input[3] % step)
      return "the input is no multiple of it";
    if (!ConstantOperand(conv.getFilter()))
      return "the filter is known only when the network runs";
    SmallVector<int64_t, 4> outputs = before.output();
    StemAxis y(step, before.input[2], before.filter[2], before.pads[0], outputs[2]);
    StemAxis x(step, before.input[3], before.filter[3], before.pads[1], outputs[3]);

    int64_t channels = before.input[1] * step * step;
    ConvGeometry after = before;
    after.isPlanar = false;
    after.input = {before.input[0], channels, y.extent / step, x.extent / step};
    after.filter = {before.filter[0], channels, y.newTaps, x.newTaps};
    after.pads = {y.padBefore, x.padBefore, y.padAfter, x.padAfter};
    after.strides = {1, 1};
    // Of gathering a pixel's channel.
    constexpr double kCyclesPerValue = 2;
    double values = static_cast<double>(before.input[0] * channels * after.input[2] * after.input[3]);
    double cyclesBefore = estimateConv(&getContext(), before, goal).cycles;
    double cycles = estimateConv(&getContext(), after, goal).cycles + kCyclesPerValue * values;
    if (cycles >= cyclesBefore)
      return llvm::formatv("{0:f0} cycles with it, {1:f0} without", cyclesBefore, cycles).str();
    logDone(conv, "reads squares of pixels as channels, without stride",
            {{"cycles before", cyclesBefore}, {"cycles", cycles}});
    replace(rewriter, conv, before, after, y, x);
    return "";
  }

  static void replace(IRRewriter &rewriter, Conv2dOp conv, const ConvGeometry &before,
                      const ConvGeometry &after, const StemAxis &y, const StemAxis &x) {
    ConstantsToErase constants;
    constants.add(conv.getFilter());
    rewriter.setInsertionPoint(conv);
    ConstantOperand taps(conv.getFilter());
    Value filter = createConstant(
        rewriter, conv.getFilter().getLoc(), {}, after.filter, [&](auto out) {
          std::fill(out.begin(), out.end(), 0.0f);
          const float *from = taps.values().data();
          for (int64_t k = 0; k < before.filter[0]; ++k)
            for (int64_t c = 0; c < before.filter[1]; ++c)
              for (int64_t i = y.shift; i < y.shift + y.taps; ++i)
                for (int64_t j = x.shift; j < x.shift + x.taps; ++j) {
                  int64_t channel = (c * y.step + i % y.step) * x.step + j % x.step;
                  int64_t plane = k * after.filter[1] + channel;
                  out[(plane * y.newTaps + i / y.step) * x.newTaps + j / x.step] = *from++;
                }
        });
    auto squares = rewriter.create<SpaceToDepthOp>(
        conv.getLoc(), tensorType(conv.getInput()).clone(after.input), conv.getInput(),
        rewriter.getI64IntegerAttr(y.step));
    rewriter.modifyOpInPlace(conv, [&] {
      conv.getInputMutable().assign(squares);
      conv.getFilterMutable().assign(filter);
      conv.setStrides(after.strides);
      conv.setPads(after.pads);
      conv->setAttr(kMacsAttr, rewriter.getI64IntegerAttr(static_cast<int64_t>(before.macs())));
    });
    constants.eraseUnused(rewriter);
  }
};
} // namespace
