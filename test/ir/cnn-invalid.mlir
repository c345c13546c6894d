// Each message that users can see. Inference reports first, then the verifier that asked for it.
// RUN: incc-opt %s --split-input-file -verify-diagnostics

func.func @f(%x: tensor<1x4x?x9xf32>) {
  // expected-error @below {{operand #0 must be float32 tensor of static, positive extents, but got 'tensor<1x4x?x9xf32>'}}
  %0 = cnn.softmax %x : (tensor<1x4x?x9xf32>) -> tensor<1x4x9x9xf32>
  return
}

// -----

func.func @f(%x: tensor<1x0xf64>) {
  // expected-error @below {{operand #0 must be float32 tensor of static, positive extents, but got 'tensor<1x0xf64>'}}
  %0 = cnn.softmax %x : (tensor<1x0xf64>) -> tensor<1x1xf32>
  return
}

// -----

func.func @f(%x: tensor<4x9x9xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @below {{input must have 4 dimensions, got 4x9x9}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.conv2d %x, %w : (tensor<4x9x9xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x7x7xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x9x9xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @below {{expected 2 strides, got 1}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.conv2d %x, %w stride [2] : (tensor<1x4x9x9xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x7x7xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x9x9xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @below {{strides must be at least 1, got 0}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.conv2d %x, %w stride [0, 1] : (tensor<1x4x9x9xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x7x7xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x9x9xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @below {{pads must be at most 1073741824, got 9223372036854775807}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.conv2d %x, %w pad [9223372036854775807, 0, 0, 0] : (tensor<1x4x9x9xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x7x7xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x9x9xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @below {{groups must divide the 4 input and 8 output channels, got 3}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.conv2d %x, %w groups 3 : (tensor<1x4x9x9xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x7x7xf32>
  return
}

// -----

func.func @f(%x: tensor<1x6x9x9xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @below {{filter 8x4x3x3 with 1 groups expects 4 input channels, got 6 (input 1x6x9x9)}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.conv2d %x, %w : (tensor<1x6x9x9xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x7x7xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x2x9xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @below {{kernel 3x3 does not fit into the padded input 1x4x2x9}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.conv2d %x, %w : (tensor<1x4x2x9xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x1x7xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x9x9xf32>, %w: tensor<8x4x3x3xf32>, %b: tensor<4xf32>) {
  // expected-error @below {{bias must have 8 values, got 4}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.conv2d %x, %w bias(%b) : (tensor<1x4x9x9xf32>, tensor<8x4x3x3xf32>, tensor<4xf32>) -> tensor<1x8x7x7xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x9x9xf32>, %w: tensor<8x4x3x3xf32>, %r: tensor<1x8x9x9xf32>) {
  // expected-error @below {{residual must have the result's shape 1x8x7x7, got 1x8x9x9}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.conv2d %x, %w residual(%r) : (tensor<1x4x9x9xf32>, tensor<8x4x3x3xf32>, tensor<1x8x9x9xf32>) -> tensor<1x8x7x7xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x9x9xf32>, %w: tensor<8x4x3x3xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>) {
  // expected-error @below {{filter must not have a layout}}
  %0 = cnn.conv2d %x, %w : (tensor<1x4x9x9xf32>, tensor<8x4x3x3xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>) -> tensor<1x8x7x7xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x3x3xf32>, %w: tensor<5x35xf32>) {
  // expected-error @below {{weight 5x35 expects 35 input features, got 36 (input 1x4x3x3)}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.linear %x, %w : (tensor<1x4x3x3xf32>, tensor<5x35xf32>) -> tensor<1x5xf32>
  return
}

// -----

func.func @f(%x: tensor<36xf32>, %w: tensor<5x36xf32>) {
  // expected-error @below {{input must have a static shape of two dimensions or more, got 'tensor<36xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.linear %x, %w : (tensor<36xf32>, tensor<5x36xf32>) -> tensor<1x5xf32>
  return
}

// -----

func.func @f(%x: tensor<1x36xf32>, %w: tensor<5x36xf32>, %r: tensor<2x5xf32>) {
  // expected-error @below {{residual must have the result's shape 1x5, got 2x5}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.linear %x, %w residual(%r) : (tensor<1x36xf32>, tensor<5x36xf32>, tensor<2x5xf32>) -> tensor<1x5xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x3x3xf32>, %v: tensor<4xf32>, %m: tensor<3xf32>) {
  // expected-error @below {{mean must have 4 values, got 3}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.batch_norm %x, %v, %v, %m, %v epsilon 1.0e-3
    : (tensor<1x4x3x3xf32>, tensor<4xf32>, tensor<4xf32>, tensor<3xf32>, tensor<4xf32>) -> tensor<1x4x3x3xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x3x3xf32>) {
  // expected-error @below {{size must be positive, got 0}}
  %0 = cnn.lrn %x size 0 alpha 1.0 beta 1.0 k 1.0 : (tensor<1x4x3x3xf32>) -> tensor<1x4x3x3xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x3x3xf32>, %y: tensor<1x4x3x1xf32>) {
  // expected-error @below {{operands must have equal shapes, or the right one N x C x 1 x 1 or 1 x C x 1 x 1, got 1x4x3x3 and 1x4x3x1}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.add %x, %y : (tensor<1x4x3x3xf32>, tensor<1x4x3x1xf32>) -> tensor<1x4x3x3xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{input must have two dimensions or more, got 4}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.softmax %x : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x3x3xf32>) {
  // expected-error @below {{padding must be smaller than the kernel, got 2 and 0 for a kernel of 2}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.max_pool %x kernel [2, 2] pad [2, 0, 0, 0] : (tensor<1x4x3x3xf32>) -> tensor<1x4x4x2xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x3x3xf32>) {
  // expected-error @below {{kernel 4x2 does not fit into the padded input 1x4x3x3}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.avg_pool %x kernel [4, 2] : (tensor<1x4x3x3xf32>) -> tensor<1x4x1x2xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x3x3xf32>, %b: tensor<3xf32>) {
  // expected-error @below {{bias must have 4 values, got 3}}
  %0 = cnn.avg_pool %x bias(%b) kernel [3, 3] : (tensor<1x4x3x3xf32>, tensor<3xf32>) -> tensor<1x4x1x1xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x6x9xf32>) {
  // expected-error @below {{op cannot give 1x4x6x9 the shape 4x55: the numbers of elements differ}}
  %0 = cnn.reshape %x : (tensor<1x4x6x9xf32>) -> tensor<4x55xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x6x9xf32>) {
  // expected-error @below {{permutation must hold 0, 1, 2 and 3 once each}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.transpose %x [0, 1, 2, 2] : (tensor<1x4x6x9xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x6x9xf32>) {
  // expected-error @below {{index 6 is outside axis 2 of 1x4x6x9}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.take %x h [0, 6] : (tensor<1x4x6x9xf32>) -> tensor<1x4x2x9xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x6x9xf32>, %y: tensor<1x4x6x3xf32>) {
  // expected-error @below {{operands must agree in each axis or be 1 there, got 1x4x6x9 and 1x4x6x3}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.binary add %x, %y : (tensor<1x4x6x9xf32>, tensor<1x4x6x3xf32>) -> tensor<1x4x6x9xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x6x9xf32>) {
  // expected-error @below {{padding must be smaller than the kernel, got 5 and 0 for a kernel of 5}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.max_pool %x kernel [3, 3] pad [5, 0, 0, 0] dilation [2, 2] : (tensor<1x4x6x9xf32>) -> tensor<1x4x6x9xf32>
  return
}

// -----

func.func @f() {
  // expected-error @below {{concat needs at least one input}}
  // expected-error @below {{failed to infer returned types}}
  %0 = "cnn.concat"() : () -> tensor<1x4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{concat needs inputs of two dimensions or more, got 4}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.concat %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x3x3xf32>, %y: tensor<1x4x3x2xf32>) {
  // expected-error @below {{concat inputs must agree in all but the channels: input 0 is 1x4x3x3, input 1 is 1x4x3x2}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.concat %x, %y : (tensor<1x4x3x3xf32>, tensor<1x4x3x2xf32>) -> tensor<1x8x3x3xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4xf32>) {
  // expected-error @below {{channels [3, 5) are not inside the input 1x4}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.slice %x[3, 2] : (tensor<1x4xf32>) -> tensor<1x2xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{input must have a static shape of two dimensions or more, got 'tensor<4xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %0 = cnn.flatten %x : (tensor<4xf32>) -> tensor<4x1xf32>
  return
}

// -----

func.func @f() {
  // expected-error @below {{failed to verify that all of {value, output} have same type}}
  %0 = "cnn.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4xf32>) {
  // expected-error @below {{activation 'leaky_relu' takes 1 parameters, got 0}}
  %0 = cnn.activation %x <leaky_relu> : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4xf32>) {
  // expected-error @below {{parameters of an activation must be floats, got [1]}}
  %0 = cnn.activation %x <leaky_relu, [1]> : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

// expected-error @below {{block must be positive, got 0}}
func.func private @f(tensor<1x4x3x3xf32, #cnn.layout<block = 0, halo = [0, 0, 0, 0]>>)

// -----

// expected-error @below {{halo must be four non-negative numbers (top, left, bottom, right)}}
func.func private @f(tensor<1x4x3x3xf32, #cnn.layout<block = 8, halo = [0, 0, 0]>>)
