// Parses ONNX files, within bounds, and maps their external data.
#include "frontend/onnx/ModelFile.h"
#include "frontend/onnx/Import.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>

using namespace incc;
using namespace incc::onnximport;
using google::protobuf::io::CodedInputStream;

/// Messages, strings and unknown fields of a model. A network of 100,000 nodes has about a million;
/// two bytes of a file can make one of 200 bytes.
static constexpr int64_t kMaxObjects = 8'000'000;
/// Messages in messages; a subgraph takes three. Protobuf's own limit.
static constexpr int kMaxNesting = 100;

namespace {
/// The messages of onnx.proto that hold others. `dense` stands for those that are charged by their
/// size: types, functions, what is for training.
enum class Message : char {
  leaf,
  dense,
  model,
  graph,
  node,
  attribute,
  tensor,
  sparseTensor,
  value
};

struct MessageField {
  Message message;
  uint32_t number;
  Message content;
};

constexpr MessageField kMessageFields[] = {
    {Message::model, 7, Message::graph},
    {Message::model, 20, Message::dense}, // training_info
    {Message::model, 25, Message::dense}, // functions
    {Message::graph, 1, Message::node},
    {Message::graph, 5, Message::tensor},
    {Message::graph, 11, Message::value},
    {Message::graph, 12, Message::value},
    {Message::graph, 13, Message::value},
    {Message::graph, 14, Message::dense}, // quantization_annotation
    {Message::graph, 15, Message::sparseTensor},
    {Message::node, 5, Message::attribute},
    {Message::attribute, 5, Message::tensor},
    {Message::attribute, 6, Message::graph},
    {Message::attribute, 10, Message::tensor},
    {Message::attribute, 11, Message::graph},
    {Message::attribute, 14, Message::dense},
    {Message::attribute, 15, Message::dense},
    {Message::attribute, 22, Message::sparseTensor},
    {Message::attribute, 23, Message::sparseTensor},
    {Message::sparseTensor, 1, Message::tensor},
    {Message::sparseTensor, 2, Message::tensor},
    {Message::value, 2, Message::dense},
};
} // namespace

static Message contentOf(Message message, uint32_t number) {
  for (const MessageField &field : kMessageFields)
    if (field.message == message && field.number == number)
      return field.content;
  return Message::leaf;
}

/// Counts what protobuf would allocate for a message, without doing so. False if `input` is
/// malformed, nested too deeply, or holds more than `left` objects.
static bool countObjects(CodedInputStream &input, Message message, int64_t &left, int depth) {
  if (depth > kMaxNesting)
    return false;
  while (uint32_t tag = input.ReadTag()) {
    uint64_t ignored64;
    uint32_t ignored32, length;
    switch (tag & 7) {
    case 0: // varint
      if (!input.ReadVarint64(&ignored64))
        return false;
      continue;
    case 1: // 8 bytes
      if (!input.ReadLittleEndian64(&ignored64))
        return false;
      continue;
    case 5: // 4 bytes
      if (!input.ReadLittleEndian32(&ignored32))
        return false;
      continue;
    case 2: // length-delimited
      break;
    default: // Groups do not occur in ONNX.
      return false;
    }
    if (!input.ReadVarint32(&length) || length > INT32_MAX)
      return false;
    Message content = contentOf(message, tag >> 3);
    // An object takes two bytes at least.
    left -= content == Message::dense ? 1 + length / 2 : 1;
    if (left < 0)
      return false;
    if (content == Message::leaf || content == Message::dense) {
      if (!input.Skip(static_cast<int>(length)))
        return false;
      continue;
    }
    CodedInputStream::Limit outer = input.PushLimit(static_cast<int>(length));
    if (!countObjects(input, content, left, depth + 1) || input.BytesUntilLimit() != 0)
      return false;
    input.PopLimit(outer);
  }
  return input.ConsumedEntireMessage();
}

static CodedInputStream openStream(llvm::StringRef bytes) {
  return CodedInputStream(reinterpret_cast<const uint8_t *>(bytes.data()),
                          static_cast<int>(bytes.size()));
}

llvm::Error ModelFile::parse(llvm::StringRef bytes) {
  // Protobuf writes its own complaints to stderr.
  google::protobuf::LogSilencer silencer;
  if (bytes.size() > INT32_MAX)
    return llvm::createStringError("the file exceeds the 2 GB of protobuf; larger models keep "
                                   "their weights in external data");
  int64_t left = kMaxObjects;
  CodedInputStream counted = openStream(bytes);
  bool isBounded = countObjects(counted, Message::model, left, 0);
  if (left < 0)
    return llvm::createStringError("the model has more than " + llvm::Twine(kMaxObjects) +
                                   " parts");
  CodedInputStream stream = openStream(bytes);
  stream.SetRecursionLimit(kMaxNesting + 1);
  bool isModel = isBounded && model.ParseFromCodedStream(&stream) &&
                 stream.ConsumedEntireMessage() && model.has_graph() && model.has_ir_version();
  if (!isModel)
    return llvm::createStringError("not an ONNX file, or a damaged one");
  if (model.opset_import_size() == 0)
    return llvm::createStringError("the model imports no opset");
  int64_t version = opset("");
  bool isUsed = llvm::any_of(graph().node(), [](const onnx::NodeProto &node) {
    return node.domain().empty() || node.domain() == "ai.onnx";
  });
  if (isUsed && (version < kOldestOpset || version > kNewestOpset))
    return llvm::createStringError(llvm::formatv("expected a model of opset {0} to {1}, got {2}",
                                                 kOldestOpset, kNewestOpset, version));
  return llvm::Error::success();
}

int64_t ModelFile::opset(llvm::StringRef domain) const {
  auto normalize = [](llvm::StringRef name) { return name == "ai.onnx" ? "" : name; };
  for (const onnx::OperatorSetIdProto &import : model.opset_import())
    if (normalize(import.domain()) == normalize(domain))
      return import.version();
  return 0;
}

llvm::Expected<HostTensor> ModelFile::load(onnx::TensorProto &proto) {
  bool isExternal = proto.data_location() == onnx::TensorProto::EXTERNAL;
  llvm::Expected<HostTensor> tensor = isExternal ? loadExternal(proto) : takeElements(proto);
  if (tensor)
    tensor->name = proto.name();
  return tensor;
}

llvm::Expected<ModelFile::SharedBuffer> ModelFile::openExternal(llvm::StringRef location) {
  namespace fs = llvm::sys::fs;
  namespace paths = llvm::sys::path;
  if (auto it = externalFiles.find(location); it != externalFiles.end())
    return it->second;
  auto fail = [&](const llvm::Twine &why) {
    return llvm::createStringError("external data '" + location + "': " + why);
  };
  bool goesUp = std::any_of(paths::begin(location), paths::end(location),
                            [](llvm::StringRef part) { return part == ".."; });
  if (location.empty() || location.contains('\0') || paths::is_absolute(location) || goesUp)
    return fail("expected a path inside the model's folder");
  llvm::SmallString<256> folder(paths::parent_path(path)), file, realFolder, realFile;
  if (folder.empty())
    folder = ".";
  file = folder;
  paths::append(file, location);
  if (std::error_code error = fs::real_path(folder, realFolder))
    return fail(error.message());
  if (std::error_code error = fs::real_path(file, realFile))
    return fail(error.message());
  if (realFolder.back() != '/')
    realFolder += '/';
  if (!llvm::StringRef(realFile).starts_with(realFolder))
    return fail("leads outside the model's folder");
  if (!fs::is_regular_file(realFile))
    return fail("is not a regular file");
  auto buffer = llvm::MemoryBuffer::getFile(realFile, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail(buffer.getError().message());
  return externalFiles[location] = SharedBuffer(std::move(*buffer));
}

llvm::Expected<HostTensor> ModelFile::loadExternal(const onnx::TensorProto &proto) {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
  for (const onnx::StringStringEntryProto &entry : proto.external_data()) {
    llvm::StringRef key = entry.key(), value = entry.value();
    uint64_t number = 0;
    if ((key == "offset" || key == "length") && value.getAsInteger(10, number))
      return llvm::createStringError("external data: expected a number as " + key + ", got '" +
                                     value + "'");
    if (key == "location")
      location = value;
    else if (key == "offset")
      offset = number;
    else if (key == "length")
      length = number;
  }
  unsigned width = fileBytes(proto.data_type());
  if (!width)
    return llvm::createStringError("is of type " + typeName(proto.data_type()) +
                                   ", which is not supported");
  std::optional<int64_t> count =
      checkedElements(llvm::ArrayRef(proto.dims().data(), proto.dims_size()));
  if (!count)
    return llvm::createStringError("has a negative extent or more than " +
                                   llvm::Twine(kMaxElements) + " elements");
  uint64_t needed = static_cast<uint64_t>(*count) * width;
  if (length && *length != needed)
    return llvm::createStringError(llvm::formatv(
        "needs {0} bytes for its shape, but its external data has {1}", needed, *length));
  llvm::Expected<SharedBuffer> buffer = openExternal(location);
  if (!buffer)
    return buffer.takeError();
  uint64_t available = (*buffer)->getBufferSize();
  if (offset > available || needed > available - offset)
    return llvm::createStringError(
        llvm::formatv("needs {0} bytes from {1} on of external data '{2}', which has {3}", needed,
                      offset, location, available));
  return readElements(proto.data_type(),
                      llvm::ArrayRef((*buffer)->getBufferStart() + offset, needed), *buffer);
}
