// RUN: incc-opt %s --split-input-file --choose-gpu-kernels=mcpu=sm_80 --verify-diagnostics | FileCheck %s
// RUN: incc-opt %s --split-input-file --choose-gpu-kernels="mcpu=sm_80 precision=tf32" --verify-diagnostics | FileCheck %s --check-prefix=TF32
// RUN: incc-opt %s --split-input-file --choose-gpu-kernels="mcpu=sm_80 precision=3xtf32" --verify-diagnostics | FileCheck %s --check-prefix=THREE
// RUN: incc-opt %s --split-input-file --choose-gpu-kernels="mcpu=sm_89 precision=3xtf32" --verify-diagnostics | FileCheck %s --check-prefix=SLOW
// RUN: incc-opt %s --split-input-file --choose-gpu-kernels="mcpu=sm_80 accuracy=strict" --verify-diagnostics | FileCheck %s --check-prefix=STRICT
// RUN: not incc-opt %s --split-input-file --choose-gpu-kernels=accuracy=exact 2>&1 | FileCheck %s --check-prefix=ACCURACY
// ACCURACY: unknown accuracy 'exact'
// RUN: not incc-opt %s --split-input-file --choose-gpu-kernels=precision=bf16 2>&1 | FileCheck %s --check-prefix=PRECISION
// PRECISION: unknown precision 'bf16'
// RUN: not incc-opt %s --split-input-file --choose-gpu-kernels=mcpu=sm_20 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: unknown --mcpu 'sm_20' for --target cuda; supported are sm_80, sm_86, sm_89, sm_90

!in = !plan.map<1x64x14x14, c1, halo [0, 0, 0, 0], planes 64>
!large = !plan.map<8x64x56x56, c1, halo [0, 0, 0, 0], planes 64>

// Four tiles of 14 x 14 pixels would leave a hundred multiprocessors idle: each is shared by many blocks,
// whose sums a kernel of its own adds, in a later stage, with bias and residual. Filters are packed for
// whole tiles: 64 channels x 576 rows.
// CHECK-LABEL: plan.program "small_map_is_split"
//       CHECK:   %[[SUMS:.+]] = plan.buffer : <[[SPLITS:[0-9]+]]x64x1x196,
//       CHECK:   plan.stage {
//  CHECK-NEXT:     plan.kernel "cnn.conv2d"(%[[X:[^,)]+]]) weights(%{{[^,)]+}}) into(%[[SUMS]]) {{.*}}config {algorithm = "gemm", {{.*}}splits = [[SPLITS]] : i64, {{.*}}weights_bytes = array<i64: 147456>}
//       CHECK:   plan.stage {
//  CHECK-NEXT:     plan.kernel "plan.sum_splits"(%[[SUMS]], %[[X]]) weights(%{{[^,)]+}}) {{.*}}params {act = #cnn.act<relu>, splits = [[SPLITS]] : i64} config {{.*}}weights_bytes = array<i64: 256>} tasks 13
plan.program "small_map_is_split" {
  %x = plan.buffer : !in
  %y = plan.buffer : !in
  %w = plan.weights dense<1.0> : tensor<64x64x3x3xf32>
  %b = plan.weights dense<1.0> : tensor<64xf32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x, %x) weights(%w, %b) into(%y) params {act = #cnn.act<relu>, kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 2, 2, 2, 2>, dilations = array<i64: 2, 2>, groups = 1 : i64}
      : (!in, !in, !plan.weights, !plan.weights, !in) -> ()
  }
}

// Enough pixels for whole tiles: 64 channels x 128 pixels, 25088 pixels of all images. Tensor cores take the
// same tile in other parts; two numbers for each of the filter's take twice its memory, and three products
// are slower than float32's on a GPU with few tensor cores.
// TF32-LABEL: plan.program "large_map_is_not_split"
//       TF32:   plan.kernel "cnn.conv2d"{{.*}}config {algorithm = "gemm", arithmetic = "tf32", {{.*}}weights_bytes = array<i64: 147456>}
// THREE-LABEL: plan.program "large_map_is_not_split"
//       THREE:   plan.kernel "cnn.conv2d"{{.*}}config {algorithm = "gemm", arithmetic = "3xtf32", {{.*}}weights_bytes = array<i64: 294912>}
// SLOW-LABEL: plan.program "large_map_is_not_split"
//   SLOW-NOT:   arithmetic
// CHECK-LABEL: plan.program "large_map_is_not_split"
//   CHECK-NOT:   plan.sum_splits
//       CHECK:   plan.kernel "cnn.conv2d"{{.*}}config {algorithm = "gemm", depth = 8 : i64, shared_bytes = 18432 : i64, stages = 3 : i64, thread_tile = array<i64: 8, 8>, threads = 128 : i64, tile = array<i64: 64, 128>, {{.*}} tasks 196
plan.program "large_map_is_not_split" {
  %x = plan.buffer : !large
  %y = plan.buffer : !large
  %w = plan.weights dense<1.0> : tensor<64x64x3x3xf32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 2, 2, 2, 2>, dilations = array<i64: 2, 2>, groups = 1 : i64}
      : (!large, !plan.weights, !large) -> ()
  }
}

// 8 x 14 x 14 tiles of 4 x 4 outputs, 36 products of each, their filters 36 x 64 x 64. Where errors are to be a
// direct convolution's, tiles are of 2 x 2. The window above has gaps, which tiles do not; tensor cores are
// faster.
// CHECK-LABEL: plan.program "large_map_by_winograd"
//       CHECK:   %[[V:.+]] = plan.buffer : <1x2304x1x1568,
//       CHECK:   %[[M:.+]] = plan.buffer : <1x2304x1x1568,
//       CHECK:   plan.stage {
//  CHECK-NEXT:     plan.kernel "plan.winograd_input"(%[[X:[^,)]+]]) into(%[[V]]) params {outputs = 4 : i64, pads = array<i64: 1, 1, 1, 1>} config {threads = 256 : i64} tasks 392
//       CHECK:   plan.stage {
//  CHECK-NEXT:     plan.kernel "cnn.conv2d"(%[[V]]) weights(%[[W:[^,)]+]]) into(%[[M]]) params {{.*}}groups = 36 : i64, kernel = array<i64: 1, 1>, {{.*}}config {algorithm = "gemm", {{.*}}weights_bytes = array<i64: 589824>, winograd_outputs = 4 : i64}
//       CHECK:   plan.stage {
//  CHECK-NEXT:     plan.kernel "plan.winograd_output"(%[[M]], %[[X]]) weights(%[[B:[^,)]+]]) into(%{{[^,)]+}}) params {act = #cnn.act<relu>, outputs = 4 : i64} config {threads = 256 : i64, weights_bytes = array<i64: 256>} tasks 392
//   CHECK-NOT:   plan.kernel
// STRICT-LABEL: plan.program "large_map_by_winograd"
//       STRICT:   plan.kernel "plan.winograd_input"{{.*}}outputs = 2 : i64
//       STRICT:   plan.kernel "plan.winograd_output"{{.*}}outputs = 2 : i64
// TF32-LABEL: plan.program "large_map_by_winograd"
//   TF32-NOT:   winograd
//       TF32:   arithmetic = "tf32"
plan.program "large_map_by_winograd" {
  %x = plan.buffer : !large
  %y = plan.buffer : !large
  %w = plan.weights dense<1.0> : tensor<64x64x3x3xf32>
  %b = plan.weights dense<1.0> : tensor<64xf32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x, %x) weights(%w, %b) into(%y) params {act = #cnn.act<relu>, kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (!large, !large, !plan.weights, !plan.weights, !large) -> ()
  }
}

// A tile of a depthwise convolution would be one channel high; of groups of 16 it is full.
// CHECK-LABEL: plan.program "narrow_groups_are_direct"
//       CHECK:   plan.kernel "cnn.conv2d"{{.*}}config {algorithm = "direct", {{.*}}threads = 224 : i64, tile = array<i64: 1, 224>, weights_bytes = array<i64: 2304>} tasks 64
//       CHECK:   plan.kernel "cnn.conv2d"{{.*}}config {algorithm = "gemm"
plan.program "narrow_groups_are_direct" {
  %x = plan.buffer : !in
  %y = plan.buffer : !in
  %z = plan.buffer : !in
  %d = plan.weights dense<1.0> : tensor<64x1x3x3xf32>
  %g = plan.weights dense<1.0> : tensor<64x16x3x3xf32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%d) into(%y) params {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 64 : i64}
      : (!in, !plan.weights, !in) -> ()
    plan.kernel "cnn.conv2d"(%x) weights(%g) into(%z) params {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 4 : i64}
      : (!in, !plan.weights, !in) -> ()
  }
}

!squeezed = !plan.map<2x64x1x1, c1, halo [0, 0, 0, 0], planes 64>
!excited = !plan.map<2x96x1x1, c1, halo [0, 0, 0, 0], planes 96>
!many = !plan.map<9x64x1x1, c1, halo [0, 0, 0, 0], planes 64>
!many_out = !plan.map<9x96x1x1, c1, halo [0, 0, 0, 0], planes 96>

// Of a map of one pixel a tile would have a column for each image: a warp for each output reads the weights as
// they are, with what is left of the parameters. Of more images than it reads them once for, tiles are used; and
// where the window is not the whole map.
// CHECK-LABEL: plan.program "whole_map_is_fully_connected"
//       CHECK:   plan.kernel "cnn.linear"(%{{.+}}) weights(%{{.+}}, %{{.+}}) into(%{{.+}}) params {act = #cnn.act<relu>} config {threads = 256 : i64} tasks 12
//       CHECK:   plan.kernel "cnn.linear"(%{{.+}}) weights(%{{.+}}) into(%{{.+}}) params {} config {threads = 256 : i64} tasks 12
//       CHECK:   plan.kernel "cnn.conv2d"{{.*}}config {algorithm = "gemm"
//       CHECK:   plan.kernel "cnn.conv2d"{{.*}}config {algorithm = "gemm"
plan.program "whole_map_is_fully_connected" {
  %x = plan.buffer : !squeezed
  %y = plan.buffer : !excited
  %map = plan.buffer : !plan.map<1x8x3x5, c1, halo [0, 0, 0, 0], planes 8>
  %pixel = plan.buffer : !plan.map<1x96x1x1, c1, halo [0, 0, 0, 0], planes 96>
  %pixels = plan.buffer : !plan.map<1x96x1x2, c1, halo [0, 0, 0, 0], planes 96>
  %m = plan.buffer : !many
  %n = plan.buffer : !many_out
  %w = plan.weights dense<1.0> : tensor<96x64x1x1xf32>
  %b = plan.weights dense<1.0> : tensor<96xf32>
  %v = plan.weights dense<1.0> : tensor<96x8x3x5xf32>
  %u = plan.weights dense<1.0> : tensor<96x8x3x4xf32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w, %b) into(%y) params {act = #cnn.act<relu>, kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (!squeezed, !plan.weights, !plan.weights, !excited) -> ()
    plan.kernel "cnn.conv2d"(%map) weights(%v) into(%pixel) params {kernel = array<i64: 3, 5>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (!plan.map<1x8x3x5, c1, halo [0, 0, 0, 0], planes 8>, !plan.weights, !plan.map<1x96x1x1, c1, halo [0, 0, 0, 0], planes 96>) -> ()
    plan.kernel "cnn.conv2d"(%m) weights(%w) into(%n) params {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (!many, !plan.weights, !many_out) -> ()
    plan.kernel "cnn.conv2d"(%map) weights(%u) into(%pixels) params {kernel = array<i64: 3, 4>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (!plan.map<1x8x3x5, c1, halo [0, 0, 0, 0], planes 8>, !plan.weights, !plan.map<1x96x1x2, c1, halo [0, 0, 0, 0], planes 96>) -> ()
  }
}

// -----

!in = !plan.map<1x64x14x14, c1, halo [0, 0, 0, 0], planes 64>
!filter = !plan.map<64x64x1x1, c1, halo [0, 0, 0, 0], planes 64>
plan.program "runtime_filter" {
  %x = plan.buffer : !in
  %y = plan.buffer : !in
  %w = plan.buffer : !filter
  plan.stage {
    // expected-error @+1 {{a filter that is computed when the network runs is not supported for cuda; supported are constant filters}}
    plan.kernel "cnn.conv2d"(%x, %w) into(%y) params {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (!in, !filter, !in) -> ()
  }
}

// -----

!huge = !plan.map<4x8192x256x256, c1, halo [0, 0, 0, 0], planes 8192>
plan.program "huge" {
  %x = plan.buffer : !huge
  plan.stage {
    // expected-error @+1 {{a map of 2147483648 floats is too large for a GPU; supported are 2147483647: choose a smaller batch}}
    plan.kernel "cnn.activation"(%x) into(%x) params {act = #cnn.act<relu>} : (!huge, !huge) -> ()
  }
}
