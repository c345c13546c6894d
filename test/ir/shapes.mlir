// Shape inference agrees with these results, which are PyTorch's.
// RUN: incc-opt %s -verify-diagnostics --split-input-file

func.func @windows(%x: tensor<1x2x7x8xf32>, %w: tensor<2x2x3x1xf32>) {
  // One side padded, another stride for each axis.
  %0 = cnn.conv2d %x, %w stride [2, 3] pad [1, 0, 0, 2] : (tensor<1x2x7x8xf32>, tensor<2x2x3x1xf32>) -> tensor<1x2x3x4xf32>
  // The kernel's reach is 5.
  %1 = cnn.conv2d %x, %w dilation [2, 2] : (tensor<1x2x7x8xf32>, tensor<2x2x3x1xf32>) -> tensor<1x2x3x8xf32>
  %2 = cnn.max_pool %x kernel [3, 3] stride [2, 2] : (tensor<1x2x7x8xf32>) -> tensor<1x2x3x3xf32>
  // 8 columns: the fourth window hangs over the edge.
  %3 = cnn.max_pool %x kernel [3, 3] stride [2, 2] ceil_mode : (tensor<1x2x7x8xf32>) -> tensor<1x2x3x4xf32>
  // A window that would start in the padding after the input is dropped: 4 rows, not 5.
  %4 = cnn.max_pool %x kernel [2, 2] stride [2, 2] pad [1, 1, 1, 1] ceil_mode : (tensor<1x2x7x8xf32>) -> tensor<1x2x4x5xf32>
  %5 = cnn.avg_pool %x kernel [1, 1] stride [3, 3] ceil_mode : (tensor<1x2x7x8xf32>) -> tensor<1x2x3x3xf32>
  %6 = cnn.avg_pool %x kernel [1, 1] stride [7, 8] ceil_mode : (tensor<1x2x7x8xf32>) -> tensor<1x2x1x1xf32>
  return
}

// -----

func.func @ceil_mode_adds_a_column(%x: tensor<1x2x7x8xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<1x2x3x4xf32>' are incompatible with return type(s) of operation 'tensor<1x2x3x3xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.max_pool %x kernel [3, 3] stride [2, 2] ceil_mode : (tensor<1x2x7x8xf32>) -> tensor<1x2x3x3xf32>
  return
}

// -----

func.func @layouts_are_not_compared(%x: tensor<1x8x2x2xf32, #cnn.layout<block = 8, halo = [1, 1, 1, 1]>>) {
  %0 = cnn.softmax %x : (tensor<1x8x2x2xf32, #cnn.layout<block = 8, halo = [1, 1, 1, 1]>>)
    -> tensor<1x8x2x2xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
  return
}
