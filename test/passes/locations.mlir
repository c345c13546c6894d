// RUN: incc-opt %s --simplify-for-inference --fold-batch-norm --fuse-conv-epilogue \
// RUN:   -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s

// What is left keeps the convolution's name, and the weights the names of their tensors.
// CHECK-LABEL: func @fused_layer_keeps_its_name
//   CHECK-DAG:   cnn.constant {{.+}} loc("conv1.weight")
//   CHECK-DAG:   cnn.constant {{.+}} loc("bn1"("net.yaml":4:7))
//       CHECK:   cnn.conv2d {{.+}} act <relu> {{.+}} loc("conv1"("net.yaml":3:7))
//  CHECK-NEXT:   return
func.func @fused_layer_keeps_its_name(%x: tensor<1x1x4x4xf32>, %r: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = cnn.constant dense<1.0> : tensor<1x1x1x1xf32> loc("conv1.weight")
  %scale = cnn.constant dense<2.0> : tensor<1xf32> loc("bn1.weight")
  %shift = cnn.constant dense<3.0> : tensor<1xf32> loc("bn1"("net.yaml":4:7))
  %mean = cnn.constant dense<4.0> : tensor<1xf32> loc("bn1.running_mean")
  %var = cnn.constant dense<5.0> : tensor<1xf32> loc("bn1.running_var")
  %0 = cnn.conv2d %x, %w : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32> loc("conv1"("net.yaml":3:7))
  %1 = cnn.batch_norm %0, %scale, %shift, %mean, %var epsilon 1.0
    : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32> loc("bn1"("net.yaml":4:7))
  %2 = cnn.add %1, %r : (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> loc("add"("net.yaml":5:7))
  %3 = cnn.activation %2 <relu> : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> loc("relu"("net.yaml":6:7))
  return %3 : tensor<1x1x4x4xf32>
}
