// Reads the parameters of layers.
#include "frontend/NearestName.h"
#include "frontend/yaml/ModelBuilder.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace incc;
using namespace incc::yaml;

/// Strides, kernels and the like: beyond any feature map.
static constexpr int64_t kMaxExtent = 1 << 20;

Params::Params(ModelBuilder &builder, const Frame &frame, const Node &layer, StringRef key,
               const Node *value, StringRef main)
    : builder(builder), frame(frame), layerNode(layer), layerKey(key) {
  if (!value)
    return;
  if (value->isMap()) {
    for (auto &[name, entry] : value->entries)
      given.push_back({name->text, name.get(), entry.get()});
    return;
  }
  if (main.empty()) {
    error(*value, "'" + key + "' takes no parameter alone, got " + value->describe());
    return;
  }
  given.push_back({main, value, value});
}

void Params::error(const Node &at, const Twine &message) {
  hasFailed = true;
  builder.error(at, frame, message);
}

const Node *Params::node(StringRef name) {
  asked.push_back(name.str());
  for (const Given &entry : given)
    if (entry.name == name && !entry.value->isNull())
      return entry.value;
  return nullptr;
}

std::optional<Datum> Params::value(StringRef name, bool required) {
  const Node *given = node(name);
  if (!given) {
    if (required)
      error(layerNode, "'" + layerKey + "' needs '" + name + "'");
    return std::nullopt;
  }
  std::optional<Datum> result = builder.evaluate(*given, frame);
  if (!result)
    hasFailed = true;
  return result;
}

/// An integer, or a float that is one: `${width / 2}` may be either.
static std::optional<int64_t> asInteger(const Datum &value) {
  if (auto *integer = value.getIf<int64_t>())
    return *integer;
  if (auto *number = value.getIf<double>())
    if (*number ==
        static_cast<double>(static_cast<int64_t>(std::max(-0x1p62, std::min(0x1p62, *number)))))
      return static_cast<int64_t>(*number);
  return std::nullopt;
}

static std::string got(const Datum &value) {
  return ", got " + value.describeKind().str() + (value.isNull() ? "" : " '" + value.str() + "'");
}

static std::string rangeText(int64_t least, int64_t most) {
  return "an integer from " + std::to_string(least) + " to " + std::to_string(most);
}

int64_t Params::integer(StringRef name, int64_t least, int64_t most,
                        std::optional<int64_t> otherwise) {
  std::optional<Datum> given = value(name, !otherwise);
  if (!given)
    return otherwise.value_or(least);
  std::optional<int64_t> integer = asInteger(*given);
  if (integer && *integer >= least && *integer <= most)
    return *integer;
  error(*node(name), "expected " + rangeText(least, most) + " as '" + name + "'" + got(*given));
  return least;
}

SmallVector<int64_t, 2> Params::pair(StringRef name, int64_t least, ArrayRef<int64_t> otherwise) {
  std::optional<Datum> given = value(name, otherwise.empty());
  if (!given)
    return otherwise.empty() ? SmallVector<int64_t, 2>{least, least}
                             : SmallVector<int64_t, 2>(otherwise);
  List items = given->is<List>() ? *given->getIf<List>() : List{*given, *given};
  SmallVector<int64_t, 2> result;
  for (const Datum &item : items)
    if (std::optional<int64_t> integer = asInteger(item);
        integer && *integer >= least && *integer <= kMaxExtent)
      result.push_back(*integer);
  if (result.size() == 2 && items.size() == 2)
    return result;
  error(*node(name), "expected " + rangeText(least, kMaxExtent) + " or a list of two as '" + name +
                         "'" + got(*given));
  return {least, least};
}

std::optional<SmallVector<int64_t, 4>> Params::integers(StringRef name, int64_t least, int64_t most,
                                                        ArrayRef<StringRef> words,
                                                        StringRef *word) {
  std::optional<Datum> given = value(name, /*required=*/false);
  if (!given)
    return std::nullopt;
  if (auto *text = given->getIf<std::string>())
    if (auto *found = llvm::find(words, StringRef(*text)); found != words.end()) {
      *word = *found;
      return std::nullopt;
    }
  List items = given->is<List>() ? *given->getIf<List>() : List{*given};
  SmallVector<int64_t, 4> result;
  for (const Datum &item : items) {
    std::optional<int64_t> integer = asInteger(item);
    if (!integer || *integer < least || *integer > most) {
      error(*node(name), "expected " + (words.empty() ? "" : llvm::join(words, ", ") + ", ") +
                             rangeText(least, most) + " or a list of such as '" + name + "'" +
                             got(item));
      return std::nullopt;
    }
    result.push_back(*integer);
  }
  return result;
}

double Params::number(StringRef name, std::optional<double> otherwise) {
  std::optional<Datum> given = value(name, !otherwise);
  if (!given)
    return otherwise.value_or(0);
  if (std::optional<double> number = asNumber(*given))
    return *number;
  error(*node(name), "expected a number as '" + name + "'" + got(*given));
  return otherwise.value_or(0);
}

SmallVector<double> Params::numbers(StringRef name, double otherwise) {
  std::optional<Datum> given = value(name, /*required=*/false);
  if (!given)
    return {otherwise};
  List items = given->is<List>() ? *given->getIf<List>() : List{*given};
  SmallVector<double> result;
  for (const Datum &item : items) {
    std::optional<double> number = asNumber(item);
    if (!number) {
      error(*node(name), "expected a number or a list of such as '" + name + "'" + got(item));
      return {otherwise};
    }
    result.push_back(*number);
  }
  return result;
}

bool Params::boolean(StringRef name, bool otherwise) {
  std::optional<Datum> given = value(name, /*required=*/false);
  if (!given)
    return otherwise;
  if (auto *flag = given->getIf<bool>())
    return *flag;
  error(*node(name), "expected true or false as '" + name + "'" + got(*given));
  return otherwise;
}

std::string Params::text(StringRef name, StringRef otherwise) {
  std::optional<Datum> given = value(name, /*required=*/false);
  if (!given)
    return otherwise.str();
  if (given->is<std::string>() || given->is<int64_t>())
    return given->str();
  error(*node(name), "expected a string as '" + name + "'" + got(*given));
  return otherwise.str();
}

cnn::ActivationAttr Params::activation(StringRef name) {
  std::string function = text(name, "none");
  if (function == "none")
    return nullptr;
  if (cnn::ActivationAttr act = lookupActivation(builder.ops.getContext(), function))
    return act;
  std::vector<std::string> known = activationNames();
  error(*node(name), "unknown activation '" + function + "'" + didYouMean(function, known) +
                         " (supported: " + llvm::join(known, ", ") + ")");
  return nullptr;
}

LogicalResult Params::finish() {
  llvm::sort(asked);
  asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
  for (const Given &entry : given)
    if (!llvm::is_contained(asked, entry.name))
      error(*entry.key, "'" + layerKey + "' has no parameter '" + entry.name + "'" +
                            didYouMean(entry.name, asked) + " (it has " + llvm::join(asked, ", ") +
                            ")");
  return success(!hasFailed);
}

Padding::Padding(Params &params) {
  StringRef word;
  std::optional<SmallVector<int64_t, 4>> given =
      params.integers("pad", 0, kMaxExtent, {"same", "valid"}, &word);
  same = word == "same";
  if (!given)
    return;
  if (given->size() == 1)
    pads.assign(4, given->front());
  else if (given->size() == 2)
    pads = {(*given)[0], (*given)[1], (*given)[0], (*given)[1]};
  else if (given->size() == 4)
    pads = *given;
  else
    params.error(*params.node("pad"), "expected same, valid, a number, [rows, columns] or [top, "
                                      "left, bottom, right] as 'pad', got " +
                                          Twine(given->size()) + " numbers");
}

/// TensorFlow's rule for `same`: ceil(extent / stride) windows, the smaller half of the padding
/// first.
SmallVector<int64_t, 4> Padding::resolve(ArrayRef<int64_t> extent, ArrayRef<int64_t> kernel,
                                         ArrayRef<int64_t> strides,
                                         ArrayRef<int64_t> dilations) const {
  if (!same)
    return pads;
  SmallVector<int64_t, 4> result(4);
  for (int axis : {0, 1}) {
    int64_t windows = (extent[axis] + strides[axis] - 1) / strides[axis];
    int64_t span = dilations[axis] * (kernel[axis] - 1) + 1;
    int64_t total = std::max<int64_t>((windows - 1) * strides[axis] + span - extent[axis], 0);
    result[axis] = total / 2;
    result[2 + axis] = total - total / 2;
  }
  return result;
}
