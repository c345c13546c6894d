// The vocabulary that operators are imported with: each works on constants and computed values
// alike.
#ifndef INCC_FRONTEND_ONNX_NETWORKBUILDER_H
#define INCC_FRONTEND_ONNX_NETWORKBUILDER_H

#include "frontend/onnx/HostOps.h"
#include "ir/Cnn.h"

#include "mlir/IR/Builders.h"

#include <map>

namespace incc::onnximport {

/// An ONNX value: known now, or computed by the network. Neither after an error, which has been
/// reported then; what is made of such an operand is such an operand.
struct Operand {
  /// The value's shape in ONNX, of any rank.
  Shape shape;
  HostTensor constant;
  /// A float32 tensor of the same elements in the same order, but of any shape: reshapes cost
  /// nothing until an op needs a certain one.
  mlir::Value value;

  explicit operator bool() const { return value || constant; }
  bool isConstant() const { return static_cast<bool>(constant); }
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  int64_t numElements() const;
};

/// For each axis the indices to take, -1 for filling; an axis without a list stays as it is.
using AxisIndices = std::vector<std::optional<std::vector<int64_t>>>;

/// "2x3x4", or "scalar".
std::string formatShape(llvm::ArrayRef<int64_t> shape);

std::string formatNumber(double number);

/// The shape of rank 4 in which feature maps of any rank are computed: NxC, NxCxL and NxCxHxW keep
/// batch and channels, what has more axes keeps the first two and the last.
Shape mapShape(llvm::ArrayRef<int64_t> shape);

/// NumPy's broadcasting; empty if the shapes do not fit.
std::optional<Shape> broadcastShapes(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);

class NetworkBuilder {
public:
  explicit NetworkBuilder(mlir::MLIRContext *context)
      : ops(context), loc(mlir::UnknownLoc::get(context)) {}

  mlir::OpBuilder ops;
  /// Of the node that is being imported.
  mlir::Location loc;

  /// Reports an error of the node; returns an operand that says so.
  Operand fail(const llvm::Twine &message);

  Operand constant(HostTensor tensor, llvm::ArrayRef<int64_t> shape) const;
  /// The same, or the error.
  Operand checked(llvm::Expected<HostTensor> tensor, llvm::ArrayRef<int64_t> shape);
  Operand scalar(double value) const;
  Operand integers(llvm::ArrayRef<int64_t> values) const;

  /// The operand as a float32 value of exactly this shape; null after an error.
  mlir::Value as(const Operand &x, llvm::ArrayRef<int64_t> shape);
  /// In the form that costs nothing of those that elementwise ops take: rank 4 or 2.
  mlir::Value asLayer(const Operand &x);
  mlir::Value asMap(const Operand &x) { return as(x, mapShape(x.shape)); }

  /// `value` seen with another shape; poisoned if it is null.
  static Operand wrap(mlir::Value value, llvm::ArrayRef<int64_t> shape);

  /// Creates an op. Null after an error, or if an operand is null.
  template <typename OpT>
  mlir::Value create(mlir::ValueRange operands,
                     llvm::ArrayRef<mlir::NamedAttribute> attributes = {},
                     llvm::ArrayRef<int32_t> segments = {}) {
    if (!llvm::all_of(operands, [](mlir::Value operand) { return static_cast<bool>(operand); }))
      return nullptr;
    return checkResult(
        cnn::createChecked<OpT>(ops, loc, operands, attributes, segments).getOperation());
  }
  mlir::NamedAttribute list(llvm::StringRef name, llvm::ArrayRef<int64_t> values) {
    return ops.getNamedAttr(name, ops.getDenseI64ArrayAttr(values));
  }

  /// `shape` has as many elements.
  Operand reshape(const Operand &x, llvm::ArrayRef<int64_t> shape);
  Operand transpose(const Operand &x, llvm::ArrayRef<int64_t> permutation);
  Operand take(const Operand &x, const AxisIndices &indices, double fill = 0);
  Operand concat(llvm::ArrayRef<Operand> parts, int64_t axis);
  Operand expand(const Operand &x, llvm::ArrayRef<int64_t> shape);

  Operand binary(BinaryFunction kind, const Operand &a, const Operand &b);
  Operand scale(const Operand &x, double factor);
  Operand activation(const Operand &x, cnn::ActivationKind kind,
                     llvm::ArrayRef<double> params = {});
  /// min(max(x, low), high); infinite bounds do nothing.
  Operand clip(const Operand &x, double low, double high);
  /// Reduces the axes for which `reduced` is set; they stay with extent 1.
  Operand reduce(ReduceKind kind, const Operand &x, llvm::ArrayRef<bool> reduced);
  /// x * weights^T: rows of `x` (R x I) by rows of `weights` (K x I), plus `bias` (K) if it is not
  /// poisoned.
  Operand linear(const Operand &x, const Operand &weights, const Operand &bias);

  /// The one value that all elements of a constant have, if they do.
  static std::optional<double> uniformValue(const Operand &x);
  /// True if an op on the way could take a per-channel factor or offset into its weights.
  static bool canFoldInto(mlir::Value value);

private:
  mlir::Value checkResult(mlir::Operation *op);
  mlir::Value constantValue(const Operand &x, llvm::ArrayRef<int64_t> shape);
  mlir::Value reshapeValue(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  bool chargeFolded(const HostTensor &like, int64_t elements);

  Operand transposeGroups(const Operand &x, llvm::ArrayRef<int64_t> permutation);
  Operand takeMap(const Operand &x, llvm::ArrayRef<int64_t> map,
                  llvm::ArrayRef<const std::vector<int64_t> *> lists,
                  llvm::ArrayRef<int64_t> result, double fill);
  Operand binaryConstant(BinaryFunction kind, const Operand &a, const Operand &b,
                         llvm::ArrayRef<int64_t> shape);
  Operand binaryNumber(BinaryFunction kind, const Operand &x, double number);
  Operand binaryValues(BinaryFunction kind, const Operand &a, const Operand &b,
                       llvm::ArrayRef<int64_t> shape);
  mlir::Value createBinary(BinaryFunction kind, mlir::Value a, mlir::Value b);
  Operand reduceRun(ReduceKind kind, const Operand &x, int64_t outer, int64_t length,
                    int64_t inner);

  /// Constants and reshapes that exist already, by what they are made of.
  std::map<std::pair<const void *, std::vector<int64_t>>, mlir::Value> constants, reshapes;
  /// The elements of `constants`: none of their addresses is used again.
  std::vector<std::shared_ptr<const void>> kept;
  int64_t foldedBytes = 0;
};

} // namespace incc::onnximport

#endif // INCC_FRONTEND_ONNX_NETWORKBUILDER_H
