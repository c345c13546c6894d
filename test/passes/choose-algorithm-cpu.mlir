// RUN: incc-opt %s --choose-algorithm=mcpu=znver4 | FileCheck %s --check-prefix=ZNVER4
// RUN: incc-opt %s --choose-algorithm=mcpu=sapphirerapids | FileCheck %s --check-prefix=SAPPHIRE

!in = !plan.map<1x1024x14x14, c16, halo [0, 0, 0, 0], planes 64>
!out = !plan.map<1x256x14x14, c16, halo [0, 0, 0, 0], planes 16>

// Two multiply-adds a cycle leave no time to store transformed inputs and to bring weights from L2 for
// each register tile; one does.
// ZNVER4-LABEL: plan.program "pointwise"
//       ZNVER4:   plan.kernel "cnn.conv2d"({{.+}} config {algorithm = "strassen"
// SAPPHIRE-LABEL: plan.program "pointwise"
//       SAPPHIRE:   plan.kernel "cnn.conv2d"({{.+}} config {algorithm = "direct"
plan.program "pointwise" {
  %x = plan.buffer : <1x1024x14x14, c16, halo [0, 0, 0, 0], planes 64>
  %y = plan.buffer : <1x256x14x14, c16, halo [0, 0, 0, 0], planes 16>
  %w = plan.weights dense<1.0> : tensor<256x1024x1x1xf32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (!in, !plan.weights, !out) -> ()
  }
}
