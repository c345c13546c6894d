// How a convolution or fully connected layer is cut into tiles: shared by the pass that chooses
// and the backends that emit.
#ifndef INCC_IR_CONVPLAN_H
#define INCC_IR_CONVPLAN_H

#include "ir/Plan.h"
#include "ir/Target.h"
#include "ir/Winograd.h"

namespace incc {

/// The numbers that a direct convolution kernel depends on, read from a `plan.kernel`.
struct ConvShape {
  explicit ConvShape(plan::KernelOp kernel);

  plan::MapType in, out;
  /// What is stored of `out`: all of it, or (fuse-max-pool) the largest of each 2x2 outputs.
  plan::MapType stored;
  bool isPooled() const { return stored != out; }
  /// Null without a residual operand.
  plan::MapType residual;
  /// Null unless the input's channels are multiplied by factors (fuse-channel-scale), which are the
  /// kernel's last input. Then its weights are, in scratch memory.
  plan::MapType scale;
  int64_t kh, kw, strideH, strideW, padTop, padLeft, dilationH, dilationW, groups;
  bool hasBias;

  /// True if rows join into one: every pixel's neighbour follows it in memory, also across rows.
  bool isFlat() const;
  /// Rows and columns of the output as the kernel walks them (one row where flat).
  int64_t rows() const { return isFlat() ? 1 : out.h(); }
  int64_t columns() const { return isFlat() ? out.h() * out.w() : out.w(); }
  int64_t inChannelsPerGroup() const { return in.c() / groups; }
  int64_t outChannelsPerGroup() const { return out.c() / groups; }
};

/// Set in the params of a convolution that stores the largest of each 2x2 of its outputs.
constexpr llvm::StringLiteral kPooledName = "pooled";

/// The algorithms for a convolution.
enum class ConvAlgorithm {
  /// Full blocks of output channels; every tap is a broadcast of an input channel.
  direct,
  /// Groups narrower than a block, as many inputs as outputs: a block of outputs reads the same
  /// block of inputs, lanes permuted (not at all when depthwise).
  lanes,
  /// Other groups: as one dense convolution, with zero weights between groups.
  expanded,
  /// Transformed tiles of the input times transformed weights: fewer multiplications (Lavin and
  /// Gray 2016). In one dimension or two.
  winograd,
  /// 1x1: the product of pixels x channels with channels x outputs by Strassen's algorithm, 7 of 8
  /// multiplications a level.
  strassen,
};

llvm::StringRef nameOf(ConvAlgorithm algorithm);

/// What `choose-algorithm` decides for a convolution: the `config` of its kernel.
struct ConvConfig {
  ConvAlgorithm algorithm = ConvAlgorithm::direct;
  /// Pixels of a register tile (rows x columns at most) and blocks of output channels.
  int64_t tileRows = 1, tileColumns = 1, tileBlocks = 1;
  /// Blocks of input channels that are summed before the next ones, for all pixels of a task: so
  /// many that their weights stay in cache from tile to tile. Sums wait in the output meanwhile.
  int64_t chunkBlocks = 1;
  /// Output rows (columns where flat) of a task; output blocks of a task are one tile's.
  int64_t taskRows = 1;
  /// True: tasks that share input rows follow each other; false: those that share weights do.
  bool rowsOutermost = true;
  /// Prefetch what comes from beyond L2: the next weights with each tile, the next tile's input.
  bool prefetchWeights = false, prefetchInput = false;

  /// Winograd and Strassen: `tileColumns` tiles x `tileBlocks` are a register tile, `taskRows`
  /// tiles are transformed together, and the panels of output blocks are split over `panelTasks`
  /// tasks.
  int64_t panelTasks = 1;
  /// A thread's own memory: of transformed tiles, or of a panel of weights that are multiplied
  /// first.
  int64_t scratchBytes = 0;
  /// Winograd: outputs of a tile, rows and columns.
  int64_t outputRows = 1, outputColumns = 1;
  /// Strassen: how often pixels, input and output channels are halved.
  int64_t levels = 1;

  bool transformsTiles() const {
    return algorithm == ConvAlgorithm::winograd || algorithm == ConvAlgorithm::strassen;
  }

  mlir::DictionaryAttr toAttr(mlir::MLIRContext *context,
                              llvm::ArrayRef<int64_t> weightsBytes) const;
  static ConvConfig fromAttr(mlir::DictionaryAttr attr);
};

/// A convolution by products of transformed tiles: how many there are and what they take of memory.
struct TileProducts {
  /// Of the transforms of a tile, the outer and the inner one: (A x B) of two small matrices.
  BilinearSize down, across;
  /// Products of a tile, and how many matrices of transformed weights they have.
  int64_t products = down.products * across.products, filters = down.filters * across.filters;
  int64_t numTiles;
  /// Channels of a product; tiles that are transformed together.
  int64_t inChannels, outChannels, tilesPerBlock;
  /// Blocks of tiles; blocks of channels; panels of output blocks.
  int64_t numBlocks, inBlocks, outBlocks, numPanels;

  /// Floats from one product's transformed inputs, and from one product's outputs, to the next one's:
  /// an odd number of cache lines, so that a tile's products fall into different sets of a cache.
  int64_t inputStride, outputStride;
  /// Floats of the transformed inputs of a block, of a panel's products, of one tile between two
  /// dimensions, and of all of these; of the transformed weights.
  int64_t inputFloats, productFloats, tileFloats;
  int64_t scratchFloats() const { return inputFloats + productFloats + tileFloats; }
  int64_t weightFloats;

protected:
  TileProducts(BilinearSize down, BilinearSize across, int64_t numTiles, int64_t inChannels,
               int64_t outChannels, const ConvConfig &config, int64_t lanes);
};

/// Winograd's tiles: where they lie.
struct WinogradTiles : TileProducts {
  WinogradTiles(const ConvShape &shape, const ConvConfig &config, int64_t lanes);

  /// Tiles of a column and a row of the map.
  int64_t tilesDown, tilesAcross;
};

/// Strassen's tiles: 2 pixels a level, of a fraction of the channels. Pixels count on from row to
/// row and from image to image; the last tile may have fewer.
struct StrassenTiles : TileProducts {
  StrassenTiles(const ConvShape &shape, const ConvConfig &config, int64_t lanes);

  int64_t numPixels, pixelsPerTile;
};

/// The tiles of a config that transforms them.
TileProducts tileProducts(const ConvShape &shape, const ConvConfig &config, int64_t lanes);

/// A row of pixels cut into as few tiles as a greatest width allows, of near-equal width: first
/// `numWide` of `wide` pixels, then the rest of one less.
struct EqualTiles {
  EqualTiles(int64_t pixels, int64_t most)
      : count(ceilDiv(pixels, most)), wide(ceilDiv(pixels, count)),
        numWide(pixels - count * (wide - 1)) {}
  int64_t count, wide, numWide;
};

/// True if a tile of `pixels` x `blocks` accumulators fits into the registers with its operands.
bool fitsRegisters(const Isa &isa, int64_t pixels, int64_t blocks);

/// Groups as the packed weights see them: 1 where groups were expanded into a dense filter.
int64_t packedGroups(const ConvShape &shape, ConvAlgorithm algorithm);

/// Floats of the packed filter, and of the bias.
int64_t packedFilterSize(const ConvShape &shape, ConvAlgorithm algorithm, int64_t lanes);
int64_t packedBiasSize(const ConvShape &shape, int64_t lanes);

} // namespace incc

#endif // INCC_IR_CONVPLAN_H
