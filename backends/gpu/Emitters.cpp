// The table of GPU kernel emitters.
#include "backends/gpu/Emitters.h"

using namespace incc;

const GpuEmitter *incc::findGpuEmitter(llvm::StringRef kind) {
  static const GpuEmitter kEmitters[] = {
      {cnn::ActivationOp::getOperationName(), gpu::emitActivation, nullptr},
      {cnn::AddOp::getOperationName(), gpu::emitAdd, nullptr},
      {cnn::AvgPoolOp::getOperationName(), gpu::emitAvgPool, nullptr},
      {cnn::BinaryOp::getOperationName(), gpu::emitBinary, nullptr},
      {cnn::ConcatOp::getOperationName(), gpu::emitConcat, nullptr},
      {cnn::ConstantOp::getOperationName(), gpu::emitConstant, nullptr},
      {cnn::Conv2dOp::getOperationName(), gpu::emitConv2d, gpu::packConv2d},
      {cnn::FlattenOp::getOperationName(), gpu::emitCopy, nullptr},
      {cnn::GlobalAvgPoolOp::getOperationName(), gpu::emitGlobalAvgPool, nullptr},
      {cnn::LinearOp::getOperationName(), gpu::emitLinear, nullptr},
      {cnn::LrnOp::getOperationName(), gpu::emitLrn, nullptr},
      {cnn::MaxPoolOp::getOperationName(), gpu::emitMaxPool, nullptr},
      {cnn::MulOp::getOperationName(), gpu::emitMul, nullptr},
      {cnn::ReshapeOp::getOperationName(), gpu::emitCopy, nullptr},
      {cnn::ScaleOp::getOperationName(), gpu::emitScale, nullptr},
      {cnn::SliceOp::getOperationName(), gpu::emitSlice, nullptr},
      {cnn::SoftmaxOp::getOperationName(), gpu::emitSoftmax, nullptr},
      {cnn::TakeOp::getOperationName(), gpu::emitTake, gpu::packTake},
      {cnn::ToLayoutOp::getOperationName(), gpu::emitCopy, nullptr},
      {cnn::TransposeOp::getOperationName(), gpu::emitTranspose, nullptr},
      {kSumSplitsKind, gpu::emitSumSplits, nullptr},
      {kWinogradInputKind, gpu::emitWinogradInput, nullptr},
      {kWinogradOutputKind, gpu::emitWinogradOutput, nullptr},
  };
  for (const GpuEmitter &row : kEmitters)
    if (row.kind == kind)
      return &row;
  return nullptr;
}
