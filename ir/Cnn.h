// The cnn dialect's C++ interface.
#ifndef INCC_IR_CNN_H
#define INCC_IR_CNN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace incc::cnn {
/// True if the types are tensors of equal shapes and element types, whatever their layouts.
bool haveSameShapes(mlir::TypeRange lhs, mlir::TypeRange rhs);
} // namespace incc::cnn

#include "ir/CnnDialect.h.inc"
#include "ir/CnnEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/CnnAttrs.h.inc"
#define GET_OP_CLASSES
#include "ir/CnnOps.h.inc"

namespace incc::cnn {

using Tensor = mlir::TypedValue<mlir::RankedTensorType>;

/// Attributes by which the module and its functions carry what is not computation:
/// on func arguments and results, their public names; on the module, the file's preprocessing
/// (dictionary) and labels (array of strings).
constexpr llvm::StringLiteral kNameAttr = "cnn.name";
constexpr llvm::StringLiteral kPreprocessAttr = "cnn.preprocess";
constexpr llvm::StringLiteral kLabelsAttr = "cnn.labels";

inline mlir::RankedTensorType tensorType(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType());
}

/// The activation of an op, `none` if it has none.
inline ActivationKind activationKind(std::optional<ActivationAttr> act) {
  return act ? act->getKind() : ActivationKind::none;
}

/// The name of the layer that `loc` stands for ("layer1.0.conv1"), or "" if it names none.
llvm::StringRef layerName(mlir::Location loc);

/// Multiply-adds of a convolution or fully connected layer, 0 for other ops.
int64_t countMacs(mlir::Operation *op);

/// Of a convolution whose filter was filled up with zeros: its multiply-adds without these.
constexpr llvm::StringLiteral kMacsAttr = "cnn.macs";

/// Creates an `OpT` of inferred result type, or emits an error at `loc` and returns null where its
/// operands and attributes do not fit together. `OpBuilder::create` would abort instead.
/// `attributes` holds inherent attributes; for ops with optional operands `segments` gives the number
/// of operands in each group.
mlir::Operation *createChecked(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef opName,
                               mlir::ValueRange operands,
                               llvm::ArrayRef<mlir::NamedAttribute> attributes,
                               llvm::ArrayRef<int32_t> segments = {});

template <typename OpT>
OpT createChecked(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange operands,
                  llvm::ArrayRef<mlir::NamedAttribute> attributes = {},
                  llvm::ArrayRef<int32_t> segments = {}) {
  return llvm::cast_or_null<OpT>(
      createChecked(builder, loc, OpT::getOperationName(), operands, attributes, segments));
}

/// A float32 constant of `shape` that owns `values`: a literal if small, a resource blob otherwise.
/// `name` is a hint for the blob's key.
mlir::ElementsAttr makeConstantAttr(mlir::MLIRContext *context, llvm::ArrayRef<int64_t> shape,
                                    std::vector<float> values, llvm::StringRef name = "weights");

/// A float32 constant of `shape` that maps `values` without a copy; `owner` keeps them alive.
mlir::ElementsAttr makeMappedConstantAttr(mlir::MLIRContext *context,
                                          llvm::ArrayRef<int64_t> shape,
                                          llvm::ArrayRef<float> values, std::shared_ptr<void> owner,
                                          llvm::StringRef name);

/// The float32 values of a constant, without a copy where they are stored in full; splats are
/// expanded into `storage`. Empty if `value` is not the result of a `cnn.constant`, or its blob is
/// not loaded.
llvm::ArrayRef<float> constantValues(mlir::ElementsAttr value, std::vector<float> &storage);
llvm::ArrayRef<float> constantValues(mlir::Value value, std::vector<float> &storage);

/// True if `value` is the result of a `cnn.constant`.
bool isConstant(mlir::Value value);

/// Frees a resource blob whose values nothing reads any more.
void releaseConstant(mlir::ElementsAttr value);

} // namespace incc::cnn

#endif // INCC_IR_CNN_H
