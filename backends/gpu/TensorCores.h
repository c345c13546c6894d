// The product of a tile of filters and pixels on tensor cores: how a warp's lanes take the factors,
// and which sums they hold.
#ifndef INCC_BACKENDS_GPU_TENSORCORES_H
#define INCC_BACKENDS_GPU_TENSORCORES_H

#include "backends/gpu/GpuBuilder.h"

namespace incc {

/// A thread's part of a block's tile. Its warp has threadChannels / 2 times 16 channels and
/// threadPixels / 8 times 32 pixels. Of 16 pixels, two instructions of 8 columns take every second:
/// then a lane loads the pixels of both at once, each with that of the other row that goes with it
/// into an instruction, and holds sums of four pixels that follow each other.
class TensorTile {
public:
  TensorTile(GpuBuilder &b, const GpuConvConfig &config, Index thread);

  /// The first channel and pixel of the tile that the thread has sums of, and from there to its
  /// others: pixels in groups of four.
  Index firstChannel() const { return channel; }
  Index firstPixel() const { return pixel; }
  static int64_t channelOffset(int64_t i);
  static int64_t pixelOffset(int64_t group);

  /// Where a stage has the pixels of a row: behind the filter.
  static int64_t pixelPlace(const GpuConvConfig &config, int64_t row);
  /// From a row whose number is less than 4 to the next; pixels of a row are kRowsOfPair apart.
  static int64_t pixelRowStride(const GpuConvConfig &config) {
    return kRowsOfPair * config.pixelRowFloats();
  }
  static constexpr int64_t kRowsOfPair = 2;

  GpuBuilder::Values zeros();
  /// Adds the products of a stage, which begins at float `stage` of shared memory.
  GpuBuilder::Values multiply(Index stage, GpuBuilder::Values sums);
  /// The sums as vectors: [channel][group of four pixels].
  GpuBuilder::Values join(const GpuBuilder::Values &sums);

  /// Where the filter of a tile has the value of a channel in a row of the inner dimension.
  static int64_t filterPlace(const GpuConvConfig &config, int64_t row, int64_t channel,
                             int64_t part);
  /// The nearest tf32 number, ties away from zero, as `GpuBuilder::roundToTf32`.
  static float round(float x);

private:
  GpuBuilder &b;
  const GpuConvConfig &config;
  /// Of a warp: instructions' tiles of channels, and of pixels.
  int64_t channelTiles, pixelTiles;
  Index lane = 0, warpChannel = 0, warpPixel = 0, channel = 0, pixel = 0;

  /// A factor's parts, the larger first.
  using Parts = llvm::SmallVector<mlir::Value, 2>;
  Parts split(mlir::Value x);
  using PixelPairs = std::vector<std::array<Parts, kRowsOfPair>>;
  PixelPairs loadPixels(Index stage, int64_t rows);
  std::vector<GpuBuilder::Values> loadFilter(Index stage, int64_t rows);
  mlir::Value *sumsOf(GpuBuilder::Values &sums, int64_t channelTile, int64_t pixelTile) const;
};

} // namespace incc

#endif // INCC_BACKENDS_GPU_TENSORCORES_H
