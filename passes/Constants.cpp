// Reading, making and freeing the constants that passes fold.
#include "passes/Constants.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace incc;

ConstantOperand::ConstantOperand(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape())
    return;
  data = cnn::constantValues(value, storage);
  // A blob that is elided, released or of the wrong length holds no values of this type.
  isKnown = !data.empty() && static_cast<int64_t>(data.size()) == type.getNumElements();
}

Value incc::createConstant(RewriterBase &rewriter, Location loc, Value like,
                           ArrayRef<int64_t> shape,
                           function_ref<void(MutableArrayRef<float>)> fill) {
  if (like)
    loc = like.getLoc();
  size_t count = ShapedType::getNumElements(shape);
  StringRef name = cnn::layerName(loc);
  ElementsAttr value;
  // A vector would write its zeros over the whole blob first.
  if (count > 4096) {
    auto owner = std::make_shared_for_overwrite<float[]>(count);
    MutableArrayRef<float> values(owner.get(), count);
    fill(values);
    value = cnn::makeMappedConstantAttr(rewriter.getContext(), shape, values, std::move(owner),
                                        name.empty() ? "weights" : name);
  } else {
    std::vector<float> values(count);
    fill(values);
    value = cnn::makeConstantAttr(rewriter.getContext(), shape, std::move(values), name);
  }
  return rewriter.create<cnn::ConstantOp>(loc, value);
}

/// True if no op but `constant` can read its blob: none in its function does, and there is no other
/// function (which another thread may be changing).
static bool ownsItsBlob(cnn::ConstantOp constant) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue());
  auto function = constant->getParentOfType<func::FuncOp>();
  if (!resource || !function)
    return false;
  auto module = dyn_cast_or_null<ModuleOp>(function->getParentOp());
  if (!module || !llvm::hasSingleElement(module.getOps<func::FuncOp>()))
    return false;
  StringRef key = resource.getRawHandle().getKey();
  return !function
              .walk([&](cnn::ConstantOp other) {
                auto handle = dyn_cast<DenseResourceElementsAttr>(other.getValue());
                bool reads = other != constant && !other->use_empty() && handle &&
                             handle.getRawHandle().getKey() == key;
                return reads ? WalkResult::interrupt() : WalkResult::advance();
              })
              .wasInterrupted();
}

void ConstantsToErase::add(Value value) {
  if (value)
    if (auto constant = value.getDefiningOp<cnn::ConstantOp>())
      constants.insert(constant);
}

void ConstantsToErase::add(ValueRange values) {
  for (Value value : values)
    add(value);
}

void ConstantsToErase::eraseUnused(RewriterBase &rewriter) {
  for (Operation *op : constants) {
    auto constant = cast<cnn::ConstantOp>(op);
    if (!constant->use_empty())
      continue;
    if (ownsItsBlob(constant))
      cnn::releaseConstant(constant.getValue());
    rewriter.eraseOp(constant);
  }
  constants.clear();
}
