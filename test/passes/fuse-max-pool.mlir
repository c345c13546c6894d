// The buffer of the maxima moves to before the convolution, whose own map goes.
// RUN: incc-opt %s --split-input-file --fuse-max-pool | FileCheck %s
// RUN: incc-opt %s --split-input-file --fuse-max-pool --log-actions-to=- | FileCheck %s --check-prefix=LOG

!map = !plan.map<1x64x56x56, c16, halo [0, 0, 0, 0], planes 4>
!half = !plan.map<1x64x28x28, c16, halo [0, 0, 0, 0], planes 4>

// CHECK-LABEL: plan.program "windows_within_tiles"
//       CHECK:   %[[X:.+]] = plan.buffer : <1x64x56x56,
//   CHECK-NOT:   plan.buffer : <1x64x56x56,
//       CHECK:   %[[M:.+]] = plan.buffer : <1x64x28x28,
//       CHECK:   plan.kernel "cnn.conv2d"(%[[X]]) weights(%{{.+}}) into(%[[M]]) params {{.*}}act = #cnn.act<relu>{{.*}}pooled{{.*}}config {algorithm = "winograd"
//   CHECK-NOT:   cnn.max_pool
//       CHECK:   plan.kernel "l"(%[[M]])
plan.program "windows_within_tiles" {
  %x = plan.buffer : <1x64x56x56, c16, halo [0, 0, 0, 0], planes 4>
  %w = plan.weights dense<1.0> : tensor<64x64x3x3xf32>
  %y = plan.buffer : <1x64x56x56, c16, halo [0, 0, 0, 0], planes 4>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {act = #cnn.act<relu>, dilations = array<i64: 1, 1>, groups = 1 : i64, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} config {algorithm = "winograd", chunk_blocks = 4 : i64, order = "rows", outputs = array<i64: 4, 4>, panel_tasks = 1 : i64, prefetch_input = false, prefetch_weights = false, task_rows = 28 : i64, tile = array<i64: 1, 14, 2>, weights_bytes = array<i64: 589824>} tasks 7 : (!map, !plan.weights, !map) -> ()
  }
  %m = plan.buffer : <1x64x28x28, c16, halo [0, 0, 0, 0], planes 4>
  plan.stage {
    plan.kernel "cnn.max_pool"(%y) into(%m) params {dilations = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} tasks 2 : (!map, !half) -> ()
  }
  plan.stage {
    plan.kernel "l"(%m) into(%x) params {} : (!half, !map) -> ()
  }
}

// -----

!map = !plan.map<1x64x56x56, c16, halo [0, 0, 0, 0], planes 4>
!half = !plan.map<1x64x28x28, c16, halo [0, 0, 0, 0], planes 4>

// SiLU does not keep the order of its values.
// CHECK-LABEL: plan.program "silu"
//       CHECK:   plan.kernel "cnn.max_pool"
//         LOG: declined: reads a whole map: the convolution before it adds a map, or its activation does not keep the order
plan.program "silu" {
  %x = plan.buffer : <1x64x56x56, c16, halo [0, 0, 0, 0], planes 4>
  %w = plan.weights dense<1.0> : tensor<64x64x3x3xf32>
  %y = plan.buffer : <1x64x56x56, c16, halo [0, 0, 0, 0], planes 4>
  %m = plan.buffer : <1x64x28x28, c16, halo [0, 0, 0, 0], planes 4>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {act = #cnn.act<silu>, dilations = array<i64: 1, 1>, groups = 1 : i64, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} config {algorithm = "winograd", chunk_blocks = 4 : i64, order = "rows", outputs = array<i64: 4, 4>, panel_tasks = 1 : i64, prefetch_input = false, prefetch_weights = false, task_rows = 28 : i64, tile = array<i64: 1, 14, 2>, weights_bytes = array<i64: 589824>} tasks 7 : (!map, !plan.weights, !map) -> ()
  }
  plan.stage {
    plan.kernel "cnn.max_pool"(%y) into(%m) params {dilations = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} tasks 2 : (!map, !half) -> ()
  }
}

// -----

!map = !plan.map<1x64x56x56, c16, halo [0, 0, 0, 0], planes 4>
!half = !plan.map<1x64x28x28, c16, halo [0, 0, 0, 0], planes 4>

// A tile of 3 rows has half a window.
// CHECK-LABEL: plan.program "odd_tiles"
//       CHECK:   plan.kernel "cnn.max_pool"
//         LOG: declined: reads a whole map: windows cross the convolution's tiles
plan.program "odd_tiles" {
  %x = plan.buffer : <1x64x56x56, c16, halo [0, 0, 0, 0], planes 4>
  %w = plan.weights dense<1.0> : tensor<64x64x3x3xf32>
  %y = plan.buffer : <1x64x56x56, c16, halo [0, 0, 0, 0], planes 4>
  %m = plan.buffer : <1x64x28x28, c16, halo [0, 0, 0, 0], planes 4>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {dilations = array<i64: 1, 1>, groups = 1 : i64, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} config {algorithm = "winograd", chunk_blocks = 4 : i64, order = "rows", outputs = array<i64: 3, 4>, panel_tasks = 1 : i64, prefetch_input = false, prefetch_weights = false, task_rows = 28 : i64, tile = array<i64: 1, 14, 2>, weights_bytes = array<i64: 589824>} tasks 7 : (!map, !plan.weights, !map) -> ()
  }
  plan.stage {
    plan.kernel "cnn.max_pool"(%y) into(%m) params {dilations = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} tasks 2 : (!map, !half) -> ()
  }
}
