// Turns pictures into a network's input, as the model file's `preprocess` says.
#include "tools/support/Preprocess.h"
#include "tools/support/Errors.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/JSON.h"

#include <cmath>

using namespace incc;
using namespace llvm;

static Error unexpected(StringRef key, StringRef expected) {
  return makeError("the model's preprocessing can't be understood: " + key + ": expected " +
                   expected);
}

/// A number stands for both sides, or for a shorter side where `shorter` is given.
static Error readSize(const json::Value &value, StringRef key, std::array<int64_t, 2> &size,
                      int64_t *shorter = nullptr) {
  // Larger ones are mistakes, and their pictures would not fit into memory.
  constexpr int64_t kMaxSide = 1 << 14;
  auto isSide = [](std::optional<int64_t> side) { return side && *side > 0 && *side <= kMaxSide; };
  if (isSide(value.getAsInteger())) {
    (shorter ? *shorter : size[0]) = *value.getAsInteger();
    if (!shorter)
      size[1] = size[0];
    return Error::success();
  }
  if (const json::Array *list = value.getAsArray())
    if (list->size() == 2 && isSide((*list)[0].getAsInteger()) &&
        isSide((*list)[1].getAsInteger())) {
      size = {*(*list)[0].getAsInteger(), *(*list)[1].getAsInteger()};
      return Error::success();
    }
  return unexpected(key, "a number of pixels or [height, width]");
}

static Error readNumbers(const json::Value &value, StringRef key, std::vector<double> &numbers) {
  if (std::optional<double> number = value.getAsNumber()) {
    numbers = {*number};
    return Error::success();
  }
  const json::Array *list = value.getAsArray();
  for (size_t i = 0; list && i < list->size(); ++i) {
    std::optional<double> number = (*list)[i].getAsNumber();
    if (!number)
      return unexpected(key, "numbers");
    numbers.push_back(*number);
  }
  return numbers.empty() ? unexpected(key, "a number or one per channel") : Error::success();
}

Expected<Preprocess> Preprocess::parse(StringRef text, ArrayRef<int64_t> inputDims) {
  if (inputDims.size() != 4)
    return makeError("images can only be given to a model whose input is N x C x H x W, got " +
                     formatDims(inputDims));
  Preprocess result;
  if (inputDims[1] == 1)
    result.channels = Channels::Gray;
  Expected<json::Value> parsed = json::parse(text.empty() ? "{}" : text);
  if (!parsed)
    return parsed.takeError();
  const json::Object *object = parsed->getAsObject();
  if (!object)
    return unexpected("preprocess", "an object");
  if (object->empty())
    result.size = {inputDims[2], inputDims[3]};
  for (const auto &[key, value] : *object) {
    Error error = Error::success();
    StringRef name = key, word = value.getAsString().value_or("");
    if (name == "resize") {
      error = readSize(value, name, result.size, &result.shorterSide);
    } else if (name == "crop") {
      error = readSize(value, name, result.crop);
    } else if (name == "mean") {
      error = readNumbers(value, name, result.mean);
    } else if (name == "std") {
      error = readNumbers(value, name, result.std);
    } else if (name == "scale") {
      std::optional<double> scale = value.getAsNumber();
      result.scale = scale.value_or(0);
      if (!scale)
        error = unexpected(name, "a number");
    } else if (name == "interpolation") {
      auto kind = StringSwitch<std::optional<Interpolation>>(word)
                      .Case("nearest", Interpolation::Nearest)
                      .Case("bilinear", Interpolation::Bilinear)
                      .Case("bicubic", Interpolation::Bicubic)
                      .Default(std::nullopt);
      result.interpolation = kind.value_or(Interpolation::Bilinear);
      if (!kind)
        error = unexpected(name, "nearest, bilinear or bicubic");
    } else if (name == "channels") {
      auto kind = StringSwitch<std::optional<Channels>>(word)
                      .Case("rgb", Channels::Rgb)
                      .Case("bgr", Channels::Bgr)
                      .Cases("gray", "grey", Channels::Gray)
                      .Default(std::nullopt);
      result.channels = kind.value_or(Channels::Rgb);
      if (!kind)
        error = unexpected(name, "rgb, bgr or gray");
    } else {
      error = unexpected(name, "one of channels, crop, interpolation, mean, resize, scale, std");
    }
    if (error)
      return std::move(error);
  }
  return std::move(result);
}

/// Pillow's luma of ITU-R 601-2, in 16-bit fixed point.
static void makeGray(Image &image) {
  for (int64_t i = 0; i < image.width * image.height; ++i) {
    const uint8_t *rgb = image.pixels.data() + i * 3;
    image.pixels[i] = (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16;
  }
  image.channels = 1;
  image.pixels.resize(image.width * image.height);
}

Error Preprocess::apply(Image image, ArrayRef<int64_t> inputDims, float *target) const {
  int64_t channelCount = inputDims[1], height = inputDims[2], width = inputDims[3];
  if (channels == Channels::Gray)
    makeGray(image);
  if (image.channels != 1 && image.channels != channelCount)
    return makeError("the model expects " + Twine(channelCount) + " channels, got an image of " +
                     Twine(image.channels));
  std::array<int64_t, 2> resized = size;
  if (shorterSide) { // Rounded down, as torchvision's Resize does.
    int64_t shorter = std::min(image.width, image.height);
    resized = {shorterSide * image.height / shorter, shorterSide * image.width / shorter};
    // A picture of one row would become millions of columns.
    if (resized[0] * resized[1] > int64_t(1) << 27)
      return makeError("an image of " + Twine(image.width) + "x" + Twine(image.height) +
                       " pixels is too narrow to be resized");
  }
  if (resized[0])
    image = resize(image, resized[1], resized[0], interpolation);
  int64_t cropHeight = crop[0] ? crop[0] : image.height;
  int64_t cropWidth = crop[1] ? crop[1] : image.width;
  if (image.height < cropHeight || image.width < cropWidth)
    return makeError("the image is too small: expected at least " + Twine(cropWidth) + "x" +
                     Twine(cropHeight) + " pixels to crop, got " + Twine(image.width) + "x" +
                     Twine(image.height));
  if (cropHeight != height || cropWidth != width)
    return makeError("the image has the wrong size after preprocessing: expected " + Twine(width) +
                     "x" + Twine(height) + ", got " + Twine(cropWidth) + "x" + Twine(cropHeight));
  // Halves round to even, as in torchvision's CenterCrop.
  int64_t top = std::lrint((image.height - cropHeight) / 2.0);
  int64_t left = std::lrint((image.width - cropWidth) / 2.0);
  auto pick = [](const std::vector<double> &list, int64_t channel, double otherwise) {
    return list.empty() ? otherwise : list[list.size() == 1 ? 0 : channel];
  };
  for (const std::vector<double> *list : {&mean, &std})
    if (list->size() > 1 && static_cast<int64_t>(list->size()) != channelCount)
      return makeError("the model's preprocessing has " + Twine(list->size()) +
                       " means or deviations, expected " + Twine(channelCount));
  for (int64_t channel = 0; channel < channelCount; ++channel) {
    int64_t from = image.channels == 1         ? 0
                   : channels == Channels::Bgr ? image.channels - 1 - channel
                                               : channel;
    double average = pick(mean, channel, 0), deviation = pick(std, channel, 1);
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x) {
        int64_t pixel = (y + top) * image.width + x + left;
        uint8_t value = image.pixels[pixel * image.channels + from];
        *target++ = static_cast<float>((value * scale - average) / deviation);
      }
  }
  return Error::success();
}
