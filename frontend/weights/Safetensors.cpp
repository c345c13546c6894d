// Reads safetensors: 8 bytes header length, a JSON header, then the values.
#include "frontend/weights/WeightsFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Process.h"

#include <sys/mman.h>

using namespace llvm;
using namespace incc;
using namespace incc::weights;

/// The format's own limit.
static constexpr uint64_t kMaxHeaderBytes = 100'000'000;

namespace {
struct DType {
  StringRef name;
  /// Bits, as some types are smaller than a byte.
  unsigned bits;
  std::optional<FloatType> type;
};

class SafetensorsFile : public WeightsFile {
public:
  /// Keeps `bytes` of the file alive. When their last reader is gone the pages of a mapped file are
  /// given back: folding leaves a network's weights in memory once, not twice.
  std::shared_ptr<void> ownerOf(ArrayRef<char> bytes) const {
    if (buffer->getBufferKind() != MemoryBuffer::MemoryBuffer_MMap)
      return buffer;
    return std::shared_ptr<void>(nullptr, [file = buffer, bytes](void *) {
      uint64_t page = sys::Process::getPageSizeEstimate();
      auto begin = alignTo(reinterpret_cast<uintptr_t>(bytes.begin()), page);
      auto end = alignDown(reinterpret_cast<uintptr_t>(bytes.end()), page);
      if (begin < end)
        madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
    });
  }

  explicit SafetensorsFile(std::shared_ptr<MemoryBuffer> buffer) : buffer(std::move(buffer)) {}

  Error parse();
  Expected<TensorValues> read(const TensorEntry &entry) const override {
    ArrayRef<char> bytes(buffer->getBufferStart() + entry.offset, entry.numBytes);
    return toFloat32(bytes, *entry.type, ownerOf(bytes));
  }

private:
  Error parseTensor(StringRef name, const json::Object &object, uint64_t dataBytes);
  Error checkCoverage(uint64_t dataBytes) const;

  std::shared_ptr<MemoryBuffer> buffer;
};
} // namespace

static constexpr DType kDTypes[] = {
    {"F64", 64, FloatType::f64},   {"F32", 32, FloatType::f32},  {"F16", 16, FloatType::f16},
    {"BF16", 16, FloatType::bf16}, {"I64", 64, std::nullopt},    {"I32", 32, std::nullopt},
    {"I16", 16, std::nullopt},     {"I8", 8, std::nullopt},      {"U64", 64, std::nullopt},
    {"U32", 32, std::nullopt},     {"U16", 16, std::nullopt},    {"U8", 8, std::nullopt},
    {"BOOL", 8, std::nullopt},     {"F8_E4M3", 8, std::nullopt}, {"F8_E5M2", 8, std::nullopt},
};

template <typename... Ts> static Error makeError(const char *format, Ts &&...values) {
  return createStringError(formatv(format, std::forward<Ts>(values)...).str());
}

/// Checks what LLVM's JSON parser does not: nesting (it recurses without limit) and names given
/// twice in the outer object (it keeps the last).
static Error checkHeaderText(StringRef header) {
  // {"name": {"shape": [...]}}
  constexpr int maxDepth = 3;
  int depth = 0;
  bool expectKey = false;
  StringSet<> names;
  for (size_t i = 0; i < header.size(); ++i) {
    switch (header[i]) {
    case '{':
    case '[':
      if (++depth > maxDepth)
        return makeError("header: nested more deeply than {0} levels at byte {1}", maxDepth, i + 8);
      expectKey = depth == 1;
      break;
    case '}':
    case ']':
      --depth;
      break;
    case ',':
      expectKey = depth == 1;
      break;
    case '"': {
      size_t begin = ++i;
      while (i < header.size() && header[i] != '"')
        i += header[i] == '\\' ? 2 : 1;
      StringRef text = header.slice(begin, i);
      if (expectKey && !names.insert(text).second)
        return makeError("header: tensor '{0}' occurs twice", text);
      expectKey = false;
      break;
    }
    default:
      break;
    }
  }
  return Error::success();
}

/// A list of non-negative integers, empty optional if `value` is none.
static std::optional<SmallVector<int64_t>> integerList(const json::Value *value) {
  const json::Array *array = value ? value->getAsArray() : nullptr;
  if (!array)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (const json::Value &item : *array) {
    std::optional<int64_t> integer = item.getAsInteger();
    if (!integer || *integer < 0)
      return std::nullopt;
    result.push_back(*integer);
  }
  return result;
}

Error SafetensorsFile::parse() {
  StringRef bytes = buffer->getBuffer();
  if (bytes.size() < 8)
    return makeError("not a safetensors file: expected at least 8 bytes, got {0}", bytes.size());
  uint64_t headerBytes = support::endian::read64le(bytes.data());
  if (headerBytes > bytes.size() - 8)
    return makeError("header of {0} bytes does not fit into the file of {1} bytes: the file is "
                     "truncated or not a safetensors file",
                     headerBytes, bytes.size());
  if (headerBytes > kMaxHeaderBytes)
    return makeError("header of {0} bytes exceeds the format's limit of {1}", headerBytes,
                     kMaxHeaderBytes);
  StringRef text = bytes.substr(8, headerBytes);
  if (!text.starts_with("{"))
    return makeError("header is not a JSON object: the file is not a safetensors file");
  if (Error error = checkHeaderText(text))
    return error;
  Expected<json::Value> header = json::parse(text);
  if (!header)
    return makeError("header is not valid JSON: {0}", toString(header.takeError()));
  const json::Object *object = header->getAsObject();
  if (!object)
    return makeError("header is not a JSON object");

  uint64_t dataBytes = bytes.size() - 8 - headerBytes;
  for (auto &[key, value] : *object) {
    if (key == "__metadata__")
      continue;
    const json::Object *tensor = value.getAsObject();
    if (!tensor)
      return makeError("tensor '{0}': expected an object in the header", key.str());
    if (Error error = parseTensor(key.str(), *tensor, dataBytes))
      return error;
  }
  llvm::sort(entries, [](const TensorEntry &a, const TensorEntry &b) {
    return std::tie(a.offset, a.numBytes, a.name) < std::tie(b.offset, b.numBytes, b.name);
  });
  if (Error error = checkCoverage(dataBytes))
    return error;
  for (TensorEntry &entry : entries)
    entry.offset += 8 + headerBytes;
  return Error::success();
}

Error SafetensorsFile::parseTensor(StringRef name, const json::Object &object, uint64_t dataBytes) {
  std::optional<StringRef> dtype = object.getString("dtype");
  if (!dtype)
    return makeError("tensor '{0}': no dtype in the header", name);
  auto *type = llvm::find_if(kDTypes, [&](const DType &row) { return row.name == *dtype; });
  if (type == std::end(kDTypes))
    return makeError("tensor '{0}': unknown dtype '{1}'", name, *dtype);
  std::optional<SmallVector<int64_t>> shape = integerList(object.get("shape"));
  if (!shape)
    return makeError("tensor '{0}': expected a list of sizes as shape", name);
  std::optional<SmallVector<int64_t>> offsets = integerList(object.get("data_offsets"));
  if (!offsets || offsets->size() != 2)
    return makeError("tensor '{0}': expected two offsets as data_offsets", name);
  uint64_t begin = (*offsets)[0], end = (*offsets)[1];
  if (begin > end || end > dataBytes)
    return makeError("tensor '{0}': data_offsets [{1}, {2}] are outside of the file's {3} bytes of "
                     "data: the file is truncated or corrupt",
                     name, begin, end, dataBytes);
  std::optional<uint64_t> count = checkedNumElements(*shape);
  uint64_t expected = count ? *count * (type->bits / 8) : 0;
  if (!count || expected != end - begin)
    return makeError(
        "tensor '{0}': data_offsets [{1}, {2}] hold {3} bytes, but {4} of shape [{5}] "
        "needs {6}",
        name, begin, end, end - begin, *dtype,
        llvm::join(llvm::map_range(*shape, [](int64_t d) { return std::to_string(d); }), ", "),
        count ? std::to_string(expected) : "more than 2^60");
  TensorEntry &entry = entries.emplace_back();
  entry.name = name.str();
  entry.dtype = dtype->str();
  entry.type = type->type;
  entry.shape = std::move(*shape);
  entry.offset = begin;
  entry.numBytes = end - begin;
  return Error::success();
}

/// The tensors, sorted by offset, must cover the data without overlaps and holes.
Error SafetensorsFile::checkCoverage(uint64_t dataBytes) const {
  uint64_t end = 0;
  const TensorEntry *previous = nullptr;
  for (const TensorEntry &entry : entries) {
    if (entry.offset < end)
      return makeError(
          "tensors '{0}' and '{1}' overlap: the second starts at byte {2} of the data, "
          "before the first ends at {3}",
          previous->name, entry.name, entry.offset, end);
    if (entry.offset > end)
      return makeError("bytes {0} to {1} of the data belong to no tensor", end, entry.offset);
    end = entry.offset + entry.numBytes;
    previous = &entry;
  }
  if (end != dataBytes)
    return makeError("bytes {0} to {1} of the data belong to no tensor", end, dataBytes);
  return Error::success();
}

Expected<std::unique_ptr<WeightsFile>>
weights::openSafetensors(std::shared_ptr<MemoryBuffer> buffer) {
  auto file = std::make_unique<SafetensorsFile>(std::move(buffer));
  if (Error error = file->parse())
    return error;
  return file;
}
