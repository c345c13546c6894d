// What kernels other than convolutions cost: a row of two numbers for each.
#include "passes/KernelCost.h"
#include "ir/LinearPlan.h"
#include "passes/ConvCost.h"

using namespace mlir;
using namespace incc;

namespace {
/// Cycles of a kernel's arithmetic, fitted on Zen 3 to the profiles of the zoo's networks.
struct CostRow {
  StringRef kind;
  /// Of what is done once for each vector of the output, and once for each vector that it reads.
  double perOutput, perRead;
  /// Steps through dense arrays go element by element.
  bool isScalar = false;
};
} // namespace

static const CostRow *findRow(StringRef kind) {
  static const CostRow kRows[] = {
      {cnn::ActivationOp::getOperationName(), 12, 0},
      {cnn::AddOp::getOperationName(), 1, 1},
      {cnn::AvgPoolOp::getOperationName(), 2, 0.55},
      {cnn::BinaryOp::getOperationName(), 2, 1, true},
      {cnn::ConcatOp::getOperationName(), 1, 1},
      {cnn::ConstantOp::getOperationName(), 1, 0},
      {plan::kPackFilterKind, 3, 0, true},
      {cnn::FlattenOp::getOperationName(), 2, 1},
      {cnn::GlobalAvgPoolOp::getOperationName(), 10, 1.6},
      {cnn::LrnOp::getOperationName(), 16, 0},
      {cnn::MaxPoolOp::getOperationName(), 3, 0.9},
      {cnn::MulOp::getOperationName(), 1, 1},
      {cnn::ReshapeOp::getOperationName(), 2, 1},
      {cnn::ScaleOp::getOperationName(), 1, 1},
      {cnn::SliceOp::getOperationName(), 1, 1},
      {cnn::SoftmaxOp::getOperationName(), 25, 0},
      {cnn::SpaceToDepthOp::getOperationName(), 20, 0},
      {cnn::TakeOp::getOperationName(), 3, 0, true},
      {cnn::ToLayoutOp::getOperationName(), 5, 1},
      {cnn::TransposeOp::getOperationName(), 3, 0, true},
  };
  const CostRow *row = llvm::find_if(kRows, [&](const CostRow &r) { return r.kind == kind; });
  return row == std::end(kRows) ? nullptr : row;
}

static double vectorsOf(plan::MapType map, const Target &target) {
  return static_cast<double>(map.n() * map.channelBlocks() * map.h() * map.w() * map.getBlock()) /
         target.isa.lanes;
}

/// Bytes of a map that is read or written once.
static double bytesOf(plan::MapType map) {
  return sizeof(float) *
         static_cast<double>(map.n() * map.channelBlocks() * map.getBlock() * map.h() * map.w());
}

/// The weights come from memory, or a register tile's steps take longer.
static double linearCycles(plan::KernelOp kernel, const Target &target) {
  LinearShape shape(kernel);
  LinearConfig config = LinearConfig::fromAttr(*kernel.getConfig());
  double tiles =
      static_cast<double>(ceilDiv(shape.in.n(), config.tileImages) *
                          ceilDiv(shape.outputs(), target.isa.lanes * config.tileBlocks));
  double steps =
      static_cast<double>(shape.steps()) * stepCycles(target, config.tileImages, config.tileBlocks);
  double bytes = sizeof(float) * static_cast<double>(shape.packedWeightSize(target.isa.lanes));
  // A stream that hardly anything is done with comes that much faster than a convolution's weights.
  constexpr double kStream = 1.9;
  return overlap(tiles * (steps + kCyclesPerRegisterTile),
                 bytes / (kStream * target.cpu.memoryBytesPerCycle));
}

double incc::kernelCycles(plan::KernelOp kernel, const Target &target) {
  if (kernel.getKind() == cnn::LinearOp::getOperationName())
    return linearCycles(kernel, target);
  const CostRow *row = findRow(kernel.getKind());
  if (!row)
    return 0;
  double bytes = 0, outputs = 0, reads = 0;
  for (Value output : kernel.getOutputs()) {
    auto map = cast<plan::MapType>(output.getType());
    outputs += vectorsOf(map, target);
    bytes += bytesOf(map);
  }
  for (Value input : kernel.getInputs()) {
    auto map = cast<plan::MapType>(input.getType());
    reads += vectorsOf(map, target);
    bytes += bytesOf(map);
  }
  if (auto window = kernel.getParams().getAs<DenseI64ArrayAttr>("kernel"))
    reads = outputs * static_cast<double>(window[0] * window[1]);
  double arithmetic = row->perOutput * outputs + row->perRead * reads;
  if (row->isScalar)
    arithmetic *= target.isa.lanes;
  return overlap(arithmetic, bytes / target.cpu.l3BytesPerCycle);
}
