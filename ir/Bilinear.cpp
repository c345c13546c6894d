// Strassen's matrices, and what transforms cost.
#include "ir/Bilinear.h"
#include "llvm/ADT/STLExtras.h"

using namespace incc;

Strassen::Strassen(bool isUsed) {
  if (!isUsed) {
    output = filter = input = Matrix(1, {1.0});
    return;
  }
  inputs = outputs = 4;
  products = filters = 7;
  input = {{1, 0, 0, 1}, {0, 0, 1, 1},  {1, 0, 0, 0}, {0, 0, 0, 1},
           {1, 1, 0, 0}, {-1, 0, 1, 0}, {0, 1, 0, -1}};
  filter = {{1, 0, 0, 1}, {1, 0, 0, 0}, {0, 1, 0, -1}, {-1, 0, 1, 0},
            {0, 0, 0, 1}, {1, 1, 0, 0}, {0, 0, 1, 1}};
  output = {
      {1, 0, 0, 1, -1, 0, 1}, {0, 0, 1, 0, 1, 0, 0}, {0, 1, 0, 1, 0, 0, 0}, {1, -1, 1, 0, 0, 1, 0}};
}

void incc::transformFilter(const Bilinear &down, const Bilinear &across,
                           llvm::ArrayRef<float> values, llvm::MutableArrayRef<float> result) {
  size_t rows = down.filter[0].size(), columns = across.filter[0].size();
  llvm::SmallVector<double, 128> half(rows * across.filters);
  for (size_t y = 0; y < rows; ++y)
    for (int64_t j = 0; j < across.filters; ++j) {
      double sum = 0;
      for (size_t x = 0; x < columns; ++x)
        sum += across.filter[j][x] * static_cast<double>(values[y * columns + x]);
      half[y * across.filters + j] = sum;
    }
  for (int64_t i = 0; i < down.filters; ++i)
    for (int64_t j = 0; j < across.filters; ++j) {
      double sum = 0;
      for (size_t y = 0; y < rows; ++y)
        sum += down.filter[i][y] * half[y * across.filters + j];
      result[i * across.filters + j] = static_cast<float>(sum);
    }
}

static int64_t countNonzeros(llvm::ArrayRef<double> weights) {
  return llvm::count_if(weights, [](double weight) { return weight != 0; });
}

int64_t Bilinear::inputOperations() const {
  int64_t count = 0;
  for (llvm::ArrayRef<double> row : input)
    count += countNonzeros(row) - 1;
  // A pair computes two sums of some of the values each, adds and subtracts them.
  for (int64_t i : pairs)
    count -= countNonzeros(input[i]) - 2;
  return count;
}

int64_t Bilinear::outputOperations() const {
  int64_t count = 2 * static_cast<int64_t>(pairs.size());
  for (llvm::ArrayRef<double> row : output) {
    count += countNonzeros(row) - 1;
    for (int64_t i : pairs)
      count -= row[i + 1] != 0;
  }
  return count;
}
