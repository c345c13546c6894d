// RUN: incc-opt %s --split-input-file --plan-memory -verify-diagnostics | FileCheck %s

// Buffers of 256, 128 and 256 bytes in a chain: the third takes the place of the first.
// CHECK-LABEL: plan.program "chain" attributes {arena_bytes = 384 : i64, live_bytes = 384 : i64, scratch_bytes = 0 : i64, weights_bytes = 0 : i64}
//       CHECK:   %[[IN:.+]] = plan.input
//       CHECK:   %[[A:.+]] = plan.buffer at [[FIRST:[0-9]+]] : <1x64x
//  CHECK-NEXT:   plan.buffer at {{[0-9]+}} : <1x32x
//  CHECK-NEXT:   plan.buffer at [[FIRST]] : <1x64x
// expected-remark @below {{arena of 384 bytes; the lower bound is 384 (1.000 times it)}}
plan.program "chain" {
  %in = plan.input 0 "x" dims [1, 64, 1, 1] : <1x64x1x1, c1, halo [0, 0, 0, 0], planes 64>
  %out = plan.output 0 "y" dims [1, 64, 1, 1] : <1x64x1x1, c1, halo [0, 0, 0, 0], planes 64>
  %a = plan.buffer : <1x64x1x1, c16, halo [0, 0, 0, 0], planes 4>
  %b = plan.buffer : <1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>
  %c = plan.buffer : <1x64x1x1, c16, halo [0, 0, 0, 0], planes 4>
  plan.stage {
    plan.kernel "cnn.to_layout"(%in) into(%a) params {} : (!plan.map<1x64x1x1, c1, halo [0, 0, 0, 0], planes 64>, !plan.map<1x64x1x1, c16, halo [0, 0, 0, 0], planes 4>) -> ()
  }
  plan.stage {
    plan.kernel "k"(%a) into(%b) params {} : (!plan.map<1x64x1x1, c16, halo [0, 0, 0, 0], planes 4>, !plan.map<1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>) -> ()
  }
  plan.stage {
    plan.kernel "k"(%b) into(%c) params {} : (!plan.map<1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>, !plan.map<1x64x1x1, c16, halo [0, 0, 0, 0], planes 4>) -> ()
  }
  plan.stage {
    plan.kernel "cnn.to_layout"(%c) into(%out) params {} : (!plan.map<1x64x1x1, c16, halo [0, 0, 0, 0], planes 4>, !plan.map<1x64x1x1, c1, halo [0, 0, 0, 0], planes 64>) -> ()
  }
}

// -----

// Kernels of one stage run side by side: what one reads, the other must not write. A part of a
// concatenation keeps the whole alive.
// CHECK-LABEL: plan.program "side_by_side" attributes {arena_bytes = 320 : i64, live_bytes = 320 : i64
//   CHECK-DAG:   plan.buffer at {{(0|256)}} : <1x16x
//   CHECK-DAG:   plan.buffer at {{[0-9]+}} : <1x32x
// expected-remark @below {{arena of 320 bytes}}
plan.program "side_by_side" {
  %a = plan.buffer : <1x16x1x1, c16, halo [0, 0, 0, 0], planes 1>
  %b = plan.buffer : <1x16x1x1, c16, halo [0, 0, 0, 0], planes 1>
  %c = plan.buffer : <1x16x1x1, c16, halo [0, 0, 0, 0], planes 1>
  %cat = plan.buffer : <1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>
  %left = plan.view %cat channel 0 : <1x32x1x1, c16, halo [0, 0, 0, 0], planes 2> -> <1x16x1x1, c16, halo [0, 0, 0, 0], planes 2>
  %right = plan.view %cat channel 16 : <1x32x1x1, c16, halo [0, 0, 0, 0], planes 2> -> <1x16x1x1, c16, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    plan.kernel "k"() into(%left) params {} : (!plan.map<1x16x1x1, c16, halo [0, 0, 0, 0], planes 2>) -> ()
  }
  plan.stage {
    plan.kernel "k"() into(%a) params {} : (!plan.map<1x16x1x1, c16, halo [0, 0, 0, 0], planes 1>) -> ()
    plan.kernel "k"(%b) into(%c) params {} : (!plan.map<1x16x1x1, c16, halo [0, 0, 0, 0], planes 1>, !plan.map<1x16x1x1, c16, halo [0, 0, 0, 0], planes 1>) -> ()
  }
  plan.stage {
    plan.kernel "k"() into(%right) params {} : (!plan.map<1x16x1x1, c16, halo [0, 0, 0, 0], planes 2>) -> ()
  }
}

// -----

// Equal weights of equal kernels are stored once (0), another kernel packs its own (64); the sizes
// that the kernels ask for count, in units of 64 bytes.
// CHECK-LABEL: plan.program "weights" attributes {{.+}}weights_bytes = 320 : i64
//       CHECK:   %[[A:.+]] = plan.weights dense<1.{{0+}}e+00> : tensor<16xf32> at 0
//  CHECK-NEXT:   %[[A2:.+]] = plan.weights dense<1.{{0+}}e+00> : tensor<16xf32> at 64
//  CHECK-NEXT:   %[[C:.+]] = plan.weights dense<2.{{0+}}e+00> : tensor<16xf32> at 192
//   CHECK-NOT:   plan.weights
//       CHECK:   plan.kernel "k"({{.*}}) weights(%[[A]])
//       CHECK:   plan.kernel "k"({{.*}}) weights(%[[A]])
//       CHECK:   plan.kernel "l"({{.*}}) weights(%[[A2]], %[[C]])
// expected-remark @below {{arena of 0 bytes}}
plan.program "weights" {
  %out = plan.output 0 "y" dims [1, 16, 1, 1] : <1x16x1x1, c1, halo [0, 0, 0, 0], planes 16>
  %a = plan.weights dense<1.0> : tensor<16xf32>
  %b = plan.weights dense<1.0> : tensor<16xf32>
  %c = plan.weights dense<2.0> : tensor<16xf32>
  %unused = plan.weights dense<3.0> : tensor<16xf32>
  plan.stage {
    plan.kernel "k"() weights(%a) into(%out) params {} : (!plan.weights, !plan.map<1x16x1x1, c1, halo [0, 0, 0, 0], planes 16>) -> ()
    plan.kernel "k"() weights(%b) into(%out) params {} : (!plan.weights, !plan.map<1x16x1x1, c1, halo [0, 0, 0, 0], planes 16>) -> ()
    plan.kernel "l"() weights(%a, %c) into(%out) params {} config {weights_bytes = array<i64: 65, 128>}
      : (!plan.weights, !plan.weights, !plan.map<1x16x1x1, c1, halo [0, 0, 0, 0], planes 16>) -> ()
  }
}

// -----

// expected-remark @below {{arena of 0 bytes}}
plan.program "wrong_count" {
  %out = plan.output 0 "y" dims [1, 16, 1, 1] : <1x16x1x1, c1, halo [0, 0, 0, 0], planes 16>
  %a = plan.weights dense<1.0> : tensor<16xf32>
  plan.stage {
    // expected-error @below {{config weights_bytes must give the size of each of the 1 weights, got array<i64: 1, 2>}}
    plan.kernel "k"() weights(%a) into(%out) params {} config {weights_bytes = array<i64: 1, 2>}
      : (!plan.weights, !plan.map<1x16x1x1, c1, halo [0, 0, 0, 0], planes 16>) -> ()
  }
}
