// Low-rank forms of filters, by Eigen's decompositions.
#include "passes/SeparableFilter.h"
#include "llvm/Support/ErrorHandling.h"
#include <Eigen/Dense>
#include <random>

using namespace incc;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using llvm::ArrayRef;

std::pair<FilterShape, FilterShape> incc::splitShapes(const FilterShape &shape, FilterSplit split,
                                                      int64_t rank) {
  auto [k, c, kh, kw] = shape;
  switch (split) {
  case FilterSplit::columnsFirst:
    return {{rank, c, kh, 1}, {k, rank, 1, kw}};
  case FilterSplit::rowsFirst:
    return {{rank, c, 1, kw}, {k, rank, kh, 1}};
  case FilterSplit::nested:
    return {{rank, c, 3, 3}, {k, rank, 3, 3}};
  }
  llvm_unreachable("all splits are above");
}

namespace {
/// Where the elements of M (see the header) are in a filter.
struct TapMatrix {
  TapMatrix(const FilterShape &shape, FilterSplit split)
      : k(shape.k), c(shape.c), first(split == FilterSplit::columnsFirst ? shape.kh : shape.kw),
        second(split == FilterSplit::columnsFirst ? shape.kw : shape.kh),
        firstStride(split == FilterSplit::columnsFirst ? shape.kw : 1),
        secondStride(split == FilterSplit::columnsFirst ? 1 : shape.kw) {}

  int64_t rows() const { return c * first; }
  int64_t columns() const { return k * second; }
  /// Index of a tap in the window of a filter or patch, C x KH x KW.
  int64_t tap(int64_t row, int64_t b) const {
    return row / first * first * second + row % first * firstStride + b * secondStride;
  }
  int64_t index(int64_t row, int64_t column) const {
    return column % k * c * first * second + tap(row, column / k);
  }

  MatrixXd of(ArrayRef<float> filter) const {
    MatrixXd matrix(rows(), columns());
    for (int64_t column = 0; column < columns(); ++column)
      for (int64_t row = 0; row < rows(); ++row)
        matrix(row, column) = filter[index(row, column)];
    return matrix;
  }
  /// The values that patches have on `b` of the second axis: numPatches x rows().
  MatrixXd columnOf(ArrayRef<float> patches, int64_t b) const {
    int64_t size = rows() * second, count = static_cast<int64_t>(patches.size()) / size;
    MatrixXd matrix(count, rows());
    for (int64_t patch = 0; patch < count; ++patch)
      for (int64_t row = 0; row < rows(); ++row)
        matrix(patch, row) = patches[patch * size + tap(row, b)];
    return matrix;
  }

  int64_t k, c, first, second, firstStride, secondStride;
};
} // namespace

/// What is nothing beside the largest pivot or singular value of a matrix of rounded values.
static constexpr double kNegligible = 1e-5;

/// The pivots of an elimination that are something beside the largest: the rank, near enough.
static int64_t countPivots(const MatrixXd &square) {
  VectorXd pivots = square.partialPivLu().matrixLU().diagonal().cwiseAbs();
  return (pivots.array() > kNegligible * pivots.maxCoeff()).count();
}

std::optional<int64_t> incc::findRank(ArrayRef<float> filter, const FilterShape &shape,
                                      FilterSplit split, int64_t mostRank) {
  TapMatrix taps(shape, split);
  int64_t size = std::min({mostRank + 1, taps.rows(), taps.columns()});
  // Spread over the whole matrix, so that one plane of zeros does not decide.
  MatrixXd part(size, size);
  for (int64_t column = 0; column < size; ++column)
    for (int64_t row = 0; row < size; ++row)
      part(row, column) =
          filter[taps.index(row * taps.rows() / size, column * taps.columns() / size)];
  int64_t rank = countPivots(part);
  if (rank > mostRank)
    return std::nullopt;
  return rank;
}

//===----------------------------------------------------------------------===//
// One-dimensional pairs
//===----------------------------------------------------------------------===//

struct SeparableFilter::Factors {
  FilterSplit split;
  FilterShape shape;
  /// M is about `left` * `right`^T, columns in the order of what they contribute.
  MatrixXd left, right;
  std::vector<double> errors;
};

SeparableFilter::~SeparableFilter() = default;
SeparableFilter::SeparableFilter(SeparableFilter &&) = default;
ArrayRef<double> SeparableFilter::errors() const { return factors->errors; }

/// The errors of `matrix` where it is truncated to the first columns of `left` * `right`^T.
static std::vector<double> truncationErrors(const MatrixXd &matrix, const MatrixXd &left,
                                            const MatrixXd &right, int64_t step) {
  double total = matrix.norm(), beyond = (matrix - left * right.transpose()).squaredNorm();
  std::vector<double> errors;
  for (int64_t rank = 0; rank <= left.cols(); rank += step) {
    double rest = left.rightCols(left.cols() - rank).squaredNorm();
    errors.push_back(total > 0 ? std::sqrt(beyond + rest) / total : 0);
  }
  return errors;
}

/// An orthonormal basis of the columns of `matrix`.
static MatrixXd columnSpace(const MatrixXd &matrix) {
  return matrix.householderQr().householderQ() * MatrixXd::Identity(matrix.rows(), matrix.cols());
}

/// The right singular vectors of the largest singular values of `matrix`, in descending order:
/// exact to rounding if its rank is `count`, nearly so otherwise (Halko, Martinsson, Tropp 2011,
/// algorithm 4.4).
static MatrixXd leadingVectors(const MatrixXd &matrix, int64_t count) {
  constexpr int64_t kSpare = 8;
  std::mt19937 random;
  MatrixXd sketch = MatrixXd::NullaryExpr(matrix.cols(), count + kSpare,
                                          [&] { return static_cast<int32_t>(random()) * 0x1p-31; });
  MatrixXd space = columnSpace(matrix * sketch);
  space = columnSpace(matrix * (matrix.transpose() * space));
  MatrixXd part = space.transpose() * matrix;
  Eigen::SelfAdjointEigenSolver<MatrixXd> solver(part * part.transpose());
  MatrixXd vectors = part.transpose() * solver.eigenvectors().rightCols(count).rowwise().reverse();
  return vectors.colwise().normalized();
}

/// The errors of the outputs on `patches` where M is truncated to `left` * `right`^T.
static std::vector<double> outputErrors(const TapMatrix &taps, const MatrixXd &matrix,
                                        const MatrixXd &left, const MatrixXd &right, int64_t step,
                                        ArrayRef<float> patches) {
  std::vector<MatrixXd> between;
  MatrixXd rest;
  for (int64_t b = 0; b < taps.second; ++b) {
    MatrixXd inputs = taps.columnOf(patches, b);
    between.push_back(inputs * left);
    MatrixXd part = inputs * matrix.middleCols(b * taps.k, taps.k);
    rest = b ? MatrixXd(rest + part) : part;
  }
  double total = rest.norm();
  std::vector<double> errors = {total > 0 ? 1.0 : 0.0};
  for (int64_t rank = 0; rank + step <= left.cols(); rank += step) {
    for (int64_t b = 0; b < taps.second; ++b)
      rest.noalias() -= between[b].middleCols(rank, step) *
                        right.block(b * taps.k, rank, taps.k, step).transpose();
    errors.push_back(total > 0 ? rest.norm() / total : 0);
  }
  return errors;
}

SeparableFilter::SeparableFilter(ArrayRef<float> filter, const FilterShape &shape,
                                 FilterSplit split, int64_t mostRank, int64_t rankStep,
                                 ArrayRef<float> patches)
    : factors(std::make_unique<Factors>(Factors{split, shape, {}, {}, {}})) {
  TapMatrix taps(shape, split);
  MatrixXd matrix = taps.of(filter);
  mostRank = std::min(mostRank, taps.columns());
  size_t half =
      patches.size() / (2 * shape.c * shape.kh * shape.kw) * shape.c * shape.kh * shape.kw;
  if (patches.empty() && 4 * mostRank < std::min(taps.rows(), taps.columns())) {
    factors->right = leadingVectors(matrix, mostRank);
  } else {
    MatrixXd moments = MatrixXd::Zero(taps.columns(), taps.columns());
    if (patches.empty())
      moments = matrix.transpose() * matrix;
    for (int64_t b = 0; b < taps.second && !patches.empty(); ++b) {
      MatrixXd outputs = taps.columnOf(patches.take_front(half), b) * matrix;
      moments.noalias() += outputs.transpose() * outputs;
    }
    // Eigenvalues ascend.
    Eigen::SelfAdjointEigenSolver<MatrixXd> solver(moments);
    factors->right = solver.eigenvectors().rightCols(mostRank).rowwise().reverse();
  }
  factors->left = matrix * factors->right;
  factors->errors = patches.empty()
                        ? truncationErrors(matrix, factors->left, factors->right, rankStep)
                        : outputErrors(taps, matrix, factors->left, factors->right, rankStep,
                                       patches.drop_front(half));
}

FilterPair SeparableFilter::pair(int64_t rank) const {
  TapMatrix taps(factors->shape, factors->split);
  auto [firstShape, secondShape] = splitShapes(factors->shape, factors->split, rank);
  FilterPair pair = {std::vector<float>(firstShape.numElements()),
                     std::vector<float>(secondShape.numElements())};
  for (int64_t r = 0; r < rank; ++r) {
    // Both factors get the root of what a rank contributes: values of like size round alike.
    double length = factors->left.col(r).norm(), root = std::sqrt(length);
    double scale = length > 0 ? 1 / root : 0;
    for (int64_t row = 0; row < taps.rows(); ++row)
      pair.first[r * taps.rows() + row] = static_cast<float>(factors->left(row, r) * scale);
    for (int64_t column = 0; column < taps.columns(); ++column)
      pair.second[(column % taps.k * rank + r) * taps.second + column / taps.k] =
          static_cast<float>(factors->right(column, r) * root);
  }
  return pair;
}

//===----------------------------------------------------------------------===//
// Nested 3x3
//===----------------------------------------------------------------------===//
//
// With A the inner filter (R x C) and B the outer one (K x R), the outputs of 3x3 pixels are linear
// in a patch of 7x7: T(W) = T(B) T(A), where T(A), 25R x 49C, has the filters of A at 5x5 places.
// If T(B), 9K x 25R, loses nothing, the rows of T(W) span those of T(A). Among them are the filters
// of A at the first place, which are zero outside the first 3x3 pixels; a general A has no others.
// So:
//
//   1. an orthonormal basis of the rows of T(W); there must be 25R of them;
//   2. A: the combinations of the basis that vanish outside the first 3x3 pixels; R of them;
//   3. B by least squares of W = B T1(A), with T1(A), 9R x 25C, the filters at 3x3 places.

static constexpr int64_t kWindow = 5, kPart = 3, kOutputs = 3, kPatch = kWindow + kOutputs - 1;

/// Rows (y, x, filter): the K filters, C x size x size, at places x places of a patch; columns (c,
/// pixel) of that patch.
static MatrixXd placeFilters(const MatrixXd &filters, int64_t channels, int64_t size,
                             int64_t places) {
  int64_t patch = size + places - 1, count = filters.rows();
  MatrixXd placed = MatrixXd::Zero(places * places * count, channels * patch * patch);
  for (int64_t y = 0; y < places; ++y)
    for (int64_t x = 0; x < places; ++x)
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t row = 0; row < size; ++row)
          placed.block((y * places + x) * count, (c * patch + y + row) * patch + x, count, size) =
              filters.middleCols((c * size + row) * size, size);
  return placed;
}

/// Columns that span the rows of `matrix`.
static MatrixXd rowSpace(const MatrixXd &matrix) {
  Eigen::SelfAdjointEigenSolver<MatrixXd> solver(matrix * matrix.transpose());
  const VectorXd &squares = solver.eigenvalues();
  double least = kNegligible * kNegligible * squares(squares.size() - 1);
  int64_t rank = (squares.array() > least).count();
  return (matrix.transpose() * solver.eigenvectors().rightCols(rank)) *
         squares.tail(rank).cwiseSqrt().cwiseInverse().asDiagonal();
}

std::optional<NestedFilter> incc::findNestedFilter(ArrayRef<float> filter,
                                                   const FilterShape &shape) {
  // Elimination in larger matrices would take seconds.
  constexpr int64_t kMostRows = 1200;
  int64_t numRows = kOutputs * kOutputs * shape.k, numColumns = kPatch * kPatch * shape.c;
  if (shape.kh != kWindow || shape.kw != kWindow || numRows > kMostRows || numRows > numColumns)
    return std::nullopt;
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  MatrixXd w = Eigen::Map<const RowMajor>(filter.data(), shape.k, shape.c * kWindow * kWindow)
                   .cast<double>();
  MatrixXd placed = placeFilters(w, shape.c, kWindow, kOutputs);
  if (w.isZero() ||
      countPivots(placed(Eigen::all, Eigen::seqN(0, numRows, numColumns / numRows))) == numRows)
    return std::nullopt;

  MatrixXd basis = rowSpace(placed);
  constexpr int64_t kPlaces = (kWindow - kPart + kOutputs) * (kWindow - kPart + kOutputs);
  std::vector<int64_t> inside, outside;
  for (int64_t i = 0; i < numColumns; ++i) {
    int64_t y = i / kPatch % kPatch, x = i % kPatch;
    (y < kPart && x < kPart ? inside : outside).push_back(i);
  }
  MatrixXd rest = basis(outside, Eigen::all);
  Eigen::SelfAdjointEigenSolver<MatrixXd> solver(rest.transpose() * rest);
  int64_t rank = (solver.eigenvalues().array() < kNegligible).count();
  if (rank == 0 || rank * kPlaces != basis.cols())
    return std::nullopt;
  MatrixXd insideRows = basis(inside, Eigen::all);
  MatrixXd inner = (insideRows * solver.eigenvectors().leftCols(rank)).transpose();

  constexpr int64_t kPlacesOfOne = kWindow - kPart + 1;
  MatrixXd innerPlaced = placeFilters(inner, shape.c, kPart, kPlacesOfOne);
  MatrixXd outer =
      (innerPlaced * innerPlaced.transpose()).ldlt().solve(innerPlaced * w.transpose());
  if ((outer.transpose() * innerPlaced - w).norm() > kRoundingError * w.norm())
    return std::nullopt;
  // Both of a like size.
  double scale = std::sqrt(outer.norm() / inner.norm());
  NestedFilter result = {rank, {}};
  for (int64_t r = 0; r < rank; ++r)
    for (int64_t i = 0; i < inner.cols(); ++i)
      result.pair.first.push_back(static_cast<float>(inner(r, i) * scale));
  for (int64_t k = 0; k < shape.k; ++k)
    for (int64_t r = 0; r < rank; ++r)
      for (int64_t place = 0; place < kPlacesOfOne * kPlacesOfOne; ++place)
        result.pair.second.push_back(static_cast<float>(outer(place * rank + r, k) / scale));
  return result;
}
