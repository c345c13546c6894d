// RUN: incc-opt %s --compact-strided-conv=least-channels=2 | FileCheck %s

// CHECK-LABEL: func @gathers_pixels
//  CHECK-SAME:   %[[X:.+]]: tensor<1x1x5x5xf32>
//       CHECK:   %[[P:.+]] = cnn.max_pool %[[X]] kernel [1, 1] stride [2, 2] : {{.+}} -> tensor<1x1x3x3xf32>
//       CHECK:   %[[Y:.+]] = cnn.conv2d %[[P]], %{{.+}} act <relu> : (tensor<1x1x3x3xf32>, {{.+}}) -> tensor<1x2x3x3xf32>
//  CHECK-NEXT:   return %[[Y]]
func.func @gathers_pixels(%x: tensor<1x1x5x5xf32>) -> tensor<1x2x3x3xf32> {
  %w = cnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %0 = cnn.conv2d %x, %w stride [2, 2] act <relu> : (tensor<1x1x5x5xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x3x3xf32>
  return %0 : tensor<1x2x3x3xf32>
}

// CHECK-LABEL: func @larger_windows_stay
//  CHECK-SAME:   %[[X:.+]]: tensor<1x1x5x5xf32>
//       CHECK:   cnn.conv2d %[[X]], %{{.+}} stride [2, 2]
func.func @larger_windows_stay(%x: tensor<1x1x5x5xf32>) -> tensor<1x2x3x2xf32> {
  %w = cnn.constant dense<1.0> : tensor<2x1x1x2xf32>
  %0 = cnn.conv2d %x, %w stride [2, 2] : (tensor<1x1x5x5xf32>, tensor<2x1x1x2xf32>) -> tensor<1x2x3x2xf32>
  return %0 : tensor<1x2x3x2xf32>
}

// CHECK-LABEL: func @padded_stays
//  CHECK-SAME:   %[[X:.+]]: tensor<1x1x5x5xf32>
//       CHECK:   cnn.conv2d %[[X]], %{{.+}} stride [2, 2] pad [1, 1, 1, 1]
func.func @padded_stays(%x: tensor<1x1x5x5xf32>) -> tensor<1x2x4x4xf32> {
  %w = cnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %0 = cnn.conv2d %x, %w stride [2, 2] pad [1, 1, 1, 1] : (tensor<1x1x5x5xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %0 : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: func @unit_stride_stays
//  CHECK-SAME:   %[[X:.+]]: tensor<1x1x5x5xf32>
//       CHECK:   cnn.conv2d %[[X]], %{{.+}} : (
func.func @unit_stride_stays(%x: tensor<1x1x5x5xf32>) -> tensor<1x2x5x5xf32> {
  %w = cnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %0 = cnn.conv2d %x, %w : (tensor<1x1x5x5xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x5x5xf32>
  return %0 : tensor<1x2x5x5xf32>
}

// CHECK-LABEL: func @few_channels_stay
//  CHECK-SAME:   %[[X:.+]]: tensor<1x1x5x5xf32>
//       CHECK:   cnn.conv2d %[[X]], %{{.+}} stride [2, 2]
func.func @few_channels_stay(%x: tensor<1x1x5x5xf32>) -> tensor<1x1x3x3xf32> {
  %w = cnn.constant dense<1.0> : tensor<1x1x1x1xf32>
  %0 = cnn.conv2d %x, %w stride [2, 2] : (tensor<1x1x5x5xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x3x3xf32>
  return %0 : tensor<1x1x3x3xf32>
}
