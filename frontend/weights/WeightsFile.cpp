// Tells the formats of weights files apart and converts their values to float32.
#include "frontend/weights/WeightsFile.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace llvm;
using namespace incc;
using namespace incc::weights;

int64_t TensorEntry::numElements() const {
  return static_cast<int64_t>(checkedNumElements(shape).value_or(0));
}

std::optional<uint64_t> weights::checkedNumElements(ArrayRef<int64_t> shape) {
  uint64_t count = 1;
  for (int64_t dim : shape)
    if (dim < 0 || __builtin_mul_overflow(count, static_cast<uint64_t>(dim), &count) ||
        count > INT64_MAX / sizeof(double))
      return std::nullopt;
  return count;
}

unsigned weights::byteWidth(FloatType type) {
  switch (type) {
  case FloatType::f16:
  case FloatType::bf16:
    return 2;
  case FloatType::f32:
    return 4;
  case FloatType::f64:
    return 8;
  }
  llvm_unreachable("unknown float type");
}

static float bitsToFloat(uint32_t bits) { return llvm::bit_cast<float>(bits); }

/// IEEE binary16: 1 sign, 5 exponent (bias 15) and 10 fraction bits.
static float halfToFloat(uint16_t half) {
  uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  uint32_t exponent = (half >> 10) & 31, fraction = half & 0x3ff;
  if (exponent == 31)
    return bitsToFloat(sign | 0x7f800000 | fraction << 13);
  if (exponent)
    return bitsToFloat(sign | (exponent + 112) << 23 | fraction << 13);
  // Zero and denormals: fraction * 2^-24 is exact in float32.
  float magnitude = static_cast<float>(fraction) * 0x1p-24f;
  return sign ? -magnitude : magnitude;
}

TensorValues weights::toFloat32(ArrayRef<char> bytes, FloatType type, std::shared_ptr<void> owner) {
  size_t count = bytes.size() / byteWidth(type);
  bool aligned = reinterpret_cast<uintptr_t>(bytes.data()) % alignof(float) == 0;
  if (type == FloatType::f32 && aligned)
    return {ArrayRef<float>(reinterpret_cast<const float *>(bytes.data()), count),
            std::move(owner)};

  auto values = std::make_shared<std::vector<float>>(count);
  const char *from = bytes.data();
  float *to = values->data();
  switch (type) {
  case FloatType::f16:
    for (size_t i = 0; i < count; ++i)
      to[i] = halfToFloat(support::endian::read16le(from + 2 * i));
    break;
  case FloatType::bf16:
    for (size_t i = 0; i < count; ++i)
      to[i] = bitsToFloat(static_cast<uint32_t>(support::endian::read16le(from + 2 * i)) << 16);
    break;
  case FloatType::f32:
    std::memcpy(to, from, count * sizeof(float));
    break;
  case FloatType::f64:
    for (size_t i = 0; i < count; ++i)
      to[i] = static_cast<float>(llvm::bit_cast<double>(support::endian::read64le(from + 8 * i)));
    break;
  }
  ArrayRef<float> view(*values);
  return {view, std::move(values)};
}

Expected<std::unique_ptr<WeightsFile>> WeightsFile::open(StringRef path) {
  // Mapped, not read: weights are the larger part of what the compiler touches.
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError("can't read the file: " + buffer.getError().message());
  return open(std::shared_ptr<MemoryBuffer>(std::move(*buffer)), path);
}

Expected<std::unique_ptr<WeightsFile>> WeightsFile::open(std::shared_ptr<MemoryBuffer> buffer,
                                                         StringRef path) {
  StringRef bytes = buffer->getBuffer();
  if (bytes.starts_with("PK")) {
    if (path.ends_with(".pt") || path.ends_with(".pth"))
      return createStringError("PyTorch checkpoints are not supported; write the state_dict with "
                               "safetensors.torch.save_file");
    return openNpz(std::move(buffer));
  }
  if (path.ends_with(".npz"))
    return createStringError("expected an npz file, got one that does not start as a zip archive");
  return openSafetensors(std::move(buffer));
}
