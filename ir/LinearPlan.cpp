// Shapes and configurations of fully connected kernels.
#include "ir/LinearPlan.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace incc;

LinearShape::LinearShape(plan::KernelOp kernel) {
  in = cast<plan::MapType>(kernel.getInputs()[0].getType());
  out = cast<plan::MapType>(kernel.getOutputs()[0].getType());
  if (kernel.getInputs().size() > 1)
    residual = cast<plan::MapType>(kernel.getInputs()[1].getType());
  hasBias = kernel.getWeights().size() > 1;
}

DictionaryAttr LinearConfig::toAttr(MLIRContext *context, ArrayRef<int64_t> weightsBytes) const {
  Builder b(context);
  return b.getDictionaryAttr({
      b.getNamedAttr("tile", b.getDenseI64ArrayAttr({tileImages, tileBlocks})),
      b.getNamedAttr("weights_bytes", b.getDenseI64ArrayAttr(weightsBytes)),
  });
}

LinearConfig LinearConfig::fromAttr(DictionaryAttr attr) {
  ArrayRef<int64_t> tile = cast<DenseI64ArrayAttr>(attr.get("tile")).asArrayRef();
  return {tile[0], tile[1]};
}
