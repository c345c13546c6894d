// RUN: incc-opt %s --commute-avg-pool | FileCheck %s

// Three of eight channels are left to pool. Padding and divisor stay the pool's.
// CHECK-LABEL: func @reducing_conv_moves_ahead
//  CHECK-SAME:   %[[X:.+]]: tensor<1x8x6x6xf32>, %[[W:.+]]: tensor<3x8x1x1xf32>, %[[B:.+]]: tensor<3xf32>
//       CHECK:   %[[C:.+]] = cnn.conv2d %[[X]], %[[W]] : {{.+}} -> tensor<1x3x6x6xf32>
//  CHECK-NEXT:   %[[P:.+]] = cnn.avg_pool %[[C]] bias(%[[B]]) kernel [3, 3] pad [1, 1, 1, 1] ceil_mode count_include_pad act <relu>
//  CHECK-NEXT:   return %[[P]]
func.func @reducing_conv_moves_ahead(%x: tensor<1x8x6x6xf32>, %w: tensor<3x8x1x1xf32>, %b: tensor<3xf32>) -> tensor<1x3x6x6xf32> {
  %0 = cnn.avg_pool %x kernel [3, 3] pad [1, 1, 1, 1] ceil_mode count_include_pad : (tensor<1x8x6x6xf32>) -> tensor<1x8x6x6xf32>
  %1 = cnn.conv2d %0, %w bias(%b) act <relu> : (tensor<1x8x6x6xf32>, tensor<3x8x1x1xf32>, tensor<3xf32>) -> tensor<1x3x6x6xf32>
  return %1 : tensor<1x3x6x6xf32>
}

// CHECK-LABEL: func @widening_conv_stays
//       CHECK:   %[[P:.+]] = cnn.avg_pool
//  CHECK-NEXT:   cnn.conv2d %[[P]],
func.func @widening_conv_stays(%x: tensor<1x8x6x6xf32>, %w: tensor<9x8x1x1xf32>) -> tensor<1x9x6x6xf32> {
  %0 = cnn.avg_pool %x kernel [3, 3] pad [1, 1, 1, 1] : (tensor<1x8x6x6xf32>) -> tensor<1x8x6x6xf32>
  %1 = cnn.conv2d %0, %w : (tensor<1x8x6x6xf32>, tensor<9x8x1x1xf32>) -> tensor<1x9x6x6xf32>
  return %1 : tensor<1x9x6x6xf32>
}

// It widens, but another linear 1x1 reads the same tensor: both become one.
// CHECK-LABEL: func @widening_conv_joins_its_sibling
//  CHECK-SAME:   %[[X:.+]]: tensor<1x8x6x6xf32>,
//       CHECK:   cnn.conv2d %[[X]],
//       CHECK:   %[[C:.+]] = cnn.conv2d %[[X]],
//       CHECK:   cnn.avg_pool %[[C]]
func.func @widening_conv_joins_its_sibling(%x: tensor<1x8x6x6xf32>, %w: tensor<9x8x1x1xf32>) -> (tensor<1x9x6x6xf32>, tensor<1x9x6x6xf32>) {
  %0 = cnn.conv2d %x, %w : (tensor<1x8x6x6xf32>, tensor<9x8x1x1xf32>) -> tensor<1x9x6x6xf32>
  %1 = cnn.avg_pool %x kernel [3, 3] pad [1, 1, 1, 1] : (tensor<1x8x6x6xf32>) -> tensor<1x8x6x6xf32>
  %2 = cnn.conv2d %1, %w : (tensor<1x8x6x6xf32>, tensor<9x8x1x1xf32>) -> tensor<1x9x6x6xf32>
  return %0, %2 : tensor<1x9x6x6xf32>, tensor<1x9x6x6xf32>
}

// Ahead of a pool that keeps one position of four, the convolution would work four times as much.
// CHECK-LABEL: func @conv_after_shrinking_pool_stays
//       CHECK:   %[[P:.+]] = cnn.avg_pool
//  CHECK-NEXT:   cnn.conv2d %[[P]],
func.func @conv_after_shrinking_pool_stays(%x: tensor<1x8x6x6xf32>, %w: tensor<3x8x1x1xf32>) -> tensor<1x3x3x3xf32> {
  %0 = cnn.avg_pool %x kernel [2, 2] stride [2, 2] : (tensor<1x8x6x6xf32>) -> tensor<1x8x3x3xf32>
  %1 = cnn.conv2d %0, %w : (tensor<1x8x3x3xf32>, tensor<3x8x1x1xf32>) -> tensor<1x3x3x3xf32>
  return %1 : tensor<1x3x3x3xf32>
}

// CHECK-LABEL: func @shared_pool_stays
//       CHECK:   %[[P:.+]] = cnn.avg_pool
//  CHECK-NEXT:   %[[C:.+]] = cnn.conv2d %[[P]],
//  CHECK-NEXT:   return %[[P]], %[[C]]
func.func @shared_pool_stays(%x: tensor<1x8x6x6xf32>, %w: tensor<3x8x1x1xf32>) -> (tensor<1x8x6x6xf32>, tensor<1x3x6x6xf32>) {
  %0 = cnn.avg_pool %x kernel [3, 3] pad [1, 1, 1, 1] : (tensor<1x8x6x6xf32>) -> tensor<1x8x6x6xf32>
  %1 = cnn.conv2d %0, %w : (tensor<1x8x6x6xf32>, tensor<3x8x1x1xf32>) -> tensor<1x3x6x6xf32>
  return %0, %1 : tensor<1x8x6x6xf32>, tensor<1x3x6x6xf32>
}

// CHECK-LABEL: func @activated_pool_stays
//       CHECK:   %[[P:.+]] = cnn.avg_pool %{{.+}} act <relu>
//  CHECK-NEXT:   cnn.conv2d %[[P]],
func.func @activated_pool_stays(%x: tensor<1x8x6x6xf32>, %w: tensor<3x8x1x1xf32>) -> tensor<1x3x6x6xf32> {
  %0 = cnn.avg_pool %x kernel [3, 3] pad [1, 1, 1, 1] act <relu> : (tensor<1x8x6x6xf32>) -> tensor<1x8x6x6xf32>
  %1 = cnn.conv2d %0, %w : (tensor<1x8x6x6xf32>, tensor<3x8x1x1xf32>) -> tensor<1x3x6x6xf32>
  return %1 : tensor<1x3x6x6xf32>
}

// CHECK-LABEL: func @conv_with_residual_stays
//       CHECK:   %[[P:.+]] = cnn.avg_pool
//  CHECK-NEXT:   cnn.conv2d %[[P]], %{{.+}} residual(
func.func @conv_with_residual_stays(%x: tensor<1x8x6x6xf32>, %w: tensor<3x8x1x1xf32>, %r: tensor<1x3x6x6xf32>) -> tensor<1x3x6x6xf32> {
  %0 = cnn.avg_pool %x kernel [3, 3] pad [1, 1, 1, 1] : (tensor<1x8x6x6xf32>) -> tensor<1x8x6x6xf32>
  %1 = cnn.conv2d %0, %w residual(%r) : (tensor<1x8x6x6xf32>, tensor<3x8x1x1xf32>, tensor<1x3x6x6xf32>) -> tensor<1x3x6x6xf32>
  return %1 : tensor<1x3x6x6xf32>
}

// CHECK-LABEL: func @wider_windows_stay
//       CHECK:   %[[P:.+]] = cnn.avg_pool
//  CHECK-NEXT:   cnn.conv2d %[[P]],
func.func @wider_windows_stay(%x: tensor<1x8x6x6xf32>, %w: tensor<3x8x3x3xf32>) -> tensor<1x3x6x6xf32> {
  %0 = cnn.avg_pool %x kernel [3, 3] pad [1, 1, 1, 1] : (tensor<1x8x6x6xf32>) -> tensor<1x8x6x6xf32>
  %1 = cnn.conv2d %0, %w pad [1, 1, 1, 1] : (tensor<1x8x6x6xf32>, tensor<3x8x3x3xf32>) -> tensor<1x3x6x6xf32>
  return %1 : tensor<1x3x6x6xf32>
}
