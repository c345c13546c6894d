// Decodes PNG and JPEG files to 8-bit RGB.
#include "tools/support/Image.h"
#include "tools/support/Errors.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <jpeglib.h>

#include <jerror.h>
#include <png.h>

using namespace incc;
using namespace llvm;

/// A file of a few bytes can claim any size; more pixels than this (400 MB of RGB) are refused.
static constexpr uint64_t kMaxPixels = uint64_t(1) << 27;

static constexpr StringLiteral kPngMagic = "\x89PNG\r\n\x1a\n", kJpegMagic = "\xff\xd8\xff";

bool incc::looksLikeImage(StringRef bytes) {
  return bytes.starts_with(kPngMagic) || bytes.starts_with(kJpegMagic);
}

static bool isTooLarge(uint64_t width, uint64_t height, std::string &error) {
  if (width * height <= kMaxPixels)
    return false;
  error = (Twine(width) + "x" + Twine(height) + " pixels are more than the supported " +
           Twine(kMaxPixels))
              .str();
  return true;
}

// Both libraries leave by longjmp on an error. So the functions that call them have no objects with
// destructors of their own: what they fill belongs to their callers.

namespace {
struct PngReader {
  StringRef rest;
  std::string *error;
};
} // namespace

static void readPngBytes(png_structp png, png_bytep target, size_t count) {
  auto *reader = static_cast<PngReader *>(png_get_io_ptr(png));
  if (reader->rest.size() < count)
    png_error(png, "the file is truncated");
  memcpy(target, reader->rest.data(), count);
  reader->rest = reader->rest.drop_front(count);
}

static void failPng(png_structp png, png_const_charp message) {
  *static_cast<PngReader *>(png_get_error_ptr(png))->error = message;
  png_longjmp(png, 1);
}

static bool decodePng(PngReader &reader, Image &image, std::vector<uint8_t *> &rows) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, failPng,
                                           [](png_structp, png_const_charp) {});
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  if (!info || setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, nullptr);
    return false;
  }
  png_set_read_fn(png, &reader, readPngBytes);
  png_read_info(png, info);
  image.width = png_get_image_width(png, info);
  image.height = png_get_image_height(png, info);
  if (isTooLarge(image.width, image.height, *reader.error)) {
    png_destroy_read_struct(&png, &info, nullptr);
    return false;
  }
  png_set_palette_to_rgb(png);
  png_set_expand_gray_1_2_4_to_8(png);
  png_set_strip_16(png);
  png_set_strip_alpha(png);
  png_set_gray_to_rgb(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (png_get_channels(png, info) != 3 || png_get_bit_depth(png, info) != 8)
    png_error(png, "its pixels can't be converted to RGB");
  image.pixels.resize(image.width * image.height * 3);
  rows.resize(image.height);
  for (int64_t y = 0; y < image.height; ++y)
    rows[y] = image.pixels.data() + y * image.width * 3;
  png_read_image(png, rows.data());
  png_read_end(png, nullptr);
  png_destroy_read_struct(&png, &info, nullptr);
  return true;
}

namespace {
struct JpegErrors {
  jpeg_error_mgr manager; // first: libjpeg hands out pointers to it
  jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};
} // namespace

static void failJpeg(j_common_ptr jpeg) {
  auto *errors = reinterpret_cast<JpegErrors *>(jpeg->err);
  jpeg->err->format_message(jpeg, errors->message);
  longjmp(errors->jump, 1);
}

/// libjpeg calls it a warning when pixels are missing or wrong, and guesses them.
static void checkJpegMessage(j_common_ptr jpeg, int level) {
  int code = jpeg->err->msg_code;
  if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR &&
      code != JWRN_ADOBE_XFORM)
    failJpeg(jpeg);
}

static bool decodeJpeg(StringRef bytes, Image &image, std::vector<uint8_t> &row,
                       std::string &error) {
  jpeg_decompress_struct jpeg;
  JpegErrors errors;
  jpeg.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = failJpeg;
  errors.manager.emit_message = checkJpegMessage;
  if (setjmp(errors.jump)) {
    jpeg_destroy_decompress(&jpeg);
    error = errors.message;
    return false;
  }
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  image.width = jpeg.image_width;
  image.height = jpeg.image_height;
  if (isTooLarge(image.width, image.height, error)) {
    jpeg_destroy_decompress(&jpeg);
    return false;
  }
  bool isCmyk = jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK;
  jpeg.out_color_space = isCmyk ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&jpeg);
  image.pixels.resize(image.width * image.height * 3);
  row.resize(image.width * 4);
  while (jpeg.output_scanline < jpeg.output_height) {
    uint8_t *target = image.pixels.data() + jpeg.output_scanline * image.width * 3;
    uint8_t *line = isCmyk ? row.data() : target;
    jpeg_read_scanlines(&jpeg, &line, 1);
    if (!isCmyk)
      continue;
    // Adobe stores inks inverted, and who writes CMYK follows Adobe: 255 means no ink.
    int flip = jpeg.saw_Adobe_marker ? 0 : 255;
    for (int64_t x = 0; x < image.width; ++x)
      for (int channel = 0; channel < 3; ++channel)
        target[x * 3 + channel] =
            ((line[x * 4 + channel] ^ flip) * (line[x * 4 + 3] ^ flip) + 127) / 255;
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return true;
}

Expected<Image> incc::readImage(StringRef path) {
  if (sys::fs::is_directory(path))
    return makeError("'" + path + "' is a directory, expected an image");
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return makeError("can't read '" + path + "': " + file.getError().message());
  StringRef bytes = (*file)->getBuffer();
  if (!looksLikeImage(bytes))
    return makeError("'" + path + "' is no image that can be read, expected a PNG or JPEG file");
  Image image;
  std::string error;
  bool isPng = bytes.starts_with(kPngMagic), done;
  if (isPng) {
    PngReader reader{bytes, &error};
    std::vector<uint8_t *> rows;
    done = decodePng(reader, image, rows);
  } else {
    std::vector<uint8_t> row;
    done = decodeJpeg(bytes, image, row, error);
  }
  if (!done)
    return makeError("can't decode '" + path + "' (" + (isPng ? "PNG" : "JPEG") + "): " + error);
  return std::move(image);
}
