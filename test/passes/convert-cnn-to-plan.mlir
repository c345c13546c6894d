// RUN: incc-opt %s --split-input-file --convert-cnn-to-plan -verify-diagnostics | FileCheck %s

// One stage for each op; the last writes the caller's array. Names are those of the attributes.
// CHECK-LABEL: plan.program "net" {
//       CHECK:   %[[IN:.+]] = plan.input 0 "image" dims [1, 8, 4, 4] : <1x8x4x4, c1,
//       CHECK:   %[[OUT:.+]] = plan.output 0 "logits" dims [1, 2] : <1x2x1x1, c1,
//       CHECK:   %[[W:.+]] = plan.weights dense<1.{{0+}}e+00> : tensor<8x8x3x3xf32>
//       CHECK:   %[[B:.+]] = plan.weights dense<2.{{0+}}e+00> : tensor<8xf32>
//       CHECK:   %[[C:.+]] = plan.buffer : <1x8x2x2, c1, halo [0, 0, 0, 0], planes 8>
//       CHECK:   plan.stage {
//  CHECK-NEXT:     plan.kernel "cnn.conv2d"(%[[IN]]) weights(%[[W]], %[[B]]) into(%[[C]]) params {act = #cnn.act<relu>,{{.*}} kernel = array<i64: 3, 3>{{.*}}} flops 4608 :
//       CHECK:   plan.stage {
//  CHECK-NEXT:     plan.kernel "cnn.linear"(%[[C]]) weights(%{{.+}}) into(%[[OUT]]) params {} flops 128 :
func.func @net(%x: tensor<1x8x4x4xf32> {cnn.name = "image"}) -> (tensor<1x2xf32> {cnn.name = "logits"}) {
  %w = cnn.constant dense<1.0> : tensor<8x8x3x3xf32>
  %b = cnn.constant dense<2.0> : tensor<8xf32>
  %v = cnn.constant dense<1.0> : tensor<2x32xf32>
  %0 = cnn.conv2d %x, %w bias(%b) act <relu> : (tensor<1x8x4x4xf32>, tensor<8x8x3x3xf32>, tensor<8xf32>) -> tensor<1x8x2x2xf32>
  %1 = cnn.linear %0, %v : (tensor<1x8x2x2xf32>, tensor<2x32xf32>) -> tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}

// -----

// What something else reads as well is copied to the output.
// CHECK-LABEL: plan.program "shared"
//       CHECK:   %[[IN:.+]] = plan.input
//       CHECK:   %[[P:.+]] = plan.output 0 "output_0"
//       CHECK:   %[[Q:.+]] = plan.output 1 "output_1"
//       CHECK:   %[[A:.+]] = plan.buffer
//       CHECK:   plan.kernel "cnn.activation"(%[[IN]]) into(%[[A]])
//       CHECK:   plan.kernel "cnn.softmax"(%[[A]]) into(%[[Q]])
//       CHECK:   plan.kernel "cnn.to_layout"(%[[A]]) into(%[[P]])
func.func @shared(%x: tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %0 = cnn.activation %x <relu> : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %1 = cnn.softmax %0 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %0, %1 : tensor<1x8xf32>, tensor<1x8xf32>
}

// -----

// A slice on a block's border is a view, another one is copied.
// CHECK-LABEL: plan.program "slices"
//       CHECK:   %[[A:.+]] = plan.buffer : <1x32x2x2, c16,
//       CHECK:   %[[V:.+]] = plan.view %[[A]] channel 16 :
//       CHECK:   plan.kernel "cnn.global_avg_pool"(%[[V]])
//       CHECK:   %[[S:.+]] = plan.buffer : <1x16x2x2, c16,
//       CHECK:   plan.kernel "cnn.slice"(%[[A]]) into(%[[S]]) params {count = 16 : i64, offset = 8 : i64}
//       CHECK:   plan.kernel "cnn.global_avg_pool"(%[[S]])
!wide = tensor<1x32x2x2xf32, #cnn.layout<block = 16, halo = [0, 0, 0, 0]>>
!half = tensor<1x16x2x2xf32, #cnn.layout<block = 16, halo = [0, 0, 0, 0]>>
func.func @slices(%x: tensor<1x32x2x2xf32>) -> (tensor<1x16x1x1xf32>, tensor<1x16x1x1xf32>) {
  %0 = cnn.to_layout %x : (tensor<1x32x2x2xf32>) -> !wide
  %1 = cnn.slice %0[16, 16] : (!wide) -> !half
  %2 = cnn.global_avg_pool %1 : (!half) -> tensor<1x16x1x1xf32>
  %3 = cnn.slice %0[8, 16] : (!wide) -> !half
  %4 = cnn.global_avg_pool %3 : (!half) -> tensor<1x16x1x1xf32>
  return %2, %4 : tensor<1x16x1x1xf32>, tensor<1x16x1x1xf32>
}

// -----

func.func @not_simplified(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  // expected-error @below {{'cnn.dropout' must have been rewritten by simplify-for-inference and fold-batch-norm}}
  %0 = cnn.dropout %x rate 0.5 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %0 : tensor<1x8xf32>
}

// -----

func.func @computed_weights(%x: tensor<1x8xf32>, %w: tensor<4x8xf32>) -> tensor<1x4xf32> {
  // expected-error @below {{weights of 'cnn.linear' must be constants}}
  %0 = cnn.linear %x, %w : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}

// -----

func.func @foreign_op(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  // expected-error @below {{no kernel computes 'arith.addf'}}
  %0 = arith.addf %x, %x : tensor<1x8xf32>
  return %0 : tensor<1x8xf32>
}

// -----

// expected-error @below {{output 0 must be a tensor of one dimension or more, got 'tensor<f32>'}}
func.func @scalar_output(%x: tensor<f32>) -> tensor<f32> {
  return %x : tensor<f32>
}

// -----

// A constant that is data becomes a map, in the layout that its reader wants.
// CHECK-LABEL: plan.program "data"
//       CHECK:   %[[W:.+]] = plan.weights dense<1.{{0+}}e+00>
//  CHECK-NEXT:   %[[C:.+]] = plan.buffer : <1x8x2x2, c8,
//  CHECK-NEXT:   plan.stage {
//  CHECK-NEXT:     plan.kernel "cnn.constant"() weights(%[[W]]) into(%[[C]])
//       CHECK:     plan.kernel "cnn.add"(%{{.+}}, %[[C]])
func.func @data(%x: tensor<1x8x2x2xf32>) -> tensor<1x8x2x2xf32> {
  %c = cnn.constant dense<1.0> : tensor<1x8x2x2xf32>
  %0 = cnn.to_layout %c : (tensor<1x8x2x2xf32>) -> tensor<1x8x2x2xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
  %1 = cnn.add %x, %0 : (tensor<1x8x2x2xf32>, tensor<1x8x2x2xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>) -> tensor<1x8x2x2xf32>
  return %1 : tensor<1x8x2x2xf32>
}
