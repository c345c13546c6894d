// Convolution by products of transformed tiles: what Winograd's and Strassen's algorithms share.
#ifndef INCC_BACKENDS_LLVM_TRANSFORMEDCONV_H
#define INCC_BACKENDS_LLVM_TRANSFORMEDCONV_H

#include "backends/llvm/KernelBuilder.h"
#include "backends/llvm/MicroKernel.h"
#include "ir/ConvPlan.h"

namespace incc {

/// A block of tiles is transformed, multiplied with the transformed filter one product of all
/// channels after the other, and transformed back, while it stays in the L2 cache:
///
///   V[i][c][t]    = (D x A) applied to the inputs of tile t, channel c    i: one of the products
///   M[i][t][k]    = sum over c of V[i][c][t] * U[i][c][k]                 a matrix product for
///   each outputs of t  = act((D' x A') applied to M[.][t][k] + bias + residual)
///
/// where D x A are the outer and the inner transform, `down` and `across`.
class TransformedConv {
public:
  virtual ~TransformedConv() = default;

  /// A task is a block of tiles and some of the panels of output channels.
  void emit();

protected:
  using Values = KernelBuilder::Values;

  TransformedConv(KernelBuilder &b, const ConvShape &shape, const ConvConfig &config,
                  const TileProducts &w, const Bilinear &down, const Bilinear &across);

  KernelBuilder &b;
  ConvShape shape;
  ConvConfig config;
  std::optional<cnn::ActivationAttr> act;
  const TileProducts &w;
  Bilinear down, across;

  /// Writes V of tile `tile`, the `t`th of its block, for one block of channels.
  virtual void transformTile(Index tile, Index t, Index cb) = 0;
  /// The outputs of tile `tile` and of block `kb` of a product's outputs from M at `from`.
  virtual void finishTile(Index tile, Index from, Index kb) = 0;
  /// Before the products of a block and a panel, to have memory that the outputs need at hand.
  virtual void prefetchOutputs(Index firstBlock, int64_t blocks, Index firstTile, Index numTiles) {}
  /// After all tiles of a block and a panel, for what lies beside the outputs.
  virtual void finishBlock(Index firstBlock, int64_t blocks, Index firstTile, Index numTiles) {}

  /// Transforms the inputs that `load` returns for row `i` and column `j` of a tile into V.
  void transformInputs(Index t, Index cb, llvm::function_ref<mlir::Value(Index i, int64_t j)> load);
  /// Transforms M at `from` back; `store` gets the outputs of `together` rows at a time, from row
  /// `firstRow` on.
  void transformOutputs(Index from, Index firstRow, int64_t together,
                        llvm::function_ref<void(Index row, llvm::ArrayRef<Values> rows)> store);
  /// Adds bias (or null) and residual, activates and stores an output.
  void storeOutput(mlir::Value v, mlir::Value bias, Index residualAt, Index to);

private:
  // Scratch memory: transformed inputs V, products M of a panel, and a tile between dimensions.
  int64_t productsAt() const { return w.inputFloats; }
  int64_t tileAt() const { return w.inputFloats + w.productFloats; }

  void multiply(Index panel, int64_t blocks);
  Index filterOf(Index product);
  void registerTile(Index product, const Chunk &chunk, Index t, Index number, int64_t pixels,
                    int64_t blocks, Index weightsAt, int64_t tilesPerProduct);
};

/// [panel][filter][input channel][output in panel], transformed in double precision; `value` gives
/// the filter values of output channel `k` and input channel `c` of a product in rows and columns.
std::vector<float>
packTransformed(const TileProducts &w, const Bilinear &down, const Bilinear &across,
                int64_t tileBlocks, int64_t lanes,
                llvm::function_ref<float(int64_t k, int64_t c, int64_t y, int64_t x)> value);

} // namespace incc

#endif // INCC_BACKENDS_LLVM_TRANSFORMEDCONV_H
