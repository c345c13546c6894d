// What passes did and left alone is told layer by layer to who asks for it.
// RUN: incc-opt %s --fold-batch-norm --fuse-conv-epilogue --commute-avg-pool \
// RUN:   --merge-sibling-convs=channel-block=1 --compact-strided-conv=least-channels=8 \
// RUN:   --log-actions-to=%t --mlir-disable-threading -o /dev/null
// RUN: FileCheck %s < %t

// CHECK: `decision` bn1: done: folded into the weights of 'conv1' before it
// CHECK: conv1: done: adds the residual of 'add'
// CHECK: conv1: done: applies relu of 'relu'
func.func @convolution_takes_what_follows(%x: tensor<1x1x4x4xf32>, %r: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = cnn.constant dense<1.0> : tensor<1x1x1x1xf32> loc("conv1.weight")
  %p = cnn.constant dense<2.0> : tensor<1xf32> loc("bn1.weight")
  %0 = cnn.conv2d %x, %w : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32> loc("conv1")
  %1 = cnn.batch_norm %0, %p, %p, %p, %p epsilon 1.0
    : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32> loc("bn1")
  %2 = cnn.add %1, %r : (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> loc("add")
  %3 = cnn.activation %2 <relu> : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> loc("relu")
  return %3 : tensor<1x1x4x4xf32>
}

// CHECK: bn: declined: an activation lies between
// CHECK: bn: declined: result has several uses
// CHECK: bn: done: computed apart, as a depthwise 1x1 convolution
// CHECK: relu2: declined: input has other uses
func.func @what_stays_says_why(%x: tensor<1x1x4x4xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %w = cnn.constant dense<1.0> : tensor<1x1x1x1xf32>
  %p = cnn.constant dense<2.0> : tensor<1xf32>
  %0 = cnn.conv2d %x, %w act <relu> : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32> loc("conv")
  %1 = cnn.batch_norm %0, %p, %p, %p, %p epsilon 1.0
    : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32> loc("bn")
  %2 = cnn.activation %1 <relu> : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> loc("relu2")
  return %1, %2 : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// CHECK: proj: done: computed before 'pool', which pools its outputs
// CHECK: branch3: declined: not computed with {{.+}}, which reads the same: writes straight into a concatenation
// CHECK: branch2: done: computed with 'branch1', which reads the same
// CHECK: strided: declined: too few output channels read the input again
func.func @siblings_and_pools(%x: tensor<1x2x4x4xf32>) -> (tensor<1x4x4x4xf32>, tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32>) {
  %w = cnn.constant dense<1.0> : tensor<1x2x1x1xf32>
  %v = cnn.constant dense<1.0> : tensor<2x2x1x1xf32>
  %0 = cnn.avg_pool %x kernel [3, 3] pad [1, 1, 1, 1] : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> loc("pool")
  %1 = cnn.conv2d %0, %w act <relu> : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x1x4x4xf32> loc("proj")
  %2 = cnn.conv2d %x, %w act <relu6> : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x1x4x4xf32> loc("branch1")
  %3 = cnn.conv2d %x, %w act <relu6> : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x1x4x4xf32> loc("branch2")
  %4 = cnn.conv2d %x, %v act <relu6> : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32> loc("branch3")
  %5 = cnn.concat %4, %x : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x4x4x4xf32> loc("concat")
  %6 = cnn.conv2d %x, %w stride [2, 2] : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x1x2x2xf32> loc("strided")
  %7 = cnn.add %1, %2 : (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %5, %7, %3, %6 : tensor<1x4x4x4xf32>, tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32>
}
