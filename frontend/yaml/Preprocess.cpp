// Reads how images become inputs, and the names of classes.
#include "frontend/yaml/ModelFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/LineIterator.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace incc;
using namespace incc::yaml;

/// One of `known`; reports others.
static std::string choice(Params &params, StringRef name, StringRef otherwise,
                          ArrayRef<StringRef> known) {
  std::string value = params.text(name, otherwise);
  if (!llvm::is_contained(known, value))
    params.error(*params.node(name), "expected one of " + llvm::join(known, ", ") + " as '" + name +
                                         "', got '" + value + "'");
  return value;
}

DictionaryAttr yaml::readPreprocess(ModelBuilder &builder, const Node &node,
                                    ArrayRef<int64_t> inputShape) {
  OpBuilder &ops = builder.ops;
  Frame frame;
  frame.scope = &builder.globals;
  if (!node.isMap()) {
    builder.error(node, frame, "expected a map as 'preprocess', got " + node.describe());
    return nullptr;
  }
  Params params(builder, frame, node, "preprocess", &node, "");
  if (inputShape.size() != 4) {
    params.error(node, "preprocessing of images needs an input of channels, rows and columns");
    return nullptr;
  }
  constexpr int64_t maxPixels = 1 << 16;
  NamedAttrList result;

  int64_t channels = inputShape[1];
  std::string order =
      choice(params, "channels", channels == 1 ? "gray" : "rgb", {"rgb", "bgr", "gray"});
  if (channels != (order == "gray" ? 1 : 3))
    params.error(params.node("channels") ? *params.node("channels") : node,
                 "channels '" + order + "' do not fit an input of " + Twine(channels) +
                     " channels");
  result.set("channels", ops.getStringAttr(order));
  result.set("interpolation", ops.getStringAttr(choice(params, "interpolation", "bilinear",
                                                       {"bilinear", "bicubic", "nearest"})));

  if (auto resize = params.integers("resize", 1, maxPixels)) {
    if (resize->size() == 1)
      result.set("resize", ops.getI64IntegerAttr(resize->front()));
    else if (resize->size() == 2)
      result.set("resize", ops.getDenseI64ArrayAttr(*resize));
    else
      params.error(*params.node("resize"),
                   "expected the length of the shorter side or [rows, columns] as 'resize'");
  }
  SmallVector<int64_t> extent(inputShape.drop_front(2));
  auto crop = params.pair("crop", 1, extent);
  if (ArrayRef<int64_t>(crop) != ArrayRef<int64_t>(extent))
    params.error(*params.node("crop"), "expected the input's " + Twine(extent[0]) + "x" +
                                           Twine(extent[1]) + " as 'crop', got " + Twine(crop[0]) +
                                           "x" + Twine(crop[1]));
  result.set("crop", ops.getDenseI64ArrayAttr(crop));
  double scale = params.number("scale", 1.0 / 255);
  result.set("scale", ops.getF64FloatAttr(scale));

  for (auto [key, otherwise] : {std::pair<StringRef, double>{"mean", 0}, {"std", 1}}) {
    SmallVector<double> values = params.numbers(key, otherwise);
    if (values.size() == 1)
      values.resize(channels, values.front());
    if (static_cast<int64_t>(values.size()) != channels)
      params.error(*params.node(key), "expected " + Twine(channels) + " numbers as '" + key +
                                          "', one per channel, got " + Twine(values.size()));
    if (key == "std" && llvm::is_contained(values, 0.0))
      params.error(*params.node(key), "'std' must not be zero");
    result.set(key, ops.getDenseF64ArrayAttr(values));
  }
  if (failed(params.finish()))
    return nullptr;
  return result.getDictionary(ops.getContext());
}

ArrayAttr yaml::readLabels(ModelBuilder &builder, const Node &node, StringRef folder) {
  OpBuilder &ops = builder.ops;
  SmallVector<StringRef> labels;
  if (node.isList()) {
    for (const NodePtr &item : node.items) {
      if (!item->isScalar()) {
        builder.error(*item, {}, "expected a label, got " + item->describe());
        return nullptr;
      }
      labels.push_back(item->text);
    }
    return ops.getStrArrayAttr(labels);
  }
  if (!node.isScalar()) {
    builder.error(node, {},
                  "expected a list of labels or the path of a file, got " + node.describe());
    return nullptr;
  }
  SmallString<128> path(node.text);
  if (!llvm::sys::path::is_absolute(path) && !folder.empty()) {
    path = folder;
    llvm::sys::path::append(path, node.text);
  }
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer) {
    builder.error(node, {}, "can't read '" + path + "': " + buffer.getError().message());
    return nullptr;
  }
  for (llvm::line_iterator line(**buffer, /*SkipBlanks=*/true); !line.is_at_eof(); ++line)
    labels.push_back(line->rtrim());
  return ops.getStrArrayAttr(labels);
}
