// The buffer of the means moves to before the convolution.
// RUN: incc-opt %s --split-input-file --fuse-global-pool | FileCheck %s

!map = !plan.map<1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
!mean = !plan.map<1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>

// CHECK-LABEL: plan.program "depthwise_means"
//       CHECK:   plan.weights
//       CHECK:   %[[Y:.+]] = plan.buffer : <1x32x8x8,
//       CHECK:   %[[M:.+]] = plan.buffer : <1x32x1x1,
//       CHECK:   plan.kernel "cnn.conv2d"(%{{.+}}) weights(%{{.+}}) into(%[[Y]], %[[M]])
//   CHECK-NOT:   cnn.global_avg_pool
//       CHECK:   plan.kernel "l"(%[[Y]], %[[M]])
plan.program "depthwise_means" {
  %x = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %w = plan.weights dense<1.0> : tensor<32x1x1x1xf32>
  %y = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {dilations = array<i64: 1, 1>, groups = 32 : i64, kernel = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} config {algorithm = "lanes", chunk_blocks = 1 : i64, order = "rows", prefetch_input = false, prefetch_weights = false, task_rows = 8 : i64, tile = array<i64: 1, 8, 1>, weights_bytes = array<i64: 128>} tasks 2 : (!map, !plan.weights, !map) -> ()
  }
  %m = plan.buffer : <1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    plan.kernel "cnn.global_avg_pool"(%y) into(%m) params {} tasks 2 : (!map, !mean) -> ()
  }
  plan.stage {
    plan.kernel "l"(%y, %m) into(%x) params {} : (!map, !mean, !map) -> ()
  }
}

// -----

!map = !plan.map<1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
!mean = !plan.map<1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>

// Two tasks write a plane.
// CHECK-LABEL: plan.program "split_planes_stay"
//       CHECK:   plan.kernel "cnn.conv2d"(%{{.+}}) weights(%{{.+}}) into(%[[Y:[^,]+]])
//       CHECK:   plan.kernel "cnn.global_avg_pool"(%[[Y]])
plan.program "split_planes_stay" {
  %x = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %w = plan.weights dense<1.0> : tensor<32x1x1x1xf32>
  %y = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {dilations = array<i64: 1, 1>, groups = 32 : i64, kernel = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} config {algorithm = "lanes", chunk_blocks = 1 : i64, order = "rows", prefetch_input = false, prefetch_weights = false, task_rows = 4 : i64, tile = array<i64: 1, 8, 1>, weights_bytes = array<i64: 128>} tasks 4 : (!map, !plan.weights, !map) -> ()
  }
  %m = plan.buffer : <1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    plan.kernel "cnn.global_avg_pool"(%y) into(%m) params {} tasks 2 : (!map, !mean) -> ()
  }
}

// -----

!map = !plan.map<1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
!mean = !plan.map<1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>

// CHECK-LABEL: plan.program "direct_convolution_stays"
//       CHECK:   plan.kernel "cnn.conv2d"(%{{.+}}) weights(%{{.+}}) into(%[[Y:[^,]+]])
//       CHECK:   plan.kernel "cnn.global_avg_pool"(%[[Y]])
plan.program "direct_convolution_stays" {
  %x = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %w = plan.weights dense<1.0> : tensor<32x32x1x1xf32>
  %y = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {dilations = array<i64: 1, 1>, groups = 1 : i64, kernel = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} config {algorithm = "direct", chunk_blocks = 2 : i64, order = "rows", prefetch_input = false, prefetch_weights = false, task_rows = 64 : i64, tile = array<i64: 1, 6, 2>, weights_bytes = array<i64: 4096>} : (!map, !plan.weights, !map) -> ()
  }
  %m = plan.buffer : <1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    plan.kernel "cnn.global_avg_pool"(%y) into(%m) params {} tasks 2 : (!map, !mean) -> ()
  }
}
