// simplify-for-inference: drops what only training needs, and identities.
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Passes.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace incc;
using namespace incc::cnn;

namespace incc {
#define GEN_PASS_DEF_SIMPLIFYFORINFERENCEPASS
#include "passes/Passes.h.inc"
} // namespace incc

/// Replaces `op` by `value`, unless their types (layouts) differ.
static LogicalResult replaceByValue(PatternRewriter &rewriter, Operation *op, Value value) {
  if (op->getResult(0).getType() != value.getType())
    return rewriter.notifyMatchFailure(op, "result has another layout than its replacement");
  rewriter.replaceOp(op, value);
  return success();
}

/// dropout(x) -> x: at inference it passes everything.
static LogicalResult dropDropout(DropoutOp op, PatternRewriter &rewriter) {
  return replaceByValue(rewriter, op, op.getInput());
}

/// linear(flatten(x)) -> linear(x): linear reads its input in the same C,H,W order.
static LogicalResult dropFlattenBeforeLinear(LinearOp op, PatternRewriter &rewriter) {
  auto flatten = op.getInput().getDefiningOp<FlattenOp>();
  if (!flatten)
    return rewriter.notifyMatchFailure(op, "input is not a flatten");
  rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(flatten.getInput()); });
  return success();
}

/// For adaptive pooling of `in` positions to `out` windows: the positions of all windows, each of
/// `width` entries, the last ones of a shorter window -1; and how much more the mean of a window
/// must be than that of `width` entries.
static int64_t spreadWindows(int64_t in, int64_t out, SmallVectorImpl<int64_t> &positions,
                             SmallVectorImpl<float> &factors) {
  auto first = [&](int64_t i) { return i * in / out; };
  auto end = [&](int64_t i) { return ((i + 1) * in + out - 1) / out; };
  int64_t width = 0;
  for (int64_t i = 0; i < out; ++i)
    width = std::max(width, end(i) - first(i));
  for (int64_t i = 0; i < out; ++i) {
    for (int64_t j = first(i); j < first(i) + width; ++j)
      positions.push_back(j < end(i) ? j : -1);
    factors.push_back(static_cast<float>(width) / static_cast<float>(end(i) - first(i)));
  }
  return width;
}

/// adaptive_avg_pool(x) with windows that overlap or differ in size -> avg_pool(take(x)), windows
/// filled up with zeros to the size of the largest, times what that took off the mean.
static LogicalResult spreadAdaptivePool(AdaptiveAvgPoolOp op, PatternRewriter &rewriter) {
  ArrayRef<int64_t> in = tensorType(op.getInput()).getShape(), to = op.getOutputSize();
  SmallVector<int64_t> rows, columns;
  SmallVector<float> rowFactors, columnFactors;
  int64_t window[] = {spreadWindows(in[2], to[0], rows, rowFactors),
                      spreadWindows(in[3], to[1], columns, columnFactors)};
  Location loc = op.getLoc();
  Value taken = rewriter.create<TakeOp>(loc, op.getInput(), ArrayRef<int64_t>(),
                                        ArrayRef<int64_t>(), rows, columns, APFloat(0.0f));
  Value mean = rewriter.create<AvgPoolOp>(
      loc, op.getType(), taken, /*bias=*/Value(), window, window, ArrayRef<int64_t>{0, 0, 0, 0},
      ArrayRef<int64_t>{1, 1}, /*ceil_mode=*/false, /*count_include_pad=*/false,
      /*act=*/ActivationAttr());
  std::vector<float> factors;
  for (float row : rowFactors)
    for (float column : columnFactors)
      factors.push_back(row * column);
  if (llvm::all_of(factors, [](float factor) { return factor == 1; })) {
    rewriter.replaceOp(op, mean);
    return success();
  }
  Value scales = rewriter.create<ConstantOp>(
      loc, makeConstantAttr(op.getContext(), {1, 1, to[0], to[1]}, std::move(factors)));
  rewriter.replaceOpWithNewOp<BinaryOp>(op, op.getType(), BinaryKind::mul, mean, scales);
  return success();
}

/// adaptive_avg_pool(x) to its own extent -> x; to 1x1 -> global_avg_pool; where the extents divide
/// -> avg_pool with windows that tile the map.
static LogicalResult lowerAdaptivePool(AdaptiveAvgPoolOp op, PatternRewriter &rewriter) {
  ArrayRef<int64_t> in = tensorType(op.getInput()).getShape(), to = op.getOutputSize();
  if (in.drop_front(2) == to)
    return replaceByValue(rewriter, op, op.getInput());
  if (to[0] == 1 && to[1] == 1) {
    rewriter.replaceOpWithNewOp<GlobalAvgPoolOp>(op, op.getType(), op.getInput());
    return success();
  }
  if (in[2] % to[0] || in[3] % to[1])
    return spreadAdaptivePool(op, rewriter);
  int64_t window[] = {in[2] / to[0], in[3] / to[1]};
  rewriter.replaceOpWithNewOp<AvgPoolOp>(op, op.getType(), op.getInput(), /*bias=*/Value(), window,
                                         window, ArrayRef<int64_t>{0, 0, 0, 0},
                                         ArrayRef<int64_t>{1, 1}, /*ceil_mode=*/false,
                                         /*count_include_pad=*/false, /*act=*/ActivationAttr());
  return success();
}

/// batch_norm(x, ...) -> (x - mean) * (scale / sqrt(variance + epsilon)) + shift where a parameter is
/// known only when the network runs. Declines with constants, which fold-batch-norm folds.
static LogicalResult spellOutBatchNorm(BatchNormOp op, PatternRewriter &rewriter) {
  if (llvm::all_of(op->getOperands().drop_front(), isConstant))
    return rewriter.notifyMatchFailure(op, "parameters are constants");
  Location loc = op.getLoc();
  auto mapOf = [&](Value value, int64_t images, int64_t channels) -> Value {
    int64_t points = tensorType(value).getNumElements() / (images * channels);
    auto type = RankedTensorType::get({images, channels, points, 1}, rewriter.getF32Type());
    return rewriter.create<ReshapeOp>(loc, type, value);
  };
  auto binary = [&](BinaryKind kind, Value a, Value b) -> Value {
    return rewriter.create<BinaryOp>(loc, kind, a, b);
  };
  ArrayRef<int64_t> shape = op.getType().getShape();
  auto perChannel = [&](Value value) { return mapOf(value, 1, shape[1]); };
  Value epsilon = rewriter.create<ConstantOp>(
      loc, makeConstantAttr(op.getContext(), {1, 1, 1, 1},
                            {static_cast<float>(op.getEpsilon().convertToDouble())}));
  Value deviation = rewriter.create<ActivationOp>(
      loc, binary(BinaryKind::add, perChannel(op.getVariance()), epsilon),
      ActivationAttr::get(op.getContext(), ActivationKind::sqrt));
  Value factor = binary(BinaryKind::div, perChannel(op.getScale()), deviation);
  Value input = mapOf(op.getInput(), shape[0], shape[1]);
  Value centered = binary(BinaryKind::sub, input, perChannel(op.getMean()));
  Value result = binary(BinaryKind::add, binary(BinaryKind::mul, centered, factor),
                        perChannel(op.getShift()));
  rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), result);
  return success();
}

/// The padding [top, left, bottom, right] that `take` amounts to, if it only pads rows and columns.
static std::optional<std::array<int64_t, 4>> paddingOf(TakeOp take) {
  if (!take.getN().empty() || !take.getC().empty())
    return std::nullopt;
  std::array<int64_t, 4> pads = {0, 0, 0, 0};
  for (unsigned axis : {0, 1}) {
    ArrayRef<int64_t> indices = take.indices(2 + axis);
    if (indices.empty())
      continue;
    ArrayRef<int64_t> inside = indices.drop_while([](int64_t i) { return i < 0; });
    int64_t extent = tensorType(take.getInput()).getDimSize(2 + axis);
    pads[axis] = static_cast<int64_t>(indices.size() - inside.size());
    pads[2 + axis] = static_cast<int64_t>(inside.size()) - extent;
    if (pads[2 + axis] < 0)
      return std::nullopt;
    for (auto [i, index] : llvm::enumerate(inside))
      if (index != (static_cast<int64_t>(i) < extent ? static_cast<int64_t>(i) : -1))
        return std::nullopt;
  }
  return pads;
}

/// conv(pad(x)) -> conv(x) with more padding. Declines if the padding is not of zeros.
static LogicalResult mergePadding(Conv2dOp op, PatternRewriter &rewriter) {
  auto take = op.getInput().getDefiningOp<TakeOp>();
  if (!take || !take.getFill().isZero())
    return rewriter.notifyMatchFailure(op, "input is not padded with zeros");
  std::optional<std::array<int64_t, 4>> more = paddingOf(take);
  if (!more)
    return rewriter.notifyMatchFailure(op, "input is not only padded");
  SmallVector<int64_t> pads(op.getPads());
  for (auto [pad, added] : llvm::zip_equal(pads, *more))
    pad += added;
  rewriter.modifyOpInPlace(op, [&] {
    op.getInputMutable().assign(take.getInput());
    op.setPads(pads);
  });
  return success();
}

static bool isAll(ArrayRef<int64_t> values, int64_t wanted) {
  return llvm::all_of(values, [&](int64_t value) { return value == wanted; });
}

/// pool 1x1 stride 1 (x) -> x. Its padding is 0: it must be smaller than the kernel.
template <typename PoolOp>
static LogicalResult dropUnitPool(PoolOp op, PatternRewriter &rewriter) {
  if (!isAll(op.getKernel(), 1) || !isAll(op.getStrides(), 1))
    return rewriter.notifyMatchFailure(op, "pools several elements or skips some");
  if constexpr (std::is_same_v<PoolOp, AvgPoolOp>)
    if (op.getBias() || activationKind(op.getAct()) != ActivationKind::none)
      return rewriter.notifyMatchFailure(op, "has an epilogue");
  return replaceByValue(rewriter, op, op.getInput());
}

/// avg_pool over the whole map -> global_avg_pool. Declines with padding, which count_include_pad
/// would count, and with an epilogue, which a global pool has not.
static LogicalResult poolWholeMap(AvgPoolOp op, PatternRewriter &rewriter) {
  if (op.getKernel() != tensorType(op.getInput()).getShape().drop_front(2) ||
      !isAll(op.getPads(), 0))
    return rewriter.notifyMatchFailure(op, "window is not exactly the map");
  if (op.getBias() || activationKind(op.getAct()) != ActivationKind::none)
    return rewriter.notifyMatchFailure(op, "has an epilogue");
  rewriter.replaceOpWithNewOp<GlobalAvgPoolOp>(op, op.getType(), op.getInput());
  return success();
}

/// global_avg_pool of 1x1 maps -> its input.
static LogicalResult dropGlobalPoolOfPoint(GlobalAvgPoolOp op, PatternRewriter &rewriter) {
  if (!isAll(tensorType(op.getInput()).getShape().drop_front(2), 1))
    return rewriter.notifyMatchFailure(op, "map has more than one position");
  return replaceByValue(rewriter, op, op.getInput());
}

/// The activation that produced `value`, by itself or in an epilogue; null if none.
static ActivationAttr producingActivation(Value value) {
  Operation *op = value.getDefiningOp();
  return op && isa<CnnDialect>(op->getDialect()) ? op->getAttrOfType<ActivationAttr>("act")
                                                 : ActivationAttr();
}

/// True if `act` returns every result of `before` unchanged.
static bool isIdentityAfter(ActivationAttr act, ActivationAttr before) {
  ActivationKind first = before.getKind();
  switch (act.getKind()) {
  case ActivationKind::relu:
    return first == ActivationKind::relu || first == ActivationKind::relu6 ||
           first == ActivationKind::sigmoid || first == ActivationKind::hard_sigmoid ||
           (first == ActivationKind::clip && before.param(0) >= 0);
  case ActivationKind::relu6:
    return first == ActivationKind::relu6 || first == ActivationKind::sigmoid ||
           first == ActivationKind::hard_sigmoid;
  case ActivationKind::clip:
    return act == before && act.param(0) <= act.param(1);
  default:
    return false;
  }
}

/// relu(relu(x)) -> relu(x), and other activations of values already in their range.
static LogicalResult dropRepeatedActivation(ActivationOp op, PatternRewriter &rewriter) {
  ActivationAttr before = producingActivation(op.getInput());
  if (!before || !isIdentityAfter(op.getAct(), before))
    return rewriter.notifyMatchFailure(op, "changes some value that its input may take");
  return replaceByValue(rewriter, op, op.getInput());
}

/// concat(concat(a, b), c) -> concat(a, b, c). Declines where the inner one has other users: its
/// result is in memory then, and would be copied.
static LogicalResult flattenConcat(ConcatOp op, PatternRewriter &rewriter) {
  SmallVector<Value> inputs;
  for (Value input : op.getInputs()) {
    auto inner = input.getDefiningOp<ConcatOp>();
    if (inner && inner->hasOneUse())
      llvm::append_range(inputs, inner.getInputs());
    else
      inputs.push_back(input);
  }
  if (inputs.size() == op.getInputs().size())
    return rewriter.notifyMatchFailure(op, "no input is a concat that only this op uses");
  rewriter.modifyOpInPlace(op, [&] { op.getInputsMutable().assign(inputs); });
  return success();
}

/// slice(slice(x)) -> slice(x) with the sum of the offsets.
static LogicalResult flattenSlice(SliceOp op, PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<SliceOp>();
  if (!inner)
    return rewriter.notifyMatchFailure(op, "input is not a slice");
  rewriter.replaceOpWithNewOp<SliceOp>(op, op.getType(), inner.getInput(),
                                       inner.getOffset() + op.getOffset(), op.getCount());
  return success();
}

/// slice(concat(..., x, ...)) -> slice(x) where all the channels come from x.
static LogicalResult sliceConcatInput(SliceOp op, PatternRewriter &rewriter) {
  auto concat = op.getInput().getDefiningOp<ConcatOp>();
  if (!concat)
    return rewriter.notifyMatchFailure(op, "input is not a concat");
  int64_t offset = op.getOffset();
  for (Value input : concat.getInputs()) {
    int64_t channels = tensorType(input).getDimSize(1);
    if (offset < channels) {
      if (offset + static_cast<int64_t>(op.getCount()) > channels)
        break;
      rewriter.replaceOpWithNewOp<SliceOp>(op, op.getType(), input, offset, op.getCount());
      return success();
    }
    offset -= channels;
  }
  return rewriter.notifyMatchFailure(op, "channels come from several inputs of the concat");
}

/// Drops the results of `function` whose cnn.name is not in `wanted`.
static LogicalResult keepOutputsOf(func::FuncOp function, ArrayRef<std::string> wanted) {
  SmallVector<StringRef> names;
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    auto name = function.getResultAttrOfType<StringAttr>(i, kNameAttr);
    names.push_back(name ? name.getValue() : StringRef());
  }
  for (const std::string &name : wanted)
    if (!llvm::is_contained(names, name))
      return emitError(function.getLoc(), "no output is named '")
             << name << "'; outputs are " << llvm::join(names, ", ");
  // Callers would have to change as well, and may be changing on another thread.
  auto module = dyn_cast_or_null<ModuleOp>(function->getParentOp());
  if (!module || !llvm::hasSingleElement(module.getOps<func::FuncOp>()) ||
      !SymbolTable::symbolKnownUseEmpty(function, module))
    return emitError(function.getLoc(), "outputs can be dropped only from a module's one function "
                                        "that nothing calls");
  llvm::BitVector dropped(names.size());
  for (auto [i, name] : llvm::enumerate(names))
    dropped[i] = !llvm::is_contained(wanted, name);
  function.eraseResults(dropped);
  function.walk([&](func::ReturnOp op) { op->eraseOperands(dropped); });
  return success();
}

namespace {
struct SimplifyForInferencePass
    : incc::impl::SimplifyForInferencePassBase<SimplifyForInferencePass> {
  using SimplifyForInferencePassBase::SimplifyForInferencePassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!keepOutputs.empty() && !function.isExternal() &&
        failed(keepOutputsOf(function, llvm::to_vector(keepOutputs))))
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    patterns.add(dropDropout)
        .add(dropFlattenBeforeLinear)
        .add(lowerAdaptivePool)
        .add(mergePadding)
        .add(spellOutBatchNorm)
        .add(dropUnitPool<AvgPoolOp>)
        .add(dropUnitPool<MaxPoolOp>)
        .add(poolWholeMap)
        .add(dropGlobalPoolOfPoint)
        .add(dropRepeatedActivation)
        .add(flattenConcat)
        .add(flattenSlice)
        .add(sliceConcatInput);
    if (failed(applyPatternsAndFoldGreedily(function, std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
