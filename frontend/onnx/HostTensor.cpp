// Element types, and the conversion of what files hold.
#include "frontend/onnx/HostTensor.h"
#include "frontend/onnx/onnx.pb.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"

using namespace incc;
using namespace incc::onnximport;
using Type = onnx::TensorProto;

std::optional<int64_t> onnximport::checkedElements(llvm::ArrayRef<int64_t> shape) {
  int64_t count = 1;
  bool isEmpty = false;
  for (int64_t extent : shape) {
    if (extent < 0 || extent > kMaxElements)
      return std::nullopt;
    isEmpty |= extent == 0;
    if (extent && count > kMaxElements / extent)
      return std::nullopt;
    count *= std::max<int64_t>(extent, 1);
  }
  return isEmpty ? 0 : count;
}

template <typename T> void HostTensor::take(std::vector<T> values) {
  auto owned = std::make_shared<const std::vector<T>>(std::move(values));
  data = owned->data();
  count = owned->size();
  keeper = std::move(owned);
}

HostTensor::HostTensor(int32_t type, llvm::ArrayRef<float> values,
                       std::shared_ptr<const void> owner)
    : elementType(type), kind(Storage::f32), count(values.size()), data(values.data()),
      keeper(std::move(owner)) {}
HostTensor::HostTensor(int32_t type, std::vector<float> values)
    : elementType(type), kind(Storage::f32) {
  take(std::move(values));
}
HostTensor::HostTensor(int32_t type, std::vector<double> values)
    : elementType(type), kind(Storage::f64) {
  take(std::move(values));
}
HostTensor::HostTensor(int32_t type, std::vector<int64_t> values)
    : elementType(type), kind(Storage::i64) {
  take(std::move(values));
}

bool HostTensor::isFloat32() const { return elementType == Type::FLOAT; }

std::string onnximport::typeName(int32_t type) {
  if (!Type::DataType_IsValid(type))
    return llvm::formatv("number {0}", type);
  return llvm::StringRef(Type::DataType_Name(static_cast<Type::DataType>(type))).lower();
}

unsigned onnximport::fileBytes(int32_t type) {
  switch (type) {
  case Type::BOOL:
  case Type::INT8:
  case Type::UINT8:
    return 1;
  case Type::INT16:
  case Type::UINT16:
  case Type::FLOAT16:
  case Type::BFLOAT16:
    return 2;
  case Type::FLOAT:
  case Type::INT32:
  case Type::UINT32:
    return 4;
  case Type::DOUBLE:
  case Type::INT64:
  case Type::UINT64:
    return 8;
  default:
    return 0;
  }
}

static float fromHalf(uint16_t bits, const llvm::fltSemantics &semantics) {
  return llvm::APFloat(semantics, llvm::APInt(16, bits)).convertToFloat();
}

/// Reads elements of `From`, converting each by `convert`.
template <typename From, typename To, typename Fn>
static std::vector<To> convertAll(llvm::ArrayRef<char> bytes, Fn convert) {
  std::vector<To> values(bytes.size() / sizeof(From));
  for (size_t i = 0; i < values.size(); ++i) {
    From element;
    std::memcpy(&element, bytes.data() + i * sizeof(From), sizeof(From));
    values[i] = convert(element);
  }
  return values;
}

template <typename From> static HostTensor readIntegers(int32_t type, llvm::ArrayRef<char> bytes) {
  return HostTensor(type, convertAll<From, int64_t>(
                              bytes, [](From value) { return static_cast<int64_t>(value); }));
}

static_assert(llvm::endianness::native == llvm::endianness::little,
              "files hold little-endian elements");

llvm::Expected<HostTensor> onnximport::readElements(int32_t type, llvm::ArrayRef<char> bytes,
                                                    std::shared_ptr<const void> owner) {
  switch (type) {
  case Type::FLOAT: {
    bool isAligned = reinterpret_cast<uintptr_t>(bytes.data()) % alignof(float) == 0;
    if (isAligned)
      return HostTensor(type, {reinterpret_cast<const float *>(bytes.data()), bytes.size() / 4},
                        owner);
    return HostTensor(type, convertAll<float, float>(bytes, [](float value) { return value; }));
  }
  case Type::DOUBLE:
    return HostTensor(type, convertAll<double, double>(bytes, [](double value) { return value; }));
  case Type::FLOAT16:
    return HostTensor(type, convertAll<uint16_t, float>(bytes, [](uint16_t bits) {
                        return fromHalf(bits, llvm::APFloat::IEEEhalf());
                      }));
  case Type::BFLOAT16:
    return HostTensor(type, convertAll<uint16_t, float>(bytes, [](uint16_t bits) {
                        return fromHalf(bits, llvm::APFloat::BFloat());
                      }));
  case Type::BOOL:
    return HostTensor(type, convertAll<uint8_t, int64_t>(
                                bytes, [](uint8_t value) { return int64_t(value != 0); }));
  case Type::INT8:
    return readIntegers<int8_t>(type, bytes);
  case Type::UINT8:
    return readIntegers<uint8_t>(type, bytes);
  case Type::INT16:
    return readIntegers<int16_t>(type, bytes);
  case Type::UINT16:
    return readIntegers<uint16_t>(type, bytes);
  case Type::INT32:
    return readIntegers<int32_t>(type, bytes);
  case Type::UINT32:
    return readIntegers<uint32_t>(type, bytes);
  case Type::INT64:
    return readIntegers<int64_t>(type, bytes);
  case Type::UINT64: {
    HostTensor result = readIntegers<int64_t>(type, bytes);
    if (llvm::any_of(result.values<int64_t>(), [](int64_t value) { return value < 0; }))
      return llvm::createStringError("holds a uint64 beyond 2^63");
    return result;
  }
  default:
    return llvm::createStringError("is of type " + typeName(type) + ", which is not supported");
  }
}

/// Elements of a typed field, which holds small types widened.
template <typename Field>
static llvm::Expected<HostTensor> takeField(int32_t type, const Field &field) {
  switch (type) {
  case Type::FLOAT16:
  case Type::BFLOAT16: {
    std::vector<float> values;
    for (auto bits : field)
      values.push_back(fromHalf(static_cast<uint16_t>(bits), type == Type::FLOAT16
                                                                 ? llvm::APFloat::IEEEhalf()
                                                                 : llvm::APFloat::BFloat()));
    return HostTensor(type, std::move(values));
  }
  case Type::DOUBLE:
    return HostTensor(type, std::vector<double>(field.begin(), field.end()));
  default: {
    std::vector<int64_t> values(field.begin(), field.end());
    for (int64_t &value : values) {
      if (type == Type::UINT64 && value < 0)
        return llvm::createStringError("holds a uint64 beyond 2^63");
      if (type == Type::BOOL)
        value = value != 0;
    }
    return HostTensor(type, std::move(values));
  }
  }
}

llvm::Expected<HostTensor> onnximport::takeElements(onnx::TensorProto &proto) {
  int32_t type = proto.data_type();
  unsigned width = fileBytes(type);
  if (!width)
    return llvm::createStringError("is of type " + typeName(type) + ", which is not supported");
  if (proto.has_segment())
    return llvm::createStringError("is split into segments, which is not supported");
  std::optional<int64_t> count =
      checkedElements(llvm::ArrayRef(proto.dims().data(), proto.dims_size()));
  if (!count)
    return llvm::createStringError("has a negative extent or more than " +
                                   llvm::Twine(kMaxElements) + " elements");
  auto mismatch = [&](uint64_t got, const char *unit, uint64_t expected) {
    return llvm::createStringError(
        llvm::formatv("needs {0} {1} for its shape, got {2}", expected, unit, got));
  };
  if (proto.has_raw_data()) {
    if (proto.raw_data().size() != static_cast<uint64_t>(*count) * width)
      return mismatch(proto.raw_data().size(), "bytes", *count * width);
    std::shared_ptr<std::string> owner(proto.release_raw_data());
    return readElements(type, llvm::ArrayRef(owner->data(), owner->size()), owner);
  }
  auto check = [&](const auto &field) { return field.size() == *count; };
  switch (type) {
  case Type::FLOAT: {
    if (!check(proto.float_data()))
      return mismatch(proto.float_data_size(), "values", *count);
    auto owner = std::make_shared<google::protobuf::RepeatedField<float>>();
    owner->Swap(proto.mutable_float_data());
    return HostTensor(type, llvm::ArrayRef(owner->data(), owner->size()), owner);
  }
  case Type::DOUBLE:
    return check(proto.double_data()) ? takeField(type, proto.double_data())
                                      : mismatch(proto.double_data_size(), "values", *count);
  case Type::INT64:
    return check(proto.int64_data()) ? takeField(type, proto.int64_data())
                                     : mismatch(proto.int64_data_size(), "values", *count);
  case Type::UINT32:
  case Type::UINT64:
    return check(proto.uint64_data()) ? takeField(type, proto.uint64_data())
                                      : mismatch(proto.uint64_data_size(), "values", *count);
  default:
    return check(proto.int32_data()) ? takeField(type, proto.int32_data())
                                     : mismatch(proto.int32_data_size(), "values", *count);
  }
}
