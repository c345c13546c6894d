// RUN: incc-opt %s --split-input-file --choose-algorithm=mcpu=haswell | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: incc-opt %s --split-input-file --choose-algorithm="mcpu=haswell threads=4" | FileCheck %s --check-prefixes=CHECK,FOUR
// RUN: not incc-opt %s --choose-algorithm=mcpu=z80 2>&1 | FileCheck %s --check-prefix=BAD
// BAD: error: unknown --mcpu 'z80'; supported are native, x86-64, {{.*}}haswell

// Twelve accumulators and three operands fill sixteen registers. Rows are taken a few at a time:
// all of the input does not fit into L2.
// CHECK-LABEL: plan.program "dense"
//       CHECK:   plan.kernel "cnn.conv2d"
//  CHECK-SAME:     algorithm = "direct", chunk_blocks = 8 : i64, order = "rows"
//  CHECK-SAME:     tile = array<i64: 1, 3, 4>
//  CHECK-SAME:     weights_bytes = array<i64: 147456, 256>
plan.program "dense" {
  %x = plan.input 0 "x" dims [1, 64, 56, 56] : <1x64x56x56, c8, halo [1, 1, 1, 1], planes 8>
  %y = plan.output 0 "y" dims [1, 64, 56, 56] : <1x64x56x56, c8, halo [0, 0, 0, 0], planes 8>
  %w = plan.weights dense<1.0> : tensor<64x64x3x3xf32>
  %b = plan.weights dense<1.0> : tensor<64xf32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w, %b) into(%y) params {dilations = array<i64: 1, 1>, groups = 1 : i64, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (!plan.map<1x64x56x56, c8, halo [1, 1, 1, 1], planes 8>, !plan.weights, !plan.weights, !plan.map<1x64x56x56, c8, halo [0, 0, 0, 0], planes 8>) -> ()
  }
}

// -----

// Weights of a panel beyond the share of L2 are summed in chunks of channels.
// CHECK-LABEL: plan.program "chunked"
//       CHECK:   plan.kernel "cnn.conv2d"
//  CHECK-SAME:     chunk_blocks = {{[1-9]|[1-5][0-9]}} : i64
//  CHECK-SAME:     prefetch_weights = true
plan.program "chunked" {
  %x = plan.input 0 "x" dims [1, 512, 7, 7] : <1x512x7x7, c8, halo [1, 1, 1, 1], planes 64>
  %y = plan.output 0 "y" dims [1, 512, 7, 7] : <1x512x7x7, c8, halo [0, 0, 0, 0], planes 64>
  %w = plan.weights dense<1.0> : tensor<512x512x3x3xf32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {dilations = array<i64: 1, 1>, groups = 1 : i64, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (!plan.map<1x512x7x7, c8, halo [1, 1, 1, 1], planes 64>, !plan.weights, !plan.map<1x512x7x7, c8, halo [0, 0, 0, 0], planes 64>) -> ()
  }
}

// -----

// Groups of 4 within blocks of 8: lanes; the same for depthwise. Groups of 8 are direct.
// CHECK-LABEL: plan.program "groups"
//       CHECK:   params {{.*}}groups = 4 {{.*}}algorithm = "lanes"{{.*}}weights_bytes = array<i64: 256>
//       CHECK:   params {{.*}}groups = 16 {{.*}}algorithm = "lanes"{{.*}}weights_bytes = array<i64: 64>
//       CHECK:   params {{.*}}groups = 2 {{.*}}algorithm = "direct"{{.*}}weights_bytes = array<i64: 512>
plan.program "groups" {
  %x = plan.input 0 "x" dims [1, 16, 4, 4] : <1x16x4x4, c8, halo [0, 0, 0, 0], planes 2>
  %y = plan.output 0 "y" dims [1, 16, 4, 4] : <1x16x4x4, c8, halo [0, 0, 0, 0], planes 2>
  %w4 = plan.weights dense<1.0> : tensor<16x4x1x1xf32>
  %w1 = plan.weights dense<1.0> : tensor<16x1x1x1xf32>
  %w8 = plan.weights dense<1.0> : tensor<16x8x1x1xf32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w4) into(%y) params {dilations = array<i64: 1, 1>, groups = 4 : i64, kernel = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (!plan.map<1x16x4x4, c8, halo [0, 0, 0, 0], planes 2>, !plan.weights, !plan.map<1x16x4x4, c8, halo [0, 0, 0, 0], planes 2>) -> ()
    plan.kernel "cnn.conv2d"(%x) weights(%w1) into(%y) params {dilations = array<i64: 1, 1>, groups = 16 : i64, kernel = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (!plan.map<1x16x4x4, c8, halo [0, 0, 0, 0], planes 2>, !plan.weights, !plan.map<1x16x4x4, c8, halo [0, 0, 0, 0], planes 2>) -> ()
    plan.kernel "cnn.conv2d"(%x) weights(%w8) into(%y) params {dilations = array<i64: 1, 1>, groups = 2 : i64, kernel = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (!plan.map<1x16x4x4, c8, halo [0, 0, 0, 0], planes 2>, !plan.weights, !plan.map<1x16x4x4, c8, halo [0, 0, 0, 0], planes 2>) -> ()
  }
}

// -----

// Groups of 4 inputs and 8 outputs: no lane permutation gives these, so zeros join the groups.
// CHECK-LABEL: plan.program "expanded"
//       CHECK:   algorithm = "expanded"{{.*}}weights_bytes = array<i64: 2048>
plan.program "expanded" {
  %x = plan.input 0 "x" dims [1, 16, 4, 4] : <1x16x4x4, c8, halo [0, 0, 0, 0], planes 2>
  %y = plan.output 0 "y" dims [1, 32, 4, 4] : <1x32x4x4, c8, halo [0, 0, 0, 0], planes 4>
  %w = plan.weights dense<1.0> : tensor<32x4x1x1xf32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {dilations = array<i64: 1, 1>, groups = 4 : i64, kernel = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (!plan.map<1x16x4x4, c8, halo [0, 0, 0, 0], planes 2>, !plan.weights, !plan.map<1x32x4x4, c8, halo [0, 0, 0, 0], planes 4>) -> ()
  }
}

// -----

// One panel is one task for one thread; four threads need more.
// CHECK-LABEL: plan.program "threads"
//       CHECK:   plan.kernel "cnn.conv2d"
//    AVX2-NOT:     tasks
//   FOUR-SAME:     tasks 16
plan.program "threads" {
  %x = plan.input 0 "x" dims [1, 8, 16, 16] : <1x8x16x16, c8, halo [1, 1, 1, 1], planes 1>
  %y = plan.output 0 "y" dims [1, 8, 16, 16] : <1x8x16x16, c8, halo [0, 0, 0, 0], planes 1>
  %w = plan.weights dense<1.0> : tensor<8x8x3x3xf32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {dilations = array<i64: 1, 1>, groups = 1 : i64, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (!plan.map<1x8x16x16, c8, halo [1, 1, 1, 1], planes 1>, !plan.weights, !plan.map<1x8x16x16, c8, halo [0, 0, 0, 0], planes 1>) -> ()
  }
}
