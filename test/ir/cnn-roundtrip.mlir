// The custom assembly, and the generic form, read what they print.
// RUN: incc-opt %s | FileCheck %s
// RUN: incc-opt %s | incc-opt | FileCheck %s
// RUN: incc-opt %s -mlir-print-op-generic | incc-opt | FileCheck %s

// CHECK-LABEL: func @convolutions
//  CHECK-SAME:   (%[[X:.+]]: tensor<1x4x9x9xf32>, %[[W:.+]]: tensor<8x4x3x3xf32>, %[[G:.+]]: tensor<8x1x3x3xf32>, %[[B:.+]]: tensor<8xf32>, %[[R:.+]]: tensor<1x8x5x5xf32>)
func.func @convolutions(%x: tensor<1x4x9x9xf32>, %w: tensor<8x4x3x3xf32>, %g: tensor<8x1x3x3xf32>,
                        %b: tensor<8xf32>, %r: tensor<1x8x5x5xf32>) {
  // CHECK: cnn.conv2d %[[X]], %[[W]] : (tensor<1x4x9x9xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x7x7xf32>
  %0 = cnn.conv2d %x, %w : (tensor<1x4x9x9xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x7x7xf32>
  // CHECK: cnn.conv2d %[[X]], %[[G]] dilation [2, 2] groups 4 : {{.+}} -> tensor<1x8x5x5xf32>
  %1 = cnn.conv2d %x, %g dilation [2, 2] groups 4 : (tensor<1x4x9x9xf32>, tensor<8x1x3x3xf32>) -> tensor<1x8x5x5xf32>
  // CHECK: cnn.conv2d %[[X]], %[[W]] bias(%[[B]]) residual(%[[R]]) stride [2, 2] pad [1, 1, 1, 1] act <relu> :
  %2 = cnn.conv2d %x, %w bias(%b) residual(%r) stride [2, 2] pad [1, 1, 1, 1] act <relu>
    : (tensor<1x4x9x9xf32>, tensor<8x4x3x3xf32>, tensor<8xf32>, tensor<1x8x5x5xf32>) -> tensor<1x8x5x5xf32>
  return
}

// CHECK-LABEL: func @linear_and_norms
func.func @linear_and_norms(%x: tensor<2x4x3x3xf32>, %w: tensor<5x36xf32>, %b: tensor<5xf32>, %r: tensor<2x5xf32>, %v: tensor<4xf32>) {
  // CHECK: cnn.linear %{{.+}}, %{{.+}} bias(%{{.+}}) residual(%{{.+}}) act <tanh> : {{.+}} -> tensor<2x5xf32>
  %0 = cnn.linear %x, %w bias(%b) residual(%r) act <tanh>
    : (tensor<2x4x3x3xf32>, tensor<5x36xf32>, tensor<5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // CHECK: cnn.batch_norm %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} epsilon 1.000000e-03 :
  %1 = cnn.batch_norm %x, %v, %v, %v, %v epsilon 1.0e-3
    : (tensor<2x4x3x3xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4x3x3xf32>
  // CHECK: cnn.lrn %{{.+}} size 5 alpha 1.000000e-04 beta 7.500000e-01 k 2.000000e+00 :
  %2 = cnn.lrn %x size 5 alpha 1.0e-4 beta 0.75 k 2.0 : (tensor<2x4x3x3xf32>) -> tensor<2x4x3x3xf32>
  return
}

// CHECK-LABEL: func @elementwise
func.func @elementwise(%x: tensor<2x4x3x3xf32>, %c: tensor<2x4x1x1xf32>, %s: tensor<1x4x1x1xf32>, %o: tensor<1x1x1x1xf32>) {
  // CHECK: cnn.activation %{{.+}} <leaky_relu, [1.000000e-02]> :
  %0 = cnn.activation %x <leaky_relu, [0.01]> : (tensor<2x4x3x3xf32>) -> tensor<2x4x3x3xf32>
  // CHECK: cnn.activation %{{.+}} <clip, [-1.000000e+00, 1.000000e+00]> :
  %1 = cnn.activation %x <clip, [-1.0, 1.0]> : (tensor<2x4x3x3xf32>) -> tensor<2x4x3x3xf32>
  // CHECK: cnn.add %{{.+}}, %{{.+}} act <silu> :
  %2 = cnn.add %x, %x act <silu> : (tensor<2x4x3x3xf32>, tensor<2x4x3x3xf32>) -> tensor<2x4x3x3xf32>
  // CHECK: cnn.mul %{{.+}}, %{{.+}} : (tensor<2x4x3x3xf32>, tensor<2x4x1x1xf32>)
  %3 = cnn.mul %x, %c : (tensor<2x4x3x3xf32>, tensor<2x4x1x1xf32>) -> tensor<2x4x3x3xf32>
  // CHECK: cnn.mul %{{.+}}, %{{.+}} : (tensor<2x4x3x3xf32>, tensor<1x4x1x1xf32>)
  %4 = cnn.mul %x, %s : (tensor<2x4x3x3xf32>, tensor<1x4x1x1xf32>) -> tensor<2x4x3x3xf32>
  // CHECK: cnn.add %{{.+}}, %{{.+}} : (tensor<2x4x3x3xf32>, tensor<1x1x1x1xf32>)
  %5 = cnn.add %x, %o : (tensor<2x4x3x3xf32>, tensor<1x1x1x1xf32>) -> tensor<2x4x3x3xf32>
  // CHECK: cnn.scale %{{.+}} by 1.700000e-01 :
  %6 = cnn.scale %x by 0.17 : (tensor<2x4x3x3xf32>) -> tensor<2x4x3x3xf32>
  // CHECK: cnn.dropout %{{.+}} rate 5.000000e-01 :
  %7 = cnn.dropout %x rate 0.5 : (tensor<2x4x3x3xf32>) -> tensor<2x4x3x3xf32>
  // CHECK: cnn.softmax %{{.+}} :
  %8 = cnn.softmax %x : (tensor<2x4x3x3xf32>) -> tensor<2x4x3x3xf32>
  return
}

// CHECK-LABEL: func @pools
func.func @pools(%x: tensor<1x4x8x8xf32>, %b: tensor<4xf32>) {
  // CHECK: cnn.max_pool %{{.+}} kernel [3, 3] stride [2, 2] ceil_mode :
  %0 = cnn.max_pool %x kernel [3, 3] stride [2, 2] ceil_mode : (tensor<1x4x8x8xf32>) -> tensor<1x4x4x4xf32>
  // CHECK: cnn.avg_pool %{{.+}} bias(%{{.+}}) kernel [3, 3] pad [1, 1, 1, 1] ceil_mode count_include_pad act <relu> :
  %1 = cnn.avg_pool %x bias(%b) kernel [3, 3] pad [1, 1, 1, 1] ceil_mode count_include_pad act <relu>
    : (tensor<1x4x8x8xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32>
  // CHECK: cnn.global_avg_pool %{{.+}} : (tensor<1x4x8x8xf32>) -> tensor<1x4x1x1xf32>
  %2 = cnn.global_avg_pool %x : (tensor<1x4x8x8xf32>) -> tensor<1x4x1x1xf32>
  // CHECK: cnn.adaptive_avg_pool %{{.+}} to [4, 2] :
  %3 = cnn.adaptive_avg_pool %x to [4, 2] : (tensor<1x4x8x8xf32>) -> tensor<1x4x4x2xf32>
  return
}

// CHECK-LABEL: func @shapes
func.func @shapes(%x: tensor<1x4x2x2xf32>, %y: tensor<1x3x2x2xf32>) {
  // CHECK: cnn.constant dense<1.000000e+00> : tensor<2xf32>
  %0 = cnn.constant dense<1.0> : tensor<2xf32>
  // CHECK: cnn.concat %{{.+}}, %{{.+}} : {{.+}} -> tensor<1x7x2x2xf32>
  %1 = cnn.concat %x, %y : (tensor<1x4x2x2xf32>, tensor<1x3x2x2xf32>) -> tensor<1x7x2x2xf32>
  // CHECK: cnn.slice %{{.+}}[4, 3] :
  %2 = cnn.slice %1[4, 3] : (tensor<1x7x2x2xf32>) -> tensor<1x3x2x2xf32>
  // CHECK: cnn.flatten %{{.+}} :
  %3 = cnn.flatten %x : (tensor<1x4x2x2xf32>) -> tensor<1x16xf32>
  // CHECK: cnn.to_layout %{{.+}} : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32, #cnn.layout<block = 8, halo = [1, 1, 0, 0]>>
  %4 = cnn.to_layout %x : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32, #cnn.layout<block = 8, halo = [1, 1, 0, 0]>>
  return
}

// CHECK-LABEL: func @rearrangements
func.func @rearrangements(%x: tensor<1x4x2x3xf32>, %y: tensor<1x1x2x1xf32>) {
  // CHECK: cnn.reshape %{{.+}} : (tensor<1x4x2x3xf32>) -> tensor<2x2x1x2x3xf32>
  %0 = cnn.reshape %x : (tensor<1x4x2x3xf32>) -> tensor<2x2x1x2x3xf32>
  // CHECK: cnn.transpose %{{.+}} [0, 2, 3, 1] : (tensor<1x4x2x3xf32>) -> tensor<1x2x3x4xf32>
  %1 = cnn.transpose %x [0, 2, 3, 1] : (tensor<1x4x2x3xf32>) -> tensor<1x2x3x4xf32>
  // CHECK: cnn.take %{{.+}} c [3, 3] w [-1, 0, 2] fill 1.{{0+}}e+00 : (tensor<1x4x2x3xf32>) -> tensor<1x2x2x3xf32>
  %2 = cnn.take %x c [3, 3] w [-1, 0, 2] fill 1.0 : (tensor<1x4x2x3xf32>) -> tensor<1x2x2x3xf32>
  // CHECK: cnn.binary pow %{{.+}}, %{{.+}} : {{.+}} -> tensor<1x4x2x3xf32>
  %3 = cnn.binary pow %x, %y : (tensor<1x4x2x3xf32>, tensor<1x1x2x1xf32>) -> tensor<1x4x2x3xf32>
  // CHECK: cnn.max_pool %{{.+}} kernel [1, 2] dilation [1, 2] :
  %4 = cnn.max_pool %x kernel [1, 2] dilation [1, 2] : (tensor<1x4x2x3xf32>) -> tensor<1x4x2x1xf32>
  return
}

// CHECK-LABEL: func @names
//  CHECK-SAME:   {cnn.name = "input"}) -> (tensor<1x8xf32> {cnn.name = "logits"})
func.func @names(%x: tensor<1x8xf32> {cnn.name = "input"}) -> (tensor<1x8xf32> {cnn.name = "logits"}) {
  return %x : tensor<1x8xf32>
}
