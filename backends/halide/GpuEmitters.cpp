// The table of Halide's GPU emitters.
#include "backends/halide/GpuEmitters.h"

using namespace incc;

const HalideGpuEmitter *incc::findHalideGpuEmitter(llvm::StringRef kind) {
  static const HalideGpuEmitter kEmitters[] = {
      {cnn::ActivationOp::getOperationName(), halide_gpu::emitActivation},
      {cnn::AddOp::getOperationName(), halide_gpu::emitAdd},
      {cnn::AvgPoolOp::getOperationName(), halide_gpu::emitAvgPool},
      {cnn::BinaryOp::getOperationName(), halide_gpu::emitBinary},
      {cnn::ConcatOp::getOperationName(), halide_gpu::emitConcat},
      {cnn::ConstantOp::getOperationName(), halide_gpu::emitConstant},
      {cnn::Conv2dOp::getOperationName(), halide_gpu::emitConv2d},
      {cnn::FlattenOp::getOperationName(), halide_gpu::emitCopy},
      {cnn::GlobalAvgPoolOp::getOperationName(), halide_gpu::emitGlobalAvgPool},
      {cnn::LinearOp::getOperationName(), halide_gpu::emitLinear},
      {cnn::LrnOp::getOperationName(), halide_gpu::emitLrn},
      {cnn::MaxPoolOp::getOperationName(), halide_gpu::emitMaxPool},
      {cnn::MulOp::getOperationName(), halide_gpu::emitMul},
      {cnn::ReshapeOp::getOperationName(), halide_gpu::emitCopy},
      {cnn::ScaleOp::getOperationName(), halide_gpu::emitScale},
      {cnn::SliceOp::getOperationName(), halide_gpu::emitSlice},
      {cnn::SoftmaxOp::getOperationName(), halide_gpu::emitSoftmax},
      {cnn::TakeOp::getOperationName(), halide_gpu::emitTake},
      {cnn::ToLayoutOp::getOperationName(), halide_gpu::emitCopy},
      {cnn::TransposeOp::getOperationName(), halide_gpu::emitTranspose},
  };
  for (const HalideGpuEmitter &row : kEmitters)
    if (row.kind == kind)
      return &row;
  return nullptr;
}
