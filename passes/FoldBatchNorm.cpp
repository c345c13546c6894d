// fold-batch-norm: folds per-channel factors and offsets into the weights beside them.
#include "ir/DecisionLog.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Constants.h"
#include "passes/Passes.h"

using namespace mlir;
using namespace incc;
using namespace incc::cnn;

namespace incc {
#define GEN_PASS_DEF_FOLDBATCHNORMPASS
#include "passes/Passes.h.inc"
} // namespace incc

namespace {
/// `act(factor[c] * input[:, c] + offset[c])`, whatever op says so.
struct ChannelAffine {
  Value input;
  std::vector<double> factor, offset;
  ActivationAttr act;

  bool scales() const {
    return llvm::any_of(factor, [](double f) { return f != 1.0; });
  }
  bool shifts() const {
    return llvm::any_of(offset, [](double o) { return o != 0.0; });
  }
};
} // namespace

static FailureOr<ChannelAffine> matchAffine(BatchNormOp op) {
  ConstantOperand scale(op.getScale()), shift(op.getShift()), mean(op.getMean()),
      variance(op.getVariance());
  if (!scale || !shift || !mean || !variance)
    return failure();
  ChannelAffine affine{op.getInput(), {}, {}, {}};
  double epsilon = op.getEpsilon().convertToDouble();
  for (size_t c = 0; c < scale.values().size(); ++c) {
    double factor = scale.values()[c] / std::sqrt(variance.values()[c] + epsilon);
    affine.factor.push_back(factor);
    affine.offset.push_back(shift.values()[c] - mean.values()[c] * factor);
  }
  return affine;
}

static FailureOr<ChannelAffine> matchAffine(BatchNormOp op, PatternRewriter &rewriter) {
  FailureOr<ChannelAffine> affine = matchAffine(op);
  if (failed(affine))
    return rewriter.notifyMatchFailure(op, "parameters are not constants");
  return affine;
}

static FailureOr<ChannelAffine> matchAffine(ScaleOp op, PatternRewriter &rewriter) {
  RankedTensorType type = tensorType(op.getOutput());
  if (type.getRank() < 2 || !type.hasStaticShape())
    return rewriter.notifyMatchFailure(op, "has no channels");
  size_t channels = type.getDimSize(1);
  return ChannelAffine{op.getInput(), std::vector(channels, op.getFactor().convertToDouble()),
                       std::vector(channels, 0.0), {}};
}

/// A product or sum with a constant that differs by channel at most.
template <typename BinaryOp>
static FailureOr<ChannelAffine> matchBinary(BinaryOp op, PatternRewriter &rewriter) {
  RankedTensorType type = tensorType(op.getOutput());
  Value input = op.getLhs(), operand = op.getRhs();
  if (!operand.template getDefiningOp<ConstantOp>())
    std::swap(input, operand);
  if (tensorType(input).getShape() != type.getShape())
    return rewriter.notifyMatchFailure(op, "the operand that is not constant is broadcast");
  ConstantOperand constant(operand);
  if (!constant)
    return rewriter.notifyMatchFailure(op, "no operand is a constant");
  for (auto [axis, extent] : llvm::enumerate(tensorType(operand).getShape()))
    if (axis != 1 && extent != 1)
      return rewriter.notifyMatchFailure(op, "the constant differs within a channel");
  if (type.getRank() < 2 || !type.hasStaticShape())
    return rewriter.notifyMatchFailure(op, "has no channels");
  ChannelAffine affine{input, {}, {}, op.getActAttr()};
  ArrayRef<float> values = constant.values();
  for (int64_t c = 0; c < type.getDimSize(1); ++c) {
    double value = values[values.size() == 1 ? 0 : c];
    affine.factor.push_back(std::is_same_v<BinaryOp, MulOp> ? value : 1.0);
    affine.offset.push_back(std::is_same_v<BinaryOp, MulOp> ? 0.0 : value);
  }
  return affine;
}

static FailureOr<ChannelAffine> matchAffine(MulOp op, PatternRewriter &rewriter) {
  return matchBinary(op, rewriter);
}
static FailureOr<ChannelAffine> matchAffine(AddOp op, PatternRewriter &rewriter) {
  return matchBinary(op, rewriter);
}

static Value weightsOf(Conv2dOp op) { return op.getFilter(); }
static Value weightsOf(LinearOp op) { return op.getWeight(); }

/// A copy of `layer` with other weights and bias (null: as they are), in `layer`'s place.
template <typename LayerOp>
static LayerOp cloneWith(PatternRewriter &rewriter, LayerOp layer, Value weights, Value bias) {
  auto clone = cast<LayerOp>(rewriter.clone(*layer));
  rewriter.modifyOpInPlace(clone, [&] {
    if (weights)
      clone->setOperand(1, weights);
    if (bias)
      clone.getBiasMutable().assign(bias);
  });
  return clone;
}

/// affine(layer(x, W) + b) -> layer(x, W * factor) + (b * factor + offset)
///
/// Exact up to rounding: a layer is linear in its weights, row k of which makes channel k alone.
/// Declines where the layer's result is needed as it is (another use, or an activation between),
/// and with a residual, which would have to be scaled as well.
template <typename LayerOp>
static LogicalResult foldIntoProducer(PatternRewriter &rewriter, Operation *op, LayerOp layer,
                                      const ChannelAffine &affine) {
  if (!layer->hasOneUse())
    return decline(rewriter, op, "the layer's result has other uses");
  if (activationKind(layer.getAct()) != ActivationKind::none)
    return decline(rewriter, op, "an activation lies between");
  if (layer.getResidual())
    return decline(rewriter, op, "the layer adds a residual");
  if (layer.getType() != op->getResult(0).getType())
    return rewriter.notifyMatchFailure(op, "layouts differ");
  Value oldWeights = weightsOf(layer), oldBias = layer.getBias();
  ConstantOperand weights(oldWeights);
  std::optional<ConstantOperand> bias;
  if (oldBias)
    bias.emplace(oldBias);
  if (!weights || (bias && !*bias))
    return decline(rewriter, op, "the layer's weights are not constants");

  rewriter.setInsertionPoint(layer);
  size_t rows = affine.factor.size(), rowLength = weights.values().size() / rows;
  Value newWeights;
  if (affine.scales())
    newWeights = createConstant(rewriter, layer.getLoc(), oldWeights,
                                tensorType(oldWeights).getShape(), [&](auto out) {
                                  const float *from = weights.values().data();
                                  float *to = out.data();
                                  for (size_t k = 0; k < rows; ++k)
                                    for (size_t i = 0; i < rowLength; ++i)
                                      *to++ = static_cast<float>(*from++ * affine.factor[k]);
                                });
  Value newBias;
  if (oldBias || affine.shifts())
    newBias = createConstant(
        rewriter, op->getLoc(), oldBias, {static_cast<int64_t>(rows)}, [&](auto out) {
          for (size_t k = 0; k < rows; ++k)
            out[k] = static_cast<float>((bias ? bias->values()[k] : 0.0) * affine.factor[k] +
                                        affine.offset[k]);
        });
  logDone(op, "folded into the weights of '" + layerName(layer.getLoc()) + "' before it");
  LayerOp folded = cloneWith(rewriter, layer, newWeights, newBias);
  if (affine.act)
    rewriter.modifyOpInPlace(folded, [&] { folded.setActAttr(affine.act); });
  ConstantsToErase constants;
  constants.add(op->getOperands());
  constants.add(oldWeights);
  constants.add(oldBias);
  rewriter.replaceOp(op, folded);
  rewriter.eraseOp(layer);
  constants.eraseUnused(rewriter);
  return success();
}

/// layer(affine(x), W) + b -> layer(x, W * factor) + (b + sum of W * offset)
///
/// The factors belong to W's input channels here. Declines if the convolution pads: its zeros come
/// after the offset, which then does not reach the border alike.
template <typename LayerOp>
static LogicalResult foldIntoConsumer(PatternRewriter &rewriter, Operation *op, LayerOp layer,
                                      const ChannelAffine &affine) {
  int64_t groups = 1;
  if constexpr (std::is_same_v<LayerOp, Conv2dOp>) {
    groups = layer.getGroups();
    if (llvm::any_of(layer.getPads(), [](int64_t pad) { return pad != 0; }))
      return decline(rewriter, op, "the convolution after it pads");
  }
  if (layer.getInput() != op->getResult(0))
    return rewriter.notifyMatchFailure(op, "is not the layer's input");
  if (affine.act && affine.act.getKind() != ActivationKind::none)
    return decline(rewriter, op, "an activation lies between");
  Value oldWeights = weightsOf(layer), oldBias = layer.getBias();
  ConstantOperand weights(oldWeights);
  std::optional<ConstantOperand> bias;
  if (oldBias)
    bias.emplace(oldBias);
  if (!weights || (bias && !*bias))
    return decline(rewriter, op, "the layer's weights are not constants");

  ArrayRef<int64_t> shape = tensorType(oldWeights).getShape();
  size_t rows = shape[0], rowLength = weights.values().size() / rows;
  size_t channelsPerGroup = affine.factor.size() / groups;
  // A filter's taps, or the positions that a linear layer flattens.
  size_t perChannel = rowLength / channelsPerGroup;
  auto channelOf = [&](size_t k, size_t i) {
    return k / (rows / groups) * channelsPerGroup + i / perChannel;
  };
  rewriter.setInsertionPoint(layer);
  std::vector<double> sums(rows);
  Value newWeights =
      createConstant(rewriter, layer.getLoc(), oldWeights, shape, [&](auto out) {
        for (size_t k = 0; k < rows; ++k)
          for (size_t i = 0; i < rowLength; ++i) {
            double weight = weights.values()[k * rowLength + i];
            size_t channel = channelOf(k, i);
            out[k * rowLength + i] = static_cast<float>(weight * affine.factor[channel]);
            sums[k] += weight * affine.offset[channel];
          }
      });
  Value newBias;
  if (affine.shifts())
    newBias = createConstant(
        rewriter, layer.getLoc(), oldBias, {static_cast<int64_t>(rows)}, [&](auto out) {
          for (size_t k = 0; k < rows; ++k)
            out[k] = static_cast<float>((bias ? bias->values()[k] : 0.0) + sums[k]);
        });
  logDone(op, "folded into the weights of '" + layerName(layer.getLoc()) + "' after it");
  LayerOp folded = cloneWith(rewriter, layer, newWeights, newBias);
  rewriter.modifyOpInPlace(folded, [&] { folded.getInputMutable().assign(affine.input); });
  ConstantsToErase constants;
  constants.add(op->getOperands());
  constants.add(oldWeights);
  constants.add(oldBias);
  rewriter.replaceOp(layer, folded);
  rewriter.eraseOp(op);
  constants.eraseUnused(rewriter);
  return success();
}

namespace {
/// Folds an op into the layer that produces its input, else into the one that reads its result.
template <typename AffineOp> struct FoldAffine : OpRewritePattern<AffineOp> {
  FoldAffine(MLIRContext *context, Pass::Statistic &counter)
      : OpRewritePattern<AffineOp>(context), counter(counter) {}

  LogicalResult matchAndRewrite(AffineOp op, PatternRewriter &rewriter) const override {
    FailureOr<ChannelAffine> affine = matchAffine(op, rewriter);
    if (failed(affine) || failed(fold(op, *affine, rewriter)))
      return failure();
    ++counter;
    return success();
  }

private:
  LogicalResult fold(AffineOp op, const ChannelAffine &affine, PatternRewriter &rewriter) const {
    if (auto conv = affine.input.getDefiningOp<Conv2dOp>())
      if (succeeded(foldIntoProducer(rewriter, op, conv, affine)))
        return success();
    if (auto linear = affine.input.getDefiningOp<LinearOp>())
      if (succeeded(foldIntoProducer(rewriter, op, linear, affine)))
        return success();
    if (!op->hasOneUse())
      return decline(rewriter, op, "result has several uses");
    Operation *user = *op->user_begin();
    if (auto conv = dyn_cast<Conv2dOp>(user))
      return foldIntoConsumer(rewriter, op, conv, affine);
    if (auto linear = dyn_cast<LinearOp>(user))
      return foldIntoConsumer(rewriter, op, linear, affine);
    return decline(rewriter, op, "no layer before or after it can take it");
  }

  Pass::Statistic &counter;
};

/// A vector of more features is not multiplied by a diagonal matrix, of 64 MiB then.
constexpr int64_t kMaxDiagonal = 4096;

/// affine(x) -> conv2d(x, factor) + offset, depthwise 1x1; on vectors linear(x, diagonal) + offset.
///
/// Declines on tensors of other ranks and on very long vectors.
template <typename AffineOp> struct LowerAffine : OpRewritePattern<AffineOp> {
  LowerAffine(MLIRContext *context, Pass::Statistic &counter)
      : OpRewritePattern<AffineOp>(context), counter(counter) {}

  LogicalResult matchAndRewrite(AffineOp op, PatternRewriter &rewriter) const override {
    FailureOr<ChannelAffine> affine = matchAffine(op, rewriter);
    if (failed(affine))
      return failure();
    RankedTensorType type = tensorType(op.getOutput());
    int64_t channels = type.getDimSize(1);
    bool isMap = type.getRank() == 4;
    if (!isMap && (type.getRank() != 2 || channels > kMaxDiagonal))
      return decline(rewriter, op, "is neither a map nor a vector of moderate length");
    logDone(op, isMap ? "computed apart, as a depthwise 1x1 convolution"
                      : "computed apart, as a product with a diagonal matrix");
    ConstantsToErase constants;
    constants.add(op->getOperands());
    Value named = op->getOperand(1);
    Value offset = createConstant(rewriter, op.getLoc(), named, {channels}, [&](auto to) {
      llvm::copy(affine->offset, to.begin());
    });
    if (isMap) {
      Value factor =
          createConstant(rewriter, op.getLoc(), named, {channels, 1, 1, 1},
                         [&](auto to) { llvm::copy(affine->factor, to.begin()); });
      int64_t ones[] = {1, 1}, noPads[] = {0, 0, 0, 0};
      rewriter.replaceOpWithNewOp<Conv2dOp>(op, type, affine->input, factor, offset,
                                            /*residual=*/Value(), ones, noPads, ones, channels,
                                            affine->act);
    } else {
      Value diagonal =
          createConstant(rewriter, op.getLoc(), named, {channels, channels}, [&](auto to) {
            std::fill(to.begin(), to.end(), 0.0f);
            for (int64_t c = 0; c < channels; ++c)
              to[c * channels + c] = static_cast<float>(affine->factor[c]);
          });
      rewriter.replaceOpWithNewOp<LinearOp>(op, type, affine->input, diagonal, offset,
                                            /*residual=*/Value(), affine->act);
    }
    constants.eraseUnused(rewriter);
    ++counter;
    return success();
  }

  Pass::Statistic &counter;
};

struct FoldBatchNormPass : incc::impl::FoldBatchNormPassBase<FoldBatchNormPass> {
  /// 1. Fold until nothing changes.
  /// 2. Only then lower what no layer took, since the first of two in a row must have had its
  ///    chance; what follows a lowered op may fold into its convolution.
  /// 3. A batch norm that is left can't be computed by any backend.
  void runOnOperation() override {
    for (bool lower : {false, true}) {
      RewritePatternSet patterns(&getContext());
      patterns.add<FoldAffine<BatchNormOp>, FoldAffine<ScaleOp>, FoldAffine<MulOp>,
                   FoldAffine<AddOp>>(&getContext(), numFolded);
      if (lower)
        patterns.add<LowerAffine<BatchNormOp>, LowerAffine<MulOp>, LowerAffine<AddOp>>(
            &getContext(), numDepthwise);
      GreedyRewriteConfig config;
      config.useTopDownTraversal = true;
      if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns), config)))
        return signalPassFailure();
    }
    getOperation().walk([&](BatchNormOp op) {
      FailureOr<ChannelAffine> affine = matchAffine(op);
      if (failed(affine))
        op.emitOpError("parameters must be constants whose values are known");
      else
        op.emitOpError("of ") << op.getType() << " follows or precedes no layer that can take it; "
                              << "supported alone are maps, and vectors of at most "
                              << kMaxDiagonal << " features";
      signalPassFailure();
    });
  }
};
} // namespace
