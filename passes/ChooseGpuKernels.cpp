// Chooses how a GPU computes every kernel: blocks, threads, tiles of convolutions (ChooseGpuConv.cpp).
#include "passes/ConvCost.h"
#include "ir/KernelParams.h"
#include "passes/GpuChoices.h"
#include "passes/Passes.h"

namespace incc {
#define GEN_PASS_DEF_CHOOSEGPUKERNELSPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;

static plan::MapType outputOf(plan::KernelOp kernel) {
  return cast<plan::MapType>(kernel.getOutputs()[0].getType());
}

void incc::setLaunch(plan::KernelOp kernel, int64_t blocks, const Gpu &gpu,
                     ArrayRef<int64_t> weightsBytes, GpuLaunch launch) {
  kernel.setConfigAttr(launch.toAttr(kernel.getContext(), weightsBytes));
  kernel.setTasks(blocks);
  int64_t bytes = 0;
  for (Value operand : kernel->getOperands())
    if (auto map = dyn_cast<plan::MapType>(operand.getType()))
      bytes += map.byteSize();
    else if (auto weights = operand.getDefiningOp<plan::WeightsOp>())
      bytes += bytesOfFloats(weights.getValue().getNumElements());
  // What a block waits for at its begin, while others work.
  constexpr double kBlockCycles = 150;
  setCycles(kernel, static_cast<double>(bytes) / gpu.memoryBytesPerCycle() +
                        kBlockCycles * static_cast<double>(blocks));
}

LogicalResult incc::chooseGpuLinear(plan::KernelOp kernel, const GpuChoices &choices) {
  plan::MapType out = outputOf(kernel);
  int64_t outputBlocks = ceilDiv(out.c(), GpuLaunch().threads / kWarpThreads);
  GpuLaunch launch;
  if (choices.byHalide) // which has no exchange between lanes
    launch.sharedBytes = bytesOfFloats(launch.threads * std::min(kLinearImages, out.n()));
  setLaunch(kernel, outputBlocks * ceilDiv(out.n(), kLinearImages), choices.gpu, {}, launch);
  return success();
}

/// A thread for each few elements of the result; weights as they are.
static LogicalResult chooseElements(plan::KernelOp kernel, const GpuChoices &choices) {
  SmallVector<int64_t> bytes;
  if (kernel.getKind() == cnn::TakeOp::getOperationName()) {
    int64_t entries = 0;
    for (StringRef name : {"n", "c", "h", "w"})
      entries += cast<DenseI64ArrayAttr>(kernel.getParams().get(name)).size();
    bytes.push_back(bytesOfFloats(entries));
  }
  setLaunch(kernel, ceilDiv(elementsOf(outputOf(kernel)), GpuLaunch().threads * kElementsPerThread),
            choices.gpu, bytes);
  return success();
}

/// A warp for each of `count`, `threads` in a block; Halide's exchange numbers by shared memory.
static void setWarps(plan::KernelOp kernel, int64_t count, int64_t threads, int64_t exchanges,
                     const GpuChoices &choices) {
  GpuLaunch launch{threads, choices.byHalide ? bytesOfFloats(exchanges * threads) : 0};
  setLaunch(kernel, ceilDiv(count, threads / kWarpThreads), choices.gpu, {}, launch);
}

static LogicalResult choosePlanes(plan::KernelOp kernel, const GpuChoices &choices) {
  plan::MapType out = outputOf(kernel);
  setWarps(kernel, out.n() * out.c(), GpuLaunch().threads, /*exchanges=*/1, choices);
  return success();
}

static LogicalResult chooseSoftmax(plan::KernelOp kernel, const GpuChoices &choices) {
  plan::MapType out = outputOf(kernel);
  if (out.h() * out.w() == 1)
    // Of Halide's blocks one for each image.
    setWarps(kernel, out.n(), choices.byHalide ? kWarpThreads : GpuLaunch().threads,
             /*exchanges=*/2, choices);
  else
    setLaunch(kernel, ceilDiv(out.n() * out.h() * out.w(), GpuLaunch().threads), choices.gpu);
  return success();
}

using Chooser = LogicalResult (*)(plan::KernelOp, const GpuChoices &);

/// Null for kinds that no GPU kernel computes.
static Chooser findChooser(StringRef kind) {
  static const std::pair<StringRef, Chooser> kChoosers[] = {
      {cnn::ActivationOp::getOperationName(), chooseElements},
      {cnn::AddOp::getOperationName(), chooseElements},
      {cnn::AvgPoolOp::getOperationName(), chooseElements},
      {cnn::BinaryOp::getOperationName(), chooseElements},
      {cnn::ConcatOp::getOperationName(), chooseElements},
      {cnn::ConstantOp::getOperationName(), chooseElements},
      {cnn::Conv2dOp::getOperationName(), chooseGpuConv},
      {cnn::FlattenOp::getOperationName(), chooseElements},
      {cnn::GlobalAvgPoolOp::getOperationName(), choosePlanes},
      {cnn::LinearOp::getOperationName(), chooseGpuLinear},
      {cnn::LrnOp::getOperationName(), chooseElements},
      {cnn::MaxPoolOp::getOperationName(), chooseElements},
      {cnn::MulOp::getOperationName(), chooseElements},
      {cnn::ReshapeOp::getOperationName(), chooseElements},
      {cnn::ScaleOp::getOperationName(), chooseElements},
      {cnn::SliceOp::getOperationName(), chooseElements},
      {cnn::SoftmaxOp::getOperationName(), chooseSoftmax},
      {cnn::TakeOp::getOperationName(), chooseElements},
      {cnn::ToLayoutOp::getOperationName(), chooseElements},
      {cnn::TransposeOp::getOperationName(), chooseElements},
  };
  for (auto [name, chooser] : kChoosers)
    if (name == kind)
      return chooser;
  return nullptr;
}

/// Offsets in a map are 32 bits wide.
static LogicalResult checkSizes(plan::KernelOp kernel) {
  for (Type type : kernel->getOperandTypes())
    if (auto map = dyn_cast<plan::MapType>(type))
      if (map.byteSize() / bytesOfFloats(1) > INT32_MAX)
        return kernel.emitError("a map of ") << map.byteSize() / bytesOfFloats(1)
                                             << " floats is too large for a GPU; supported are "
                                             << INT32_MAX << ": choose a smaller batch";
  return success();
}

namespace {
struct ChooseGpuKernelsPass : incc::impl::ChooseGpuKernelsPassBase<ChooseGpuKernelsPass> {
  using ChooseGpuKernelsPassBase::ChooseGpuKernelsPassBase;

  void runOnOperation() override {
    llvm::Expected<Gpu> gpu = Gpu::lookup(mcpu, target);
    if (!gpu) {
      getOperation().emitError(llvm::toString(gpu.takeError()));
      return signalPassFailure();
    }
    std::optional<GpuArithmetic> arithmetic = gpuArithmeticOf(precision);
    if (!arithmetic) {
      getOperation().emitError("unknown precision '") << precision << "'";
      return signalPassFailure();
    }
    std::optional<Accuracy> level = parseAccuracy(accuracy);
    if (!level) {
      getOperation().emitError("unknown accuracy '") << accuracy << "'";
      return signalPassFailure();
    }
    // As on CPUs, where the errors of F(4,3) are measured: strict allows F(2,3) only.
    GpuChoices choices = {*gpu, *arithmetic, *level == Accuracy::strict ? 2 : 4,
                          gpu->isOpenCl() ||
                              plan::wantedBackend(getOperation()) == plan::kHalideBackend};
    // Listed first: choosing adds kernels that need no choice.
    SmallVector<plan::KernelOp> kernels;
    getOperation().walk([&](plan::KernelOp kernel) { kernels.push_back(kernel); });
    for (plan::KernelOp kernel : kernels) {
      Chooser choose = findChooser(kernel.getKind());
      if (!choose) {
        kernel.emitError("no GPU kernel computes '") << kernel.getKind() << "'";
        return signalPassFailure();
      }
      if (failed(checkSizes(kernel)) || failed(choose(kernel, choices)))
        return signalPassFailure();
      if (choices.byHalide)
        plan::setBackend(kernel, plan::kHalideBackend);
    }
  }
};
} // namespace
