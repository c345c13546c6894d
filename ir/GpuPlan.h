// How kernels are launched on a GPU, and how it cuts convolutions into tiles: shared by the pass
// that chooses and the backend that emits. A task of a `plan.kernel` is a block of threads.
#ifndef INCC_IR_GPUPLAN_H
#define INCC_IR_GPUPLAN_H

#include "ir/ConvPlan.h"

namespace incc {

/// Kind of the kernels that add the partial sums of a convolution (`splits` in its config), then
/// bias and residual, and activate.
constexpr llvm::StringLiteral kSumSplitsKind = "plan.sum_splits";

/// Kinds of the kernels that transform the input of a convolution by Winograd's algorithm for 3x3
/// windows, and the products, which a convolution of groups computes between them.
constexpr llvm::StringLiteral kWinogradInputKind = "plan.winograd_input";
constexpr llvm::StringLiteral kWinogradOutputKind = "plan.winograd_output";
constexpr int64_t kWinogradTaps = 3;

constexpr int64_t kWarpThreads = 32;
/// What a thread of most kernels computes, as many apart as a block has threads.
constexpr int64_t kElementsPerThread = 4;
/// Rows of images that a warp of a fully connected layer holds sums for.
constexpr int64_t kLinearImages = 8;

/// What a launch needs besides the number of blocks: every kernel's `config` has it.
struct GpuLaunch {
  int64_t threads = 256;
  /// Bytes of shared memory of a block.
  int64_t sharedBytes = 0;

  static GpuLaunch of(plan::KernelOp kernel);
  mlir::DictionaryAttr toAttr(mlir::MLIRContext *context,
                              llvm::ArrayRef<int64_t> weightsBytes) const;
};

enum class GpuConvAlgorithm {
  /// The product of filters x (channels and taps) with (channels and taps) x pixels, which are
  /// gathered as they are read.
  gemm,
  /// A thread computes a few outputs of a group at a pixel: for groups too narrow for tiles.
  direct,
};

/// How a product of matrices multiplies.
enum class GpuArithmetic {
  /// Float32 multiply-adds of single threads: exact.
  f32,
  /// Tensor cores, factors rounded to tf32: the exponent of float32, 11 bits of the significand.
  tf32,
  /// Tensor cores; each factor is the sum of two tf32 numbers, the product of the smaller ones is
  /// left out: three products, errors near float32's.
  tf32x3,
};

/// "f32", "tf32" or "3xtf32", as `--precision` takes them.
llvm::StringRef nameOf(GpuArithmetic arithmetic);
std::optional<GpuArithmetic> gpuArithmeticOf(llvm::StringRef name);

/// The shape of the instruction that multiplies on tensor cores: channels x pixels x rows of the
/// inner dimension.
constexpr int64_t kMmaChannels = 16, kMmaPixels = 8, kMmaRows = 8;

/// What a GPU does for a convolution: the `config` of its kernel.
struct GpuConvConfig {
  GpuConvAlgorithm algorithm = GpuConvAlgorithm::gemm;
  GpuArithmetic arithmetic = GpuArithmetic::f32;
  /// Output channels and pixels of a block's tile and of a thread's part of it.
  int64_t tileChannels = 128, tilePixels = 128, threadChannels = 8, threadPixels = 8;
  /// Rows of the product's inner dimension that are in shared memory together, and how many such
  /// stages there are: one is computed with while the others are filled.
  int64_t depth = 8, stages = 2;
  /// Blocks that share the inner dimension of a tile.
  int64_t splits = 1;
  /// Outputs of a row of Winograd's tiles, if the convolution is the products of transformed ones:
  /// its filter is transformed as it is packed. Otherwise zero.
  int64_t winogradOutputs = 0;

  int64_t threads() const { return tileChannels / threadChannels * (tilePixels / threadPixels); }
  bool usesTensorCores() const { return arithmetic != GpuArithmetic::f32; }
  /// Numbers that stand for one of the filter's.
  int64_t filterParts() const { return arithmetic == GpuArithmetic::tf32x3 ? 2 : 1; }
  /// Floats of a stage: of its part of the filter; of a row of its pixels and what fills it up.
  /// Tensor cores take rows in pairs, the pixels of which alternate; the four pairs that a warp
  /// reads together then begin in different banks.
  int64_t filterStageFloats() const { return depth * tileChannels * filterParts(); }
  int64_t pixelRowFloats() const { return tilePixels + (usesTensorCores() ? 4 : 0); }
  int64_t stageFloats() const { return filterStageFloats() + depth * pixelRowFloats(); }

  mlir::DictionaryAttr toAttr(mlir::MLIRContext *context,
                              llvm::ArrayRef<int64_t> weightsBytes) const;
  static GpuConvConfig fromAttr(mlir::DictionaryAttr attr);
};

/// The shape of a convolution, also of one that is split: its own output then holds partial sums.
ConvShape gpuConvShape(plan::KernelOp kernel);

/// Winograd's tiles of a convolution's output. Transformed inputs and products are maps
/// [product][channel][tile of all images], whose rows are filled up to whole groups of four floats.
struct GpuWinogradTiles {
  GpuWinogradTiles(plan::MapType out, int64_t outputs);

  int64_t down, across, count, row;
  /// Of a tile.
  int64_t products;
  plan::MapType map(mlir::MLIRContext *context, int64_t channels) const;
};

/// The product that a convolution is, group by group, and its tiles.
struct GpuConvTiles {
  GpuConvTiles(const ConvShape &shape, const GpuConvConfig &config);

  int64_t outChannels, inChannels, taps, pixelsPerImage, pixels;
  /// True: the inner dimension goes tap by tap, a multiple of `depth` channels in each. False: few
  /// channels would be padded to many; it goes channel by channel, all taps in each, and a table
  /// behind the packed filter has an entry for each row: which offset in the input, and which tap.
  bool tapsOutermost;
  /// Steps of `depth` along the inner dimension; of one tap.
  int64_t steps, stepsPerTap;
  int64_t channelTiles, pixelTiles;
  /// Blocks of the whole convolution.
  int64_t blocks;
  /// Floats of the packed filter: [group][tile of channels][row of the inner dimension][channel in
  /// tile]; for tensor cores [group][tile of channels][8 rows][16 channels][part][lane][4]: as the
  /// lanes of a warp take them.
  int64_t filterFloats, tableFloats;
};

/// Rows and columns of a window that the table can tell apart, together: a tap is two bits of a
/// number, of its row and of its column, and rows beyond the last are one bit more.
constexpr int64_t kMostTableTaps = 29;

} // namespace incc

#endif // INCC_IR_GPUPLAN_H
