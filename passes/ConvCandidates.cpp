// Candidates of direct convolution, and all of them in order.
#include "passes/ConvCandidates.h"
#include "passes/BackendChoice.h"

using namespace mlir;
using namespace incc;

//===----------------------------------------------------------------------===//
// Direct
//===----------------------------------------------------------------------===//

/// The tile with the fewest modelled cycles over all outputs; ties go to fewer, larger tiles.
/// Returns the cycles of the whole convolution.
static double chooseTile(ConvConfig &config, const ConvShape &shape, const Target &target) {
  int64_t groups = packedGroups(shape, config.algorithm);
  int64_t outputBlocks = ceilDiv(shape.out.c() / groups, target.isa.lanes);
  double best = std::numeric_limits<double>::infinity();
  int64_t mostBlocks = std::min<int64_t>(outputBlocks, target.isa.maxTileBlocks);
  for (int64_t blocks = 1; blocks <= mostBlocks; ++blocks)
    for (int64_t columns = 1; columns <= shape.columns(); ++columns)
      for (int64_t rows = 1; rows <= std::min<int64_t>(shape.rows(), 4); ++rows) {
        if (!fitsRegisters(target.isa, rows * columns, blocks))
          break;
        // Only whole rows stack: otherwise pixels of a tile would not be neighbours.
        if (rows > 1 && columns < shape.columns())
          break;
        auto perRows = [&](int64_t r) {
          return panelCycles(target, shape.columns(), columns, r, outputBlocks, blocks);
        };
        double cycles = static_cast<double>(shape.rows() / rows) * perRows(rows);
        if (int64_t rest = shape.rows() % rows)
          cycles += perRows(rest);
        if (cycles < best * 0.9999) {
          best = cycles;
          config.tileRows = rows;
          config.tileColumns = columns;
          config.tileBlocks = blocks;
        }
      }
  int64_t steps = shape.in.c() / groups * shape.kh * shape.kw;
  return best * static_cast<double>(shape.in.n() * groups * steps);
}

/// Chooses the chunk of channels, the order of tasks with less traffic beyond L2, and how many rows
/// a task takes.
static void chooseTasks(ConvConfig &config, const ConvShape &shape, const Target &target,
                        int64_t filterFloats, unsigned threads) {
  int64_t groups = packedGroups(shape, config.algorithm);
  int64_t blocksPerGroup = ceilDiv(shape.out.c() / groups, target.isa.lanes);
  int64_t numPanels = groups * ceilDiv(blocksPerGroup, config.tileBlocks);
  int64_t images = shape.in.n(), extent = shape.isFlat() ? shape.columns() : shape.out.h();
  double filterBytes = 4.0 * static_cast<double>(filterFloats);
  double panelBytes = filterBytes / static_cast<double>(numPanels);

  // Bytes of the input that a panel reads, of one image: a stride may skip rows.
  double cache = 0.7 * target.cpu.l2Bytes;
  double rowsRead = std::min<double>(shape.in.h(), shape.out.h() * shape.kh);
  double inputBytes = 4.0 * rowsRead / static_cast<double>(groups) *
                      static_cast<double>(shape.in.channelBlocks() * shape.in.rowStride());
  int64_t unit = shape.isFlat() ? config.tileColumns : config.tileRows;
  int64_t numUnits = ceilDiv(extent, unit), wanted = kTasksPerThread * threads;
  int64_t leastRowTasks = threads > 1 ? std::min(numUnits, ceilDiv(wanted, numPanels * images)) : 1;
  double best = std::numeric_limits<double>::infinity();
  auto consider = [&](bool rowsOutermost, int64_t rowTasks, double traffic) {
    if (traffic >= best)
      return;
    best = traffic;
    config.rowsOutermost = rowsOutermost;
    config.taskRows = ceilDiv(numUnits, rowTasks) * unit;
  };
  // Input is consumed slowly, so that waiting for it mostly hides behind multiply-adds; weights are
  // consumed faster than L3 gives them.
  constexpr double kInputCost = 0.25;
  // Panel after panel over the whole image: weights are read once.
  double panels = static_cast<double>(numPanels);
  consider(false, leastRowTasks,
           filterBytes +
               kInputCost * inputBytes * (inputBytes + panelBytes <= cache ? groups : panels));
  // Rows after rows through all panels: the rows stay, weights are read for each.
  for (int64_t rowTasks = leastRowTasks; rowTasks <= numUnits; ++rowTasks) {
    double rowsBytes = inputBytes / static_cast<double>(rowTasks);
    double weights = filterBytes + rowsBytes <= cache ? filterBytes
                                                      : filterBytes * static_cast<double>(rowTasks);
    consider(true, rowTasks,
             weights +
                 kInputCost * inputBytes * (rowsBytes + panelBytes <= cache ? groups : panels));
  }
  // Every tile of a task reads a chunk's weights again, which therefore stay in L1, and then in L2
  // with the next ones that are on their way and the task's input of the chunk's channels. A chunk
  // has enough steps to pay for loading and storing the sums.
  constexpr double kLeastSteps = 128;
  int64_t inBlocks = ceilDiv(shape.in.c() / groups, shape.in.getBlock());
  double taskInput =
      inputBytes * static_cast<double>(config.taskRows) / static_cast<double>(extent);
  double steps = static_cast<double>(shape.in.c() / groups * shape.kh * shape.kw);
  double numChunks = std::ceil(std::max((2 * panelBytes + taskInput) / (0.6 * target.cpu.l2Bytes),
                                        panelBytes / (0.5 * target.cpu.l1Bytes)));
  numChunks = std::min(numChunks, steps / kLeastSteps);
  config.chunkBlocks =
      shape.in.getBlock() == 1
          ? inBlocks
          : ceilDiv(inBlocks, std::clamp<int64_t>(static_cast<int64_t>(numChunks), 1, inBlocks));
  config.prefetchWeights = numPanels > 1 || config.chunkBlocks < inBlocks;
  config.prefetchInput =
      shape.kh == 1 && shape.kw == 1 && shape.in.getBlock() > 1 && inputBytes + panelBytes > cache;
}

static ConvAlgorithm directAlgorithm(const ConvShape &shape, const Target &target) {
  int64_t lanes = target.isa.lanes, ins = shape.inChannelsPerGroup();
  int64_t outs = shape.outChannelsPerGroup();
  if (shape.groups == 1 || (ins % lanes == 0 && outs % lanes == 0))
    return ConvAlgorithm::direct;
  return ins == outs && lanes % ins == 0 ? ConvAlgorithm::lanes : ConvAlgorithm::expanded;
}

/// Narrow groups: a step loads its input and its weights for a single multiply-add, while the map
/// comes from beyond L2.
static double lanesCycles(const ConvShape &shape, const Target &target) {
  constexpr double kPerStep = 0.75, kPerVector = 4;
  double vectors = static_cast<double>(shape.out.n() * shape.out.channelBlocks() * shape.out.h() *
                                       shape.out.w());
  double steps = static_cast<double>(shape.kh * shape.kw * shape.inChannelsPerGroup());
  double bytes = static_cast<double>(shape.in.byteSize() + shape.out.byteSize());
  return overlap(vectors * (kPerStep * steps + kPerVector), bytes / target.cpu.l3BytesPerCycle);
}

static ConvCandidate directCandidate(const ConvShape &shape, const Goal &goal) {
  const Target &target = goal.target;
  ConvConfig config;
  config.algorithm = directAlgorithm(shape, target);
  if (config.algorithm == ConvAlgorithm::lanes) {
    // Accumulators of a row's pixels; weights and inputs are loaded for each.
    config.tileColumns = std::min<int64_t>(shape.out.w(), target.isa.numRegisters / 2);
    int64_t planes = shape.out.n() * shape.out.channelBlocks();
    int64_t rowTasks = std::min(shape.out.h(), ceilDiv(kTasksPerThread * goal.threads, planes));
    config.taskRows = ceilDiv(shape.out.h(), rowTasks);
    // Steps of a row at a time are what hardware prefetchers follow.
    config.prefetchInput = shape.strideH > 1 && shape.in.byteSize() > target.cpu.l2Bytes;
    double cycles = lanesCycles(shape, target);
    return {config, cycles, cycles};
  }
  double cycles = chooseTile(config, shape, target);
  int64_t filterFloats = packedFilterFloats(shape, config, target);
  chooseTasks(config, shape, target, filterFloats, goal.threads);
  int64_t groups = packedGroups(shape, config.algorithm);
  int64_t registerTiles =
      shape.out.n() * ceilDiv(shape.rows(), config.tileRows) *
      ceilDiv(shape.columns(), config.tileColumns) * groups *
      ceilDiv(ceilDiv(shape.out.c() / groups, target.isa.lanes), config.tileBlocks);
  int64_t chunks = ceilDiv(ceilDiv(shape.in.c() / groups, shape.in.getBlock()), config.chunkBlocks);
  cycles += kCyclesPerRegisterTile * static_cast<double>(registerTiles * chunks);
  if (shape.scale)
    config.scratchBytes = sizeof(float) * shape.in.c() * config.tileBlocks * target.isa.lanes;
  cycles = overlap(cycles, sizeof(float) * static_cast<double>(filterFloats) /
                               target.cpu.memoryBytesPerCycle);
  return {config, cycles, cycles};
}

/// The model's choice of a direct convolution with the one or other decision made differently. The
/// model can't tell what they cost, only that they are good for little.
static void addVariations(SmallVectorImpl<ConvCandidate> &candidates, const ConvShape &shape,
                          const Goal &goal, const ConvCandidate &chosen) {
  auto vary = [&](auto change) {
    ConvCandidate candidate = chosen;
    candidate.cycles *= 1.05;
    candidate.work *= 1.05;
    change(candidate.config);
    candidates.push_back(candidate);
  };
  vary([&](ConvConfig &c) { c.rowsOutermost = !c.rowsOutermost; });
  int64_t inBlocks = ceilDiv(shape.inChannelsPerGroup(), shape.in.getBlock());
  if (chosen.config.chunkBlocks < inBlocks)
    vary([&](ConvConfig &c) { c.chunkBlocks = inBlocks; });
  if (chosen.config.chunkBlocks > 1 && shape.in.getBlock() > 1)
    vary([&](ConvConfig &c) { c.chunkBlocks = ceilDiv(c.chunkBlocks, 2); });
  vary([&](ConvConfig &c) { c.prefetchInput = !c.prefetchInput && shape.in.getBlock() > 1; });
  vary([&](ConvConfig &c) { c.prefetchWeights = !c.prefetchWeights; });
}

/// Halide's convolutions are direct or Winograd's, and don't fetch inputs. There is always such a
/// candidate.
static void addHalides(SmallVectorImpl<ConvCandidate> &candidates, const ConvShape &shape,
                       const Goal &goal) {
  if (goal.backend == plan::kLlvmBackend)
    return;
  SmallVector<ConvCandidate> halides;
  bool fetchesInput = candidates.front().config.prefetchInput;
  for (ConvCandidate candidate : candidates) {
    const ConvConfig &config = candidate.config;
    if (config.algorithm == ConvAlgorithm::strassen ||
        (!config.transformsTiles() && config.prefetchInput != fetchesInput))
      continue;
    double factor = halideConvFactor(candidate.config, goal.target);
    candidate.backend = plan::kHalideBackend;
    candidate.backendFactor = factor;
    halides.push_back(candidate);
  }
  if (goal.backend == plan::kHalideBackend)
    candidates.clear();
  llvm::append_range(candidates, halides);
}

//===----------------------------------------------------------------------===//
// All
//===----------------------------------------------------------------------===//

SmallVector<ConvCandidate> incc::convCandidates(plan::KernelOp kernel, const Goal &goal) {
  ConvShape shape(kernel);
  ConvCandidate direct = directCandidate(shape, goal);
  SmallVector<ConvCandidate> candidates = {direct};
  if (direct.config.algorithm == ConvAlgorithm::direct) {
    addVariations(candidates, shape, goal, direct);
    // Filters that come, or are multiplied, when the network runs are not transformed.
    if (!kernel.getWeights().empty() && !shape.scale)
      for (auto list : {winogradCandidates, strassenCandidates})
        llvm::append_range(candidates, list(shape, goal.target, goal.threads, goal.accuracy));
  }
  addHalides(candidates, shape, goal);
  // The algorithm is chosen first: errors of the model in comparing them exceed what the backends
  // differ in. Equals keep their order.
  SmallVector<std::tuple<double, double, size_t>> order;
  for (auto [i, candidate] : llvm::enumerate(candidates))
    order.push_back({candidate.cycles * candidate.handicap, candidate.backendFactor, i});
  llvm::sort(order);
  return llvm::map_to_vector(order, [&](auto entry) {
    ConvCandidate candidate = candidates[std::get<2>(entry)];
    candidate.cycles *= candidate.backendFactor;
    candidate.work *= candidate.backendFactor;
    return candidate;
  });
}

static bool areAlike(const ConvCandidate &first, const ConvCandidate &second) {
  const ConvConfig &a = first.config, &b = second.config;
  constexpr double kMarkedly = 1.4;
  auto tasks = [](const ConvConfig &c) { return static_cast<double>(c.taskRows); };
  return first.backend == second.backend && a.algorithm == b.algorithm && a.outputRows == b.outputRows &&
         a.outputColumns == b.outputColumns && a.levels == b.levels &&
         a.tileBlocks == b.tileBlocks && a.rowsOutermost == b.rowsOutermost &&
         a.chunkBlocks == b.chunkBlocks && a.prefetchInput == b.prefetchInput &&
         a.prefetchWeights == b.prefetchWeights && tasks(a) < kMarkedly * tasks(b) &&
         tasks(b) < kMarkedly * tasks(a);
}

SmallVector<ConvCandidate> incc::diversify(ArrayRef<ConvCandidate> candidates, size_t most) {
  SmallVector<ConvCandidate> chosen;
  for (const ConvCandidate &candidate : candidates) {
    if (chosen.size() == most)
      break;
    if (llvm::none_of(chosen, [&](const ConvCandidate &other) {
          return areAlike(candidate, other);
        }))
      chosen.push_back(candidate);
  }
  return chosen;
}

int64_t incc::packedFilterFloats(const ConvShape &shape, const ConvConfig &config,
                                 const Target &target) {
  if (config.transformsTiles())
    return tileProducts(shape, config, target.isa.lanes).weightFloats;
  return packedFilterSize(shape, config.algorithm, target.isa.lanes);
}

static int64_t numTasks(const ConvShape &shape, const ConvConfig &config, const Target &target) {
  int64_t lanes = target.isa.lanes;
  if (config.transformsTiles())
    return tileProducts(shape, config, lanes).numBlocks * config.panelTasks;
  if (config.algorithm == ConvAlgorithm::lanes)
    return shape.out.n() * shape.out.channelBlocks() * ceilDiv(shape.out.h(), config.taskRows);
  int64_t groups = packedGroups(shape, config.algorithm);
  int64_t blocksPerGroup = ceilDiv(shape.out.c() / groups, lanes);
  int64_t extent = shape.isFlat() ? shape.columns() : shape.out.h();
  return shape.in.n() * groups * ceilDiv(blocksPerGroup, config.tileBlocks) *
         ceilDiv(extent, config.taskRows);
}

void incc::applyCandidate(plan::KernelOp kernel, const ConvCandidate &candidate,
                          const Target &target) {
  ConvShape shape(kernel);
  const ConvConfig &config = candidate.config;
  auto bytesOf = [](int64_t floats) { return floats * static_cast<int64_t>(sizeof(float)); };
  SmallVector<int64_t> bytes;
  if (!kernel.getWeights().empty())
    bytes.push_back(bytesOf(packedFilterFloats(shape, config, target)));
  if (shape.hasBias)
    bytes.push_back(bytesOf(packedBiasSize(shape, target.isa.lanes)));
  kernel.setConfigAttr(config.toAttr(kernel.getContext(), bytes));
  plan::setBackend(kernel, candidate.backend);
  kernel.setTasks(numTasks(shape, config, target));
  kernel.setCyclesAttr(plan::cyclesAttr(kernel.getContext(), candidate.work));
}

std::optional<Goal> incc::parseGoal(Operation *op, StringRef mcpu, unsigned threads,
                                    StringRef accuracy) {
  llvm::Expected<Target> target = Target::lookup(mcpu);
  std::optional<Accuracy> level = parseAccuracy(accuracy);
  if (!target)
    op->emitError(llvm::toString(target.takeError()));
  else if (!level)
    op->emitError("accuracy must be strict, default or fast, got '") << accuracy << "'";
  else
    return Goal{*target, std::max(1u, threads), *level};
  return std::nullopt;
}

std::string incc::describe(const ConvConfig &config) {
  std::string text = nameOf(config.algorithm).str();
  if (config.algorithm == ConvAlgorithm::winograd)
    text += (" " + Twine(config.outputRows) + "x" + Twine(config.outputColumns)).str();
  if (config.algorithm == ConvAlgorithm::strassen)
    text += (" " + Twine(config.levels)).str();
  return text;
}

std::string incc::describe(const ConvCandidate &candidate) {
  bool isHalide = candidate.backend == plan::kHalideBackend;
  return describe(candidate.config) + (isHalide ? " by Halide" : "");
}
