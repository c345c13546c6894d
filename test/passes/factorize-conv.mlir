// What the filter is decides whether a convolution becomes two; where its parts go, the rest.
// RUN: incc-opt %s --split-input-file --factorize-conv="mcpu=haswell" | FileCheck %s
// RUN: incc-opt %s --split-input-file --factorize-conv="mcpu=haswell mode=off" | FileCheck %s --check-prefix=OFF
// OFF-COUNT-9: cnn.conv2d
// OFF-NOT: cnn.conv2d

// A filter of equal taps has rank 1. The first part has one filter, and the padding of its axis.
// CHECK-LABEL: func @rank_one
//       CHECK: %[[A:.+]] = cnn.conv2d %arg0, %{{.+}} pad [0, 2, 0, 2]
//  CHECK-SAME: tensor<1x32x1x5xf32>) -> tensor<1x1x28x28xf32>
//       CHECK: %[[B:.+]] = cnn.conv2d %[[A]], %{{.+}} pad [2, 0, 2, 0]
//  CHECK-SAME: tensor<32x1x5x1xf32>) -> tensor<1x32x28x28xf32>
//       CHECK: return %[[B]]
func.func @rank_one(%x: tensor<1x32x28x28xf32>) -> tensor<1x32x28x28xf32> {
  %w = cnn.constant dense<0.5> : tensor<32x32x5x5xf32>
  %y = cnn.conv2d %x, %w pad [2, 2, 2, 2] : (tensor<1x32x28x28xf32>, tensor<32x32x5x5xf32>) -> tensor<1x32x28x28xf32>
  return %y : tensor<1x32x28x28xf32>
}

// -----

// Bias, residual and activation stay at the end.
// CHECK-LABEL: func @epilogue_stays_last
//       CHECK: %[[A:.+]] = cnn.conv2d %arg0, %{{[^ ]+}} pad [0, 2, 0, 2] :
//       CHECK: cnn.conv2d %[[A]], %{{.+}} bias(%{{.+}}) residual(%arg1) pad [2, 0, 2, 0] act <relu>
func.func @epilogue_stays_last(%x: tensor<1x32x28x28xf32>, %r: tensor<1x32x28x28xf32>) -> tensor<1x32x28x28xf32> {
  %w = cnn.constant dense<0.5> : tensor<32x32x5x5xf32>
  %b = cnn.constant dense<1.0> : tensor<32xf32>
  %y = cnn.conv2d %x, %w bias(%b) residual(%r) pad [2, 2, 2, 2] act <relu>
    : (tensor<1x32x28x28xf32>, tensor<32x32x5x5xf32>, tensor<32xf32>, tensor<1x32x28x28xf32>) -> tensor<1x32x28x28xf32>
  return %y : tensor<1x32x28x28xf32>
}

// -----

// Strides, dilations and uneven padding go with their axis; the part that shrinks the map more comes first.
// CHECK-LABEL: func @axes_keep_their_own
//       CHECK: %[[A:.+]] = cnn.conv2d %arg0, %{{.+}} stride [2, 1] pad [3, 0, 2, 0]
//  CHECK-SAME: tensor<1x32x7x1xf32>) -> tensor<1x1x14x28xf32>
//       CHECK: cnn.conv2d %[[A]], %{{.+}} pad [0, 2, 0, 1] dilation [1, 2]
//  CHECK-SAME: tensor<32x1x1x5xf32>) -> tensor<1x32x14x23xf32>
func.func @axes_keep_their_own(%x: tensor<1x32x28x28xf32>) -> tensor<1x32x14x23xf32> {
  %w = cnn.constant dense<0.5> : tensor<32x32x7x5xf32>
  %y = cnn.conv2d %x, %w stride [2, 1] pad [3, 2, 2, 1] dilation [1, 2]
    : (tensor<1x32x28x28xf32>, tensor<32x32x7x5xf32>) -> tensor<1x32x14x23xf32>
  return %y : tensor<1x32x14x23xf32>
}

// -----

// The filter's matrix, (row, channel) x (column, filter), is the identity: of full rank.
// CHECK-LABEL: func @full_rank_stays
//       CHECK: cnn.conv2d %arg0, %{{.+}} pad [1, 1, 1, 1]
//  CHECK-SAME: tensor<1x1x3x3xf32>
func.func @full_rank_stays(%x: tensor<1x1x64x64xf32>) -> tensor<1x1x64x64xf32> {
  %w = cnn.constant dense<[[[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]]> : tensor<1x1x3x3xf32>
  %y = cnn.conv2d %x, %w pad [1, 1, 1, 1] : (tensor<1x1x64x64xf32>, tensor<1x1x3x3xf32>) -> tensor<1x1x64x64xf32>
  return %y : tensor<1x1x64x64xf32>
}

// -----

// 1728 multiply-adds instead of 4608, but two passes over the map: the model sees no gain.
// CHECK-LABEL: func @no_faster_stays
//       CHECK: cnn.conv2d %arg0, %{{.+}} pad [1, 1, 1, 1]
//  CHECK-SAME: tensor<8x1x3x3xf32>
func.func @no_faster_stays(%x: tensor<1x1x8x8xf32>) -> tensor<1x8x8x8xf32> {
  %w = cnn.constant dense<0.5> : tensor<8x1x3x3xf32>
  %y = cnn.conv2d %x, %w pad [1, 1, 1, 1] : (tensor<1x1x8x8xf32>, tensor<8x1x3x3xf32>) -> tensor<1x8x8x8xf32>
  return %y : tensor<1x8x8x8xf32>
}

// -----

// CHECK-LABEL: func @groups_stay
//       CHECK: tensor<32x16x5x5xf32>
func.func @groups_stay(%x: tensor<1x32x28x28xf32>) -> tensor<1x32x28x28xf32> {
  %w = cnn.constant dense<0.5> : tensor<32x16x5x5xf32>
  %y = cnn.conv2d %x, %w pad [2, 2, 2, 2] groups 2 : (tensor<1x32x28x28xf32>, tensor<32x16x5x5xf32>) -> tensor<1x32x28x28xf32>
  return %y : tensor<1x32x28x28xf32>
}

// -----

// CHECK-LABEL: func @one_dimension_stays
//       CHECK: tensor<32x32x1x7xf32>
func.func @one_dimension_stays(%x: tensor<1x32x28x28xf32>) -> tensor<1x32x28x28xf32> {
  %w = cnn.constant dense<0.5> : tensor<32x32x1x7xf32>
  %y = cnn.conv2d %x, %w pad [0, 3, 0, 3] : (tensor<1x32x28x28xf32>, tensor<32x32x1x7xf32>) -> tensor<1x32x28x28xf32>
  return %y : tensor<1x32x28x28xf32>
}

// -----

// CHECK-LABEL: func @unknown_filter_stays
//       CHECK: cnn.conv2d %arg0, %arg1 pad [2, 2, 2, 2]
func.func @unknown_filter_stays(%x: tensor<1x32x28x28xf32>, %w: tensor<32x32x5x5xf32>) -> tensor<1x32x28x28xf32> {
  %y = cnn.conv2d %x, %w pad [2, 2, 2, 2] : (tensor<1x32x28x28xf32>, tensor<32x32x5x5xf32>) -> tensor<1x32x28x28xf32>
  return %y : tensor<1x32x28x28xf32>
}

// -----

// CHECK-LABEL: func @layouts_stay
//       CHECK: tensor<32x32x5x5xf32>
func.func @layouts_stay(%x: tensor<1x32x28x28xf32, #cnn.layout<block = 8, halo = [2, 2, 2, 2]>>) -> tensor<1x32x28x28xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>> {
  %w = cnn.constant dense<0.5> : tensor<32x32x5x5xf32>
  %y = cnn.conv2d %x, %w pad [2, 2, 2, 2] : (tensor<1x32x28x28xf32, #cnn.layout<block = 8, halo = [2, 2, 2, 2]>>, tensor<32x32x5x5xf32>) -> tensor<1x32x28x28xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
  return %y : tensor<1x32x28x28xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
}
