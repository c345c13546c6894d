// The table of kernel emitters.
#include "backends/llvm/Emitters.h"

using namespace incc;

const KernelEmitter *incc::findEmitter(llvm::StringRef kind) {
  static const KernelEmitter kEmitters[] = {
      {cnn::ActivationOp::getOperationName(), emitActivation, nullptr},
      {cnn::AddOp::getOperationName(), emitAdd, nullptr},
      {cnn::AvgPoolOp::getOperationName(), emitAvgPool, packChannels},
      {cnn::ConcatOp::getOperationName(), emitConcat, nullptr},
      {cnn::Conv2dOp::getOperationName(), emitConv2d, packConv2d},
      {cnn::FlattenOp::getOperationName(), emitFlatten, nullptr},
      {cnn::GlobalAvgPoolOp::getOperationName(), emitGlobalAvgPool, nullptr},
      {cnn::LinearOp::getOperationName(), emitLinear, packLinear},
      {cnn::LrnOp::getOperationName(), emitLrn, nullptr},
      {cnn::MaxPoolOp::getOperationName(), emitMaxPool, nullptr},
      {cnn::MulOp::getOperationName(), emitMul, nullptr},
      {cnn::ScaleOp::getOperationName(), emitScale, nullptr},
      {cnn::SliceOp::getOperationName(), emitSlice, nullptr},
      {cnn::SoftmaxOp::getOperationName(), emitSoftmax, nullptr},
      {cnn::ToLayoutOp::getOperationName(), emitToLayout, nullptr},
  };
  for (const KernelEmitter &row : kEmitters)
    if (row.kind == kind)
      return &row;
  return nullptr;
}
