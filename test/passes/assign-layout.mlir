// RUN: incc-opt %s --assign-layout=channel-block=8 | FileCheck %s

// The halo is as wide as the padding of the convolution that reads the map.
// CHECK-LABEL: func @halo_follows_reader
//       CHECK:   %[[A:.+]] = cnn.conv2d {{.+}} -> tensor<1x8x9x9xf32, #cnn.layout<block = 8, halo = [1, 2, 3, 4]>>
//       CHECK:   %[[B:.+]] = cnn.conv2d %[[A]], {{.+}} -> tensor<1x8x13x15xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
func.func @halo_follows_reader(%x: tensor<1x8x9x9xf32>) -> tensor<1x8x13x15xf32> {
  %w = cnn.constant dense<1.0> : tensor<8x8x1x1xf32>
  %0 = cnn.conv2d %x, %w : (tensor<1x8x9x9xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x9x9xf32>
  %1 = cnn.conv2d %0, %w pad [1, 2, 3, 4] : (tensor<1x8x9x9xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x13x15xf32>
  return %1 : tensor<1x8x13x15xf32>
}

// Pools clip their windows: padding of theirs needs no halo.
// CHECK-LABEL: func @pool_needs_no_halo
//       CHECK:   %[[A:.+]] = cnn.conv2d {{.+}} -> tensor<1x8x9x9xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
//       CHECK:   cnn.max_pool %[[A]]
func.func @pool_needs_no_halo(%x: tensor<1x8x9x9xf32>) -> tensor<1x8x9x9xf32> {
  %w = cnn.constant dense<1.0> : tensor<8x8x1x1xf32>
  %0 = cnn.conv2d %x, %w : (tensor<1x8x9x9xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x9x9xf32>
  %1 = cnn.max_pool %0 kernel [3, 3] pad [1, 1, 1, 1] : (tensor<1x8x9x9xf32>) -> tensor<1x8x9x9xf32>
  return %1 : tensor<1x8x9x9xf32>
}

// CHECK-LABEL: func @few_channels_stay_planar
//  CHECK-SAME:   %[[X:.+]]: tensor<1x3x9x9xf32>
//       CHECK:   %[[P:.+]] = cnn.to_layout %[[X]] : {{.+}} -> tensor<1x3x9x9xf32, #cnn.layout<block = 1, halo = [1, 1, 1, 1]>>
//  CHECK-NEXT:   cnn.conv2d %[[P]]
func.func @few_channels_stay_planar(%x: tensor<1x3x9x9xf32>) -> tensor<1x8x9x9xf32> {
  %w = cnn.constant dense<1.0> : tensor<8x3x3x3xf32>
  %0 = cnn.conv2d %x, %w pad [1, 1, 1, 1] : (tensor<1x3x9x9xf32>, tensor<8x3x3x3xf32>) -> tensor<1x8x9x9xf32>
  return %0 : tensor<1x8x9x9xf32>
}

// One more channel than stays planar.
// CHECK-LABEL: func @five_channels_are_blocked
//  CHECK-SAME:   %[[X:.+]]: tensor<1x5x9x9xf32>
//       CHECK:   %[[P:.+]] = cnn.to_layout %[[X]] : {{.+}} -> tensor<1x5x9x9xf32, #cnn.layout<block = 8, halo = [1, 1, 1, 1]>>
//  CHECK-NEXT:   cnn.conv2d %[[P]]
func.func @five_channels_are_blocked(%x: tensor<1x5x9x9xf32>) -> tensor<1x8x9x9xf32> {
  %w = cnn.constant dense<1.0> : tensor<8x5x3x3xf32>
  %0 = cnn.conv2d %x, %w pad [1, 1, 1, 1] : (tensor<1x5x9x9xf32>, tensor<8x5x3x3xf32>) -> tensor<1x8x9x9xf32>
  return %0 : tensor<1x8x9x9xf32>
}

// What a concat joins has the concat's halo, so that it can be written in place.
// CHECK-LABEL: func @concat_shares_halo
//       CHECK:   %[[A:.+]] = cnn.conv2d {{.+}} -> tensor<1x8x9x9xf32, #cnn.layout<block = 8, halo = [1, 1, 1, 1]>>
//       CHECK:   %[[B:.+]] = cnn.activation %[[A]] <tanh> : {{.+}} -> tensor<1x8x9x9xf32, #cnn.layout<block = 8, halo = [1, 1, 1, 1]>>
//       CHECK:   %[[C:.+]] = cnn.concat %[[A]], %[[B]] : {{.+}} -> tensor<1x16x9x9xf32, #cnn.layout<block = 8, halo = [1, 1, 1, 1]>>
func.func @concat_shares_halo(%x: tensor<1x8x9x9xf32>) -> tensor<1x8x9x9xf32> {
  %w = cnn.constant dense<1.0> : tensor<8x8x1x1xf32>
  %v = cnn.constant dense<1.0> : tensor<8x16x3x3xf32>
  %0 = cnn.conv2d %x, %w : (tensor<1x8x9x9xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x9x9xf32>
  %1 = cnn.activation %0 <tanh> : (tensor<1x8x9x9xf32>) -> tensor<1x8x9x9xf32>
  %2 = cnn.concat %0, %1 : (tensor<1x8x9x9xf32>, tensor<1x8x9x9xf32>) -> tensor<1x16x9x9xf32>
  %3 = cnn.conv2d %2, %v pad [1, 1, 1, 1] : (tensor<1x16x9x9xf32>, tensor<8x16x3x3xf32>) -> tensor<1x8x9x9xf32>
  return %3 : tensor<1x8x9x9xf32>
}

// A sum may read maps of different halos.
// CHECK-LABEL: func @add_shares_none
//       CHECK:   %[[A:.+]] = cnn.conv2d {{.+}} -> tensor<1x8x9x9xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
//       CHECK:   %[[B:.+]] = cnn.add %[[A]], %[[A]] : {{.+}} -> tensor<1x8x9x9xf32, #cnn.layout<block = 8, halo = [1, 1, 1, 1]>>
func.func @add_shares_none(%x: tensor<1x8x9x9xf32>) -> tensor<1x8x9x9xf32> {
  %w = cnn.constant dense<1.0> : tensor<8x8x1x1xf32>
  %v = cnn.constant dense<1.0> : tensor<8x8x3x3xf32>
  %0 = cnn.conv2d %x, %w : (tensor<1x8x9x9xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x9x9xf32>
  %1 = cnn.add %0, %0 : (tensor<1x8x9x9xf32>, tensor<1x8x9x9xf32>) -> tensor<1x8x9x9xf32>
  %2 = cnn.conv2d %1, %v pad [1, 1, 1, 1] : (tensor<1x8x9x9xf32>, tensor<8x8x3x3xf32>) -> tensor<1x8x9x9xf32>
  return %2 : tensor<1x8x9x9xf32>
}

// A fully connected layer reads the floats of a map as they lie: without a halo between them.
// CHECK-LABEL: func @linear_reads_no_halo
//       CHECK:   %[[A:.+]] = cnn.conv2d {{.+}} -> tensor<1x8x3x3xf32, #cnn.layout<block = 8, halo = [1, 1, 1, 1]>>
//       CHECK:   %[[B:.+]] = cnn.to_layout %[[A]] : {{.+}} -> tensor<1x8x3x3xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
//       CHECK:   cnn.linear %[[B]], {{.+}} -> tensor<1x2xf32>
func.func @linear_reads_no_halo(%x: tensor<1x8x3x3xf32>) -> (tensor<1x2xf32>, tensor<1x8x3x3xf32>) {
  %w = cnn.constant dense<1.0> : tensor<8x8x1x1xf32>
  %v = cnn.constant dense<1.0> : tensor<8x8x3x3xf32>
  %f = cnn.constant dense<1.0> : tensor<2x72xf32>
  %0 = cnn.conv2d %x, %w : (tensor<1x8x3x3xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x3x3xf32>
  %1 = cnn.linear %0, %f : (tensor<1x8x3x3xf32>, tensor<2x72xf32>) -> tensor<1x2xf32>
  %2 = cnn.conv2d %0, %v pad [1, 1, 1, 1] : (tensor<1x8x3x3xf32>, tensor<8x8x3x3xf32>) -> tensor<1x8x3x3xf32>
  return %1, %2 : tensor<1x2xf32>, tensor<1x8x3x3xf32>
}

// The caller's arrays are dense.
// CHECK-LABEL: func @arrays_are_dense
//  CHECK-SAME:   %[[X:.+]]: tensor<1x8x3x3xf32>) -> tensor<1x8x3x3xf32>
//       CHECK:   %[[A:.+]] = cnn.to_layout %[[X]]
//  CHECK-NEXT:   %[[B:.+]] = cnn.activation %[[A]]
//  CHECK-NEXT:   %[[C:.+]] = cnn.to_layout %[[B]] : {{.+}} -> tensor<1x8x3x3xf32>
//  CHECK-NEXT:   return %[[C]]
func.func @arrays_are_dense(%x: tensor<1x8x3x3xf32>) -> tensor<1x8x3x3xf32> {
  %0 = cnn.activation %x <tanh> : (tensor<1x8x3x3xf32>) -> tensor<1x8x3x3xf32>
  return %0 : tensor<1x8x3x3xf32>
}
