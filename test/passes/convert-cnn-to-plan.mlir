// RUN: incc-opt %s --split-input-file --convert-cnn-to-plan -verify-diagnostics | FileCheck %s

// The last op writes the caller's array; weights and attributes go with the kernel.
// CHECK-LABEL: plan.program "writes_the_output"
//       CHECK:   %[[X:.+]] = plan.input 0 "image" dims [1, 8, 4, 4] : <1x8x4x4, c1, halo [0, 0, 0, 0], planes 8>
//       CHECK:   %[[Y:.+]] = plan.output 0 "scores" dims [1, 2] : <1x2x1x1, c1, halo [0, 0, 0, 0], planes 2>
//       CHECK:   %[[M:.+]] = plan.buffer : <1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>
//       CHECK:   plan.stage
//  CHECK-NEXT:     plan.kernel "cnn.to_layout"(%[[X]]) into(%[[M]])
//       CHECK:   %[[W:.+]] = plan.weights
//       CHECK:   %[[B:.+]] = plan.weights
//       CHECK:   plan.stage
//  CHECK-NEXT:     plan.kernel "cnn.linear"(%[[M]]) weights(%[[W]], %[[B]]) into(%[[Y]]) params {act = #cnn.act<relu>} flops 512
func.func @writes_the_output(%x: tensor<1x8x4x4xf32> {cnn.name = "image"})
    -> (tensor<1x2xf32> {cnn.name = "scores"}) {
  %w = cnn.constant dense<1.0> : tensor<2x128xf32>
  %b = cnn.constant dense<1.0> : tensor<2xf32>
  %0 = cnn.to_layout %x : (tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
  %1 = cnn.linear %0, %w bias(%b) act <relu> : (tensor<1x8x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>, tensor<2x128xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}

// -----

// A result that is also read inside can't live in the caller's array alone.
// CHECK-LABEL: plan.program "copies_what_is_read"
//       CHECK:   %[[X:.+]] = plan.input
//       CHECK:   %[[Y:.+]] = plan.output 0
//       CHECK:   %[[Z:.+]] = plan.output 1
//       CHECK:   %[[B:.+]] = plan.buffer
//       CHECK:     plan.kernel "cnn.softmax"(%[[X]]) into(%[[B]])
//       CHECK:     plan.kernel "cnn.activation"(%[[B]]) into(%[[Z]])
//       CHECK:     plan.kernel "cnn.to_layout"(%[[B]]) into(%[[Y]])
func.func @copies_what_is_read(%x: tensor<1x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>) {
  %0 = cnn.softmax %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %1 = cnn.activation %0 <relu> : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %0, %1 : tensor<1x4xf32>, tensor<1x4xf32>
}

// -----

// A slice on a block's border is a view, one inside a block a copy.
// CHECK-LABEL: plan.program "slices"
//       CHECK:   %[[M:.+]] = plan.buffer : <1x16x4x4, c8, halo [0, 0, 0, 0], planes 2>
//       CHECK:   plan.view %[[M]] channel 8
//       CHECK:   plan.kernel "cnn.slice"(%[[M]])
func.func @slices(%x: tensor<1x16x4x4xf32>) -> (tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>) {
  %0 = cnn.to_layout %x : (tensor<1x16x4x4xf32>) -> tensor<1x16x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
  %1 = cnn.slice %0[8, 8] : (tensor<1x16x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>) -> tensor<1x8x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
  %2 = cnn.slice %0[4, 8] : (tensor<1x16x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>) -> tensor<1x8x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
  %3 = cnn.to_layout %1 : (tensor<1x8x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>) -> tensor<1x8x4x4xf32>
  %4 = cnn.to_layout %2 : (tensor<1x8x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>) -> tensor<1x8x4x4xf32>
  return %3, %4 : tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>
}

// -----

func.func @batch_norm_is_gone_by_now(%x: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %c = cnn.constant dense<1.0> : tensor<1xf32>
  // expected-error @below {{'cnn.batch_norm' must have been rewritten by simplify-for-inference and fold-batch-norm}}
  %0 = cnn.batch_norm %x, %c, %c, %c, %c epsilon 1.0e-3 : (tensor<1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  return %0 : tensor<1x1xf32>
}

// -----

func.func @filters_are_constant(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32> {
  // expected-error @below {{weights of 'cnn.conv2d' must be constants}}
  %0 = cnn.conv2d %x, %w : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  return %0 : tensor<1x1x4x4xf32>
}
