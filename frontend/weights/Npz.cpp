// Reads npz: a zip archive (stored or deflated) of npy arrays.
#include "frontend/weights/WeightsFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"

#include <zlib.h>

using namespace llvm;
using namespace incc;
using namespace incc::weights;
using support::endian::read16le;
using support::endian::read32le;
using support::endian::read64le;

template <typename... Ts> static Error makeError(const char *format, Ts &&...values) {
  return createStringError(formatv(format, std::forward<Ts>(values)...).str());
}

namespace {
/// A file of the archive.
struct Member {
  StringRef data; // as stored
  uint64_t numBytes = 0;
  uint32_t crc = 0;
  bool deflated = false;
  // Of its npy header.
  uint64_t valuesOffset = 0;
  bool fortranOrder = false;
};

class NpzFile : public WeightsFile {
public:
  explicit NpzFile(std::shared_ptr<MemoryBuffer> buffer) : buffer(std::move(buffer)) {}

  Error parse();
  Expected<TensorValues> read(const TensorEntry &entry) const override;

private:
  Error parseDirectory(uint64_t offset, uint64_t numBytes, uint64_t numMembers);
  Expected<Member> locateMember(StringRef name, StringRef record) const;
  Error parseNpy(StringRef name, Member member);

  std::shared_ptr<MemoryBuffer> buffer;
  StringRef bytes;
  /// Parallel to `entries`; an entry's `offset` is its index here.
  std::vector<Member> members;
};
} // namespace

/// Inflates `data` into at most `limit` bytes; fewer if it ends earlier.
static Expected<std::vector<char>> inflateBytes(StringRef data, uint64_t limit) {
  // Deflate packs at most 1032 bytes into one: more can only be a corrupt size.
  if (limit / 1032 > data.size())
    return makeError("{0} compressed bytes can't hold {1}", data.size(), limit);
  std::vector<char> out(limit);
  z_stream stream = {};
  if (inflateInit2(&stream, /*windowBits=raw*/ -15) != Z_OK)
    return makeError("zlib can't start");
  uint64_t used = 0, made = 0;
  int status = Z_OK;
  while (status == Z_OK && made < limit) {
    // zlib counts in 32 bits.
    constexpr uint64_t maxPiece = 1 << 30;
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(data.data() + used));
    stream.avail_in = static_cast<uInt>(std::min(maxPiece, data.size() - used));
    stream.next_out = reinterpret_cast<Bytef *>(out.data() + made);
    stream.avail_out = static_cast<uInt>(std::min(maxPiece, limit - made));
    uInt in = stream.avail_in, space = stream.avail_out;
    status = inflate(&stream, Z_NO_FLUSH);
    used += in - stream.avail_in;
    made += space - stream.avail_out;
  }
  inflateEnd(&stream);
  if (status != Z_OK && status != Z_STREAM_END)
    return makeError("compressed data is corrupt or truncated");
  out.resize(made);
  return out;
}

Error NpzFile::parse() {
  bytes = buffer->getBuffer();
  // The end record is 22 bytes and a comment of at most 64 KiB.
  size_t end = bytes.rfind(StringRef("PK\5\6", 4));
  if (end == StringRef::npos || bytes.size() - end < 22)
    return makeError("not a complete zip archive: no directory at its end; the file is truncated");
  const char *record = bytes.data() + end;
  uint64_t numMembers = read16le(record + 10);
  uint64_t directoryBytes = read32le(record + 12), directory = read32le(record + 16);
  // Zip64: a locator of 20 bytes before the end record points to the wide record.
  if (end >= 20 && bytes.substr(end - 20, 4) == StringRef("PK\6\7", 4)) {
    uint64_t wide = read64le(bytes.data() + end - 12);
    if (wide > bytes.size() || bytes.size() - wide < 56 ||
        bytes.substr(wide, 4) != StringRef("PK\6\6", 4))
      return makeError("the zip archive's directory is corrupt");
    numMembers = read64le(bytes.data() + wide + 32);
    directoryBytes = read64le(bytes.data() + wide + 40);
    directory = read64le(bytes.data() + wide + 48);
  }
  if (directory > bytes.size() || directoryBytes > bytes.size() - directory)
    return makeError("the zip archive's directory lies outside of the file");
  return parseDirectory(directory, directoryBytes, numMembers);
}

Error NpzFile::parseDirectory(uint64_t offset, uint64_t numBytes, uint64_t numMembers) {
  StringRef directory = bytes.substr(offset, numBytes);
  StringSet<> names;
  for (uint64_t i = 0; i < numMembers; ++i) {
    if (directory.size() < 46 || !directory.starts_with(StringRef("PK\1\2", 4)))
      return makeError("the zip archive's directory is corrupt");
    uint64_t nameBytes = read16le(directory.data() + 28);
    uint64_t recordBytes =
        46 + nameBytes + read16le(directory.data() + 30) + read16le(directory.data() + 32);
    if (directory.size() < recordBytes)
      return makeError("the zip archive's directory is corrupt");
    StringRef name = directory.substr(46, nameBytes);
    Expected<Member> member = locateMember(name, directory.take_front(recordBytes));
    if (!member)
      return member.takeError();
    directory = directory.drop_front(recordBytes);
    if (!name.consume_back(".npy"))
      return makeError("array '{0}': expected a name that ends in .npy", name);
    if (!names.insert(name).second)
      return makeError("array '{0}' occurs twice", name);
    if (Error error = parseNpy(name, *member))
      return error;
  }
  return Error::success();
}

/// Reads a directory record and the member's own header before its data.
Expected<Member> NpzFile::locateMember(StringRef name, StringRef record) const {
  Member member;
  const char *at = record.data();
  unsigned method = read16le(at + 10);
  member.crc = read32le(at + 16);
  uint64_t storedBytes = read32le(at + 20), numBytes = read32le(at + 24),
           header = read32le(at + 42);
  if (read16le(at + 8) & 1)
    return makeError("array '{0}': encrypted archives are not supported", name);
  if (method != 0 && method != 8)
    return makeError("array '{0}': compression method {1} is not supported; expected 0 (stored) or "
                     "8 (deflated)",
                     name, method);
  // Extra field 1 holds, as 64-bit numbers, those fields that are all ones above.
  StringRef extra = record.substr(46 + read16le(at + 28), read16le(at + 30));
  while (extra.size() >= 4) {
    unsigned id = read16le(extra.data()), length = read16le(extra.data() + 2);
    StringRef field = extra.substr(4, length);
    extra = extra.drop_front(std::min<size_t>(extra.size(), 4 + length));
    if (id != 1)
      continue;
    for (uint64_t *value : {&numBytes, &storedBytes, &header}) {
      if (*value != UINT32_MAX)
        continue;
      if (field.size() < 8)
        return makeError("array '{0}': the zip archive's directory is corrupt", name);
      *value = read64le(field.data());
      field = field.drop_front(8);
    }
  }
  if (header > bytes.size() || bytes.size() - header < 30 ||
      bytes.substr(header, 4) != StringRef("PK\3\4", 4))
    return makeError("array '{0}': its place in the zip archive is corrupt", name);
  uint64_t data =
      header + 30 + read16le(bytes.data() + header + 26) + read16le(bytes.data() + header + 28);
  if (data > bytes.size() || storedBytes > bytes.size() - data)
    return makeError("array '{0}': {1} bytes lie outside of the file: it is truncated or corrupt",
                     name, storedBytes);
  member.data = bytes.substr(data, storedBytes);
  member.numBytes = numBytes;
  member.deflated = method == 8;
  if (!member.deflated && storedBytes != numBytes)
    return makeError("array '{0}': stored as {1} bytes but said to be {2}", name, storedBytes,
                     numBytes);
  return member;
}

/// The text after `'key':` in an npy header, which is a literal of a Python dictionary.
static std::optional<StringRef> headerField(StringRef header, StringRef key) {
  for (StringRef quote : {"'", "\""}) {
    std::string quoted = (quote + key + quote).str();
    size_t at = header.find(quoted);
    if (at == StringRef::npos)
      continue;
    StringRef rest = header.drop_front(at + quoted.size()).ltrim();
    if (rest.consume_front(":"))
      return rest.ltrim();
  }
  return std::nullopt;
}

Error NpzFile::parseNpy(StringRef name, Member member) {
  // 6 bytes magic, 2 version, 2 or 4 header length.
  StringRef text = member.data;
  std::vector<char> start;
  if (member.deflated) {
    // numpy limits headers to 10,000 characters when it reads them.
    Expected<std::vector<char>> inflated =
        inflateBytes(member.data, std::min<uint64_t>(member.numBytes, 16384));
    if (!inflated)
      return makeError("array '{0}': {1}", name, toString(inflated.takeError()));
    start = std::move(*inflated);
    text = StringRef(start.data(), start.size());
  }
  if (text.size() < 12 || !text.starts_with("\x93NUMPY"))
    return makeError("array '{0}': expected an npy header", name);
  unsigned version = static_cast<unsigned char>(text[6]);
  if (version < 1 || version > 3)
    return makeError("array '{0}': npy version {1} is not supported; expected 1, 2 or 3", name,
                     version);
  uint64_t prefix = version == 1 ? 10 : 12;
  uint64_t length = version == 1 ? read16le(text.data() + 8) : read32le(text.data() + 8);
  if (length > text.size() - prefix)
    return makeError("array '{0}': npy header of {1} bytes is longer than expected", name, length);
  StringRef header = text.substr(prefix, length);
  std::optional<StringRef> descr = headerField(header, "descr"),
                           order = headerField(header, "fortran_order"),
                           shape = headerField(header, "shape");
  if (!descr || !order || !shape || !shape->consume_front("("))
    return makeError("array '{0}': npy header lacks descr, fortran_order or shape", name);

  TensorEntry entry;
  entry.name = name.str();
  entry.offset = members.size();
  member.fortranOrder = order->starts_with("True");
  member.valuesOffset = prefix + length;
  if (descr->starts_with("'") || descr->starts_with("\""))
    entry.dtype =
        descr->drop_front().take_until([](char c) { return c == '\'' || c == '"'; }).str();
  else
    entry.dtype = "structured";
  entry.type = StringSwitch<std::optional<FloatType>>(entry.dtype)
                   .Case("<f2", FloatType::f16)
                   .Case("<f4", FloatType::f32)
                   .Case("<f8", FloatType::f64)
                   .Default(std::nullopt);
  size_t close = shape->find(')');
  if (close == StringRef::npos)
    return makeError("array '{0}': npy header's shape has no end", name);
  StringRef dims = shape->take_front(close).trim();
  while (!dims.empty()) {
    int64_t dim;
    if (dims.consumeInteger(10, dim) || dim < 0)
      return makeError("array '{0}': expected sizes in the npy header's shape, got '{1}'", name,
                       shape->take_front(close));
    dims.consume_front("L"); // Python 2's long integers
    entry.shape.push_back(dim);
    dims = dims.ltrim();
    if (!dims.empty() && !dims.consume_front(","))
      return makeError("array '{0}': expected sizes in the npy header's shape, got '{1}'", name,
                       shape->take_front(close));
    dims = dims.ltrim();
  }
  std::optional<uint64_t> count = checkedNumElements(entry.shape);
  if (!count)
    return makeError("array '{0}': its shape is too large", name);
  if (entry.type) {
    entry.numBytes = *count * byteWidth(*entry.type);
    if (member.numBytes < member.valuesOffset ||
        member.numBytes - member.valuesOffset != entry.numBytes)
      return makeError("array '{0}': {1} bytes of values, but {2} of its shape needs {3}", name,
                       member.numBytes - std::min(member.numBytes, member.valuesOffset),
                       entry.dtype, entry.numBytes);
  }
  entries.push_back(std::move(entry));
  members.push_back(member);
  return Error::success();
}

/// Values in the order of the last dimension fastest, from values with the first fastest.
static std::vector<float> transposeFortran(ArrayRef<float> from, ArrayRef<int64_t> shape) {
  std::vector<float> to(from.size());
  SmallVector<int64_t> index(shape.size()), strides;
  int64_t stride = 1;
  for (int64_t dim : shape) {
    strides.push_back(stride);
    stride *= dim;
  }
  for (float &value : to) {
    int64_t offset = 0;
    for (auto [i, s] : llvm::zip_equal(index, strides))
      offset += i * s;
    value = from[offset];
    for (size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis])
        break;
      index[axis] = 0;
    }
  }
  return to;
}

Expected<TensorValues> NpzFile::read(const TensorEntry &entry) const {
  const Member &member = members[entry.offset];
  std::shared_ptr<void> owner = buffer;
  ArrayRef<char> all(member.data.data(), member.data.size());
  if (member.deflated) {
    Expected<std::vector<char>> inflated = inflateBytes(member.data, member.numBytes);
    if (!inflated)
      return inflated.takeError();
    if (inflated->size() != member.numBytes)
      return makeError("expected {0} bytes, but the compressed data ends after {1}",
                       member.numBytes, inflated->size());
    auto own = std::make_shared<std::vector<char>>(std::move(*inflated));
    all = *own;
    owner = own;
  }
  if (llvm::crc32(ArrayRef(reinterpret_cast<const uint8_t *>(all.data()), all.size())) !=
      member.crc)
    return makeError("its checksum does not match: the file is corrupt");
  TensorValues result = toFloat32(all.drop_front(member.valuesOffset), *entry.type, owner);
  if (!member.fortranOrder || entry.shape.size() < 2)
    return result;
  auto transposed =
      std::make_shared<std::vector<float>>(transposeFortran(result.values, entry.shape));
  ArrayRef<float> view(*transposed);
  return TensorValues{view, std::move(transposed)};
}

Expected<std::unique_ptr<WeightsFile>> weights::openNpz(std::shared_ptr<MemoryBuffer> buffer) {
  auto file = std::make_unique<NpzFile>(std::move(buffer));
  if (Error error = file->parse())
    return error;
  return file;
}
