// RUN: incc-opt %s --fuse-conv-epilogue | FileCheck %s

// CHECK-LABEL: func @residual_and_relu_fuse
//  CHECK-SAME:   %[[X:.+]]: tensor<1x4x8x8xf32>, %[[R:.+]]: tensor<1x4x8x8xf32>, %[[W:.+]]: tensor<4x4x3x3xf32>, %[[B:.+]]: tensor<4xf32>
//       CHECK:   %[[Y:.+]] = cnn.conv2d %[[X]], %[[W]] bias(%[[B]]) residual(%[[R]]) pad [1, 1, 1, 1] act <relu>
//  CHECK-NEXT:   return %[[Y]]
func.func @residual_and_relu_fuse(%x: tensor<1x4x8x8xf32>, %r: tensor<1x4x8x8xf32>, %w: tensor<4x4x3x3xf32>,
                                  %b: tensor<4xf32>) -> tensor<1x4x8x8xf32> {
  %0 = cnn.conv2d %x, %w bias(%b) pad [1, 1, 1, 1] : (tensor<1x4x8x8xf32>, tensor<4x4x3x3xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32>
  %1 = cnn.add %r, %0 : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %2 = cnn.activation %1 <relu> : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return %2 : tensor<1x4x8x8xf32>
}

// relu comes before the sum: conv2d would apply it after.
// CHECK-LABEL: func @activated_conv_takes_no_residual
//       CHECK:   %[[C:.+]] = cnn.conv2d %{{.+}} act <relu>
//  CHECK-NEXT:   cnn.add %[[C]], %{{.+}} act <relu>
func.func @activated_conv_takes_no_residual(%x: tensor<1x4x8x8xf32>, %r: tensor<1x4x8x8xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32> {
  %0 = cnn.conv2d %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %1 = cnn.activation %0 <relu> : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %2 = cnn.add %1, %r : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %3 = cnn.activation %2 <relu> : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return %3 : tensor<1x4x8x8xf32>
}

// The shortcut's convolution, which runs second, adds the main path's result.
// CHECK-LABEL: func @later_conv_takes_the_earlier
//  CHECK-SAME:   %[[X:.+]]: tensor<1x4x8x8xf32>, %[[V:.+]]: tensor<4x4x1x1xf32>, %[[W:.+]]: tensor<4x4x1x1xf32>
//       CHECK:   %[[A:.+]] = cnn.conv2d %[[X]], %[[V]] :
//  CHECK-NEXT:   %[[B:.+]] = cnn.conv2d %[[X]], %[[W]] residual(%[[A]]) act <relu>
//  CHECK-NEXT:   return %[[B]]
func.func @later_conv_takes_the_earlier(%x: tensor<1x4x8x8xf32>, %v: tensor<4x4x1x1xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32> {
  %0 = cnn.conv2d %x, %v : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %1 = cnn.conv2d %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %2 = cnn.add %0, %1 : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %3 = cnn.activation %2 <relu> : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return %3 : tensor<1x4x8x8xf32>
}

// The residual is computed after the convolution, which moves behind it.
// CHECK-LABEL: func @conv_moves_behind_its_residual
//       CHECK:   %[[R:.+]] = cnn.softmax
//  CHECK-NEXT:   %[[Y:.+]] = cnn.conv2d %{{.+}} residual(%[[R]])
//  CHECK-NEXT:   return %[[Y]]
func.func @conv_moves_behind_its_residual(%x: tensor<1x4x8x8xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32> {
  %0 = cnn.conv2d %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %1 = cnn.softmax %x : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %2 = cnn.add %0, %1 : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return %2 : tensor<1x4x8x8xf32>
}

// CHECK-LABEL: func @shared_conv_stays
//       CHECK:   %[[C:.+]] = cnn.conv2d
//  CHECK-NEXT:   %[[S:.+]] = cnn.add %[[C]],
//  CHECK-NEXT:   return %[[C]], %[[S]]
func.func @shared_conv_stays(%x: tensor<1x4x8x8xf32>, %w: tensor<4x4x1x1xf32>) -> (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) {
  %0 = cnn.conv2d %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %1 = cnn.add %0, %x : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return %0, %1 : tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>
}

// conv(x) + conv(x) reads the result twice.
// CHECK-LABEL: func @doubled_conv_stays
//       CHECK:   %[[C:.+]] = cnn.conv2d
//  CHECK-NEXT:   cnn.add %[[C]], %[[C]]
func.func @doubled_conv_stays(%x: tensor<1x4x8x8xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32> {
  %0 = cnn.conv2d %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %1 = cnn.add %0, %0 : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return %1 : tensor<1x4x8x8xf32>
}

// CHECK-LABEL: func @broadcast_operand_is_no_residual
//       CHECK:   %[[C:.+]] = cnn.conv2d %{{[^,]+}}, %{{[^,]+}} :
//  CHECK-NEXT:   cnn.add %[[C]], %{{.+}} act <silu>
func.func @broadcast_operand_is_no_residual(%x: tensor<1x4x8x8xf32>, %w: tensor<4x4x1x1xf32>, %t: tensor<1x4x1x1xf32>) -> tensor<1x4x8x8xf32> {
  %0 = cnn.conv2d %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %1 = cnn.add %0, %t : (tensor<1x4x8x8xf32>, tensor<1x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %2 = cnn.activation %1 <silu> : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return %2 : tensor<1x4x8x8xf32>
}

// The sum takes the second addition's activation, not the second addition.
// CHECK-LABEL: func @second_residual_stays
//       CHECK:   %[[C:.+]] = cnn.conv2d %{{.+}} residual(%{{[^)]+}}) :
//  CHECK-NEXT:   cnn.add %[[C]], %{{.+}} act <relu>
func.func @second_residual_stays(%x: tensor<1x4x8x8xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32> {
  %0 = cnn.conv2d %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %1 = cnn.add %0, %x : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %2 = cnn.add %1, %x : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %3 = cnn.activation %2 <relu> : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return %3 : tensor<1x4x8x8xf32>
}

// In the loop the convolution would be computed again and again.
// CHECK-LABEL: func @conv_outside_loop_stays
//       CHECK:   %[[C:.+]] = cnn.conv2d %{{[^,]+}}, %{{[^,]+}} :
//       CHECK:   scf.for
//       CHECK:     cnn.add %{{.+}}, %[[C]]
func.func @conv_outside_loop_stays(%x: tensor<1x4x8x8xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %0 = cnn.conv2d %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %1 = scf.for %i = %c0 to %c9 step %c1 iter_args(%s = %x) -> tensor<1x4x8x8xf32> {
    %2 = cnn.add %s, %0 : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
    scf.yield %2 : tensor<1x4x8x8xf32>
  }
  return %1 : tensor<1x4x8x8xf32>
}

// CHECK-LABEL: func @linear_takes_residual_and_activation
//  CHECK-SAME:   %[[X:.+]]: tensor<1x4xf32>,
//       CHECK:   %[[Y:.+]] = cnn.linear %[[X]], %{{.+}} residual(%[[X]]) act <leaky_relu, [1.000000e-01]>
//  CHECK-NEXT:   return %[[Y]]
func.func @linear_takes_residual_and_activation(%x: tensor<1x4xf32>, %w: tensor<4x4xf32>) -> tensor<1x4xf32> {
  %0 = cnn.linear %x, %w : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
  %1 = cnn.add %0, %x : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %2 = cnn.activation %1 <leaky_relu, [1.000000e-01]> : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %2 : tensor<1x4xf32>
}

// CHECK-LABEL: func @products_and_pools_take_activations
//       CHECK:   %[[M:.+]] = cnn.mul %{{.+}} act <sigmoid>
//  CHECK-NEXT:   cnn.avg_pool %[[M]] kernel [2, 2] act <hard_swish>
func.func @products_and_pools_take_activations(%x: tensor<1x4x8x8xf32>) -> tensor<1x4x7x7xf32> {
  %0 = cnn.mul %x, %x : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %1 = cnn.activation %0 <sigmoid> : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %2 = cnn.avg_pool %1 kernel [2, 2] : (tensor<1x4x8x8xf32>) -> tensor<1x4x7x7xf32>
  %3 = cnn.activation %2 <hard_swish> : (tensor<1x4x7x7xf32>) -> tensor<1x4x7x7xf32>
  return %3 : tensor<1x4x7x7xf32>
}

// A max pool has no epilogue; a second activation has no place.
// CHECK-LABEL: func @other_activations_stay
//       CHECK:   %[[P:.+]] = cnn.max_pool
//  CHECK-NEXT:   %[[R:.+]] = cnn.activation %[[P]] <relu>
//  CHECK-NEXT:   %[[C:.+]] = cnn.conv2d %[[R]], %{{.+}} act <sigmoid>
//  CHECK-NEXT:   cnn.activation %[[C]] <tanh>
func.func @other_activations_stay(%x: tensor<1x4x8x8xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x4x7x7xf32> {
  %0 = cnn.max_pool %x kernel [2, 2] : (tensor<1x4x8x8xf32>) -> tensor<1x4x7x7xf32>
  %1 = cnn.activation %0 <relu> : (tensor<1x4x7x7xf32>) -> tensor<1x4x7x7xf32>
  %2 = cnn.conv2d %1, %w act <sigmoid> : (tensor<1x4x7x7xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x7x7xf32>
  %3 = cnn.activation %2 <tanh> : (tensor<1x4x7x7xf32>) -> tensor<1x4x7x7xf32>
  return %3 : tensor<1x4x7x7xf32>
}

// CHECK-LABEL: func @activation_of_shared_conv_stays
//       CHECK:   %[[C:.+]] = cnn.conv2d %{{[^,]+}}, %{{[^,]+}} :
//  CHECK-NEXT:   %[[R:.+]] = cnn.activation %[[C]] <relu>
//  CHECK-NEXT:   return %[[C]], %[[R]]
func.func @activation_of_shared_conv_stays(%x: tensor<1x4x8x8xf32>, %w: tensor<4x4x1x1xf32>) -> (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) {
  %0 = cnn.conv2d %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %1 = cnn.activation %0 <relu> : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return %0, %1 : tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>
}
