// Fragments of matrices, as the lanes of a warp hold them for PTX's mma.m16n8k8 of tf32 numbers:
// lane 4 g + t has of the filter (16 channels x 8 rows) channels g and g + 8 in rows t and t + 4,
// of the pixels (8 rows x 8 columns) rows t and t + 4 of column g, of the sums (16 x 8) channels g
// and g + 8 in columns 2 t and 2 t + 1.
#include "backends/gpu/TensorCores.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace incc;

static constexpr int64_t kFour = 4;
/// Lanes with the same channels.
static constexpr int64_t kLanesPerGroup = 4;
/// Instructions that share pixels, and the pixels of both.
static constexpr int64_t kInterleaved = 2, kInterleavedPixels = kInterleaved * kMmaPixels;
/// Floats of the sums, and of the filter, in a lane.
static constexpr int64_t kSums = 4, kFilterFloats = 4;

TensorTile::TensorTile(GpuBuilder &b, const GpuConvConfig &config, Index thread)
    : b(b), config(config), channelTiles(config.threadChannels / 2),
      pixelTiles(config.threadPixels * kLanesPerGroup / kMmaPixels) {
  int64_t warpsAcross = config.tilePixels / (pixelTiles * kMmaPixels);
  Index warp = b.div(thread, kWarpThreads);
  lane = b.rem(thread, kWarpThreads);
  warpChannel = b.mul(b.div(warp, warpsAcross), channelTiles * kMmaChannels);
  warpPixel = b.mul(b.rem(warp, warpsAcross), pixelTiles * kMmaPixels);
  channel = b.add(warpChannel, b.div(lane, kLanesPerGroup));
  pixel = b.add(warpPixel, b.mul(b.rem(lane, kLanesPerGroup), kFour));
}

int64_t TensorTile::channelOffset(int64_t i) { return i * (kMmaChannels / 2); }

int64_t TensorTile::pixelOffset(int64_t group) { return group * kInterleavedPixels; }

int64_t TensorTile::pixelPlace(const GpuConvConfig &config, int64_t row) {
  constexpr int64_t kPairs = kMmaRows / kRowsOfPair;
  int64_t pair = row / kMmaRows * kPairs + row % kPairs;
  return config.filterStageFloats() + pair * pixelRowStride(config) + row % kMmaRows / kPairs;
}

GpuBuilder::Values TensorTile::zeros() {
  return GpuBuilder::Values(channelTiles * pixelTiles * kSums, b.constant(0));
}

Value *TensorTile::sumsOf(GpuBuilder::Values &sums, int64_t channelTile, int64_t pixelTile) const {
  return &sums[(channelTile * pixelTiles + pixelTile) * kSums];
}

TensorTile::Parts TensorTile::split(Value x) {
  Parts parts = {b.roundToTf32(x)};
  if (config.filterParts() > 1)
    parts.push_back(b.roundToTf32(b.subf(x, b.fromBits(parts[0]))));
  return parts;
}

/// Of each of the warp's instructions along the pixels, the lane's two rows of a pixel: they come
/// in neighbouring registers, as the instruction takes them.
TensorTile::PixelPairs TensorTile::loadPixels(Index stage, int64_t rows) {
  Index row = b.rem(lane, kLanesPerGroup), column = b.mul(b.div(lane, kLanesPerGroup), kFour);
  Index at =
      b.sum(stage, b.mul(row, pixelRowStride(config)), b.mul(warpPixel, kRowsOfPair), column);
  PixelPairs result;
  for (int64_t first = 0; first < pixelTiles * kMmaPixels; first += kInterleavedPixels) {
    Value four = b.loadFour(b.shared(), at, pixelPlace(config, rows) + first * kRowsOfPair);
    for (int64_t i = 0; i < kFour; i += kRowsOfPair)
      result.push_back({split(b.extract(four, i)), split(b.extract(four, i + 1))});
  }
  return result;
}

/// The lane's fragments of the filter: [tile of channels][part][bits of a value]. They were rounded
/// when they were packed.
std::vector<GpuBuilder::Values> TensorTile::loadFilter(Index stage, int64_t rows) {
  int64_t tileFloats = config.filterParts() * kWarpThreads * kFilterFloats;
  Index at =
      b.sum(stage, b.mul(b.div(warpChannel, kMmaChannels), tileFloats), b.mul(lane, kFilterFloats));
  std::vector<GpuBuilder::Values> result;
  for (int64_t i = 0; i < channelTiles; ++i)
    for (int64_t part = 0; part < config.filterParts(); ++part) {
      Value four = b.loadFour(b.shared(), at, filterPlace(config, rows, i * kMmaChannels, part));
      GpuBuilder::Values &fragment = result.emplace_back();
      for (int64_t j = 0; j < kFilterFloats; ++j)
        fragment.push_back(b.toBits(b.extract(four, j)));
    }
  return result;
}

GpuBuilder::Values TensorTile::multiply(Index stage, GpuBuilder::Values sums) {
  int64_t parts = config.filterParts();
  for (int64_t rows = 0; rows < config.depth; rows += kMmaRows) {
    std::vector<GpuBuilder::Values> filter = loadFilter(stage, rows);
    PixelPairs pixels = loadPixels(stage, rows);
    // Small products first; that of two small parts is below what the sum's rounding loses.
    for (int64_t order = parts - 1; order >= 0; --order)
      for (int64_t ofFilter = order; ofFilter >= 0; --ofFilter)
        for (int64_t j = 0; j < pixelTiles; ++j)
          for (int64_t i = 0; i < channelTiles; ++i) {
            int64_t ofPixels = order - ofFilter;
            b.multiplyFragments(filter[i * parts + ofFilter],
                                {pixels[j][0][ofPixels], pixels[j][1][ofPixels]},
                                MutableArrayRef(sumsOf(sums, i, j), kSums));
          }
  }
  return sums;
}

GpuBuilder::Values TensorTile::join(const GpuBuilder::Values &sums) {
  GpuBuilder::Values all = sums, result;
  for (int64_t i = 0; i < channelTiles; ++i)
    for (int64_t half = 0; half < 2; ++half)
      for (int64_t first = 0; first < pixelTiles; first += kInterleaved) {
        GpuBuilder::Values four;
        for (int64_t column = 0; column < 2; ++column)
          for (int64_t j = 0; j < kInterleaved; ++j)
            four.push_back(sumsOf(all, i, first + j)[2 * half + column]);
        result.push_back(b.joinFour(four));
      }
  return result;
}

int64_t TensorTile::filterPlace(const GpuConvConfig &config, int64_t row, int64_t channel,
                                int64_t part) {
  int64_t inRows = row % kMmaRows, inTile = channel % kMmaChannels;
  int64_t lane = inTile % (kMmaChannels / 2) * kLanesPerGroup + inRows % kLanesPerGroup;
  int64_t value = inTile / (kMmaChannels / 2) + 2 * (inRows / kLanesPerGroup);
  int64_t tile = row / kMmaRows * (config.tileChannels / kMmaChannels) + channel / kMmaChannels;
  return ((tile * config.filterParts() + part) * kWarpThreads + lane) * kFilterFloats + value;
}

float TensorTile::round(float x) {
  constexpr uint32_t kDroppedBits = 13;
  uint32_t bits;
  if (!std::isfinite(x))
    return x;
  std::memcpy(&bits, &x, sizeof bits);
  bits += 1u << (kDroppedBits - 1);
  bits &= ~0u << kDroppedBits;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
