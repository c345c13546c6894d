// A residual block with two outputs.
func.func @block(%x: tensor<1x8x4x4xf32> {cnn.name = "input"})
    -> (tensor<1x8x1x1xf32> {cnn.name = "pooled"}, tensor<1x8x4x4xf32> {cnn.name = "probabilities"}) {
  %w = cnn.constant dense<1.0> : tensor<8x8x3x3xf32>
  %v = cnn.constant dense<1.0> : tensor<8xf32>
  %0 = cnn.conv2d %x, %w pad [1, 1, 1, 1] : (tensor<1x8x4x4xf32>, tensor<8x8x3x3xf32>) -> tensor<1x8x4x4xf32>
  %1 = cnn.batch_norm %0, %v, %v, %v, %v epsilon 1.0e-5
    : (tensor<1x8x4x4xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<1x8x4x4xf32>
  %2 = cnn.add %1, %x : (tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  %3 = cnn.activation %2 <relu> : (tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  %4 = cnn.dropout %3 rate 0.5 : (tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  %5 = cnn.adaptive_avg_pool %4 to [1, 1] : (tensor<1x8x4x4xf32>) -> tensor<1x8x1x1xf32>
  %6 = cnn.softmax %4 : (tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  return %5, %6 : tensor<1x8x1x1xf32>, tensor<1x8x4x4xf32>
}
