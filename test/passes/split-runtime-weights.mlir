// RUN: incc-opt %s --split-runtime-weights | FileCheck %s

// A bias that only the caller knows is added by itself; one that is constant stays.
// CHECK-LABEL: func @runtime_bias_is_added
//  CHECK-SAME:   %{{.+}}: {{.+}}, %[[W:.+]]: tensor<8x8x1x1xf32>, %[[B:.+]]: tensor<8xf32>
//       CHECK:   %[[C:.+]] = cnn.conv2d %{{.+}}, %[[W]] : (
//       CHECK:   %[[R:.+]] = cnn.reshape %[[B]]
//       CHECK:   cnn.add %[[C]], %[[R]] act <relu>
//       CHECK:   cnn.conv2d %{{.+}} bias(%{{.+}}) act <relu>
func.func @runtime_bias_is_added(%x: tensor<1x8x4x4xf32>, %w: tensor<8x8x1x1xf32>, %b: tensor<8xf32>)
    -> (tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>) {
  %v = cnn.constant dense<1.0> : tensor<8x8x1x1xf32>
  %c = cnn.constant dense<1.0> : tensor<8xf32>
  %0 = cnn.conv2d %x, %w bias(%b) act <relu> : (tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>, tensor<8xf32>) -> tensor<1x8x4x4xf32>
  %1 = cnn.conv2d %x, %v bias(%c) act <relu> : (tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>, tensor<8xf32>) -> tensor<1x8x4x4xf32>
  return %0, %1 : tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>
}

// CHECK-LABEL: func @linear_with_runtime_weights_convolves
//       CHECK:   %[[C:.+]] = cnn.conv2d %{{.+}}, %{{.+}} : (tensor<3x8x1x1xf32>, tensor<5x8x1x1xf32>)
//       CHECK:   cnn.reshape %[[C]] : (tensor<3x5x1x1xf32>) -> tensor<3x5xf32>
func.func @linear_with_runtime_weights_convolves(%x: tensor<3x2x2x2xf32>, %w: tensor<5x8xf32>) -> tensor<3x5xf32> {
  %0 = cnn.linear %x, %w : (tensor<3x2x2x2xf32>, tensor<5x8xf32>) -> tensor<3x5xf32>
  return %0 : tensor<3x5xf32>
}

// CHECK-LABEL: func @linear_with_constant_weights_stays
//       CHECK:   cnn.linear %{{.+}}, %{{.+}} bias(%{{.+}}) :
func.func @linear_with_constant_weights_stays(%x: tensor<3x8xf32>) -> tensor<3x5xf32> {
  %w = cnn.constant dense<1.0> : tensor<5x8xf32>
  %b = cnn.constant dense<1.0> : tensor<5xf32>
  %0 = cnn.linear %x, %w bias(%b) : (tensor<3x8xf32>, tensor<5x8xf32>, tensor<5xf32>) -> tensor<3x5xf32>
  return %0 : tensor<3x5xf32>
}

// CHECK-LABEL: func @residual_is_added_last
//       CHECK:   %[[C:.+]] = cnn.conv2d %{{.+}}, %{{.+}} : (
//       CHECK:   %[[B:.+]] = cnn.add %[[C]], %{{.+}} : (tensor<1x8x4x4xf32>, tensor<1x8x1x1xf32>)
//       CHECK:   cnn.add %[[B]], %{{.+}} act <relu> : (tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>)
func.func @residual_is_added_last(%x: tensor<1x8x4x4xf32>, %w: tensor<8x8x1x1xf32>) -> tensor<1x8x4x4xf32> {
  %b = cnn.constant dense<1.0> : tensor<8xf32>
  %0 = cnn.conv2d %x, %w bias(%b) residual(%x) act <relu> : (tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>, tensor<8xf32>, tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  return %0 : tensor<1x8x4x4xf32>
}
