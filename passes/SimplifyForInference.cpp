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

/// adaptive_avg_pool(x) to its own extent -> x; to 1x1 -> global_avg_pool; else -> avg_pool with
/// windows that tile the map (the extents divide, as the verifier checks).
static LogicalResult lowerAdaptivePool(AdaptiveAvgPoolOp op, PatternRewriter &rewriter) {
  ArrayRef<int64_t> in = tensorType(op.getInput()).getShape(), to = op.getOutputSize();
  if (in.drop_front(2) == to)
    return replaceByValue(rewriter, op, op.getInput());
  if (to[0] == 1 && to[1] == 1) {
    rewriter.replaceOpWithNewOp<GlobalAvgPoolOp>(op, op.getType(), op.getInput());
    return success();
  }
  int64_t window[] = {in[2] / to[0], in[3] / to[1]};
  int64_t noPads[] = {0, 0, 0, 0};
  rewriter.replaceOpWithNewOp<AvgPoolOp>(op, op.getType(), op.getInput(), /*bias=*/Value(), window,
                                         window, noPads, /*ceil_mode=*/false,
                                         /*count_include_pad=*/false, /*act=*/ActivationAttr());
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
