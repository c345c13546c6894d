// Arithmetic and data movement on constants, as the operators of the same names define them.
#ifndef INCC_FRONTEND_ONNX_HOSTOPS_H
#define INCC_FRONTEND_ONNX_HOSTOPS_H

#include "frontend/onnx/HostTensor.h"

namespace incc::onnximport {

/// The first seven are those of cnn.binary.
enum class BinaryFunction {
  add,
  sub,
  mul,
  div,
  min,
  max,
  pow,
  mod,
  fmod,
  equal,
  less,
  greater,
  lessOrEqual,
  greaterOrEqual,
  logicalAnd,
  logicalOr,
  logicalXor
};

enum class UnaryFunction {
  neg,
  abs,
  floor,
  ceil,
  round,
  sign,
  logicalNot,
  reciprocal,
  sqrt,
  exp,
  log
};

enum class ReduceKind { mean, sum, max, min, prod };

/// Row-major strides of `shape`, in elements.
Shape stridesOf(llvm::ArrayRef<int64_t> shape);

/// Offsets of the elements to take along each axis of the result; -1 stands for `fill`.
using AxisOffsets = std::vector<std::vector<int64_t>>;

/// result[i, j, ...] = source[offsets[0][i] + offsets[1][j] + ...]
HostTensor gatherOffsets(const HostTensor &source, const AxisOffsets &offsets, double fill = 0);

HostTensor transposeHost(const HostTensor &source, llvm::ArrayRef<int64_t> shape,
                         llvm::ArrayRef<int64_t> permutation);

/// Repeats `source` along the axes in which `shape` is 1 or missing in front (NumPy's
/// broadcasting).
HostTensor expandHost(const HostTensor &source, llvm::ArrayRef<int64_t> shape,
                      llvm::ArrayRef<int64_t> result);

/// Joins tensors of the given shapes and equal types.
HostTensor concatHost(llvm::ArrayRef<HostTensor> parts, llvm::ArrayRef<Shape> shapes, int64_t axis);

/// Both have the result's shape. Fails on integer overflow, division by zero, and types that do not
/// fit.
llvm::Expected<HostTensor> binaryHost(BinaryFunction kind, const HostTensor &lhs,
                                      const HostTensor &rhs);
llvm::Expected<HostTensor> unaryHost(UnaryFunction kind, const HostTensor &source);

/// Reduces each run of `length` consecutive elements.
llvm::Expected<HostTensor> reduceHost(ReduceKind kind, const HostTensor &source, int64_t length);

llvm::Expected<HostTensor> castHost(const HostTensor &source, int32_t type);

} // namespace incc::onnximport

#endif // INCC_FRONTEND_ONNX_HOSTOPS_H
