// The table of Halide emitters.
#include "backends/halide/Emitters.h"

using namespace incc;

const HalideEmitter *incc::findHalideEmitter(llvm::StringRef kind) {
  static const HalideEmitter kEmitters[] = {
      {cnn::ActivationOp::getOperationName(), halide::emitActivation},
      {cnn::AddOp::getOperationName(), halide::emitAdd},
      {cnn::AvgPoolOp::getOperationName(), halide::emitAvgPool},
      {cnn::BinaryOp::getOperationName(), halide::emitBinary},
      {cnn::ConcatOp::getOperationName(), halide::emitConcat},
      {cnn::ConstantOp::getOperationName(), halide::emitConstant},
      {cnn::Conv2dOp::getOperationName(), halide::emitConv2d},
      {plan::kPackFilterKind, halide::emitPackFilter},
      {cnn::FlattenOp::getOperationName(), halide::emitMove},
      {cnn::GlobalAvgPoolOp::getOperationName(), halide::emitGlobalAvgPool},
      {cnn::LinearOp::getOperationName(), halide::emitLinear},
      {cnn::LrnOp::getOperationName(), halide::emitLrn},
      {cnn::MaxPoolOp::getOperationName(), halide::emitMaxPool},
      {cnn::MulOp::getOperationName(), halide::emitMul},
      {cnn::ReshapeOp::getOperationName(), halide::emitReshape},
      {cnn::ScaleOp::getOperationName(), halide::emitScale},
      {cnn::SliceOp::getOperationName(), halide::emitSlice},
      {cnn::SoftmaxOp::getOperationName(), halide::emitSoftmax},
      {cnn::TakeOp::getOperationName(), halide::emitTake},
      {cnn::ToLayoutOp::getOperationName(), halide::emitMove},
      {cnn::TransposeOp::getOperationName(), halide::emitTranspose},
  };
  for (const HalideEmitter &row : kEmitters)
    if (row.kind == kind)
      return &row;
  return nullptr;
}
