// Resizes 8-bit pictures as Pillow does.
#ifndef INCC_TOOLS_SUPPORT_RESIZE_H
#define INCC_TOOLS_SUPPORT_RESIZE_H

#include "tools/support/Image.h"

namespace incc {

enum class Interpolation { Nearest, Bilinear, Bicubic };

/// Resizes to `width` x `height`. Shrinking widens the filter, so that every pixel counts
/// (antialiasing). The arithmetic is Pillow's own: horizontally first, weights in fixed point, 8
/// bits between the passes; the result equals that of Image.resize bit by bit.
Image resize(const Image &image, int64_t width, int64_t height, Interpolation interpolation);

} // namespace incc

#endif // INCC_TOOLS_SUPPORT_RESIZE_H
