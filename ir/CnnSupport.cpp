// Helpers shared by frontends and passes: constants, checked creation, layer names.
#include "ir/Cnn.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace incc;

/// Values of at most this many elements are stored as literals, so that small IR can be read.
static constexpr int64_t kMaxLiteralElements = 64;

bool cnn::haveSameShapes(TypeRange lhs, TypeRange rhs) {
  if (lhs.size() != rhs.size())
    return false;
  return llvm::all_of(llvm::zip_equal(lhs, rhs), [](auto pair) {
    auto a = dyn_cast<RankedTensorType>(std::get<0>(pair));
    auto b = dyn_cast<RankedTensorType>(std::get<1>(pair));
    return a && b && a.getShape() == b.getShape() && a.getElementType() == b.getElementType();
  });
}

StringRef cnn::layerName(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (StringRef name = layerName(part); !name.empty())
        return name;
  return "";
}

int64_t cnn::countMacs(Operation *op) {
  if (auto macs = op->getAttrOfType<IntegerAttr>(kMacsAttr))
    return macs.getInt();
  if (auto conv = dyn_cast<Conv2dOp>(op)) {
    ArrayRef<int64_t> filter = tensorType(conv.getFilter()).getShape();
    return tensorType(conv.getOutput()).getNumElements() * filter[1] * filter[2] * filter[3];
  }
  if (auto linear = dyn_cast<LinearOp>(op))
    return tensorType(linear.getOutput()).getNumElements() *
           tensorType(linear.getWeight()).getDimSize(1);
  return 0;
}

Operation *cnn::createChecked(OpBuilder &builder, Location loc, StringRef opName,
                              ValueRange operands, ArrayRef<NamedAttribute> attributes,
                              ArrayRef<int32_t> segments) {
  OperationState state(loc, opName);
  state.addOperands(operands);
  NamedAttrList attrs(attributes);
  if (!segments.empty())
    attrs.set("operandSegmentSizes", builder.getDenseI32ArrayAttr(segments));
  DictionaryAttr dict = attrs.getDictionary(builder.getContext());
  RegisteredOperationName name = *state.name.getRegisteredInfo();
  SmallVector<Type, 1> types;
  auto emitAtLoc = [&] { return emitError(loc); };
  auto infer = name.getInterface<InferTypeOpInterface>();
  assert(infer && "op does not infer its type");
  int64_t bytes = name.getOpPropertyByteSize();
  SmallVector<int64_t, 32> storage((bytes + 7) / 8 + 1);
  OpaqueProperties properties(storage.data());
  name.initOpProperties(properties, /*init=*/nullptr);
  auto destroy = llvm::make_scope_exit([&] { name.destroyOpProperties(properties); });
  // Ops without inherent attributes have no properties and refuse to set them.
  if (bytes && failed(name.setOpPropertiesFromAttribute(name, properties, dict, emitAtLoc)))
    return nullptr;
  if (failed(infer->inferReturnTypes(builder.getContext(), loc, operands, dict, properties, {},
                                     types)))
    return nullptr;
  state.addTypes(types);
  state.addAttributes(dict.getValue());
  Operation *op = builder.create(state);
  // Verifiers of single ops are cheap: report what inference does not see at once.
  if (failed(op->getName().verifyInvariants(op))) {
    op->erase();
    return nullptr;
  }
  return op;
}

static ElementsAttr makeResource(MLIRContext *context, RankedTensorType type, StringRef name,
                                 AsmResourceBlob blob) {
  return DenseResourceElementsAttr::get(
      type, name.empty() ? StringRef("weights") : name, std::move(blob));
}

ElementsAttr cnn::makeConstantAttr(MLIRContext *context, ArrayRef<int64_t> shape,
                                   std::vector<float> values, StringRef name) {
  auto type = RankedTensorType::get(shape, Float32Type::get(context));
  assert(type.getNumElements() == static_cast<int64_t>(values.size()));
  if (type.getNumElements() <= kMaxLiteralElements)
    return DenseElementsAttr::get(type, ArrayRef<float>(values));
  auto owner = std::make_shared<std::vector<float>>(std::move(values));
  ArrayRef<float> view(*owner);
  return makeMappedConstantAttr(context, shape, view, owner, name);
}

ElementsAttr cnn::makeMappedConstantAttr(MLIRContext *context, ArrayRef<int64_t> shape,
                                         ArrayRef<float> values, std::shared_ptr<void> owner,
                                         StringRef name) {
  auto type = RankedTensorType::get(shape, Float32Type::get(context));
  AsmResourceBlob blob(
      ArrayRef<char>(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float)),
      alignof(float), [owner = std::move(owner)](void *, size_t, size_t) mutable { owner.reset(); },
      /*dataIsMutable=*/false);
  return makeResource(context, type, name, std::move(blob));
}

ArrayRef<float> cnn::constantValues(ElementsAttr value, std::vector<float> &storage) {
  if (auto resource = dyn_cast_or_null<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return {};
    return {reinterpret_cast<const float *>(blob->getData().data()),
            blob->getData().size() / sizeof(float)};
  }
  auto dense = dyn_cast_or_null<DenseElementsAttr>(value);
  if (!dense || !dense.getElementType().isF32())
    return {};
  if (!dense.isSplat())
    return {reinterpret_cast<const float *>(dense.getRawData().data()),
            static_cast<size_t>(dense.getNumElements())};
  storage.assign(dense.getNumElements(), dense.getSplatValue<float>());
  return storage;
}

ArrayRef<float> cnn::constantValues(Value value, std::vector<float> &storage) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant ? constantValues(constant.getValue(), storage) : ArrayRef<float>();
}

bool cnn::isConstant(Value value) { return value.getDefiningOp<ConstantOp>() != nullptr; }

void cnn::releaseConstant(ElementsAttr value) {
  if (auto resource = dyn_cast_or_null<DenseResourceElementsAttr>(value))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      *blob = AsmResourceBlob();
}
