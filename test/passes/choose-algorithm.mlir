// RUN: incc-opt %s --choose-algorithm="mcpu=znver3 threads=2" | FileCheck %s
// RUN: incc-opt %s --choose-algorithm="mcpu=znver3 accuracy=strict" | FileCheck %s --check-prefix=STRICT
// RUN: not incc-opt %s --choose-algorithm="mcpu=znver3 accuracy=sloppy" 2>&1 | FileCheck %s --check-prefix=LEVEL
// LEVEL: accuracy must be strict, default or fast, got 'sloppy'
// RUN: not incc-opt %s --choose-algorithm=mcpu=z80 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: unknown --mcpu 'z80'; supported are native, x86-64,

!in = !plan.map<1x32x4x4, c8, halo [1, 1, 1, 1], planes 4>
!out = !plan.map<1x12x4x4, c8, halo [0, 0, 0, 0], planes 2>
!same = !plan.map<1x32x4x4, c8, halo [0, 0, 0, 0], planes 4>

// Twelve outputs are packed as two blocks of eight: 16 * 32 * 9 floats, and 16 of the bias. Depthwise
// filters are packed without zeros; groups of other widths become a dense filter.
// CHECK-LABEL: plan.program "convs"
//       CHECK:   plan.kernel "cnn.conv2d"({{.+}} config {algorithm = "direct", {{.*}}weights_bytes = array<i64: 18432, 64>}{{.*}} cycles {{[1-9]}}
//       CHECK:   plan.kernel "cnn.conv2d"({{.+}} config {algorithm = "lanes", {{.*}}weights_bytes = array<i64: 1152>}{{.*}} cycles {{[1-9]}}
//       CHECK:   plan.kernel "cnn.conv2d"({{.+}} config {algorithm = "expanded", {{.*}}weights_bytes = array<i64: 18432>}{{.*}} cycles {{[1-9]}}
plan.program "convs" {
  %x = plan.buffer : <1x32x4x4, c8, halo [1, 1, 1, 1], planes 4>
  %y = plan.buffer : <1x12x4x4, c8, halo [0, 0, 0, 0], planes 2>
  %z = plan.buffer : <1x32x4x4, c8, halo [0, 0, 0, 0], planes 4>
  %w = plan.weights dense<1.0> : tensor<12x32x3x3xf32>
  %b = plan.weights dense<1.0> : tensor<12xf32>
  %d = plan.weights dense<1.0> : tensor<32x1x3x3xf32>
  %g = plan.weights dense<1.0> : tensor<12x8x3x3xf32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w, %b) into(%y) params {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (!in, !plan.weights, !plan.weights, !out) -> ()
    plan.kernel "cnn.conv2d"(%x) weights(%d) into(%z) params {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 32 : i64}
      : (!in, !plan.weights, !same) -> ()
    plan.kernel "cnn.conv2d"(%x) weights(%g) into(%y) params {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 4 : i64}
      : (!in, !plan.weights, !out) -> ()
  }
}

// A plane of a block of channels is a task.
// CHECK-LABEL: plan.program "pools"
//       CHECK:   plan.kernel "cnn.max_pool"({{.+}} tasks 4 cycles 7.450000e+02 :
plan.program "pools" {
  %x = plan.buffer : <1x32x4x4, c8, halo [1, 1, 1, 1], planes 4>
  %z = plan.buffer : <1x32x4x4, c8, halo [0, 0, 0, 0], planes 4>
  plan.stage {
    plan.kernel "cnn.max_pool"(%x) into(%z) params {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>}
      : (!in, !same) -> ()
  }
}

// A filter that comes as a map is packed by a kernel of its own, in the stage before.
// CHECK-LABEL: plan.program "runtime_filter"
//       CHECK:   %[[F:.+]] = plan.input 1 "filter"
//       CHECK:   %[[P:.+]] = plan.buffer : <1x1x1x256, c1,
//       CHECK:   plan.kernel "plan.pack_filter"(%[[F]]) weights(%{{.+}}) into(%[[P]]) params {conv = {{.+}} config {weights_bytes = array<i64: 1024>}
//       CHECK:   plan.kernel "cnn.conv2d"(%{{.+}}, %[[P]]) into
plan.program "runtime_filter" {
  %x = plan.buffer : <1x32x4x4, c8, halo [0, 0, 0, 0], planes 4>
  %z = plan.buffer : <1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>
  %w = plan.input 1 "filter" dims [8, 32, 1, 1] : <8x32x1x1, c1, halo [0, 0, 0, 0], planes 32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x, %w) into(%z) params {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (!plan.map<1x32x4x4, c8, halo [0, 0, 0, 0], planes 4>, !plan.map<8x32x1x1, c1, halo [0, 0, 0, 0], planes 32>, !plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>) -> ()
  }
}

// Where the model says so a 3x3 convolution goes by Winograd's algorithm: one filter for each of the
// 6 x 6 products of a tile, in a thread's own memory. `strict` takes the smallest tiles. With a stride
// of 2 the 5 x 7 products of a tile share 4 x 5 filters. The cheapest others are listed.
// CHECK-LABEL: plan.program "winograd"
//       CHECK:   plan.kernel "cnn.conv2d"({{.+}} config {algorithm = "winograd", {{.*}}outputs = array<i64: 4, 4>, {{.*}}scratch_bytes = {{[1-9][0-9]+}} : i64, {{.*}}weights_bytes = array<i64: 589824>}{{.*}} cycles {{[1-9]}}
//  CHECK-SAME:   modelled = ["winograd 4x4: {{[0-9.]+}} Mcycles", "winograd
//       CHECK:   plan.kernel "cnn.conv2d"({{.+}} config {algorithm = "winograd", {{.*}}outputs = array<i64: 2, 3>, {{.*}}weights_bytes = array<i64: 327680>}
// STRICT-LABEL: plan.program "winograd"
//       STRICT:   plan.kernel "cnn.conv2d"({{.+}} config {algorithm = "winograd", {{.*}}outputs = array<i64: 2, 2>,
plan.program "winograd" {
  %x = plan.buffer : <1x64x28x28, c8, halo [1, 1, 1, 1], planes 8>
  %y = plan.buffer : <1x64x28x28, c8, halo [0, 0, 0, 0], planes 8>
  %z = plan.buffer : <1x64x14x14, c8, halo [0, 0, 0, 0], planes 8>
  %w = plan.weights dense<1.0> : tensor<64x64x3x3xf32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (!plan.map<1x64x28x28, c8, halo [1, 1, 1, 1], planes 8>, !plan.weights, !plan.map<1x64x28x28, c8, halo [0, 0, 0, 0], planes 8>) -> ()
    plan.kernel "cnn.conv2d"(%x) weights(%w) into(%z) params {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (!plan.map<1x64x28x28, c8, halo [1, 1, 1, 1], planes 8>, !plan.weights, !plan.map<1x64x14x14, c8, halo [0, 0, 0, 0], planes 8>) -> ()
  }
}

// A 1x1 convolution with enough channels goes by Strassen's algorithm, here with all dimensions halved
// once: 7 products of a quarter of the filter each. `strict` computes it directly.
// CHECK-LABEL: plan.program "strassen"
//       CHECK:   plan.kernel "cnn.conv2d"({{.+}} config {algorithm = "strassen", {{.*}}levels = 1 : i64, {{.*}}scratch_bytes = {{[1-9][0-9]+}} : i64, {{.*}}weights_bytes = array<i64: 1835008>}{{.*}} cycles {{[1-9]}}
//  CHECK-SAME:   modelled = ["strassen 1: {{[0-9.]+}} Mcycles", "direct: {{[0-9.]+}} Mcycles", "strassen 2: {{[0-9.]+}} Mcycles"]
// STRICT-LABEL: plan.program "strassen"
//       STRICT:   plan.kernel "cnn.conv2d"({{.+}} config {algorithm = "direct"
plan.program "strassen" {
  %x = plan.buffer : <1x512x14x14, c8, halo [0, 0, 0, 0], planes 64>
  %y = plan.buffer : <1x512x14x14, c8, halo [0, 0, 0, 0], planes 64>
  %w = plan.weights dense<1.0> : tensor<512x512x1x1xf32>
  plan.stage {
    plan.kernel "cnn.conv2d"(%x) weights(%w) into(%y) params {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (!plan.map<1x512x14x14, c8, halo [0, 0, 0, 0], planes 64>, !plan.weights, !plan.map<1x512x14x14, c8, halo [0, 0, 0, 0], planes 64>) -> ()
  }
}
