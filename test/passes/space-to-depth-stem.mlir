// RUN: incc-opt %s --split-input-file --space-to-depth-stem="mcpu=znver3" | FileCheck %s
// RUN: incc-opt %s --split-input-file --space-to-depth-stem="mcpu=znver3 accuracy=strict" | FileCheck %s --check-prefix=STRICT
// RUN: not incc-opt %s --split-input-file --space-to-depth-stem=mcpu=z80 2>&1 | FileCheck %s --check-prefix=CPU
// CPU: error: unknown --mcpu 'z80'

// Three rows of padding are a square of two and one more: a row and a column of zeros come first. The
// work that is reported is that of the convolution as it was: 112 * 112 * 64 * 3 * 49.
// CHECK-LABEL: func @resnet
//  CHECK-SAME:   %[[X:.+]]: tensor<1x3x224x224xf32>
//       CHECK:   %[[S:.+]] = cnn.space_to_depth %[[X]] by 2 : (tensor<1x3x224x224xf32>) -> tensor<1x12x112x112xf32>
//       CHECK:   cnn.conv2d %[[S]], %{{.+}} pad [2, 2, 1, 1] act <relu> {cnn.macs = 118013952 : i64}
//  CHECK-SAME:     (tensor<1x12x112x112xf32>, tensor<64x12x4x4xf32>) -> tensor<1x64x112x112xf32>
// Errors are as large as a direct convolution's: of what is left to choose the direct one is best.
// STRICT-LABEL: func @resnet
//       STRICT:   cnn.conv2d %{{.+}}, %{{.+}} stride [2, 2]
func.func @resnet(%x: tensor<1x3x224x224xf32>) -> tensor<1x64x112x112xf32> {
  %w = cnn.constant dense<1.0> : tensor<64x3x7x7xf32>
  %0 = cnn.conv2d %x, %w stride [2, 2] pad [3, 3, 3, 3] act <relu> : (tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32>) -> tensor<1x64x112x112xf32>
  return %0 : tensor<1x64x112x112xf32>
}

// -----

// CHECK-LABEL: func @odd_input
//   CHECK-NOT:   space_to_depth
//       CHECK:   return
func.func @odd_input(%x: tensor<1x3x225x224xf32>) -> tensor<1x64x113x112xf32> {
  %w = cnn.constant dense<1.0> : tensor<64x3x7x7xf32>
  %0 = cnn.conv2d %x, %w stride [2, 2] pad [3, 3, 3, 3] : (tensor<1x3x225x224xf32>, tensor<64x3x7x7xf32>) -> tensor<1x64x113x112xf32>
  return %0 : tensor<1x64x113x112xf32>
}

// -----

// CHECK-LABEL: func @other_strides
//   CHECK-NOT:   space_to_depth
//       CHECK:   return
func.func @other_strides(%x: tensor<1x3x222x222xf32>, %y: tensor<1x3x224x224xf32>) -> (tensor<1x64x74x74xf32>, tensor<1x64x112x224xf32>) {
  %w = cnn.constant dense<1.0> : tensor<64x3x7x7xf32>
  %0 = cnn.conv2d %x, %w stride [3, 3] pad [3, 3, 3, 3] : (tensor<1x3x222x222xf32>, tensor<64x3x7x7xf32>) -> tensor<1x64x74x74xf32>
  %1 = cnn.conv2d %y, %w stride [2, 1] pad [3, 3, 3, 3] : (tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32>) -> tensor<1x64x112x224xf32>
  return %0, %1 : tensor<1x64x74x74xf32>, tensor<1x64x112x224xf32>
}

// -----

// Not a network's input, too many channels, a filter that comes with the input.
// CHECK-LABEL: func @others
//   CHECK-NOT:   space_to_depth
//       CHECK:   return
func.func @others(%x: tensor<1x3x224x224xf32>, %y: tensor<1x16x224x224xf32>, %f: tensor<64x3x7x7xf32>) -> (tensor<1x64x112x112xf32>, tensor<1x64x112x112xf32>, tensor<1x64x112x112xf32>) {
  %v = cnn.constant dense<1.0> : tensor<64x3x7x7xf32>
  %w = cnn.constant dense<1.0> : tensor<64x16x7x7xf32>
  %0 = cnn.activation %x <relu> : (tensor<1x3x224x224xf32>) -> tensor<1x3x224x224xf32>
  %1 = cnn.conv2d %0, %v stride [2, 2] pad [3, 3, 3, 3] : (tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32>) -> tensor<1x64x112x112xf32>
  %2 = cnn.conv2d %y, %w stride [2, 2] pad [3, 3, 3, 3] : (tensor<1x16x224x224xf32>, tensor<64x16x7x7xf32>) -> tensor<1x64x112x112xf32>
  %3 = cnn.conv2d %x, %f stride [2, 2] pad [3, 3, 3, 3] : (tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32>) -> tensor<1x64x112x112xf32>
  return %1, %2, %3 : tensor<1x64x112x112xf32>, tensor<1x64x112x112xf32>, tensor<1x64x112x112xf32>
}

// -----

// Squares of pixels gain nothing where 3x3 taps become 2x2 of four times the channels.
// CHECK-LABEL: func @small_window
//   CHECK-NOT:   space_to_depth
//       CHECK:   return
func.func @small_window(%x: tensor<1x3x224x224xf32>) -> tensor<1x32x112x112xf32> {
  %w = cnn.constant dense<1.0> : tensor<32x3x3x3xf32>
  %0 = cnn.conv2d %x, %w stride [2, 2] pad [1, 1, 1, 1] : (tensor<1x3x224x224xf32>, tensor<32x3x3x3xf32>) -> tensor<1x32x112x112xf32>
  return %0 : tensor<1x32x112x112xf32>
}

// -----

// Halide's convolutions are direct.
module attributes {plan.backend = "halide"} {
  // CHECK-LABEL: func @halide
  //   CHECK-NOT:   space_to_depth
  //       CHECK:   return
  func.func @halide(%x: tensor<1x3x224x224xf32>) -> tensor<1x64x112x112xf32> {
    %w = cnn.constant dense<1.0> : tensor<64x3x7x7xf32>
    %0 = cnn.conv2d %x, %w stride [2, 2] pad [3, 3, 3, 3] : (tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32>) -> tensor<1x64x112x112xf32>
    return %0 : tensor<1x64x112x112xf32>
  }
}
