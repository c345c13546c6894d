// Turns pictures into a network's input, as the model file's `preprocess` says.
#ifndef INCC_TOOLS_SUPPORT_PREPROCESS_H
#define INCC_TOOLS_SUPPORT_PREPROCESS_H

#include "tools/support/Resize.h"
#include "llvm/ADT/ArrayRef.h"

#include <array>

namespace incc {

/// What to do to a picture, in this order. Sizes are height, width; 0 means none.
struct Preprocess {
  enum class Channels { Rgb, Bgr, Gray };

  Channels channels = Channels::Rgb;
  /// The shorter side after resizing, the other in proportion...
  int64_t shorterSide = 0;
  /// ...or both sides.
  std::array<int64_t, 2> size = {0, 0};
  Interpolation interpolation = Interpolation::Bilinear;
  std::array<int64_t, 2> crop = {0, 0};
  /// value = (byte * scale - mean[channel]) / std[channel]
  double scale = 1.0 / 255;
  std::vector<double> mean, std;

  /// Reads the JSON that a model carries. Without any ("" or "{}"), pictures are resized to the
  /// input's size and scaled to [0, 1].
  static llvm::Expected<Preprocess> parse(llvm::StringRef json, llvm::ArrayRef<int64_t> inputDims);

  /// Writes the picture as C x H x W floats to `target`, where there is room for
  /// `inputDims` without their first. Fails if the picture does not come out in that size.
  llvm::Error apply(Image image, llvm::ArrayRef<int64_t> inputDims, float *target) const;
};

} // namespace incc

#endif // INCC_TOOLS_SUPPORT_PREPROCESS_H
