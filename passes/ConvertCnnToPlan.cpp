// Turns functions on tensors into programs of kernels on buffers.
//
//   %y = cnn.conv2d %x, %w bias(%b) : ...   ->   %y = plan.buffer : !plan.map<...>
//                                                %w = plan.weights ...
//                                                plan.stage { plan.kernel "cnn.conv2d"(%x) ... }
//
// Every op becomes a kernel in a stage of its own; slices on block borders become views. The op
// that gives an output writes into the caller's array where it can.
#include "ir/Target.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Passes.h"

namespace incc {
#define GEN_PASS_DEF_CONVERTCNNTOPLANPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;

/// The map that a tensor becomes. Vectors of features are maps of one pixel.
static plan::MapType mapType(RankedTensorType type) {
  SmallVector<int64_t> shape(type.getShape());
  // Dense tensors of more axes are only reshaped: the last ones are joined.
  while (shape.size() > 4) {
    int64_t last = shape.pop_back_val();
    shape.back() *= last;
  }
  shape.resize(4, 1);
  MLIRContext *context = type.getContext();
  if (auto layout = dyn_cast_or_null<cnn::LayoutAttr>(type.getEncoding())) {
    int64_t block = layout.getBlock();
    return plan::MapType::get(context, shape, block, layout.getHalo(),
                              (shape[1] + block - 1) / block);
  }
  return plan::MapType::get(context, shape, 1, {0, 0, 0, 0}, shape[1]);
}

namespace {

class Converter {
public:
  Converter(func::FuncOp function) : function(function), builder(function) {}

  LogicalResult run() {
    program = builder.create<plan::ProgramOp>(function.getLoc(), function.getName(), IntegerAttr(),
                                              IntegerAttr(), IntegerAttr(), IntegerAttr());
    body = &program.getBody().emplaceBlock();
    builder.setInsertionPointToStart(body);
    declareInputs();
    if (failed(declareOutputs()))
      return failure();
    for (Operation &op : function.getBody().front())
      if (failed(convert(op)))
        return failure();
    if (failed(copyOutputs()))
      return failure();
    function.erase();
    return success();
  }

private:
  func::FuncOp function;
  OpBuilder builder;
  plan::ProgramOp program;
  Block *body = nullptr;
  IRMapping maps;
  /// Results that some op can't write itself: (tensor, output map).
  SmallVector<std::pair<Value, Value>> copies;

  StringAttr nameOf(DictionaryAttr attrs, StringRef fallback, unsigned index, unsigned count) {
    if (attrs)
      if (auto name = attrs.getAs<StringAttr>(cnn::kNameAttr))
        return name;
    return builder.getStringAttr(count == 1 ? fallback.str()
                                            : (fallback + "_" + Twine(index)).str());
  }

  void declareInputs() {
    unsigned count = function.getNumArguments();
    for (BlockArgument argument : function.getArguments()) {
      unsigned i = argument.getArgNumber();
      auto type = cast<RankedTensorType>(argument.getType());
      auto input = builder.create<plan::InputOp>(
          argument.getLoc(), mapType(type), builder.getI64IntegerAttr(i),
          nameOf(function.getArgAttrDict(i), "input", i, count),
          builder.getDenseI64ArrayAttr(type.getShape()));
      maps.map(argument, input.getMap());
    }
  }

  LogicalResult declareOutputs() {
    auto returnOp = cast<func::ReturnOp>(function.getBody().front().getTerminator());
    unsigned count = returnOp.getNumOperands();
    for (auto [i, value] : llvm::enumerate(returnOp.getOperands())) {
      auto type = dyn_cast<RankedTensorType>(value.getType());
      if (!type || type.getRank() < 1)
        return function.emitError("output ")
               << i << " must be a tensor of one dimension or more, got " << value.getType();
      auto output = builder.create<plan::OutputOp>(
          value.getLoc(), mapType(type), builder.getI64IntegerAttr(i),
          nameOf(function.getResultAttrDict(i), "output", i, count),
          builder.getDenseI64ArrayAttr(type.getShape()));
      // An op writes the output itself if nothing else reads what it computes.
      if (value.hasOneUse() && !isa<BlockArgument>(value) &&
          !isa<cnn::ConstantOp, cnn::SliceOp>(value.getDefiningOp()))
        maps.map(value, output.getMap());
      else
        copies.push_back({value, output.getMap()});
    }
    return success();
  }

  LogicalResult copyOutputs() {
    for (auto [value, output] : copies)
      addKernel(value.getLoc(), cnn::ToLayoutOp::getOperationName(), {mapOf(value)}, {}, output,
                builder.getDictionaryAttr({}), 0);
    return success();
  }

  Value mapOf(Value tensor) {
    if (Value map = maps.lookupOrNull(tensor))
      return map;
    if (auto constant = tensor.getDefiningOp<cnn::ConstantOp>())
      return materialize(constant, tensor);
    Value map = builder.create<plan::BufferOp>(tensor.getLoc(), mapType(cnn::tensorType(tensor)),
                                               IntegerAttr());
    maps.map(tensor, map);
    return map;
  }

  /// A constant that is read as data: a map of the layout of `tensor`, filled once a run.
  Value materialize(cnn::ConstantOp constant, Value tensor) {
    Location loc = constant.getLoc();
    Value weights = builder.create<plan::WeightsOp>(loc, constant.getValue(), IntegerAttr());
    Value map = maps.lookupOrNull(tensor);
    if (!map)
      map = builder.create<plan::BufferOp>(loc, mapType(cnn::tensorType(tensor)), IntegerAttr());
    maps.map(tensor, map);
    addKernel(loc, cnn::ConstantOp::getOperationName(), {}, {weights}, map,
              builder.getDictionaryAttr({}), 0);
    return map;
  }

  void addKernel(Location loc, StringRef kind, ValueRange inputs, ValueRange weights, Value output,
                 DictionaryAttr params, int64_t flops) {
    auto stage = builder.create<plan::StageOp>(loc);
    OpBuilder inside = OpBuilder::atBlockBegin(&stage.getBody().emplaceBlock());
    inside.create<plan::KernelOp>(loc, builder.getStringAttr(kind), inputs, weights,
                                  ValueRange{output}, params, DictionaryAttr(),
                                  builder.getI64IntegerAttr(1), builder.getI64IntegerAttr(flops),
                                  FloatAttr());
  }

  /// The op's attributes, and a convolution's kernel, which only its filter's shape gives.
  DictionaryAttr paramsOf(Operation &op) {
    NamedAttrList params;
    for (NamedAttribute attr : op.getAttrDictionary())
      if (attr.getName() != "operandSegmentSizes" && attr.getName() != cnn::kMacsAttr)
        params.append(attr);
    if (auto conv = dyn_cast<cnn::Conv2dOp>(op)) {
      ArrayRef<int64_t> filter = cnn::tensorType(conv.getFilter()).getShape();
      params.set("kernel", builder.getDenseI64ArrayAttr({filter[2], filter[3]}));
      params.set("dilations", conv.getDilationsAttr());
      params.set("groups", conv.getGroupsAttr());
    }
    return params.getDictionary(builder.getContext());
  }

  LogicalResult convert(Operation &op) {
    if (isa<cnn::ConstantOp, func::ReturnOp>(op))
      return success();
    if (!isa<cnn::CnnDialect>(op.getDialect()) || op.getNumResults() != 1)
      return op.emitError("no kernel computes '") << op.getName() << "'";
    if (isa<cnn::BatchNormOp, cnn::DropoutOp, cnn::AdaptiveAvgPoolOp>(op))
      return op.emitError("'") << op.getName() << "' must have been rewritten by "
                               << "simplify-for-inference and fold-batch-norm";
    Value result = op.getResult(0);
    if (auto slice = dyn_cast<cnn::SliceOp>(op))
      if (Value view = viewOf(slice)) {
        maps.map(result, view);
        return success();
      }
    if (auto layout = dyn_cast<cnn::ToLayoutOp>(op))
      if (auto constant = layout.getInput().getDefiningOp<cnn::ConstantOp>()) {
        materialize(constant, result);
        return success();
      }
    SmallVector<Value> inputs, weights;
    for (Value operand : op.getOperands()) {
      auto constant = operand.getDefiningOp<cnn::ConstantOp>();
      if (constant && !isData(op, operand))
        weights.push_back(
            builder.create<plan::WeightsOp>(constant.getLoc(), constant.getValue(), IntegerAttr()));
      else
        inputs.push_back(mapOf(operand));
    }
    // The kernel's tables of indices, which it makes from its params.
    if (isa<cnn::TakeOp>(op))
      weights.push_back(builder.create<plan::WeightsOp>(
          op.getLoc(),
          DenseElementsAttr::get(RankedTensorType::get({1}, builder.getF32Type()), 0.0f),
          IntegerAttr()));
    // split-runtime-weights leaves a filter that is no constant neither bias nor residual.
    auto conv = dyn_cast<cnn::Conv2dOp>(op);
    if (weights.empty() && (isa<cnn::LinearOp>(op) || (conv && op.getNumOperands() > 2)))
      return op.emitError("weights of '") << op.getName() << "' must be constants";
    addKernel(op.getLoc(), op.getName().getStringRef(), inputs, weights, mapOf(result),
              paramsOf(op), 2 * cnn::countMacs(&op));
    return success();
  }

  /// True if `operand` is data to `op` even where it is constant.
  static bool isData(Operation &op, Value operand) {
    if (auto conv = dyn_cast<cnn::Conv2dOp>(op); conv && operand == conv.getResidual())
      return true;
    if (auto linear = dyn_cast<cnn::LinearOp>(op); linear && operand == linear.getResidual())
      return true;
    return !isa<cnn::Conv2dOp, cnn::LinearOp, cnn::AvgPoolOp>(op) || operand == op.getOperand(0);
  }

  Value viewOf(cnn::SliceOp slice) {
    Value source = mapOf(slice.getInput());
    auto from = cast<plan::MapType>(source.getType());
    plan::MapType to = mapType(cnn::tensorType(slice.getOutput()));
    int64_t offset = slice.getOffset();
    if (offset % from.getBlock() || from.getBlock() != to.getBlock() ||
        from.getHalo() != to.getHalo() || isa<plan::InputOp>(source.getDefiningOp()))
      return {};
    auto type = plan::MapType::get(from.getContext(), to.getShape(), from.getBlock(),
                                   from.getHalo(), from.getPlanes());
    return builder.create<plan::ViewOp>(slice.getLoc(), type, source,
                                        builder.getI64IntegerAttr(offset));
  }
};

struct ConvertCnnToPlanPass : incc::impl::ConvertCnnToPlanPassBase<ConvertCnnToPlanPass> {
  void runOnOperation() override {
    for (func::FuncOp function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (failed(Converter(function).run()))
        return signalPassFailure();
  }
};

} // namespace
