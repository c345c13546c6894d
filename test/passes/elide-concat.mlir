// RUN: incc-opt %s --split-input-file --elide-concat -verify-diagnostics | FileCheck %s

// CHECK-LABEL: plan.program "branches_write_their_slices"
//       CHECK:   %[[C:.+]] = plan.output 0
//   CHECK-DAG:   %[[A:.+]] = plan.view %[[C]] channel 0 : <1x24x4x4, c8, halo [1, 1, 1, 1], planes 3> -> <1x8x4x4, c8, halo [1, 1, 1, 1], planes 3>
//   CHECK-DAG:   %[[B:.+]] = plan.view %[[C]] channel 8 : <1x24x4x4, c8, halo [1, 1, 1, 1], planes 3> -> <1x16x4x4, c8, halo [1, 1, 1, 1], planes 3>
//       CHECK:   plan.kernel "cnn.scale"({{.+}}) into(%[[A]])
//       CHECK:   plan.kernel "cnn.scale"({{.+}}) into(%[[B]])
//   CHECK-NOT:   plan.kernel
plan.program "branches_write_their_slices" {
  %x = plan.input 0 "x" dims [1, 8, 4, 4] : <1x8x4x4, c8, halo [1, 1, 1, 1], planes 1>
  %y = plan.input 1 "y" dims [1, 16, 4, 4] : <1x16x4x4, c8, halo [1, 1, 1, 1], planes 2>
  %a = plan.buffer : <1x8x4x4, c8, halo [1, 1, 1, 1], planes 1>
  plan.stage {
    plan.kernel "cnn.scale"(%x) into(%a) params {factor = 2.0} : (!plan.map<1x8x4x4, c8, halo [1, 1, 1, 1], planes 1>, !plan.map<1x8x4x4, c8, halo [1, 1, 1, 1], planes 1>) -> ()
  }
  %b = plan.buffer : <1x16x4x4, c8, halo [1, 1, 1, 1], planes 2>
  plan.stage {
    plan.kernel "cnn.scale"(%y) into(%b) params {factor = 2.0} : (!plan.map<1x16x4x4, c8, halo [1, 1, 1, 1], planes 2>, !plan.map<1x16x4x4, c8, halo [1, 1, 1, 1], planes 2>) -> ()
  }
  %c = plan.output 0 "c" dims [1, 24, 4, 4] : <1x24x4x4, c8, halo [1, 1, 1, 1], planes 3>
  plan.stage {
    plan.kernel "cnn.concat"(%a, %b) into(%c) params {} : (!plan.map<1x8x4x4, c8, halo [1, 1, 1, 1], planes 1>, !plan.map<1x16x4x4, c8, halo [1, 1, 1, 1], planes 2>, !plan.map<1x24x4x4, c8, halo [1, 1, 1, 1], planes 3>) -> ()
  }
}

// -----

// Four channels fill half a block: the second branch would start in its middle.
// CHECK-LABEL: plan.program "ragged_branches_stay"
//       CHECK:   %[[A:.+]] = plan.buffer : <1x4x4x4,
//       CHECK:   plan.kernel "cnn.concat"(%[[A]], %{{.+}})
plan.program "ragged_branches_stay" {
  %y = plan.input 0 "y" dims [1, 8, 4, 4] : <1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>
  %a = plan.buffer : <1x4x4x4, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "cnn.slice"(%y) into(%a) params {count = 4 : i64, offset = 4 : i64} : (!plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>, !plan.map<1x4x4x4, c8, halo [0, 0, 0, 0], planes 1>) -> ()
  }
  %c = plan.output 0 "c" dims [1, 12, 4, 4] : <1x12x4x4, c8, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    // expected-remark @below {{concat is copied: channel 4 is not a multiple of the block of 8}}
    plan.kernel "cnn.concat"(%a, %y) into(%c) params {} : (!plan.map<1x4x4x4, c8, halo [0, 0, 0, 0], planes 1>, !plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>, !plan.map<1x12x4x4, c8, halo [0, 0, 0, 0], planes 2>) -> ()
  }
}

// -----

// An input is not ours to place, and a buffer has one place only: both are copied into their slices.
// CHECK-LABEL: plan.program "inputs_and_twins_are_copied"
//       CHECK:   %[[X:.+]] = plan.input
//       CHECK:   %[[C:.+]] = plan.output
//   CHECK-DAG:   %[[S0:.+]] = plan.view %[[C]] channel 0 :
//   CHECK-DAG:   %[[S1:.+]] = plan.view %[[C]] channel 8 :
//   CHECK-DAG:   %[[S2:.+]] = plan.view %[[C]] channel 16 :
//       CHECK:   plan.kernel "cnn.scale"(%[[X]]) into(%[[S1]])
//   CHECK-DAG:   plan.kernel "cnn.to_layout"(%[[X]]) into(%[[S0]])
//   CHECK-DAG:   plan.kernel "cnn.to_layout"(%[[S1]]) into(%[[S2]])
plan.program "inputs_and_twins_are_copied" {
  %x = plan.input 0 "x" dims [1, 8, 4, 4] : <1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>
  %a = plan.buffer : <1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "cnn.scale"(%x) into(%a) params {factor = 2.0} : (!plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>, !plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>) -> ()
  }
  %c = plan.output 0 "c" dims [1, 24, 4, 4] : <1x24x4x4, c8, halo [0, 0, 0, 0], planes 3>
  plan.stage {
    // expected-remark @+2 {{branch 0 of concat is copied: the branch is not a buffer of its own}}
    // expected-remark @below {{branch 2 of concat is copied: the branch is not a buffer of its own}}
    plan.kernel "cnn.concat"(%x, %a, %a) into(%c) params {} : (!plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>, !plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>, !plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>, !plan.map<1x24x4x4, c8, halo [0, 0, 0, 0], planes 3>) -> ()
  }
}

// -----

// A concat inside a concat: views of views, all with the planes of the outermost buffer.
// CHECK-LABEL: plan.program "nested"
//       CHECK:   %[[D:.+]] = plan.output
//       CHECK:   %[[C:.+]] = plan.view %[[D]] channel 8 : {{.+}} -> <1x16x4x4, c8, halo [0, 0, 0, 0], planes 3>
//   CHECK-DAG:   plan.view %[[C]] channel 0 : {{.+}} -> <1x8x4x4, c8, halo [0, 0, 0, 0], planes 3>
//   CHECK-DAG:   plan.view %[[C]] channel 8 : {{.+}} -> <1x8x4x4, c8, halo [0, 0, 0, 0], planes 3>
//   CHECK-NOT:   cnn.concat
plan.program "nested" {
  %x = plan.input 0 "x" dims [1, 8, 4, 4] : <1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>
  %a = plan.buffer : <1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>
  %b = plan.buffer : <1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>
  %e = plan.buffer : <1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "cnn.scale"(%x) into(%a) params {factor = 2.0} : (!plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>, !plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>) -> ()
    plan.kernel "cnn.scale"(%x) into(%b) params {factor = 3.0} : (!plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>, !plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>) -> ()
    plan.kernel "cnn.scale"(%x) into(%e) params {factor = 4.0} : (!plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>, !plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>) -> ()
  }
  %c = plan.buffer : <1x16x4x4, c8, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    plan.kernel "cnn.concat"(%a, %b) into(%c) params {} : (!plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>, !plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>, !plan.map<1x16x4x4, c8, halo [0, 0, 0, 0], planes 2>) -> ()
  }
  %d = plan.output 0 "d" dims [1, 24, 4, 4] : <1x24x4x4, c8, halo [0, 0, 0, 0], planes 3>
  plan.stage {
    plan.kernel "cnn.concat"(%e, %c) into(%d) params {} : (!plan.map<1x8x4x4, c8, halo [0, 0, 0, 0], planes 1>, !plan.map<1x16x4x4, c8, halo [0, 0, 0, 0], planes 2>, !plan.map<1x24x4x4, c8, halo [0, 0, 0, 0], planes 3>) -> ()
  }
}
