// What register tiles and Winograd's transforms cost.
#include "passes/ConvCost.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace incc;

double incc::stepCycles(const Target &target, int64_t pixels, int64_t blocks) {
  // Also where the sum is forwarded to the next FMA earlier, as on Arm's cores.
  constexpr double kFmaLatency = 4;
  double fmas = static_cast<double>(pixels * blocks) / target.cpu.fmasPerCycle;
  // NEON loads the inputs of several steps at once.
  double inputs = static_cast<double>(pixels) / (target.isa.isNeon ? target.isa.lanes : 1);
  double loads = (inputs + static_cast<double>(blocks)) / target.cpu.loadsPerCycle;
  // A kernel that loads as fast as it multiplies stalls on every miss: prefer fewer loads.
  return std::max({fmas, 1.25 * loads, kFmaLatency}) + 0.05 * loads;
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

std::optional<Accuracy> incc::parseAccuracy(StringRef name) {
  return llvm::StringSwitch<std::optional<Accuracy>>(name)
      .Case("strict", Accuracy::strict)
      .Case("default", Accuracy::standard)
      .Case("fast", Accuracy::fast)
      .Default(std::nullopt);
}

double incc::panelCycles(const Target &target, int64_t columns, int64_t most, int64_t rows,
                         int64_t outputBlocks, int64_t blocks) {
  double cycles = static_cast<double>(outputBlocks / blocks) *
                  rowCycles(target, columns, most, rows, blocks);
  int64_t rest = outputBlocks % blocks;
  if (!rest)
    return cycles;
  // NEON has so many shapes of tiles that fill the pipes that a last panel with too few sums to do
  // so can be avoided.
  int64_t pixels = rows * EqualTiles(columns, most).wide;
  bool stalls = target.isa.isNeon &&
                stepCycles(target, pixels, rest) / static_cast<double>(rest) >
                    1.1 * stepCycles(target, pixels, blocks) / static_cast<double>(blocks);
  constexpr double kStalls = 4;
  return cycles + (stalls ? kStalls : 1) * rowCycles(target, columns, most, rows, rest);
}

double incc::overlap(double compute, double traffic) {
  return std::max(compute, traffic) + 0.1 * std::min(compute, traffic);
}

//===----------------------------------------------------------------------===//
// Winograd
//===----------------------------------------------------------------------===//

/// Cycles of the operations of transforming a tile of one block of channels, and of `moves` vectors
/// between registers and memory. Chains of sums and scattered memory keep the pipes `filled` in
/// part.
static double transformCycles(const Target &target, int64_t operations, int64_t moves,
                              double filled) {
  return static_cast<double>(operations + moves) / (filled * target.cpu.fmasPerCycle);
}

/// Rows first; what they become goes through memory if there are columns to transform.
static double inputCycles(const Target &target, const Bilinear &down, const Bilinear &across) {
  int64_t between = down.inputs > 1 ? down.inputs * across.products : 0;
  return transformCycles(
      target, down.inputs * across.inputOperations() + across.products * down.inputOperations(),
      down.inputs * across.inputs + 2 * between + down.products * across.products, 0.6);
}

/// Columns first.
static double outputCycles(const Target &target, const Bilinear &down, const Bilinear &across) {
  int64_t between = down.products > 1 ? down.outputs * across.products : 0;
  return transformCycles(
      target, across.products * down.outputOperations() + down.outputs * across.outputOperations(),
      down.products * across.products + 2 * between + down.outputs * across.outputs, 0.7);
}

namespace {
/// Lists blocks and register tiles for given transforms of a tile.
class TileLister {
public:
  TileLister(const ConvShape &shape, const Target &target, unsigned threads)
      : shape(shape), target(target), threads(threads) {}

  SmallVector<ConvCandidate> candidates;

  /// `config` says what the transforms are; they are the outer and the inner one of a tile.
  void consider(ConvConfig config, const Bilinear &down, const Bilinear &across,
                double roundingHandicap) {
    handicap = roundingHandicap;
    perInput = inputCycles(target, down, across);
    perOutput = outputCycles(target, down, across);
    vectorsIn = down.products * across.products;
    vectorsOut = down.outputs * across.outputs;
    TileProducts products = tileProducts(shape, config, target.isa.lanes);
    int64_t numTiles = products.numTiles;
    int64_t mostBlocks = std::min<int64_t>(products.outBlocks, target.isa.maxTileBlocks);
    config.chunkBlocks = products.inBlocks;
    constexpr int64_t kMostTiles = 64;
    for (int64_t blocks = ceilDiv(numTiles, kMostTiles); blocks <= numTiles; ++blocks) {
      int64_t tiles = ceilDiv(numTiles, blocks);
      if (ceilDiv(numTiles, tiles) != blocks || (tiles < 4 && blocks > 1))
        continue;
      config.taskRows = tiles;
      for (config.tileBlocks = 1; config.tileBlocks <= mostBlocks; ++config.tileBlocks)
        addBestTile(config);
    }
  }

private:
  const ConvShape &shape;
  const Target &target;
  unsigned threads;
  /// Cycles of transforming a tile of one block of channels.
  double perInput = 0, perOutput = 0;
  /// What they store: transformed inputs, outputs.
  int64_t vectorsIn = 0, vectorsOut = 0;
  double handicap = 1;

  void addBestTile(ConvConfig config) {
    ConvCandidate best = {config, std::numeric_limits<double>::infinity(), 0, handicap};
    for (config.tileColumns = 1; config.tileColumns <= config.taskRows &&
                                 fitsRegisters(target.isa, config.tileColumns, config.tileBlocks);
         ++config.tileColumns) {
      ConvCandidate candidate = estimate(config);
      if (candidate.cycles < best.cycles * 0.9999)
        best = candidate;
    }
    candidates.push_back(best);
  }

  /// Completes `config`.
  ConvCandidate estimate(ConvConfig config) {
    TileProducts w = tileProducts(shape, config, target.isa.lanes);
    int64_t wanted = threads > 1 ? 2 * threads : 1;
    config.panelTasks = std::clamp<int64_t>(wanted / w.numBlocks, 1, w.numPanels);
    config.scratchBytes = static_cast<int64_t>(sizeof(float)) * w.scratchFloats();
    auto count = [](int64_t n) { return static_cast<double>(n); };

    // Arithmetic: products of all blocks, transforms of all tiles. Every register tile reads the
    // weights of its product from L2.
    double perStep = panelCycles(target, w.tilesPerBlock, config.tileColumns, 1, w.outBlocks,
                                 config.tileBlocks);
    constexpr double kCyclesPerL2Byte = 0.0038;
    perStep += kCyclesPerL2Byte * 4 *
               count(w.outBlocks * target.isa.lanes *
                     EqualTiles(w.tilesPerBlock, config.tileColumns).count);
    int64_t registerTiles = w.numPanels * EqualTiles(w.tilesPerBlock, config.tileColumns).count;
    double multiply =
        count(w.numBlocks * w.products) *
        (count(w.inChannels) * perStep + kCyclesPerRegisterTile * count(registerTiles)) /
        target.cpu.speedFromL2;

    // Traffic of a task: its panels' weights from memory for the first one on each thread and from
    // L3 for the others, unless they stay; inputs again for every panel where a block is larger
    // than L2.
    double tasks = count(w.numBlocks * config.panelTasks);
    double weights = 4 * count(w.weightFloats);
    double l2 = 0.6 * target.cpu.l2Bytes, work = 4 * count(w.scratchFloats());
    double inputs = 0;
    constexpr double kInputBytesPerCycle = 9; // strided: L3 does not give more
    if (work + 2 * weights / count(w.filters * w.numPanels) > l2)
      inputs = 4 * count(w.inputFloats * w.numPanels) / kInputBytesPerCycle;
    double beyondL2 = weights + work > l2 ? weights / target.cpu.l3BytesPerCycle : 0;
    auto taskCycles = [&](double traffic) {
      return productCycles(w, multiply / tasks, (inputs + traffic) / count(config.panelTasks));
    };
    double firstTasks = std::min(tasks, std::max<double>(threads, count(config.panelTasks)));
    double products = firstTasks * taskCycles(weights / target.cpu.memoryBytesPerCycle) +
                      (tasks - firstTasks) * taskCycles(beyondL2);

    // Transforms of few operations wait for their stores. Transformed inputs that L2 does not hold are
    // written to L3 and read from there.
    double vector = sizeof(float) * target.isa.lanes, toL2 = vector / target.cpu.l2StoreBytesPerCycle,
           toL3 = vector / target.cpu.l3BytesPerCycle;
    constexpr double kBeyondL2 = 2.4;
    double input = work > l2 ? std::max(kBeyondL2 * perInput, 2 * toL3 * count(vectorsIn))
                   : work > target.cpu.l1Bytes ? std::max(perInput, toL2 * count(vectorsIn))
                                               : perInput;
    double outputBytes =
        sizeof(float) * count(shape.out.n() * shape.out.c() * shape.out.h() * shape.out.w());
    double output = std::max(perOutput, (outputBytes > l2 ? toL3 : toL2) * count(vectorsOut));
    double transforms = count(w.numTiles * w.inBlocks * config.panelTasks) * input +
                        count(w.numTiles * w.outBlocks) * output;

    // Threads that have nothing left to do wait.
    double cycles = products + transforms;
    return {config, cycles / tasks * std::ceil(tasks / threads) * threads, cycles, handicap};
  }

  /// A task's products, while which weights arrive. Those that a stride's last phase shares are
  /// few for the time that they take, so that the others come faster.
  static double productCycles(const TileProducts &w, double multiply, double traffic) {
    if (w.down.filters == w.down.products)
      return overlap(multiply, traffic);
    double work = static_cast<double>(w.down.filters - 1) / static_cast<double>(w.down.products);
    double bytes = static_cast<double>(w.down.filters - 1) / static_cast<double>(w.down.filters);
    return overlap(work * multiply, bytes * traffic) +
           overlap((1 - work) * multiply, (1 - bytes) * traffic);
  }
};
} // namespace

/// Up to 6 points a dimension round like a direct convolution, more of them five times as much; in
/// one dimension that begins with 11. Not worth it for a few percent of time.
static double winogradHandicap(const ConvConfig &config, int64_t tapsDown, int64_t tapsAcross) {
  constexpr double kEach = 1.05;
  bool isPlane = tapsDown > 1 && tapsAcross > 1;
  double handicap = 1;
  for (int64_t points : {config.outputRows + tapsDown - 1, config.outputColumns + tapsAcross - 1})
    if (points > (isPlane ? 6 : 10))
      handicap *= kEach;
  return handicap;
}

SmallVector<ConvCandidate> incc::winogradCandidates(const ConvShape &shape, const Target &target,
                                                    unsigned threads, Accuracy accuracy) {
  if (shape.groups > 1 || shape.strideH > 2 || shape.strideW > 2 || shape.dilationH > 1 ||
      shape.dilationW > 1 || shape.in.getBlock() != static_cast<int64_t>(target.isa.lanes))
    return {};
  // Taps of a dimension's first phase: with one there is nothing to gain.
  int64_t tapsDown = ceilDiv(shape.kh, shape.strideH),
          tapsAcross = ceilDiv(shape.kw, shape.strideW);
  if (tapsDown == 1 && tapsAcross == 1)
    return {};
  // Errors grow with the tile, and in both dimensions.
  bool isPlane = tapsDown > 1 && tapsAcross > 1;
  bool isFast = accuracy == Accuracy::fast;
  int64_t largest = isPlane ? (isFast ? 10 : 8) : (isFast ? kMaxWinogradProducts : 10);
  auto outputs = [&](int64_t taps, int64_t extent) {
    int64_t most = accuracy == Accuracy::strict ? 2 : 6;
    return taps == 1 ? int64_t(1) : std::min({most, largest - taps + 1, extent});
  };
  TileLister lister(shape, target, threads);
  ConvConfig config;
  config.algorithm = ConvAlgorithm::winograd;
  for (int64_t rows = std::min<int64_t>(2, tapsDown); rows <= outputs(tapsDown, shape.out.h());
       ++rows)
    for (int64_t columns = std::min<int64_t>(2, tapsAcross);
         columns <= outputs(tapsAcross, shape.out.w()); ++columns) {
      config.outputRows = rows;
      config.outputColumns = columns;
      lister.consider(config, Winograd(rows, shape.kh, shape.strideH),
                      Winograd(columns, shape.kw, shape.strideW),
                      winogradHandicap(config, tapsDown, tapsAcross));
    }
  return std::move(lister.candidates);
}

SmallVector<ConvCandidate> incc::strassenCandidates(const ConvShape &shape, const Target &target,
                                                    unsigned threads, Accuracy accuracy) {
  bool isPointwise = shape.kh == 1 && shape.kw == 1 && shape.strideH == 1 && shape.strideW == 1 &&
                     shape.in.h() == shape.out.h() && shape.in.w() == shape.out.w();
  if (!isPointwise || shape.groups > 1 || accuracy == Accuracy::strict ||
      shape.in.getBlock() != static_cast<int64_t>(target.isa.lanes))
    return {};
  TileLister lister(shape, target, threads);
  ConvConfig config;
  config.algorithm = ConvAlgorithm::strassen;
  for (config.levels = 1; config.levels <= 2; ++config.levels) {
    // Halves are of whole blocks.
    int64_t unit = target.isa.lanes << config.levels;
    if (shape.in.c() % unit == 0 && shape.out.c() % unit == 0)
      lister.consider(config, Strassen(config.levels > 1), Strassen(), 1);
  }
  return std::move(lister.candidates);
}
