// Winograd's minimal filtering: the matrices that turn a convolution into fewer products.
#ifndef INCC_IR_WINOGRAD_H
#define INCC_IR_WINOGRAD_H

#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace incc {

/// How many values a line of Winograd's transforms takes. An output every second input is the sum
/// of two convolutions, of the even inputs with the even taps and of the odd ones with the odd taps
/// (polyphase form): each has products of its own, and a phase of one tap passes its inputs
/// through.
struct WinogradLine {
  WinogradLine(int64_t outputs, int64_t taps, int64_t stride);

  int64_t outputs, taps, stride;
  int64_t inputs;
  /// Products, and how many of them have a filter value of their own: inputs that pass through come
  /// last and share the last one.
  int64_t products = 0, filters = 0;
};

/// F(m, r): `m` outputs of a filter of `r` taps from `n` inputs, at stride 1 by `m + r - 1`
/// products: `y = output * ((filter * g) . (input * d))` (Winograd 1980; Lavin and Gray 2016). The
/// matrices come from the transposed Toom-Cook algorithm at the points 0, +-1, +-2, +-1/2, ...,
/// infinity, in double precision. With m = 1 or r = 1 nothing is gained: the products are the
/// inputs'.
struct Winograd : WinogradLine {
  using Matrix = llvm::SmallVector<llvm::SmallVector<double, 12>, 12>;

  Winograd(int64_t outputs, int64_t taps, int64_t stride);

  /// outputs x products, filters x taps, products x inputs.
  Matrix output, filter, input;
  /// Pairs (i, i + 1) of products whose points are +-a, i.e. pairs of rows of `input` and of
  /// columns of `output` that differ in signs only: they share half of their work.
  llvm::SmallVector<int64_t> pairs;

  /// Additions and multiply-adds of transforming a line.
  int64_t inputOperations() const;
  int64_t outputOperations() const;

private:
  void addPhase(int64_t phase, int64_t phaseTaps, int64_t firstProduct);
};

/// The most products of a line, or of a phase of it, that there are points for.
constexpr int64_t kMaxWinogradProducts = 12;

} // namespace incc

#endif // INCC_IR_WINOGRAD_H
