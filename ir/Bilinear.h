// Bilinear algorithms: few products of sums of inputs with sums of filter values, for many outputs.
#ifndef INCC_IR_BILINEAR_H
#define INCC_IR_BILINEAR_H

#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace incc {

/// How many values an algorithm takes and gives.
struct BilinearSize {
  int64_t inputs = 1, outputs = 1;
  /// Products, and how many of them have a filter value of their own: the others come last and
  /// share the last one.
  int64_t products = 1, filters = 1;
};

/// `y = output * ((filter * g) . (input * d))`, with `.` element by element.
struct Bilinear : BilinearSize {
  using Matrix = llvm::SmallVector<llvm::SmallVector<double, 12>, 12>;

  /// outputs x products, filters x (values of g), products x inputs.
  Matrix output, filter, input;
  /// Pairs (i, i + 1) of products whose rows of `input` and columns of `output` differ in signs
  /// only, the latter in those of odd outputs: they share half of their work.
  llvm::SmallVector<int64_t> pairs;

  /// Additions and multiply-adds of transforming the inputs, and the products.
  int64_t inputOperations() const;
  int64_t outputOperations() const;

  static Matrix zeros(int64_t rows, int64_t columns) {
    return Matrix(rows, llvm::SmallVector<double, 12>(columns, 0.0));
  }
};

/// The transform of a filter's values, rows x columns of them, for an algorithm in either direction:
/// `result` has down.filters x across.filters.
void transformFilter(const Bilinear &down, const Bilinear &across, llvm::ArrayRef<float> values,
                     llvm::MutableArrayRef<float> result);

/// The product of two matrices of 2 x 2 blocks by 7 products of blocks instead of 8 (Strassen
/// 1969): inputs, filter values and outputs are the blocks 11, 12, 21 and 22 of d, g and y = d g.
/// Without `isUsed` one block, one product.
struct Strassen : Bilinear {
  explicit Strassen(bool isUsed = true);
};

} // namespace incc

#endif // INCC_IR_BILINEAR_H
