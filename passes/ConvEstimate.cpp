// Plans a single convolution to see what it costs.
#include "passes/ConvEstimate.h"
#include "ir/CnnInfer.h"
#include "passes/PlanarInput.h"

using namespace mlir;
using namespace incc;

ConvGeometry::ConvGeometry(cnn::Conv2dOp conv)
    : input(cnn::shapeOf(conv.getInput())), filter(cnn::shapeOf(conv.getFilter())),
      pads(conv.getPads()), strides(conv.getStrides()), dilations(conv.getDilations()),
      isPlanar(readsPlanar(conv)) {}

SmallVector<int64_t, 4> ConvGeometry::output() const {
  auto extent = [&](int axis) {
    return cnn::countWindows(input[2 + axis], filter[2 + axis], strides[axis], pads[axis],
                             pads[2 + axis], dilations[axis]);
  };
  return {input[0], filter[0], extent(0), extent(1)};
}

double ConvGeometry::macs() const {
  double count = 1;
  for (int64_t size : output())
    count *= static_cast<double>(size);
  return count * static_cast<double>(filter[1] * filter[2] * filter[3]);
}

namespace {
/// A plan with one convolution as assign-layout and convert-cnn-to-plan would write it.
class TinyPlan {
public:
  TinyPlan(MLIRContext *context, const ConvGeometry &conv, int64_t lanes) {
    OpBuilder b(context);
    b.setInsertionPointToStart(&block);
    Location loc = b.getUnknownLoc();
    auto map = [&](ArrayRef<int64_t> shape, ArrayRef<int64_t> halo, int64_t channelBlock) {
      auto type =
          plan::MapType::get(context, shape, channelBlock, halo, ceilDiv(shape[1], channelBlock));
      return b.create<plan::BufferOp>(loc, type, IntegerAttr());
    };
    Value in = map(conv.input, conv.pads, conv.isPlanar ? 1 : lanes);
    Value out = map(conv.output(), {0, 0, 0, 0}, lanes);
    auto filter = DenseElementsAttr::get(RankedTensorType::get(conv.filter, b.getF32Type()), 0.0f);
    Value weights = b.create<plan::WeightsOp>(loc, filter, IntegerAttr());
    DictionaryAttr params = b.getDictionaryAttr({
        b.getNamedAttr("kernel", b.getDenseI64ArrayAttr({conv.filter[2], conv.filter[3]})),
        b.getNamedAttr("strides", b.getDenseI64ArrayAttr(conv.strides)),
        b.getNamedAttr("pads", b.getDenseI64ArrayAttr(conv.pads)),
        b.getNamedAttr("dilations", b.getDenseI64ArrayAttr(conv.dilations)),
        b.getNamedAttr("groups", b.getI64IntegerAttr(1)),
    });
    kernel = b.create<plan::KernelOp>(
        loc, b.getStringAttr(cnn::Conv2dOp::getOperationName()), ValueRange{in},
        ValueRange{weights}, ValueRange{out}, params, DictionaryAttr(), b.getI64IntegerAttr(1),
        b.getI64IntegerAttr(static_cast<int64_t>(2 * conv.macs())), FloatAttr());
  }
  ~TinyPlan() {
    while (!block.empty())
      block.back().erase();
  }

  plan::KernelOp kernel;

private:
  Block block;
};
} // namespace

ConvCandidate incc::estimateConv(MLIRContext *context, const ConvGeometry &geometry,
                                 const Goal &goal) {
  TinyPlan plan(context, geometry, goal.target.isa.lanes);
  return convCandidates(plan.kernel, goal).front();
}

KernelTasks incc::estimateTasks(MLIRContext *context, const ConvGeometry &geometry,
                                const Goal &goal) {
  TinyPlan plan(context, geometry, goal.target.isa.lanes);
  applyCandidate(plan.kernel, convCandidates(plan.kernel, goal).front(), goal.target);
  return plan::tasksOf(plan.kernel);
}

std::vector<double> incc::measureConvs(MLIRContext *context, ArrayRef<ConvGeometry> convs,
                                       const Goal &goal, const TuneOptions &tune,
                                       int64_t networkBytes) {
  std::vector<std::unique_ptr<TinyPlan>> plans;
  std::vector<StageList> runs;
  for (const ConvGeometry &conv : convs) {
    plans.push_back(std::make_unique<TinyPlan>(context, conv, goal.target.isa.lanes));
    plan::KernelOp kernel = plans.back()->kernel;
    applyCandidate(kernel, convCandidates(kernel, goal).front(), goal.target);
    runs.push_back({{kernel}});
  }
  return tune.time(runs, networkBytes);
}
