// The transforms of Winograd's algorithm for 3x3 windows (Lavin and Gray 2016): tiles of the input
// before the products, which are a convolution's of as many groups as a tile has products
// (EmitConv.cpp), and of the products after them, where bias, residual and activation are applied.
// A thread transforms a tile of one channel; its neighbours' tiles are neighbours in every map.
#include "backends/gpu/Emitters.h"
#include "ir/Winograd.h"

using namespace mlir;
using namespace incc;

namespace {

/// The place of a thread's tile.
struct Tile {
  /// `map` is the image that is cut into tiles, the convolution's output.
  Tile(GpuBuilder &b, plan::MapType map, int64_t outputs) : tiles(map, outputs) {
    Index number = b.add(b.mul(b.block(), b.numThreads), b.thread());
    place = b.rem(number, tiles.row);
    channel = b.div(number, tiles.row);
    Index inImage = b.rem(place, tiles.down * tiles.across);
    n = b.div(place, tiles.down * tiles.across);
    y = b.mul(b.div(inImage, tiles.across), outputs);
    x = b.mul(b.rem(inImage, tiles.across), outputs);
  }

  GpuWinogradTiles tiles;
  /// Its place among the tiles of a channel; the image, and where its outputs begin there.
  Index place = 0, channel = 0, n = 0, y = 0, x = 0;

  /// Whether there is a tile for this thread: not in what rounds rows and blocks up.
  Value exists(GpuBuilder &b, int64_t channels) const {
    Value isThere = b.isBelow(channel, channels);
    return tiles.row == tiles.count ? isThere
                                    : b.logicalAnd(isThere, b.isBelow(place, tiles.count));
  }
};

} // namespace

/// matrix * values, where `values` is a matrix of rows of `stride` values.
static GpuBuilder::Values transformColumns(GpuBuilder &b, const Bilinear::Matrix &matrix,
                                           ArrayRef<Value> values, size_t stride) {
  GpuBuilder::Values result;
  for (const auto &row : matrix)
    for (size_t column = 0; column < stride; ++column) {
      Value sum;
      for (auto [i, factor] : llvm::enumerate(row)) {
        if (factor == 0)
          continue;
        Value x = values[i * stride + column];
        if (!sum)
          sum = factor == 1 ? x : b.mulf(x, b.constant(static_cast<float>(factor)));
        else if (factor == 1 || factor == -1)
          sum = factor == 1 ? b.addf(sum, x) : b.subf(sum, x);
        else
          sum = b.fma(x, b.constant(static_cast<float>(factor)), sum);
      }
      result.push_back(sum);
    }
  return result;
}

static GpuBuilder::Values transpose(ArrayRef<Value> values, size_t columns) {
  GpuBuilder::Values result;
  for (size_t column = 0; column < columns; ++column)
    for (size_t i = column; i < values.size(); i += columns)
      result.push_back(values[i]);
  return result;
}

/// matrix * values * matrix^T of a square of values.
static GpuBuilder::Values transformSquare(GpuBuilder &b, const Bilinear::Matrix &matrix,
                                          ArrayRef<Value> values) {
  size_t side = matrix.front().size(), results = matrix.size();
  GpuBuilder::Values once = transformColumns(b, matrix, values, side);
  return transpose(transformColumns(b, matrix, transpose(once, side), results), results);
}

void gpu::emitWinogradInput(GpuBuilder &b) {
  KernelParams params(b.kernel);
  int64_t outputs = params.integer("outputs");
  Winograd winograd(outputs, kWinogradTaps, 1);
  plan::MapType in = b.inputMap(0);
  ArrayRef<int64_t> pads = params.list("pads");
  auto extent = [&](int64_t size, int64_t before, int64_t after) {
    return before + size + after - (kWinogradTaps - 1);
  };
  auto image = plan::MapType::get(
      b.kernel.getContext(),
      {in.n(), 1, extent(in.h(), pads[0], pads[2]), extent(in.w(), pads[1], pads[3])},
      /*block=*/1, {0, 0, 0, 0}, /*planes=*/1);
  Tile tile(b, image, outputs);
  b.ifThen(tile.exists(b, in.c()), [&] {
    GpuBuilder::Values values;
    // Taps beyond the border read the nearest pixel and forget it.
    auto clamp = [&](Index i, int64_t size) { return b.max(b.min(i, size - 1), 0); };
    for (int64_t i = 0; i < winograd.inputs; ++i)
      for (int64_t j = 0; j < winograd.inputs; ++j) {
        Index y = b.add(tile.y, i - pads[0]), x = b.add(tile.x, j - pads[1]);
        Value inside = b.logicalAnd(b.isBelow(y, in.h()), b.isBelow(x, in.w()));
        Value pixel =
            b.load(b.input(0), b.at(in, tile.n, tile.channel, clamp(y, in.h()), clamp(x, in.w())));
        values.push_back(b.select(inside, pixel, b.constant(0)));
      }
    Index to = b.add(b.mul(tile.channel, tile.tiles.row), tile.place);
    for (auto [i, value] : llvm::enumerate(transformSquare(b, winograd.input, values)))
      b.store(value, b.output(0), to, static_cast<int64_t>(i) * in.c() * tile.tiles.row);
  });
  b.finish();
}

void gpu::emitWinogradOutput(GpuBuilder &b) {
  KernelParams params(b.kernel);
  int64_t outputs = params.integer("outputs");
  Winograd winograd(outputs, kWinogradTaps, 1);
  plan::MapType out = b.outputMap(0);
  Tile tile(b, out, outputs);
  b.ifThen(tile.exists(b, out.c()), [&] {
    GpuBuilder::Values products;
    Index from = b.add(b.mul(tile.channel, tile.tiles.row), tile.place);
    for (int64_t i = 0; i < winograd.products * winograd.products; ++i)
      products.push_back(b.load(b.input(0), from, i * out.c() * tile.tiles.row));
    GpuBuilder::Values values = transformSquare(b, winograd.output, products);
    Value bias = b.kernel.getWeights().empty() ? Value() : b.load(b.weights(0), tile.channel);
    for (int64_t i = 0; i < outputs; ++i)
      for (int64_t j = 0; j < outputs; ++j) {
        Index y = b.add(tile.y, i), x = b.add(tile.x, j);
        auto store = [&] {
          Value value = values[i * outputs + j];
          if (bias)
            value = b.addf(value, bias);
          if (b.kernel.getInputs().size() > 1)
            value =
                b.addf(value, b.load(b.input(1), b.at(b.inputMap(1), tile.n, tile.channel, y, x)));
          b.store(b.activate(params.act(), value), b.output(0),
                  b.at(out, tile.n, tile.channel, y, x));
        };
        Value inside;
        if (out.h() % outputs)
          inside = b.isBelow(y, out.h());
        if (out.w() % outputs)
          inside = inside ? b.logicalAnd(inside, b.isBelow(x, out.w())) : b.isBelow(x, out.w());
        if (inside)
          b.ifThen(inside, store);
        else
          store();
      }
  });
  b.finish();
}

/// U = G g G^T of each filter, as the filters of a convolution of a group for each product:
/// [product][filter][channel]. In double precision.
std::vector<float> gpu::transformFilters(int64_t filters, int64_t channels, int64_t outputs,
                                         ArrayRef<float> values) {
  constexpr int64_t kTaps = kWinogradTaps * kWinogradTaps;
  Winograd winograd(outputs, kWinogradTaps, /*stride=*/1);
  std::vector<float> transformed(winograd.filters * winograd.filters);
  int64_t count = filters * channels;
  std::vector<float> result(transformed.size() * count);
  for (int64_t filter = 0; filter < count; ++filter) {
    transformFilter(winograd, winograd, values.slice(filter * kTaps, kTaps), transformed);
    for (auto [i, factor] : llvm::enumerate(transformed))
      result[static_cast<int64_t>(i) * count + filter] = factor;
  }
  return result;
}
