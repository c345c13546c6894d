// What register tiles and Winograd's transforms cost.
#include "passes/ConvCost.h"
#include "ir/Winograd.h"

using namespace mlir;
using namespace incc;

double incc::stepCycles(const Target &target, int64_t pixels, int64_t blocks) {
  constexpr double kFmaLatency = 4;
  double fmas = static_cast<double>(pixels * blocks) / target.cpu.fmasPerCycle;
  double loads = static_cast<double>(pixels + blocks) / target.cpu.loadsPerCycle;
  // A kernel that loads as fast as it multiplies stalls on every miss: prefer fewer loads.
  return std::max({fmas, loads, kFmaLatency}) + 0.05 * loads;
}

double incc::rowCycles(const Target &target, int64_t columns, int64_t most, int64_t rows,
                       int64_t blocks) {
  EqualTiles tiles(columns, most);
  double cycles =
      static_cast<double>(tiles.numWide) * stepCycles(target, rows * tiles.wide, blocks);
  if (tiles.count > tiles.numWide)
    cycles += static_cast<double>(tiles.count - tiles.numWide) *
              stepCycles(target, rows * (tiles.wide - 1), blocks);
  return cycles;
}

double incc::overlap(double compute, double traffic) {
  constexpr double kHidden = 0.8;
  return compute + std::max(0.0, traffic - kHidden * compute) + 0.1 * std::min(compute, traffic);
}

//===----------------------------------------------------------------------===//
// Winograd
//===----------------------------------------------------------------------===//

/// Cycles to transform one tile of one block of channels, from `inRows` x `inColumns` to `outRows` x
/// `outColumns` vectors: a pass over rows and one over columns. A line of n values takes about
/// 0.4 n^2 operations, since pairs of points share halves of them.
static double transformCycles(const Target &target, int64_t inRows, int64_t inColumns,
                              int64_t outRows, int64_t outColumns) {
  auto line = [](int64_t in, int64_t out) {
    return in == 1 ? 0.0 : 0.4 * static_cast<double>(in * out);
  };
  double between = inRows > 1 && inColumns > 1 ? static_cast<double>(outRows * inColumns) : 0;
  double operations = static_cast<double>(inColumns) * line(inRows, outRows) +
                      static_cast<double>(outRows) * line(inColumns, outColumns);
  double moves = 2 * between + static_cast<double>(inRows * inColumns + outRows * outColumns);
  // Chains of sums and scattered stores keep the pipes half full.
  return 1.5 * (operations + moves) / target.cpu.fmasPerCycle;
}

namespace {
/// Chooses blocks and register tiles for given outputs of a tile.
class WinogradChoice {
public:
  WinogradChoice(const ConvShape &shape, const Target &target, unsigned threads)
      : shape(shape), target(target), threads(threads) {}

  std::optional<ConvConfig> best;
  double bestCycles = std::numeric_limits<double>::infinity();

  void consider(int64_t outputRows, int64_t outputColumns) {
    if (outputRows > shape.out.h() || outputColumns > shape.out.w())
      return;
    ConvConfig config;
    config.algorithm = ConvAlgorithm::winograd;
    config.outputRows = outputRows;
    config.outputColumns = outputColumns;
    config.taskRows = 1;
    int64_t lanes = target.isa.lanes;
    int64_t numTiles = WinogradShape(shape, config, lanes).numTiles;
    int64_t outBlocks = ceilDiv(shape.out.c(), lanes);
    constexpr int64_t kMostTiles = 64;
    for (int64_t blocks = ceilDiv(numTiles, kMostTiles); blocks <= numTiles; ++blocks) {
      int64_t tiles = ceilDiv(numTiles, blocks);
      if (ceilDiv(numTiles, tiles) != blocks || (tiles < 4 && blocks > 1))
        continue;
      config.taskRows = tiles;
      for (config.tileBlocks = 1;
           config.tileBlocks <= std::min<int64_t>(outBlocks, target.isa.maxTileBlocks);
           ++config.tileBlocks)
        for (config.tileColumns = 1; config.tileColumns <= tiles &&
                                     fitsRegisters(target.isa, config.tileColumns, config.tileBlocks);
             ++config.tileColumns)
          estimate(config);
    }
  }

private:
  const ConvShape &shape;
  const Target &target;
  unsigned threads;

  void estimate(ConvConfig config) {
    int64_t lanes = target.isa.lanes;
    WinogradShape w(shape, config, lanes);
    int64_t wanted = threads > 1 ? 2 * threads : 1;
    config.panelTasks = std::clamp<int64_t>(wanted / w.numBlocks, 1, w.numPanels);
    auto count = [](int64_t n) { return static_cast<double>(n); };

    // Arithmetic: products of all blocks, transforms of all tiles.
    int64_t restBlocks = w.outBlocks % config.tileBlocks;
    double perStep = count(w.outBlocks / config.tileBlocks) *
                     rowCycles(target, w.tilesPerBlock, config.tileColumns, 1, config.tileBlocks);
    if (restBlocks)
      perStep += rowCycles(target, w.tilesPerBlock, config.tileColumns, 1, restBlocks);
    double multiply = 1.04 * count(w.numBlocks * w.products * w.inChannels) * perStep;
    double transforms =
        count(w.numTiles * w.inBlocks * config.panelTasks) *
            transformCycles(target, w.rows, w.columns, w.rows, w.columns) +
        count(w.numTiles * w.outBlocks) *
            transformCycles(target, w.rows, w.columns, config.outputRows, config.outputColumns);

    // Traffic: weights once from memory and then for every block from L3, unless they stay; inputs
    // again for every panel where a block is larger than L2.
    double weights = 4 * count(w.products * w.inChannels * w.outBlocks * lanes);
    double l2 = 0.7 * target.cpu.l2Bytes, work = 4 * count(w.scratchFloats());
    double traffic = weights / kMemoryBytesPerCycle * (threads > 1 ? 0.6 * threads : 1);
    if (weights + work > l2)
      traffic += count(w.numBlocks - 1) * weights / kL3BytesPerCycle;
    double panelWeights = weights / count(w.products * w.numPanels);
    if (work + 2 * panelWeights > l2)
      traffic += 4 * count(w.inputFloats * w.numPanels * w.numBlocks) / kL3BytesPerCycle;

    // Threads that have nothing left to do wait.
    double tasks = count(w.numBlocks * config.panelTasks), rounds = std::ceil(tasks / threads);
    double cycles = overlap(multiply + transforms, traffic) / tasks * rounds * threads;
    if (cycles >= bestCycles * 0.9999)
      return;
    bestCycles = cycles;
    config.scratchBytes = static_cast<int64_t>(sizeof(float)) * w.scratchFloats();
    best = config;
  }
};
} // namespace

std::optional<ConvConfig> incc::chooseWinograd(const ConvShape &shape, const Target &target,
                                               unsigned threads, Accuracy accuracy, double &cycles) {
  if (shape.groups > 1 || shape.strideH > 1 || shape.strideW > 1 || shape.dilationH > 1 ||
      shape.dilationW > 1 || shape.kh * shape.kw == 1 ||
      shape.in.getBlock() != static_cast<int64_t>(target.isa.lanes))
    return std::nullopt;
  bool isPlane = shape.kh > 1 && shape.kw > 1;
  // Errors grow with the tile, and in both dimensions.
  int64_t largest = !isPlane ? kMaxWinogradInputs : accuracy == Accuracy::fast ? 10 : 8;
  auto outputs = [&](int64_t taps) {
    int64_t most = accuracy == Accuracy::strict ? 2 : 6;
    return taps == 1 ? int64_t(1) : std::min(most, largest - taps + 1);
  };
  WinogradChoice choice(shape, target, threads);
  for (int64_t rows = std::min<int64_t>(2, shape.kh); rows <= outputs(shape.kh); ++rows)
    for (int64_t columns = std::min<int64_t>(2, shape.kw); columns <= outputs(shape.kw); ++columns)
      choice.consider(rows, columns);
  cycles = choice.bestCycles;
  return choice.best;
}
