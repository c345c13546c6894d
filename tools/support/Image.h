// Decodes PNG and JPEG files to 8-bit RGB.
#ifndef INCC_TOOLS_SUPPORT_IMAGE_H
#define INCC_TOOLS_SUPPORT_IMAGE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <vector>

namespace incc {

/// Rows of pixels from the top, `channels` interleaved bytes each.
struct Image {
  int64_t width = 0, height = 0, channels = 3;
  std::vector<uint8_t> pixels;
};

/// Decodes a file by its content, whatever its extension. Grey, palette, 16-bit and CMYK pictures
/// become 8-bit RGB; an alpha channel is dropped and EXIF orientation is ignored, as Pillow's
/// convert("RGB") does. Anything less than a whole valid picture is an error.
llvm::Expected<Image> readImage(llvm::StringRef path);

/// True if `bytes` begin like a PNG or JPEG file.
bool looksLikeImage(llvm::StringRef bytes);

} // namespace incc

#endif // INCC_TOOLS_SUPPORT_IMAGE_H
