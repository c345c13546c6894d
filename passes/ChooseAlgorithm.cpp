// Chooses algorithm, register tile and tasks of every kernel, by a model of the target.
#include "ir/DecisionLog.h"
#include "ir/KernelParams.h"
#include "ir/LinearPlan.h"
#include "passes/BackendChoice.h"
#include "passes/ConvCandidates.h"
#include "passes/KernelCost.h"
#include "passes/Passes.h"
#include "passes/TuneConvs.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

namespace incc {
#define GEN_PASS_DEF_CHOOSEALGORITHMPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;

static int64_t bytesOfFloats(int64_t count) { return count * sizeof(float); }

static DictionaryAttr weightsBytes(MLIRContext *context, int64_t bytes) {
  Builder b(context);
  return b.getDictionaryAttr(b.getNamedAttr("weights_bytes", b.getDenseI64ArrayAttr({bytes})));
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
static void packWhenRun(plan::KernelOp conv, const Goal &goal) {
  int64_t filterFloats =
      packedFilterFloats(ConvShape(conv), ConvConfig::fromAttr(*conv.getConfig()), goal.target);
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
      loc, b.getStringAttr(plan::kPackFilterKind), conv.getInputs().drop_front(), ValueRange{table},
      ValueRange{packed}, params, weightsBytes(b.getContext(), bytesOfFloats(filterFloats)),
      b.getI64IntegerAttr(1), b.getI64IntegerAttr(0), FloatAttr());
  pack.setTasks(stridedTasks(pack, goal.threads));
  conv.getInputsMutable().slice(1, 1).assign(packed);
}

/// For whoever reads the plan: the other algorithms and numbers of outputs, with what the model
/// says.
static void listAlternatives(plan::KernelOp conv, ArrayRef<ConvCandidate> candidates) {
  constexpr size_t kMost = 4;
  Builder b(conv.getContext());
  SmallVector<Attribute> list;
  llvm::StringSet<> seen;
  for (const ConvCandidate &candidate : candidates)
    if (std::string name = describe(candidate);
        list.size() < kMost && seen.insert(name).second)
      list.push_back(
          b.getStringAttr(name + ": " + llvm::formatv("{0:f3} Mcycles", candidate.cycles * 1e-6)));
  conv->setAttr("modelled", b.getArrayAttr(list));
}

static void chooseConv(plan::KernelOp kernel, const Goal &goal) {
  SmallVector<ConvCandidate> candidates = convCandidates(kernel, goal);
  if (!kernel.getConfig()) // else it was tuned
    applyCandidate(kernel, candidates.front(), goal.target);
  if (candidates.size() > 1)
    listAlternatives(kernel, candidates);
  if (kernel.getWeights().empty())
    packWhenRun(kernel, goal);
}

static void chooseLinear(plan::KernelOp kernel, const Goal &goal) {
  const Target &target = goal.target;
  unsigned threads = goal.threads;
  LinearShape shape(kernel);
  int64_t lanes = target.isa.lanes, outputBlocks = ceilDiv(shape.outputs(), lanes);
  LinearConfig config;
  // One image: several sums hide the latency of the multiply-adds, and a step reads four cache lines
  // (measured: 4 streams on Zen 4, 8 of half lines on Zen 3).
  config.tileBlocks = std::min<int64_t>(4 * kLineFloats / lanes, 8);
  if (shape.in.n() > 1) {
    double best = std::numeric_limits<double>::infinity();
    for (int64_t images = 1; images <= shape.in.n(); ++images)
      for (int64_t blocks = 1; blocks <= 8 && fitsRegisters(target.isa, images, blocks); ++blocks) {
        double cycles =
            static_cast<double>(ceilDiv(shape.in.n(), images) * ceilDiv(outputBlocks, blocks)) *
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

/// Moves between layouts go by blocks of whichever side is blocked, else by planes, or by equal numbers
/// of a plane's rows where there are few planes for the threads.
static void chooseMove(plan::KernelOp kernel, const Goal &goal) {
  auto in = cast<plan::MapType>(kernel.getInputs()[0].getType());
  auto out = cast<plan::MapType>(kernel.getOutputs()[0].getType());
  const plan::MapType &blocked = in.getBlock() > 1 ? in : out;
  int64_t tasks = blocked.n() * blocked.channelBlocks();
  if (blocked.getBlock() == 1 && kernel.getKind() == cnn::ToLayoutOp::getOperationName()) {
    int64_t parts = std::clamp<int64_t>(ceilDiv(2 * goal.threads, tasks), 1, out.h());
    tasks *= ceilDiv(out.h(), ceilDiv(out.h(), parts));
  }
  kernel.setTasks(tasks);
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
      {cnn::SpaceToDepthOp::getOperationName(), chooseRows},
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
  TuneOptions tune;

  void runOnOperation() override {
    std::optional<Goal> parsed = parseGoal(getOperation(), mcpu, threads, accuracy);
    if (!parsed)
      return signalPassFailure();
    Goal goal = *parsed;
    StringRef backend = goal.backend = plan::wantedBackend(getOperation());
    // Listed first: choosing may add kernels that need no choice.
    SmallVector<plan::KernelOp> kernels;
    getOperation().walk([&](plan::KernelOp kernel) { kernels.push_back(kernel); });
    if (tune.time) {
      SmallVector<plan::KernelOp> convs;
      llvm::copy_if(kernels, std::back_inserter(convs), [](plan::KernelOp kernel) {
        return kernel.getKind() == cnn::Conv2dOp::getOperationName();
      });
      tuneConvs(getOperation(), convs, goal, tune);
    }
    for (plan::KernelOp kernel : kernels) {
      const Chooser *chooser = findChooser(kernel.getKind());
      if (!chooser) {
        kernel.emitError("no kernel computes '") << kernel.getKind() << "'";
        return signalPassFailure();
      }
      chooser->choose(kernel, goal);
    }
    SmallVector<plan::KernelOp> others;
    getOperation().walk([&](plan::KernelOp kernel) {
      if (kernel.getCycles()) // of a convolution, which has a backend
        return;
      kernel.setCyclesAttr(plan::cyclesAttr(&getContext(), kernelCycles(kernel, goal.target)));
      others.push_back(kernel);
    });
    if (backend == plan::kAutoBackend)
      chooseBackends(getOperation(), others, goal.target, goal.threads, tune);
    else
      for (plan::KernelOp kernel : others)
        plan::setBackend(kernel, backend);
    if (backend == plan::kAutoBackend && (tune.time || areBackendsMeasured(goal.target.isa)))
      logConvBackends();
  }

  void logConvBackends() {
    getOperation().walk([&](plan::KernelOp kernel) {
      if (kernel.getKind() != cnn::Conv2dOp::getOperationName())
        return;
      std::string name = describe(ConvConfig::fromAttr(*kernel.getConfig()));
      if (plan::backendOf(kernel) == plan::kHalideBackend)
        logDone(kernel, "by Halide, " + name);
      else
        logDeclined(kernel, "by Halide, no faster than LLVM's " + name);
    });
  }
};
} // namespace

std::unique_ptr<Pass> incc::createChooseAlgorithmPass(const ChooseAlgorithmPassOptions &options,
                                                      const TuneOptions &tune) {
  auto pass = std::make_unique<ChooseAlgorithmPass>(options);
  pass->tune = tune;
  return pass;
}
