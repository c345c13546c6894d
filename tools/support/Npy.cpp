// Reads and writes arrays in NumPy's npy format.
#include "tools/support/Npy.h"
#include "tools/support/Errors.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace incc;
using namespace llvm;

static constexpr StringLiteral kMagic = "\x93NUMPY";

namespace {

/// What the header says: a Python dictionary with exactly these keys.
struct Header {
  std::string type;
  bool fortranOrder = false;
  SmallVector<int64_t> shape;
};

/// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }`.
class HeaderParser {
public:
  explicit HeaderParser(StringRef text) : rest(text) {}

  bool parse(Header &header) {
    bool seen[3] = {};
    if (!take("{"))
      return false;
    while (!take("}")) {
      std::string key;
      if (!string(key) || !take(":"))
        return false;
      int which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
      if (which < 0 || std::exchange(seen[which], true))
        return false;
      if (which == 0 && !string(header.type))
        return false;
      if (which == 1 && !(header.fortranOrder = take("True")) && !take("False"))
        return false;
      if (which == 2 && !tuple(header.shape))
        return false;
      if (!take(",") && !rest.ltrim().starts_with("}"))
        return false;
    }
    return seen[0] && seen[1] && seen[2] && rest.trim().empty();
  }

private:
  bool take(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }
  bool string(std::string &value) {
    rest = rest.ltrim();
    char quote = rest.empty() ? 0 : rest.front();
    size_t end = quote == '\'' || quote == '"' ? rest.find(quote, 1) : StringRef::npos;
    if (end == StringRef::npos)
      return false;
    value = rest.slice(1, end).str();
    rest = rest.drop_front(end + 1);
    return true;
  }
  bool tuple(SmallVector<int64_t> &values) {
    if (!take("("))
      return false;
    while (!take(")")) {
      uint64_t value;
      rest = rest.ltrim();
      if (rest.consumeInteger(10, value) || value > INT64_MAX)
        return false;
      rest.consume_front("L"); // as Python 2 wrote integers
      values.push_back(value);
      if (!take(",") && !rest.ltrim().starts_with(")"))
        return false;
    }
    return true;
  }
  StringRef rest;
};

} // namespace

template <typename T> static T readValue(const char *source, size_t index) {
  return support::endian::read<T, llvm::endianness::little>(source + index * sizeof(T));
}

/// Copies `source` in Fortran order (first index fastest) to C order.
template <typename T>
static void copyFortran(const char *source, ArrayRef<int64_t> shape, float *target, size_t count) {
  SmallVector<int64_t> index(shape.size()), stride(shape.size());
  int64_t step = 1;
  for (size_t axis = 0; axis < shape.size(); ++axis)
    stride[axis] = std::exchange(step, step * shape[axis]);
  int64_t at = 0;
  for (size_t i = 0; i < count; ++i) {
    target[i] = static_cast<float>(readValue<T>(source, at));
    for (int axis = static_cast<int>(shape.size()) - 1; axis >= 0; --axis) {
      at += stride[axis];
      if (++index[axis] < shape[axis])
        break;
      at -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

template <typename T>
static void copyValues(const char *source, const Header &header, std::vector<float> &values) {
  if (header.fortranOrder)
    return copyFortran<T>(source, header.shape, values.data(), values.size());
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(readValue<T>(source, i));
}

Expected<NpyArray> incc::readNpy(StringRef path, ArrayRef<int64_t> expected) {
  if (sys::fs::is_directory(path))
    return makeError("'" + path + "' is a directory, expected an npy file");
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return makeError("can't read '" + path + "': " + file.getError().message());
  auto corrupt = [&](const Twine &why) {
    return makeError("'" + path + "' is no valid npy file: " + why);
  };
  StringRef bytes = (*file)->getBuffer();
  if (!bytes.starts_with(kMagic))
    return corrupt("expected it to begin with \\x93NUMPY");
  if (bytes.size() < 12)
    return corrupt("it ends in the header");
  int version = bytes[6];
  if (version < 1 || version > 3)
    return corrupt("expected version 1, 2 or 3, got " + Twine(version));
  size_t lengthBytes = version == 1 ? 2 : 4;
  size_t length = version == 1 ? support::endian::read16le(bytes.data() + 8)
                               : support::endian::read32le(bytes.data() + 8);
  bytes = bytes.drop_front(8 + lengthBytes);
  if (length > bytes.size())
    return corrupt("its header of " + Twine(length) + " bytes is cut off");
  Header header;
  if (!HeaderParser(bytes.take_front(length)).parse(header))
    return corrupt("its header can't be read");
  bytes = bytes.drop_front(length);
  bool isDouble = header.type == "<f8";
  if (!isDouble && header.type != "<f4")
    return makeError("'" + path + "' has values of type '" + header.type +
                     "', expected float32 ('<f4') or float64 ('<f8')");
  if (!llvm::equal(header.shape, expected, [](int64_t dim, int64_t expected) {
        return dim == expected || expected == kAnyDim;
      }))
    return makeError("'" + path + "' has the wrong shape: expected " + formatDims(expected) +
                     ", got " + formatDims(header.shape));
  // The shape is a model's, so that this product cannot overflow.
  NpyArray array;
  array.shape = header.shape;
  size_t count = 1;
  for (int64_t dim : array.shape)
    count *= dim;
  size_t numBytes = count * (isDouble ? 8 : 4);
  if (bytes.size() != numBytes)
    return corrupt("expected " + Twine(numBytes) + " bytes of values, got " + Twine(bytes.size()));
  array.values.resize(count);
  if (isDouble)
    copyValues<double>(bytes.data(), header, array.values);
  else
    copyValues<float>(bytes.data(), header, array.values);
  return array;
}

Error incc::writeNpy(StringRef path, ArrayRef<int64_t> shape, ArrayRef<float> values) {
  std::string dims;
  for (int64_t dim : shape)
    dims += std::to_string(dim) + (shape.size() == 1 ? "," : ", ");
  StringRef list = StringRef(dims);
  list.consume_back(", ");
  std::string header =
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (" + list + "), }").str();
  // Padded with spaces, so that the values begin at a multiple of 64 bytes.
  header.append(63 - (kMagic.size() + 4 + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes = (kMagic + StringRef("\1\0", 2)).str();
  char length[2];
  support::endian::write16le(length, header.size());
  bytes.append(length, 2).append(header);
  static_assert(llvm::endianness::native == llvm::endianness::little);
  bytes.append(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
  return writeFile(path, bytes);
}
