// RUN: incc-opt %s --split-input-file --fuse-channel-scale | FileCheck %s
// RUN: incc-opt %s --split-input-file --fuse-channel-scale --log-actions-to=- | FileCheck %s --check-prefix=LOG

!map = !plan.map<1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
!factors = !plan.map<1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>
!out = !plan.map<1x16x8x8, c16, halo [0, 0, 0, 0], planes 1>

// CHECK-LABEL: plan.program "convolution_scales"
//       CHECK:   %[[X:.+]] = plan.buffer : <1x32x8x8,
//       CHECK:   %[[S:.+]] = plan.buffer : <1x32x1x1,
//       CHECK:   %[[R:.+]] = plan.buffer : <1x16x8x8,
//   CHECK-NOT:   cnn.mul
//       CHECK:   plan.kernel "cnn.conv2d"(%[[X]], %[[R]], %[[S]]) weights(%{{.+}}) into(%{{.+}}) params {{{.*}}scaled{{.*}}}
plan.program "convolution_scales" {
  %x = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %s = plan.buffer : <1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>
  %r = plan.buffer : <1x16x8x8, c16, halo [0, 0, 0, 0], planes 1>
  %w = plan.weights dense<1.0> : tensor<16x32x1x1xf32>
  %m = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %y = plan.buffer : <1x16x8x8, c16, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "cnn.mul"(%x, %s) into(%m) params {} : (!map, !factors, !map) -> ()
  }
  plan.stage {
    plan.kernel "cnn.conv2d"(%m, %r) weights(%w) into(%y) params {dilations = array<i64: 1, 1>, groups = 1 : i64, kernel = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (!map, !out, !plan.weights, !out) -> ()
  }
}

// -----

!map = !plan.map<1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
!factors = !plan.map<1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>
!out = !plan.map<1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>

// 64 pixels for 32 outputs.
// LOG: declined: multiplied apart: the filter is too large for the map
// CHECK-LABEL: plan.program "large_filter_stays"
//       CHECK:   plan.kernel "cnn.mul"(%[[X:.+]], %[[S:.+]]) into(%[[M:.+]]) params {}
//       CHECK:   plan.kernel "cnn.conv2d"(%[[M]]) weights
//   CHECK-NOT:   scaled
plan.program "large_filter_stays" {
  %x = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %s = plan.buffer : <1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>
  %w = plan.weights dense<1.0> : tensor<32x32x1x1xf32>
  %m = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %y = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    plan.kernel "cnn.mul"(%x, %s) into(%m) params {} : (!map, !factors, !map) -> ()
  }
  plan.stage {
    plan.kernel "cnn.conv2d"(%m) weights(%w) into(%y) params {dilations = array<i64: 1, 1>, groups = 1 : i64, kernel = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (!map, !plan.weights, !out) -> ()
  }
}

// -----

!map = !plan.map<1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
!factors = !plan.map<1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>
!out = !plan.map<1x16x8x8, c16, halo [0, 0, 0, 0], planes 1>

// The product is the residual of another convolution too.
// CHECK-LABEL: plan.program "product_read_twice_stays"
//       CHECK:   plan.kernel "cnn.mul"(%[[X:.+]], %[[S:.+]]) into(%[[M:.+]]) params {}
//       CHECK:   plan.kernel "cnn.conv2d"(%[[M]]) weights
//       CHECK:   plan.kernel "l"(%[[M]])
plan.program "product_read_twice_stays" {
  %x = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %s = plan.buffer : <1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>
  %w = plan.weights dense<1.0> : tensor<16x32x1x1xf32>
  %m = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %y = plan.buffer : <1x16x8x8, c16, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "cnn.mul"(%x, %s) into(%m) params {} : (!map, !factors, !map) -> ()
  }
  plan.stage {
    plan.kernel "cnn.conv2d"(%m) weights(%w) into(%y) params {dilations = array<i64: 1, 1>, groups = 1 : i64, kernel = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (!map, !plan.weights, !out) -> ()
  }
  plan.stage {
    plan.kernel "l"(%m) into(%x) params {} : (!map, !map) -> ()
  }
}

// -----

!map = !plan.map<1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
!factors = !plan.map<1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>

// CHECK-LABEL: plan.program "addition_multiplies"
//       CHECK:   %[[X:.+]] = plan.buffer : <1x32x8x8,
//       CHECK:   %[[S:.+]] = plan.buffer : <1x32x1x1,
//       CHECK:   %[[R:.+]] = plan.buffer : <1x32x8x8,
//       CHECK:   plan.kernel "cnn.mul"(%[[X]], %[[S]], %[[R]]) into(%{{.+}}) params {act = #cnn.act<relu>}
//   CHECK-NOT:   cnn.add
plan.program "addition_multiplies" {
  %x = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %s = plan.buffer : <1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>
  %r = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %m = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %y = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    plan.kernel "cnn.mul"(%x, %s) into(%m) params {} : (!map, !factors, !map) -> ()
  }
  plan.stage {
    plan.kernel "cnn.add"(%r, %m) into(%y) params {act = #cnn.act<relu>} : (!map, !map, !map) -> ()
  }
}

// -----

!map = !plan.map<1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
!factors = !plan.map<1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>

// CHECK-LABEL: plan.program "activation_between_stays"
//       CHECK:   plan.kernel "cnn.mul"(%{{.+}}, %{{.+}}) into(%[[M:.+]]) params {act = #cnn.act<relu>}
//       CHECK:   plan.kernel "cnn.add"(%{{.+}}, %[[M]])
plan.program "activation_between_stays" {
  %x = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %s = plan.buffer : <1x32x1x1, c16, halo [0, 0, 0, 0], planes 2>
  %r = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %m = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  %y = plan.buffer : <1x32x8x8, c16, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    plan.kernel "cnn.mul"(%x, %s) into(%m) params {act = #cnn.act<relu>} : (!map, !factors, !map) -> ()
  }
  plan.stage {
    plan.kernel "cnn.add"(%r, %m) into(%y) params {} : (!map, !map, !map) -> ()
  }
}
