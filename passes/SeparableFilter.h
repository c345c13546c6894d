// A convolution's filter as two smaller ones in a row.
#ifndef INCC_PASSES_SEPARABLEFILTER_H
#define INCC_PASSES_SEPARABLEFILTER_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace incc {

/// Filters K x C x KH x KW, not in groups.
struct FilterShape {
  int64_t k, c, kh, kw;
  int64_t numElements() const { return k * c * kh * kw; }
};

/// How a filter becomes two, with R channels between them.
enum class FilterSplit {
  /// C -> R by KH x 1, then R -> K by 1 x KW.
  columnsFirst,
  /// C -> R by 1 x KW, then R -> K by KH x 1.
  rowsFirst,
  /// C -> R by 3x3, then R -> K by 3x3, where the filter is 5x5.
  nested,
};

/// The shapes of the two filters.
std::pair<FilterShape, FilterShape> splitShapes(const FilterShape &shape, FilterSplit split,
                                                int64_t rank);

/// The values of the two filters, in the order of `FilterShape`.
struct FilterPair {
  std::vector<float> first, second;
};

/// The error, relative to all of a filter, that rounding its values to float32 and back explains.
constexpr double kRoundingError = 3e-7;

/// The rank that a filter's matrix (below) seems to have, if that is `mostRank` at most: by elimination
/// in mostRank + 1 of its rows and columns, which takes a fraction of the time of a decomposition.
std::optional<int64_t> findRank(llvm::ArrayRef<float> filter, const FilterShape &shape,
                                FilterSplit split, int64_t mostRank);

/// Approximations of a filter by `columnsFirst` or `rowsFirst`, the best for each rank.
///
/// With a = the axis of the first filter and b = the other one, M[(c, a), (b, k)] = W[k, c, a, b]
/// is a product of the first filter, (C*A) x R, and the second, R x (B*K): rank R. Without patches
/// the approximations are the truncated singular value decompositions of M (Jaderberg et al. 2014,
/// section 2.1, scheme 2). With patches they have the least error of the outputs on them, taking
/// the columns of a patch as independent of each other: the same of S M with S^T S the second
/// moments of a column (in the manner of Zhang et al. 2016, section 3.1).
class SeparableFilter {
public:
  /// `patches` holds inputs of the layer's window, C x KH x KW each. Half of them choose, the
  /// others measure. Ranks over 0 are multiples of `rankStep` and `mostRank` at most.
  SeparableFilter(llvm::ArrayRef<float> filter, const FilterShape &shape, FilterSplit split,
                  int64_t mostRank, int64_t rankStep, llvm::ArrayRef<float> patches = {});
  ~SeparableFilter();
  SeparableFilter(SeparableFilter &&);

  /// The relative error (root mean square of the difference over that of the whole) of the filter,
  /// with patches of the outputs, by rank in steps from 0.
  llvm::ArrayRef<double> errors() const;
  FilterPair pair(int64_t rank) const;

private:
  struct Factors;
  std::unique_ptr<Factors> factors;
};

/// The two 3x3 filters that a 5x5 filter is made of, if it is, to rounding errors, with fewer
/// channels between them than about a third of the outputs. (With more, the rank of the matrices
/// that it is read from no longer tells.)
struct NestedFilter {
  int64_t rank;
  FilterPair pair;
};
std::optional<NestedFilter> findNestedFilter(llvm::ArrayRef<float> filter,
                                             const FilterShape &shape);

} // namespace incc

#endif // INCC_PASSES_SEPARABLEFILTER_H
