// Attributes as JSON.
#include "ir/AttributeJson.h"
#include "ir/Cnn.h"

using namespace mlir;
using namespace incc;

llvm::json::Value incc::toJson(Attribute attr) {
  if (auto dict = dyn_cast<DictionaryAttr>(attr)) {
    llvm::json::Object object;
    for (NamedAttribute entry : dict)
      object[entry.getName().str()] = toJson(entry.getValue());
    return object;
  }
  if (auto array = dyn_cast<ArrayAttr>(attr)) {
    llvm::json::Array list;
    for (Attribute entry : array)
      list.push_back(toJson(entry));
    return list;
  }
  if (auto integers = dyn_cast<DenseI64ArrayAttr>(attr))
    return llvm::json::Array(integers.asArrayRef());
  if (auto numbers = dyn_cast<DenseF64ArrayAttr>(attr))
    return llvm::json::Array(numbers.asArrayRef());
  if (auto flag = dyn_cast<BoolAttr>(attr))
    return flag.getValue();
  if (auto integer = dyn_cast<IntegerAttr>(attr))
    return integer.getInt();
  if (auto number = dyn_cast<FloatAttr>(attr))
    return number.getValueAsDouble();
  if (isa<UnitAttr>(attr))
    return true;
  if (auto activation = dyn_cast<cnn::ActivationAttr>(attr))
    return cnn::stringifyActivationKind(activation.getKind());
  if (auto text = dyn_cast<StringAttr>(attr))
    return text.getValue();
  return nullptr;
}
