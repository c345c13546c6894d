// Winograd's matrices from the Toom-Cook algorithm.
#include "ir/Winograd.h"

using namespace incc;

/// Interpolation points of `count` finite products: small fractions, and both signs, so that sums
/// neither grow nor cancel much (measured: F(4,3) to F(6,7) are as exact as a direct convolution to
/// a few 1e-6).
static llvm::SmallVector<double> choosePoints(int64_t count) {
  llvm::SmallVector<double> points = {0, 1, -1, 2, -2, 0.5, -0.5};
  if (count > 9)
    points.append({1.4, -1.4, 5.0 / 7, -5.0 / 7});
  else
    points.append({1.5, -1.5});
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

Winograd::Winograd(int64_t outputs, int64_t taps)
    : outputs(outputs), taps(taps), inputs(outputs + taps - 1) {
  auto zeros = [](int64_t rows, int64_t columns) {
    return Matrix(rows, llvm::SmallVector<double, 12>(columns, 0.0));
  };
  output = zeros(outputs, inputs);
  filter = zeros(inputs, taps);
  input = zeros(inputs, inputs);
  int64_t last = inputs - 1; // the product at infinity
  llvm::SmallVector<double> points = choosePoints(last);
  for (int64_t j = 0; j < last; ++j) {
    double divisor = 1;
    for (int64_t l = 0; l < last; ++l)
      if (l != j)
        divisor *= points[j] - points[l];
    double power = 1;
    for (int64_t k = 0; k < std::max(outputs, taps); ++k, power *= points[j]) {
      if (k < outputs)
        output[k][j] = power;
      if (k < taps)
        filter[j][k] = power / divisor;
    }
    llvm::copy(expandRoots(points, j), input[j].begin());
    if (points[j] > 0 && j + 1 < last)
      pairs.push_back(j);
  }
  output[outputs - 1][last] = 1;
  filter[last][taps - 1] = 1;
  llvm::copy(expandRoots(points, points.size()), input[last].begin());
}
