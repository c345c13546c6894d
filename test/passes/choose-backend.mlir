// RUN: incc-opt %s --split-input-file --choose-algorithm="mcpu=znver3" | FileCheck %s
// RUN: incc-opt %s --split-input-file --choose-algorithm="mcpu=znver4 accuracy=strict" | FileCheck %s --check-prefix=AUTO
// RUN: incc-opt %s --split-input-file --choose-algorithm="mcpu=x86-64-v2 accuracy=strict" | FileCheck %s --check-prefix=UNKNOWN

!in = !plan.map<1x64x28x28, c8, halo [1, 1, 1, 1], planes 8>
!out = !plan.map<1x64x28x28, c8, halo [0, 0, 0, 0], planes 8>
!deep = !plan.map<1x1024x14x14, c8, halo [0, 0, 0, 0], planes 128>
!deepout = !plan.map<1x512x14x14, c8, halo [0, 0, 0, 0], planes 64>

// Kernels say who compiles them. Halide's convolutions are Winograd's or direct, also where LLVM's would go
// by Strassen's algorithm.
// CHECK-LABEL: plan.program "by_halide"
//       CHECK:   plan.kernel "cnn.conv2d"({{.+}} config {algorithm = "winograd", backend = "halide",
//       CHECK:   plan.kernel "cnn.conv2d"({{.+}} config {algorithm = "direct", backend = "halide",
//       CHECK:   plan.kernel "cnn.max_pool"({{.+}} config {backend = "halide"}
module attributes {plan.backend = "halide"} {
  plan.program "by_halide" {
    %x = plan.buffer : <1x64x28x28, c8, halo [1, 1, 1, 1], planes 8>
    %y = plan.buffer : <1x64x28x28, c8, halo [0, 0, 0, 0], planes 8>
    %z = plan.buffer : <1x64x28x28, c8, halo [0, 0, 0, 0], planes 8>
    %w = plan.weights dense<1.0> : tensor<64x64x3x3xf32>
    %d = plan.buffer : <1x1024x14x14, c8, halo [0, 0, 0, 0], planes 128>
    %e = plan.buffer : <1x512x14x14, c8, halo [0, 0, 0, 0], planes 64>
    %v = plan.weights dense<1.0> : tensor<512x1024x1x1xf32>
    plan.stage {
      plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
        : (!in, !plan.weights, !out) -> ()
      plan.kernel "cnn.conv2d"(%d) weights(%v) into(%e) params {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
        : (!deep, !plan.weights, !deepout) -> ()
      plan.kernel "cnn.max_pool"(%x) into(%z) params {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>}
        : (!in, !out) -> ()
    }
  }
}

// -----

!small = !plan.map<1x2048x7x7, c16, halo [0, 0, 0, 0], planes 128>
!smallout = !plan.map<1x512x7x7, c16, halo [0, 0, 0, 0], planes 32>
!large = !plan.map<1x64x56x56, c16, halo [0, 0, 0, 0], planes 4>
!means = !plan.map<1x512x1x1, c16, halo [0, 0, 0, 0], planes 32>
!vector = !plan.map<1x1000x1x1, c1, halo [0, 0, 0, 0], planes 1000>

// Where either may, Halide takes what it was measured to be faster at: nothing of this, as convolutions and
// fully connected layers are as fast and its pools slower. Of SSE4.2 nothing is known.
// AUTO-LABEL: plan.program "either"
//       AUTO:   plan.kernel "cnn.conv2d"({{.+}} config {algorithm = "direct", chunk{{.+}}modelled = ["direct: 3.{{[0-9]+}} Mcycles", "direct by Halide: 3.{{[0-9]+}} Mcycles"
//    AUTO-NOT:   backend =
// UNKNOWN-LABEL: plan.program "either"
//   UNKNOWN-NOT: backend =
module attributes {plan.backend = "auto"} {
  plan.program "either" {
    %x = plan.buffer : <1x2048x7x7, c16, halo [0, 0, 0, 0], planes 128>
    %y = plan.buffer : <1x512x7x7, c16, halo [0, 0, 0, 0], planes 32>
    %u = plan.buffer : <1x64x56x56, c16, halo [0, 0, 0, 0], planes 4>
    %v = plan.buffer : <1x64x56x56, c16, halo [0, 0, 0, 0], planes 4>
    %m = plan.buffer : <1x512x1x1, c16, halo [0, 0, 0, 0], planes 32>
    %z = plan.buffer : <1x1000x1x1, c1, halo [0, 0, 0, 0], planes 1000>
    %w = plan.weights dense<1.0> : tensor<512x2048x1x1xf32>
    %k = plan.weights dense<1.0> : tensor<64x64x1x1xf32>
    %l = plan.weights dense<1.0> : tensor<1000x512xf32>
    plan.stage {
      plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
        : (!small, !plan.weights, !smallout) -> ()
      plan.kernel "cnn.conv2d"(%u) weights(%k) into(%v) params {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
        : (!large, !plan.weights, !large) -> ()
    }
    plan.stage {
      plan.kernel "cnn.global_avg_pool"(%y) into(%m) params {} : (!smallout, !means) -> ()
    }
    plan.stage {
      plan.kernel "cnn.linear"(%m) weights(%l) into(%z) params {} : (!means, !plan.weights, !vector) -> ()
    }
  }
}
