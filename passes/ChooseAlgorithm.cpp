// Chooses algorithm, register tile and tasks of every kernel, by a model of the target.
#include "ir/ConvPlan.h"
#include "ir/LinearPlan.h"
#include "passes/ConvCost.h"
#include "passes/Passes.h"
#include "llvm/ADT/StringSwitch.h"

namespace incc {
#define GEN_PASS_DEF_CHOOSEALGORITHMPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;

//===----------------------------------------------------------------------===//
// Register tiles
//===----------------------------------------------------------------------===//

/// The tile with the fewest modelled cycles over all outputs; ties go to fewer, larger tiles. Returns
/// the cycles of the whole convolution.
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
          int64_t restBlocks = outputBlocks % blocks;
          double cycles = static_cast<double>(outputBlocks / blocks) *
                          rowCycles(target, shape.columns(), columns, r, blocks);
          if (restBlocks)
            cycles += rowCycles(target, shape.columns(), columns, r, restBlocks);
          return cycles;
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

//===----------------------------------------------------------------------===//
// Tasks
//===----------------------------------------------------------------------===//

/// Chooses the chunk of channels, the order of tasks with less traffic beyond L2, and how many rows
/// a task takes. Returns the number of tasks.
static int64_t chooseTasks(ConvConfig &config, const ConvShape &shape, const Target &target,
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
  int64_t leastRowTasks =
      threads > 1 ? std::min(numUnits, ceilDiv(wanted, numPanels * images)) : 1;
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
             weights + kInputCost * inputBytes *
                           (rowsBytes + panelBytes <= cache ? groups : panels));
  }
  // Every tile of a task reads a chunk's weights again: these, the next ones that are on their way
  // and the task's input of the chunk's channels share L2. Shorter chunks than L1 would only cost.
  int64_t inBlocks = ceilDiv(shape.in.c() / groups, shape.in.getBlock());
  double taskInput = inputBytes * static_cast<double>(config.taskRows) / static_cast<double>(extent);
  double most = panelBytes / target.cpu.l1Bytes;
  double numChunks = std::ceil(std::min((2 * panelBytes + taskInput) / (0.6 * target.cpu.l2Bytes), most));
  config.chunkBlocks =
      shape.in.getBlock() == 1
          ? inBlocks
          : ceilDiv(inBlocks, std::clamp<int64_t>(static_cast<int64_t>(numChunks), 1, inBlocks));
  config.prefetchWeights = numPanels > 1 || config.chunkBlocks < inBlocks;
  config.prefetchInput = shape.kh == 1 && shape.kw == 1 && shape.in.getBlock() > 1 &&
                         inputBytes + panelBytes > cache;
  return images * numPanels * ceilDiv(extent, config.taskRows);
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

namespace {
/// What is chosen for.
struct Goal {
  Target target;
  unsigned threads;
  Accuracy accuracy;
};
} // namespace

static int64_t bytesOfFloats(int64_t count) { return count * sizeof(float); }

static DictionaryAttr weightsBytes(MLIRContext *context, int64_t bytes) {
  Builder b(context);
  return b.getDictionaryAttr(
      b.getNamedAttr("weights_bytes", b.getDenseI64ArrayAttr({bytes})));
}

/// Ops that step through dense arrays: in pieces of a few thousand elements, if threads want them.
static int64_t stridedTasks(plan::KernelOp kernel, unsigned threads) {
  constexpr int64_t kLeastBytes = 16 << 10;
  auto out = cast<plan::MapType>(kernel.getOutputs()[0].getType());
  return std::clamp<int64_t>(out.byteSize() / kLeastBytes, 1, kTasksPerThread * threads);
}

static void chooseStrided(plan::KernelOp kernel, const Goal &goal) {
  kernel.setTasks(stridedTasks(kernel, goal.threads));
}

static void chooseConstant(plan::KernelOp kernel, const Goal &goal) {
  auto out = cast<plan::MapType>(kernel.getOutputs()[0].getType());
  kernel.setConfigAttr(weightsBytes(kernel.getContext(), out.byteSize()));
  kernel.setTasks(stridedTasks(kernel, goal.threads));
}

static void chooseTake(plan::KernelOp kernel, const Goal &goal) {
  int64_t entries = 0;
  for (StringRef name : {"n", "c", "h", "w"})
    entries += cast<DenseI64ArrayAttr>(kernel.getParams().get(name)).size();
  kernel.setConfigAttr(weightsBytes(kernel.getContext(), bytesOfFloats(entries)));
  kernel.setTasks(stridedTasks(kernel, goal.threads));
}

/// Before a convolution whose filter comes as a map, a kernel that packs it.
static void packWhenRun(plan::KernelOp conv, int64_t filterFloats, unsigned threads) {
  OpBuilder b(conv->getParentOfType<plan::StageOp>());
  Location loc = conv.getLoc();
  auto type = plan::MapType::get(b.getContext(), {1, 1, 1, filterFloats}, 1, {0, 0, 0, 0}, 1);
  Value packed = b.create<plan::BufferOp>(loc, type, IntegerAttr());
  // Where each element goes follows from the convolution, which the kernel therefore repeats.
  auto table = b.create<plan::WeightsOp>(
      loc, DenseElementsAttr::get(RankedTensorType::get({1}, b.getF32Type()), 0.0f), IntegerAttr());
  DictionaryAttr params = b.getDictionaryAttr(
      {b.getNamedAttr("conv", conv.getParams()), b.getNamedAttr("conv_config", *conv.getConfig())});
  auto stage = b.create<plan::StageOp>(loc);
  OpBuilder inside = OpBuilder::atBlockBegin(&stage.getBody().emplaceBlock());
  auto pack = inside.create<plan::KernelOp>(
      loc, b.getStringAttr(plan::kPackFilterKind), conv.getInputs().drop_front(),
      ValueRange{table}, ValueRange{packed}, params,
      weightsBytes(b.getContext(), bytesOfFloats(filterFloats)), b.getI64IntegerAttr(1),
      b.getI64IntegerAttr(0));
  pack.setTasks(stridedTasks(pack, threads));
  conv.getInputsMutable().slice(1, 1).assign(packed);
}

static void chooseConv(plan::KernelOp kernel, const Goal &goal) {
  const Target &target = goal.target;
  ConvShape shape(kernel);
  ConvConfig config;
  int64_t lanes = target.isa.lanes, ins = shape.inChannelsPerGroup();
  int64_t outs = shape.outChannelsPerGroup();
  if (shape.groups > 1 && !(ins % lanes == 0 && outs % lanes == 0))
    config.algorithm = ins == outs && lanes % ins == 0 ? ConvAlgorithm::lanes
                                                       : ConvAlgorithm::expanded;
  int64_t filterFloats = packedFilterSize(shape, config.algorithm, lanes);
  int64_t tasks;
  double direct = 0, winograd = 0;
  if (config.algorithm == ConvAlgorithm::lanes) {
    // Accumulators of a row's pixels; weights and inputs are loaded for each.
    config.tileColumns = std::min<int64_t>(shape.out.w(), target.isa.numRegisters / 2);
    int64_t planes = shape.out.n() * shape.out.channelBlocks();
    int64_t rowTasks = std::min(shape.out.h(), ceilDiv(kTasksPerThread * goal.threads, planes));
    config.taskRows = ceilDiv(shape.out.h(), rowTasks);
    tasks = planes * ceilDiv(shape.out.h(), config.taskRows);
  } else {
    direct = chooseTile(config, shape, target);
    tasks = chooseTasks(config, shape, target, filterFloats, goal.threads);
    direct = overlap(direct, bytesOfFloats(filterFloats) / kMemoryBytesPerCycle);
  }
  std::optional<ConvConfig> transformed;
  if (config.algorithm == ConvAlgorithm::direct && !kernel.getWeights().empty())
    transformed = chooseWinograd(shape, target, goal.threads, goal.accuracy, winograd);
  if (transformed && winograd < direct) {
    config = *transformed;
    WinogradShape w(shape, config, lanes);
    tasks = w.numBlocks * config.panelTasks;
    filterFloats = w.weightFloats;
  }
  SmallVector<int64_t> bytes;
  if (!kernel.getWeights().empty())
    bytes.push_back(bytesOfFloats(filterFloats));
  if (shape.hasBias)
    bytes.push_back(bytesOfFloats(packedBiasSize(shape, lanes)));
  kernel.setConfigAttr(config.toAttr(kernel.getContext(), bytes));
  kernel.setTasks(tasks);
  if (kernel.getWeights().empty())
    packWhenRun(kernel, filterFloats, goal.threads);
}

static void chooseLinear(plan::KernelOp kernel, const Goal &goal) {
  const Target &target = goal.target;
  unsigned threads = goal.threads;
  LinearShape shape(kernel);
  int64_t lanes = target.isa.lanes, outputBlocks = ceilDiv(shape.outputs(), lanes);
  LinearConfig config;
  // One image: eight sums hide the latency of the multiply-adds, and a step reads whole cache lines.
  config.tileBlocks = 8;
  if (shape.in.n() > 1) {
    double best = std::numeric_limits<double>::infinity();
    for (int64_t images = 1; images <= shape.in.n(); ++images)
      for (int64_t blocks = 1; blocks <= 8 && fitsRegisters(target.isa, images, blocks); ++blocks) {
        double cycles = static_cast<double>(ceilDiv(shape.in.n(), images) *
                                            ceilDiv(outputBlocks, blocks)) *
                        stepCycles(target, images, blocks);
        if (cycles < best * 0.9999) {
          best = cycles;
          config = {images, blocks};
        }
      }
  }
  config.tileBlocks = std::min(config.tileBlocks, outputBlocks);
  // Fewer outputs a task where threads would be idle.
  while (config.tileBlocks > 1 && threads > 1 &&
         ceilDiv(outputBlocks, config.tileBlocks) < 2 * static_cast<int64_t>(threads))
    config.tileBlocks = ceilDiv(config.tileBlocks, 2);
  SmallVector<int64_t> bytes = {bytesOfFloats(shape.packedWeightSize(lanes))};
  if (shape.hasBias)
    bytes.push_back(bytesOfFloats(outputBlocks * lanes));
  kernel.setConfigAttr(config.toAttr(kernel.getContext(), bytes));
  kernel.setTasks(ceilDiv(outputBlocks, config.tileBlocks));
}

/// Pools: a plane of a block of channels is a task. Their bias is padded to whole blocks.
static void choosePool(plan::KernelOp kernel, const Goal &goal) {
  auto out = cast<plan::MapType>(kernel.getOutputs()[0].getType());
  kernel.setTasks(out.n() * out.channelBlocks());
  if (kernel.getWeights().empty())
    return;
  int64_t bytes = bytesOfFloats(out.channelBlocks() * goal.target.isa.lanes);
  kernel.setConfigAttr(weightsBytes(kernel.getContext(), bytes));
}

/// Ops that work plane by plane; vectors of features image by image.
static void choosePlanes(plan::KernelOp kernel, const Goal &goal) {
  auto out = cast<plan::MapType>(kernel.getOutputs()[0].getType());
  bool isVector = out.getBlock() == 1 && out.h() == 1 && out.w() == 1;
  kernel.setTasks(out.n() * (isVector ? 1 : out.channelBlocks()));
}

/// Moves between layouts go by blocks of whichever side is blocked, else by planes.
static void chooseMove(plan::KernelOp kernel, const Goal &goal) {
  auto in = cast<plan::MapType>(kernel.getInputs()[0].getType());
  auto out = cast<plan::MapType>(kernel.getOutputs()[0].getType());
  const plan::MapType &blocked = in.getBlock() > 1 ? in : out;
  kernel.setTasks(blocked.n() * blocked.channelBlocks());
}

/// Dense maps go through in pieces, blocked ones by blocks.
static void chooseReshape(plan::KernelOp kernel, const Goal &goal) {
  auto in = cast<plan::MapType>(kernel.getInputs()[0].getType());
  if (in.getBlock() > 1)
    return chooseMove(kernel, goal);
  chooseStrided(kernel, goal);
}

/// Ops that combine channels go by rows; vectors of features by images.
static void chooseRows(plan::KernelOp kernel, const Goal &goal) {
  auto out = cast<plan::MapType>(kernel.getOutputs()[0].getType());
  kernel.setTasks(out.n() * (out.getBlock() == 1 ? 1 : out.h()));
}

namespace {
struct Chooser {
  StringRef kind;
  void (*choose)(plan::KernelOp, const Goal &);
};
} // namespace

static const Chooser *findChooser(StringRef kind) {
  static const Chooser kChoosers[] = {
      {cnn::ActivationOp::getOperationName(), choosePlanes},
      {cnn::AddOp::getOperationName(), choosePlanes},
      {cnn::AvgPoolOp::getOperationName(), choosePool},
      {cnn::BinaryOp::getOperationName(), chooseStrided},
      {cnn::ConcatOp::getOperationName(), chooseRows},
      {cnn::ConstantOp::getOperationName(), chooseConstant},
      {cnn::Conv2dOp::getOperationName(), chooseConv},
      {cnn::FlattenOp::getOperationName(), chooseMove},
      {cnn::GlobalAvgPoolOp::getOperationName(), choosePlanes},
      {cnn::LinearOp::getOperationName(), chooseLinear},
      {cnn::LrnOp::getOperationName(), choosePlanes},
      {cnn::MaxPoolOp::getOperationName(), choosePool},
      {cnn::MulOp::getOperationName(), choosePlanes},
      {cnn::ReshapeOp::getOperationName(), chooseReshape},
      {cnn::ScaleOp::getOperationName(), choosePlanes},
      {cnn::SliceOp::getOperationName(), choosePlanes},
      {cnn::SoftmaxOp::getOperationName(), chooseRows},
      {cnn::TakeOp::getOperationName(), chooseTake},
      {cnn::ToLayoutOp::getOperationName(), chooseMove},
      {cnn::TransposeOp::getOperationName(), chooseStrided},
  };
  const Chooser *row = llvm::find_if(kChoosers, [&](const Chooser &c) { return c.kind == kind; });
  return row == std::end(kChoosers) ? nullptr : row;
}

namespace {
struct ChooseAlgorithmPass : incc::impl::ChooseAlgorithmPassBase<ChooseAlgorithmPass> {
  using ChooseAlgorithmPassBase::ChooseAlgorithmPassBase;

  void runOnOperation() override {
    llvm::Expected<Target> target = Target::lookup(mcpu);
    if (!target) {
      getOperation().emitError(llvm::toString(target.takeError()));
      return signalPassFailure();
    }
    auto level = llvm::StringSwitch<std::optional<Accuracy>>(accuracy)
                     .Case("strict", Accuracy::strict)
                     .Case("default", Accuracy::standard)
                     .Case("fast", Accuracy::fast)
                     .Default(std::nullopt);
    if (!level) {
      getOperation().emitError("accuracy must be strict, default or fast, got '") << accuracy << "'";
      return signalPassFailure();
    }
    Goal goal{*target, std::max(1u, threads.getValue()), *level};
    // Listed first: choosing may add kernels that need no choice.
    SmallVector<plan::KernelOp> kernels;
    getOperation().walk([&](plan::KernelOp kernel) { kernels.push_back(kernel); });
    for (plan::KernelOp kernel : kernels) {
      const Chooser *chooser = findChooser(kernel.getKind());
      if (!chooser) {
        kernel.emitError("no kernel computes '") << kernel.getKind() << "'";
        return signalPassFailure();
      }
      chooser->choose(kernel, goal);
    }
  }
};
} // namespace
