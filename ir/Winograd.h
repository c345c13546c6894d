// Winograd's minimal filtering: the matrices that turn a convolution into fewer products.
#ifndef INCC_IR_WINOGRAD_H
#define INCC_IR_WINOGRAD_H

#include "ir/Bilinear.h"

namespace incc {

/// How many values a line of Winograd's transforms takes. An output every second input is the sum
/// of two convolutions, of the even inputs with the even taps and of the odd ones with the odd taps
/// (polyphase form): each has products of its own, and a phase of one tap passes its inputs
/// through.
struct WinogradSize : BilinearSize {
  WinogradSize(int64_t outputs, int64_t taps, int64_t stride);
};

/// F(m, r): `m` outputs of a filter of `r` taps from `n` inputs, at stride 1 by `m + r - 1`
/// products (Winograd 1980; Lavin and Gray 2016). The matrices come from the transposed Toom-Cook
/// algorithm at the points 0, +-1, +-2, +-1/2, ..., infinity, in double precision. With m = 1 or
/// r = 1 nothing is gained: the products are the inputs'.
struct Winograd : Bilinear {
  Winograd(int64_t outputs, int64_t taps, int64_t stride);

private:
  void addPhase(int64_t phase, int64_t phaseTaps, int64_t stride, int64_t firstProduct);
};

/// The most products of a line, or of a phase of it, that there are points for.
constexpr int64_t kMaxWinogradProducts = 12;

} // namespace incc

#endif // INCC_IR_WINOGRAD_H
