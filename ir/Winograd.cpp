// Winograd's matrices from the Toom-Cook algorithm.
#include "ir/Winograd.h"
#include "ir/Plan.h"

using namespace incc;

/// Interpolation points of `count` finite products, with both signs, so that sums neither grow nor
/// cancel much: of small fractions those with the least error in float32 (found by trying all:
/// F(4,3) in two dimensions then errs by 4e-7 of the outputs' norm where 1 and 2 give 10e-7, F(6,3)
/// by 20e-7).
static llvm::SmallVector<double> choosePoints(int64_t count) {
  llvm::SmallVector<double> points = {0, 1, -1, 2, -2, 0.5, -0.5};
  if (count == 5)
    points = {0, 0.625, -0.625, 1.5, -1.5};
  else if (count > 9)
    points.append({1.4, -1.4, 5.0 / 7, -5.0 / 7});
  else if (count > 7)
    points = {0, 1, -1, 1.5, -1.5, 0.375, -0.375, 2.5, -2.5};
  points.resize(count);
  return points;
}

/// Coefficients of the product of (x - points[i]) over all i but `without`, lowest power first.
static llvm::SmallVector<double> expandRoots(llvm::ArrayRef<double> points, size_t without) {
  llvm::SmallVector<double> polynomial = {1};
  for (auto [i, point] : llvm::enumerate(points)) {
    if (i == without)
      continue;
    polynomial.push_back(0);
    for (size_t power = polynomial.size() - 1; power > 0; --power)
      polynomial[power] = polynomial[power - 1] - point * polynomial[power];
    polynomial[0] *= -point;
  }
  return polynomial;
}

WinogradSize::WinogradSize(int64_t numOutputs, int64_t taps, int64_t stride) {
  outputs = numOutputs;
  inputs = stride * (outputs - 1) + taps;
  products = filters = 0;
  for (int64_t phase = 0; phase < std::min(stride, taps); ++phase) {
    int64_t phaseTaps = ceilDiv(taps - phase, stride);
    products += outputs + phaseTaps - 1;
    filters += phaseTaps == 1 ? 1 : outputs + phaseTaps - 1;
  }
}

Winograd::Winograd(int64_t outputs, int64_t taps, int64_t stride)
    : Bilinear{WinogradSize(outputs, taps, stride), {}, {}, {}, {}} {
  output = zeros(outputs, products);
  filter = zeros(filters, taps);
  input = zeros(products, inputs);
  int64_t firstProduct = 0;
  for (int64_t phase = 0; phase < std::min(stride, taps); ++phase) {
    int64_t phaseTaps = ceilDiv(taps - phase, stride);
    addPhase(phase, phaseTaps, stride, firstProduct);
    firstProduct += outputs + phaseTaps - 1;
  }
}

/// The products of inputs and taps `phase`, `phase + stride`, ...
void Winograd::addPhase(int64_t phase, int64_t phaseTaps, int64_t stride, int64_t firstProduct) {
  if (phaseTaps == 1) {
    filter[firstProduct][phase] = 1;
    for (int64_t k = 0; k < outputs; ++k)
      input[firstProduct + k][phase + k * stride] = output[k][firstProduct + k] = 1;
    return;
  }
  int64_t numProducts = outputs + phaseTaps - 1, last = numProducts - 1; // the last at infinity
  llvm::SmallVector<double> points = choosePoints(last);
  auto setInputs = [&](int64_t product, size_t without) {
    for (auto [i, weight] : llvm::enumerate(expandRoots(points, without)))
      input[product][phase + static_cast<int64_t>(i) * stride] = weight;
  };
  for (int64_t j = 0; j < last; ++j) {
    int64_t product = firstProduct + j;
    double divisor = 1;
    for (int64_t l = 0; l < last; ++l)
      if (l != j)
        divisor *= points[j] - points[l];
    double power = 1;
    for (int64_t k = 0; k < std::max(outputs, phaseTaps); ++k, power *= points[j]) {
      if (k < outputs)
        output[k][product] = power;
      if (k < phaseTaps)
        filter[product][phase + k * stride] = power / divisor;
    }
    setInputs(product, j);
    if (points[j] > 0 && j + 1 < last)
      pairs.push_back(product);
  }
  output[outputs - 1][firstProduct + last] = 1;
  filter[firstProduct + last][phase + (phaseTaps - 1) * stride] = 1;
  setInputs(firstProduct + last, points.size());
}
