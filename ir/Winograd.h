// Winograd's minimal filtering: the matrices that turn a convolution into fewer products.
#ifndef INCC_IR_WINOGRAD_H
#define INCC_IR_WINOGRAD_H

#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace incc {

/// F(m, r): `m` outputs of a filter of `r` taps from `n = m + r - 1` inputs by `n` products,
/// `y = output * ((filter * g) . (input * d))` (Winograd 1980; Lavin and Gray 2016). The matrices
/// come from the transposed Toom-Cook algorithm at the points 0, +-1, +-2, +-1/2, ..., infinity, in
/// double precision. With m = 1 or r = 1 nothing is gained: the products are the inputs'.
struct Winograd {
  using Matrix = llvm::SmallVector<llvm::SmallVector<double, 12>, 12>;

  Winograd(int64_t outputs, int64_t taps);

  int64_t outputs, taps, inputs;
  /// outputs x inputs, inputs x taps, inputs x inputs.
  Matrix output, filter, input;
  /// Pairs (i, i + 1) of products whose points are +-a, i.e. pairs of rows of `input` and of columns
  /// of `output` that differ in signs only: they share half of their work.
  llvm::SmallVector<int64_t> pairs;
};

/// The most inputs of a tile along an axis that there are points for.
constexpr int64_t kMaxWinogradInputs = 12;

} // namespace incc

#endif // INCC_IR_WINOGRAD_H
