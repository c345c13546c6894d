// RUN: incc-opt %s --choose-algorithm="mcpu=znver3" | FileCheck %s

!in = !plan.map<1x64x28x28, c8, halo [1, 1, 1, 1], planes 8>
!out = !plan.map<1x64x28x28, c8, halo [0, 0, 0, 0], planes 8>

// Kernels say who compiles them. Halide's convolutions are direct, also where LLVM's would not be.
// CHECK-LABEL: plan.program "by_halide"
//       CHECK:   plan.kernel "cnn.conv2d"({{.+}} config {algorithm = "direct", backend = "halide",
//       CHECK:   plan.kernel "cnn.max_pool"({{.+}} config {backend = "halide"}
module attributes {plan.backend = "halide"} {
  plan.program "by_halide" {
    %x = plan.buffer : <1x64x28x28, c8, halo [1, 1, 1, 1], planes 8>
    %y = plan.buffer : <1x64x28x28, c8, halo [0, 0, 0, 0], planes 8>
    %z = plan.buffer : <1x64x28x28, c8, halo [0, 0, 0, 0], planes 8>
    %w = plan.weights dense<1.0> : tensor<64x64x3x3xf32>
    plan.stage {
      plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
        : (!in, !plan.weights, !out) -> ()
      plan.kernel "cnn.max_pool"(%x) into(%z) params {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>}
        : (!in, !out) -> ()
    }
  }
}
