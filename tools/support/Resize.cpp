// Resizes 8-bit pictures as Pillow does (src/libImaging/Resample.c).
#include "tools/support/Resize.h"

#include <algorithm>
#include <cmath>

using namespace incc;

/// Pillow's fixed point: 8 bits of value, 2 bits of headroom for negative lobes.
static constexpr int kPrecisionBits = 32 - 8 - 2;

static double filterAt(double x, Interpolation interpolation) {
  x = std::fabs(x);
  if (interpolation == Interpolation::Bilinear)
    return x < 1 ? 1 - x : 0;
  constexpr double a = -0.5;
  if (x < 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

namespace {
/// The weights of the input pixels [first, first + weights.size()) in one output pixel.
struct Window {
  int64_t first;
  std::vector<int32_t> weights;
};
} // namespace

static std::vector<Window> computeWindows(int64_t in, int64_t out, Interpolation interpolation) {
  double scale = static_cast<double>(in) / out, filterScale = std::max(scale, 1.0);
  double support = (interpolation == Interpolation::Bilinear ? 1.0 : 2.0) * filterScale;
  std::vector<Window> windows(out);
  std::vector<double> weights;
  for (int64_t i = 0; i < out; ++i) {
    double center = (i + 0.5) * scale, sum = 0;
    int64_t first = std::max<int64_t>(static_cast<int64_t>(center - support + 0.5), 0);
    int64_t last = std::min<int64_t>(static_cast<int64_t>(center + support + 0.5), in);
    weights.clear();
    for (int64_t x = first; x < last; ++x) {
      weights.push_back(filterAt((x - center + 0.5) * (1.0 / filterScale), interpolation));
      sum += weights.back();
    }
    windows[i].first = first;
    for (double weight : weights) {
      double fixed = (sum != 0 ? weight / sum : weight) * (1 << kPrecisionBits);
      windows[i].weights.push_back(static_cast<int32_t>(fixed + (fixed < 0 ? -0.5 : 0.5)));
    }
  }
  return windows;
}

/// Resamples `lines` lines; pixels of a line are `step` bytes apart, lines `pitch`.
static void resample(const uint8_t *in, int64_t inPitch, int64_t inStep, uint8_t *out,
                     int64_t outPitch, int64_t outStep, int64_t lines,
                     const std::vector<Window> &windows, int64_t channels) {
  for (int64_t line = 0; line < lines; ++line)
    for (size_t i = 0; i < windows.size(); ++i)
      for (int64_t channel = 0; channel < channels; ++channel) {
        const uint8_t *source = in + line * inPitch + windows[i].first * inStep + channel;
        int32_t sum = 1 << (kPrecisionBits - 1);
        for (int32_t weight : windows[i].weights) {
          sum += *source * weight;
          source += inStep;
        }
        out[line * outPitch + i * outStep + channel] = std::clamp(sum >> kPrecisionBits, 0, 255);
      }
}

static Image pickNearest(const Image &image, int64_t width, int64_t height) {
  Image result{width, height, image.channels, {}};
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      int64_t fromY = static_cast<int64_t>((y + 0.5) * image.height / height);
      int64_t fromX = static_cast<int64_t>((x + 0.5) * image.width / width);
      const uint8_t *pixel = image.pixels.data() + (fromY * image.width + fromX) * image.channels;
      result.pixels.insert(result.pixels.end(), pixel, pixel + image.channels);
    }
  return result;
}

Image incc::resize(const Image &image, int64_t width, int64_t height, Interpolation interpolation) {
  if (width == image.width && height == image.height)
    return image;
  if (interpolation == Interpolation::Nearest)
    return pickNearest(image, width, height);
  int64_t c = image.channels;
  Image wide{width, image.height, c, image.pixels};
  if (width != image.width) {
    wide.pixels.assign(width * image.height * c, 0);
    resample(image.pixels.data(), image.width * c, c, wide.pixels.data(), width * c, c,
             image.height, computeWindows(image.width, width, interpolation), c);
  }
  if (height == image.height)
    return wide;
  Image result{width, height, c, std::vector<uint8_t>(width * height * c)};
  // A line is a column here.
  resample(wide.pixels.data(), c, width * c, result.pixels.data(), c, width * c, width,
           computeWindows(image.height, height, interpolation), c);
  return result;
}
