// RUN: incc-opt %s | FileCheck %s
// RUN: incc-opt %s | incc-opt | FileCheck %s
// RUN: incc-opt %s -mlir-print-op-generic | incc-opt | FileCheck %s

// CHECK-LABEL: plan.program "net" attributes {arena_bytes = 8192 : i64, live_bytes = 8192 : i64, weights_bytes = 64 : i64} {
plan.program "net" attributes {arena_bytes = 8192, live_bytes = 8192, weights_bytes = 64} {
  // CHECK: %[[IN:.+]] = plan.input 0 "x" dims [1, 32, 2, 2] : <1x32x2x2, c1, halo [0, 0, 0, 0], planes 32>
  %in = plan.input 0 "x" dims [1, 32, 2, 2] : <1x32x2x2, c1, halo [0, 0, 0, 0], planes 32>
  // CHECK: %[[OUT:.+]] = plan.output 0 "y" dims [1, 16] : <1x16x1x1, c1, halo [0, 0, 0, 0], planes 16>
  %out = plan.output 0 "y" dims [1, 16] : <1x16x1x1, c1, halo [0, 0, 0, 0], planes 16>
  // CHECK: %[[A:.+]] = plan.buffer at 4096 : <1x32x2x2, c16, halo [1, 0, 1, 0], planes 2>
  %a = plan.buffer at 4096 : <1x32x2x2, c16, halo [1, 0, 1, 0], planes 2>
  // CHECK: plan.buffer : <1x16x1x1, c16, halo [0, 0, 0, 0], planes 1>
  %b = plan.buffer : <1x16x1x1, c16, halo [0, 0, 0, 0], planes 1>
  // CHECK: %[[V:.+]] = plan.view %[[A]] channel 16 : <1x32x2x2, c16, halo [1, 0, 1, 0], planes 2> -> <1x16x2x2, c16, halo [1, 0, 1, 0], planes 2>
  %v = plan.view %a channel 16 : <1x32x2x2, c16, halo [1, 0, 1, 0], planes 2> -> <1x16x2x2, c16, halo [1, 0, 1, 0], planes 2>
  // CHECK: %[[W:.+]] = plan.weights dense<1.000000e+00> : tensor<16xf32> at 0
  %w = plan.weights dense<1.0> : tensor<16xf32> at 0
  // CHECK: plan.stage block 2 cycles 1.250000e+02 {
  plan.stage block 2 cycles 125.0 {
    // CHECK: plan.kernel "cnn.conv2d"(%[[V]]) weights(%[[W]]) into(%[[OUT]]) params {groups = 1 : i64} config {algorithm = "direct"} tasks 4 flops 128 cycles 2.500000e+02 :
    plan.kernel "cnn.conv2d"(%v) weights(%w) into(%out) params {groups = 1 : i64} config {algorithm = "direct"} tasks 4 flops 128 cycles 250.0
      : (!plan.map<1x16x2x2, c16, halo [1, 0, 1, 0], planes 2>, !plan.weights, !plan.map<1x16x1x1, c1, halo [0, 0, 0, 0], planes 16>) -> ()
    // CHECK: plan.kernel "cnn.softmax"(%[[IN]]) into(%[[OUT]]) params {} :
    plan.kernel "cnn.softmax"(%in) into(%out) params {}
      : (!plan.map<1x32x2x2, c1, halo [0, 0, 0, 0], planes 32>, !plan.map<1x16x1x1, c1, halo [0, 0, 0, 0], planes 16>) -> ()
  }
}
