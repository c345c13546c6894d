// RUN: incc-opt %s --simplify-for-inference --fold-batch-norm --fuse-conv-epilogue \
// RUN:   --commute-avg-pool --merge-sibling-convs=channel-block=1 \
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

// The merged convolution names all its layers, each slice its own.
// CHECK-LABEL: func @merged_layer_has_all_names
//       CHECK:   cnn.conv2d {{.+}} loc(fused["branch1"("net.yaml":3:7), "branch2"("net.yaml":4:7)])
//  CHECK-NEXT:   cnn.slice {{.+}} loc("branch1"("net.yaml":3:7))
//  CHECK-NEXT:   cnn.slice {{.+}} loc("branch2"("net.yaml":4:7))
func.func @merged_layer_has_all_names(%x: tensor<1x1x4x4xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %v = cnn.constant dense<1.0> : tensor<1x1x1x1xf32> loc("branch1.weight")
  %w = cnn.constant dense<1.0> : tensor<1x1x1x1xf32> loc("branch2.weight")
  %0 = cnn.conv2d %x, %v : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32> loc("branch1"("net.yaml":3:7))
  %1 = cnn.conv2d %x, %w : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32> loc("branch2"("net.yaml":4:7))
  return %0, %1 : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// CHECK-LABEL: func @commuted_layers_keep_their_names
//       CHECK:   cnn.constant {{.+}} loc("proj.weight")
//       CHECK:   cnn.conv2d {{.+}} loc("proj"("net.yaml":4:7))
//  CHECK-NEXT:   cnn.avg_pool {{.+}} loc("pool"("net.yaml":3:7))
func.func @commuted_layers_keep_their_names(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = cnn.constant dense<1.0> : tensor<1x2x1x1xf32> loc("proj.weight")
  %0 = cnn.avg_pool %x kernel [3, 3] pad [1, 1, 1, 1] : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> loc("pool"("net.yaml":3:7))
  %1 = cnn.conv2d %0, %w : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x1x4x4xf32> loc("proj"("net.yaml":4:7))
  return %1 : tensor<1x1x4x4xf32>
}
