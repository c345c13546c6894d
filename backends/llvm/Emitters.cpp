// The table of kernel emitters.
#include "backends/llvm/Emitters.h"

using namespace incc;

const KernelEmitter *incc::findEmitter(llvm::StringRef kind) {
  static const KernelEmitter kEmitters[] = {
      {cnn::ActivationOp::getOperationName(), emitActivation, nullptr},
      {cnn::AddOp::getOperationName(), emitAdd, nullptr},
      {cnn::AvgPoolOp::getOperationName(), emitAvgPool, packChannels},
      {cnn::BinaryOp::getOperationName(), emitBinary, nullptr},
      {cnn::ConcatOp::getOperationName(), emitConcat, nullptr},
      {cnn::ConstantOp::getOperationName(), emitConstant, packConstant},
      {cnn::Conv2dOp::getOperationName(), emitConv2d, packConv2d},
      {plan::kPackFilterKind, emitPackFilter, packFilterTable},
      {cnn::FlattenOp::getOperationName(), emitFlatten, nullptr},
      {cnn::GlobalAvgPoolOp::getOperationName(), emitGlobalAvgPool, nullptr},
      {cnn::LinearOp::getOperationName(), emitLinear, packLinear},
      {cnn::LrnOp::getOperationName(), emitLrn, nullptr},
      {cnn::MaxPoolOp::getOperationName(), emitMaxPool, nullptr},
      {cnn::MulOp::getOperationName(), emitMul, nullptr},
      {cnn::ReshapeOp::getOperationName(), emitReshape, nullptr},
      {cnn::ScaleOp::getOperationName(), emitScale, nullptr},
      {cnn::SliceOp::getOperationName(), emitSlice, nullptr},
      {cnn::SoftmaxOp::getOperationName(), emitSoftmax, nullptr},
      {cnn::SpaceToDepthOp::getOperationName(), emitSpaceToDepth, nullptr},
      {cnn::TakeOp::getOperationName(), emitTake, packTake},
      {cnn::ToLayoutOp::getOperationName(), emitToLayout, nullptr},
      {cnn::TransposeOp::getOperationName(), emitTranspose, nullptr},
  };
  for (const KernelEmitter &row : kEmitters)
    if (row.kind == kind)
      return &row;
  return nullptr;
}
