// Evaluates operators on constants.
#include "frontend/onnx/HostOps.h"
#include "frontend/onnx/onnx.pb.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace incc;
using namespace incc::onnximport;
using Type = onnx::TensorProto;

Shape onnximport::stridesOf(llvm::ArrayRef<int64_t> shape) {
  Shape strides(shape.size());
  int64_t stride = 1;
  for (size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

namespace {
template <typename T> struct Gather {
  const T *source;
  T *result;
  const AxisOffsets &offsets;
  T fill;
  Shape strides;

  /// Elements below `axis`, at `from` in the source (-1: filled) and `to` in the result.
  void run(size_t axis, int64_t from, int64_t to) const {
    size_t rank = offsets.size();
    if (axis + 2 >= rank)
      return plane(from, to);
    for (size_t i = 0; i < offsets[axis].size(); ++i)
      run(axis + 1, step(from, offsets[axis][i]), to + i * strides[axis]);
  }

private:
  static int64_t step(int64_t from, int64_t offset) {
    return from < 0 || offset < 0 ? -1 : from + offset;
  }

  /// The last two axes, in blocks that the cache holds: transposed weights may be large.
  void plane(int64_t from, int64_t to) const {
    constexpr size_t kBlock = 32;
    static const std::vector<int64_t> kOne = {0};
    size_t rank = offsets.size();
    const std::vector<int64_t> &rows = rank >= 2 ? offsets[rank - 2] : kOne;
    const std::vector<int64_t> &columns = rank >= 1 ? offsets[rank - 1] : kOne;
    for (size_t r0 = 0; r0 < rows.size(); r0 += kBlock)
      for (size_t c0 = 0; c0 < columns.size(); c0 += kBlock)
        for (size_t r = r0; r < std::min(r0 + kBlock, rows.size()); ++r) {
          int64_t row = step(from, rows[r]);
          for (size_t c = c0; c < std::min(c0 + kBlock, columns.size()); ++c) {
            int64_t at = step(row, columns[c]);
            result[to + r * columns.size() + c] = at < 0 ? fill : source[at];
          }
        }
  }
};
} // namespace

HostTensor onnximport::gatherOffsets(const HostTensor &source, const AxisOffsets &offsets,
                                     double fill) {
  Shape shape;
  int64_t count = 1;
  for (const std::vector<int64_t> &list : offsets) {
    shape.push_back(list.size());
    count *= shape.back();
  }
  return source.visit([&](auto values) {
    using T = typename decltype(values)::value_type;
    std::vector<T> result(count);
    if (count)
      Gather<T>{values.data(), result.data(), offsets, static_cast<T>(fill), stridesOf(shape)}.run(
          0, 0, 0);
    return HostTensor(source.type(), std::move(result));
  });
}

static std::vector<int64_t> multiples(int64_t count, int64_t stride) {
  std::vector<int64_t> list(count);
  for (int64_t i = 0; i < count; ++i)
    list[i] = i * stride;
  return list;
}

HostTensor onnximport::transposeHost(const HostTensor &source, llvm::ArrayRef<int64_t> shape,
                                     llvm::ArrayRef<int64_t> permutation) {
  Shape strides = stridesOf(shape);
  AxisOffsets offsets;
  for (int64_t axis : permutation)
    offsets.push_back(multiples(shape[axis], strides[axis]));
  return gatherOffsets(source, offsets);
}

HostTensor onnximport::expandHost(const HostTensor &source, llvm::ArrayRef<int64_t> shape,
                                  llvm::ArrayRef<int64_t> result) {
  if (shape == result)
    return source;
  Shape strides = stridesOf(shape);
  AxisOffsets offsets;
  size_t missing = result.size() - shape.size();
  for (auto [axis, extent] : llvm::enumerate(result)) {
    bool repeats = axis < missing || shape[axis - missing] == 1;
    offsets.push_back(multiples(extent, repeats ? 0 : strides[axis - missing]));
  }
  return gatherOffsets(source, offsets);
}

HostTensor onnximport::concatHost(llvm::ArrayRef<HostTensor> parts, llvm::ArrayRef<Shape> shapes,
                                  int64_t axis) {
  int64_t outer = 1;
  for (int64_t extent : llvm::ArrayRef(shapes[0]).take_front(axis))
    outer *= extent;
  return parts[0].visit([&](auto first) {
    using T = typename decltype(first)::value_type;
    std::vector<T> result;
    int64_t count = 0;
    for (const HostTensor &part : parts)
      count += part.numElements();
    result.reserve(count);
    for (int64_t i = 0; i < outer; ++i)
      for (const HostTensor &part : parts) {
        size_t run = part.numElements() / outer;
        llvm::ArrayRef<T> values = part.values<T>().slice(i * run, run);
        result.insert(result.end(), values.begin(), values.end());
      }
    return HostTensor(parts[0].type(), std::move(result));
  });
}

/// The range of an integer type; that of int64 for those that are as wide.
static std::pair<int64_t, int64_t> integerRange(int32_t type) {
  switch (type) {
  case Type::BOOL:
    return {0, 1};
  case Type::INT8:
    return {INT8_MIN, INT8_MAX};
  case Type::UINT8:
    return {0, UINT8_MAX};
  case Type::INT16:
    return {INT16_MIN, INT16_MAX};
  case Type::UINT16:
    return {0, UINT16_MAX};
  case Type::INT32:
    return {INT32_MIN, INT32_MAX};
  case Type::UINT32:
    return {0, UINT32_MAX};
  case Type::UINT64:
    return {0, INT64_MAX};
  default:
    return {INT64_MIN, INT64_MAX};
  }
}

/// `kind` on integers; empty on overflow and division by zero.
static std::optional<int64_t> evaluate(BinaryFunction kind, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (kind) {
  case BinaryFunction::add:
    return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  case BinaryFunction::sub:
    return __builtin_sub_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  case BinaryFunction::mul:
    return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  case BinaryFunction::div: // Rounds towards zero.
    return b == 0 || (b == -1 && a == INT64_MIN) ? std::nullopt : std::optional(a / b);
  case BinaryFunction::mod: // Has the divisor's sign, as Python's.
    if (b == 0)
      return std::nullopt;
    result = b == -1 ? 0 : a % b;
    return result && (result < 0) != (b < 0) ? result + b : result;
  case BinaryFunction::fmod:
    return b == 0 ? std::nullopt : std::optional(b == -1 ? 0 : a % b);
  case BinaryFunction::min:
    return std::min(a, b);
  case BinaryFunction::max:
    return std::max(a, b);
  case BinaryFunction::pow: {
    double power = std::pow(static_cast<double>(a), static_cast<double>(b));
    if (!(std::abs(power) < 0x1p53))
      return std::nullopt;
    return static_cast<int64_t>(power);
  }
  case BinaryFunction::equal:
    return a == b;
  case BinaryFunction::less:
    return a < b;
  case BinaryFunction::greater:
    return a > b;
  case BinaryFunction::lessOrEqual:
    return a <= b;
  case BinaryFunction::greaterOrEqual:
    return a >= b;
  case BinaryFunction::logicalAnd:
    return a && b;
  case BinaryFunction::logicalOr:
    return a || b;
  case BinaryFunction::logicalXor:
    return !a != !b;
  }
  return std::nullopt;
}

template <typename T> static T evaluateReal(BinaryFunction kind, T a, T b) {
  switch (kind) {
  case BinaryFunction::add:
    return a + b;
  case BinaryFunction::sub:
    return a - b;
  case BinaryFunction::mul:
    return a * b;
  case BinaryFunction::div:
    return a / b;
  case BinaryFunction::min:
    return std::min(a, b);
  case BinaryFunction::max:
    return std::max(a, b);
  case BinaryFunction::pow:
    return std::pow(a, b);
  case BinaryFunction::mod: {
    T rest = std::fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
  case BinaryFunction::fmod:
    return std::fmod(a, b);
  default:
    return static_cast<T>(*evaluate(kind, a < b ? -1 : a > b, 0));
  }
}

static bool isComparison(BinaryFunction kind) { return kind >= BinaryFunction::equal; }

static llvm::Error outOfRange(int32_t type) {
  return llvm::createStringError("integer overflow, or division by zero, in a constant of " +
                                 typeName(type));
}

llvm::Expected<HostTensor> onnximport::binaryHost(BinaryFunction kind, const HostTensor &lhs,
                                                  const HostTensor &rhs) {
  // Powers may have an exponent of another type.
  HostTensor right = rhs;
  if (lhs.type() != rhs.type()) {
    if (kind != BinaryFunction::pow)
      return llvm::createStringError("operands are of different types: " + typeName(lhs.type()) +
                                     " and " + typeName(rhs.type()));
    llvm::Expected<HostTensor> cast = castHost(rhs, lhs.type());
    if (!cast)
      return cast.takeError();
    right = *cast;
  }
  int64_t count = lhs.numElements();
  if (lhs.storage() == HostTensor::Storage::i64) {
    int32_t type = isComparison(kind) ? Type::BOOL : lhs.type();
    auto [least, most] = integerRange(type);
    llvm::ArrayRef<int64_t> a = lhs.values<int64_t>(), b = right.values<int64_t>();
    std::vector<int64_t> result(count);
    for (int64_t i = 0; i < count; ++i) {
      std::optional<int64_t> value = evaluate(kind, a[i], b[i]);
      if (!value || *value < least || *value > most)
        return outOfRange(type);
      result[i] = *value;
    }
    return HostTensor(type, std::move(result));
  }
  return lhs.visit([&](auto a) -> HostTensor {
    using T = typename decltype(a)::value_type;
    llvm::ArrayRef<T> b = right.values<T>();
    if (isComparison(kind)) {
      std::vector<int64_t> result(count);
      for (int64_t i = 0; i < count; ++i)
        // Nothing holds of NaN.
        result[i] = a[i] == a[i] && b[i] == b[i] && evaluateReal<double>(kind, a[i], b[i]) != 0;
      return HostTensor(Type::BOOL, std::move(result));
    }
    std::vector<T> result(count);
    for (int64_t i = 0; i < count; ++i) {
      if constexpr (std::is_same_v<T, int64_t>)
        llvm_unreachable("integers were evaluated above");
      else
        result[i] = evaluateReal<T>(kind, a[i], b[i]);
    }
    return HostTensor(lhs.type(), std::move(result));
  });
}

template <typename T> static T evaluateReal(UnaryFunction kind, T x) {
  switch (kind) {
  case UnaryFunction::neg:
    return -x;
  case UnaryFunction::abs:
    return std::abs(x);
  case UnaryFunction::floor:
    return std::floor(x);
  case UnaryFunction::ceil:
    return std::ceil(x);
  case UnaryFunction::round: // Halves to even.
    return std::nearbyint(x);
  case UnaryFunction::sign:
    return static_cast<T>((x > 0) - (x < 0));
  case UnaryFunction::logicalNot:
    return !x;
  case UnaryFunction::reciprocal:
    return 1 / x;
  case UnaryFunction::sqrt:
    return std::sqrt(x);
  case UnaryFunction::exp:
    return std::exp(x);
  case UnaryFunction::log:
    return std::log(x);
  }
  return x;
}

llvm::Expected<HostTensor> onnximport::unaryHost(UnaryFunction kind, const HostTensor &source) {
  if (source.storage() != HostTensor::Storage::i64)
    return source.visit([&](auto values) {
      using T = typename decltype(values)::value_type;
      std::vector<T> result;
      result.reserve(values.size());
      for (T value : values) {
        if constexpr (!std::is_same_v<T, int64_t>)
          result.push_back(evaluateReal<T>(kind, value));
      }
      return HostTensor(source.type(), std::move(result));
    });
  std::vector<int64_t> result;
  for (int64_t value : source.values<int64_t>()) {
    if (value == INT64_MIN)
      return outOfRange(source.type());
    if (kind == UnaryFunction::neg)
      value = -value;
    else if (kind == UnaryFunction::abs)
      value = std::abs(value);
    else if (kind == UnaryFunction::sign)
      value = (value > 0) - (value < 0);
    else if (kind == UnaryFunction::logicalNot)
      value = !value;
    else
      return llvm::createStringError("is not defined on " + typeName(source.type()));
    result.push_back(value);
  }
  return HostTensor(source.type(), std::move(result));
}

llvm::Expected<HostTensor> onnximport::reduceHost(ReduceKind kind, const HostTensor &source,
                                                  int64_t length) {
  int64_t count = source.numElements() / length;
  if (source.storage() == HostTensor::Storage::i64) {
    std::vector<int64_t> result(count);
    BinaryFunction step = kind == ReduceKind::max    ? BinaryFunction::max
                          : kind == ReduceKind::min  ? BinaryFunction::min
                          : kind == ReduceKind::prod ? BinaryFunction::mul
                                                     : BinaryFunction::add;
    auto [least, most] = integerRange(source.type());
    for (int64_t i = 0; i < count; ++i) {
      llvm::ArrayRef<int64_t> run = source.values<int64_t>().slice(i * length, length);
      int64_t value = run[0];
      for (int64_t next : run.drop_front()) {
        std::optional<int64_t> all = evaluate(step, value, next);
        if (!all || *all < least || *all > most)
          return outOfRange(source.type());
        value = *all;
      }
      result[i] = kind == ReduceKind::mean ? value / length : value;
    }
    return HostTensor(source.type(), std::move(result));
  }
  return source.visit([&](auto values) {
    using T = typename decltype(values)::value_type;
    std::vector<T> result(count);
    for (int64_t i = 0; i < count; ++i) {
      auto run = values.slice(i * length, length);
      double all = run[0];
      for (double next : run.drop_front())
        all = kind == ReduceKind::max    ? std::max(all, next)
              : kind == ReduceKind::min  ? std::min(all, next)
              : kind == ReduceKind::prod ? all * next
                                         : all + next;
      result[i] = static_cast<T>(kind == ReduceKind::mean ? all / length : all);
    }
    return HostTensor(source.type(), std::move(result));
  });
}

/// Rounds to what a 16-bit type holds.
static float roundTo(const llvm::fltSemantics &semantics, double value) {
  llvm::APFloat number(value);
  bool losesInfo;
  number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return number.convertToFloat();
}

llvm::Expected<HostTensor> onnximport::castHost(const HostTensor &source, int32_t type) {
  if (source.type() == type)
    return source;
  if (!fileBytes(type))
    return llvm::createStringError("conversion to " + typeName(type) + " is not supported");
  switch (type) {
  case Type::FLOAT:
  case Type::FLOAT16:
  case Type::BFLOAT16:
    return source.visit([&](auto values) {
      std::vector<float> result;
      result.reserve(values.size());
      for (auto value : values)
        result.push_back(type == Type::FLOAT     ? static_cast<float>(value)
                         : type == Type::FLOAT16 ? roundTo(llvm::APFloat::IEEEhalf(), value)
                                                 : roundTo(llvm::APFloat::BFloat(), value));
      return HostTensor(type, std::move(result));
    });
  case Type::DOUBLE:
    return source.visit([&](auto values) {
      return HostTensor(type, std::vector<double>(values.begin(), values.end()));
    });
  default:
    break;
  }
  auto [least, most] = integerRange(type);
  std::vector<int64_t> result;
  bool fits = true;
  source.visit([&](auto values) {
    using T = typename decltype(values)::value_type;
    for (T value : values) {
      if (type == Type::BOOL) {
        result.push_back(value != 0);
        continue;
      }
      if constexpr (std::is_same_v<T, int64_t>)
        fits &= value >= least && value <= most;
      else // 2^63 is a float, the largest int64 is not; NaN fits nowhere.
        fits &= std::trunc(value) >= static_cast<T>(least) && value < static_cast<T>(most) + 1 &&
                value < static_cast<T>(0x1p63);
      result.push_back(fits ? static_cast<int64_t>(value) : 0);
    }
  });
  if (!fits)
    return llvm::createStringError("a value does not fit into " + typeName(type));
  return HostTensor(type, std::move(result));
}
