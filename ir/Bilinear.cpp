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
