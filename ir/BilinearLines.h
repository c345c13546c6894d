// The transforms of a line of values by a bilinear algorithm, in whatever a backend computes with.
#ifndef INCC_IR_BILINEARLINES_H
#define INCC_IR_BILINEARLINES_H

#include "ir/Bilinear.h"
#include "llvm/ADT/STLExtras.h"

namespace incc {

/// `Ops` computes with values of type `Ops::Value`: `zero()`, `scale(x, weight)`, `add(x, y)`,
/// `sub(x, y)` and `multiplyAdd(x, weight, sum)`, with weights that are known.
template <typename Ops> class BilinearLines {
public:
  using Value = typename Ops::Value;
  using Line = llvm::SmallVector<Value, 12>;

  explicit BilinearLines(Ops ops) : ops(ops) {}

  /// What the products of a line of inputs multiply. Rows of a pair of points are P + Q and P - Q.
  Line transformInput(const Bilinear &w, llvm::ArrayRef<Value> line) {
    Line out(w.products);
    for (int64_t i = 0; i < w.products; ++i) {
      if (!llvm::is_contained(w.pairs, i)) {
        out[i] = weightedSum(w.input[i], line);
        continue;
      }
      Weights even, odd;
      for (auto [plus, minus] : llvm::zip_equal(w.input[i], w.input[i + 1])) {
        even.push_back((plus + minus) / 2);
        odd.push_back((plus - minus) / 2);
      }
      Value p = weightedSum(even, line), q = weightedSum(odd, line);
      out[i] = ops.add(p, q);
      out[i + 1] = ops.sub(p, q);
      ++i;
    }
    return out;
  }

  /// The outputs of a line of products. Powers of a pair of points differ in the sign of odd ones.
  Line transformOutput(const Bilinear &w, llvm::ArrayRef<Value> line) {
    Line sums(line.begin(), line.end()), differences = sums;
    for (int64_t i : w.pairs) {
      sums[i] = ops.add(line[i], line[i + 1]);
      differences[i] = ops.sub(line[i], line[i + 1]);
    }
    Line out;
    for (int64_t k = 0; k < w.outputs; ++k) {
      Weights weights(w.output[k].begin(), w.output[k].end());
      for (int64_t i : w.pairs)
        weights[i + 1] = 0;
      out.push_back(weightedSum(weights, k % 2 ? differences : sums));
    }
    return out;
  }

private:
  using Weights = llvm::SmallVector<double, 12>;
  Ops ops;

  /// A chain of multiply-adds that starts with a value of weight 1 if there is one.
  Value weightedSum(llvm::ArrayRef<double> weights, llvm::ArrayRef<Value> values) {
    int64_t first = -1;
    for (auto [i, weight] : llvm::enumerate(weights))
      if (weight != 0 && (first < 0 || (weight == 1 && weights[first] != 1)))
        first = static_cast<int64_t>(i);
    if (first < 0)
      return ops.zero();
    Value sum = weights[first] == 1 ? values[first] : ops.scale(values[first], weights[first]);
    for (auto [i, weight] : llvm::enumerate(weights)) {
      if (static_cast<int64_t>(i) == first || weight == 0)
        continue;
      if (weight == 1)
        sum = ops.add(sum, values[i]);
      else if (weight == -1)
        sum = ops.sub(sum, values[i]);
      else
        sum = ops.multiplyAdd(values[i], weight, sum);
    }
    return sum;
  }
};

} // namespace incc

#endif // INCC_IR_BILINEARLINES_H
