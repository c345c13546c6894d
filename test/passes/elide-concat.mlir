// RUN: incc-opt %s --split-input-file --elide-concat | FileCheck %s
// RUN: incc-opt %s --split-input-file --elide-concat --log-actions-to=- | FileCheck %s --check-prefix=LOG

!in = !plan.map<1x16x2x2, c1, halo [0, 0, 0, 0], planes 16>
!part = !plan.map<1x16x2x2, c16, halo [0, 0, 0, 0], planes 1>
!both = !plan.map<1x32x2x2, c16, halo [0, 0, 0, 0], planes 2>

// CHECK-LABEL: plan.program "in_place"
//       CHECK:   %[[C:.+]] = plan.buffer : <1x32x2x2,
//   CHECK-DAG:   %[[A:.+]] = plan.view %[[C]] channel 0 : {{.+}} -> <1x16x2x2, c16, halo [0, 0, 0, 0], planes 2>
//   CHECK-DAG:   %[[B:.+]] = plan.view %[[C]] channel 16 :
//       CHECK:   plan.kernel "k"(%{{.+}}) into(%[[A]])
//       CHECK:   plan.kernel "k"(%{{.+}}) into(%[[B]])
//   CHECK-NOT:   cnn.concat
//       CHECK:   plan.kernel "l"(%[[C]])
plan.program "in_place" {
  %in = plan.input 0 "x" dims [1, 16, 2, 2] : <1x16x2x2, c1, halo [0, 0, 0, 0], planes 16>
  %a = plan.buffer : <1x16x2x2, c16, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "k"(%in) into(%a) params {} : (!in, !part) -> ()
  }
  %b = plan.buffer : <1x16x2x2, c16, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "k"(%in) into(%b) params {} : (!in, !part) -> ()
  }
  %c = plan.buffer : <1x32x2x2, c16, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    plan.kernel "cnn.concat"(%a, %b) into(%c) params {} : (!part, !part, !both) -> ()
  }
  plan.stage {
    plan.kernel "l"(%c) into(%in) params {} : (!both, !in) -> ()
  }
}

// -----

!in = !plan.map<1x16x2x2, c1, halo [0, 0, 0, 0], planes 16>
!part = !plan.map<1x16x2x2, c16, halo [0, 0, 0, 0], planes 1>
!both = !plan.map<1x32x2x2, c16, halo [0, 0, 0, 0], planes 2>

// The same branch twice: it can be in one place only.
// LOG: `decision` declined: branch 1 is copied: the branch is not a buffer of its own
// CHECK-LABEL: plan.program "branch_twice"
//       CHECK:   %[[C:.+]] = plan.buffer : <1x32x2x2,
//   CHECK-DAG:   %[[A:.+]] = plan.view %[[C]] channel 0 :
//   CHECK-DAG:   %[[B:.+]] = plan.view %[[C]] channel 16 :
//       CHECK:   plan.kernel "k"(%{{.+}}) into(%[[A]])
//       CHECK:   plan.kernel "cnn.to_layout"(%[[A]]) into(%[[B]])
plan.program "branch_twice" {
  %in = plan.input 0 "x" dims [1, 16, 2, 2] : <1x16x2x2, c1, halo [0, 0, 0, 0], planes 16>
  %a = plan.buffer : <1x16x2x2, c16, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "k"(%in) into(%a) params {} : (!in, !part) -> ()
  }
  %c = plan.buffer : <1x32x2x2, c16, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    plan.kernel "cnn.concat"(%a, %a) into(%c) params {} : (!part, !part, !both) -> ()
  }
}

// -----

!in = !plan.map<1x8x2x2, c1, halo [0, 0, 0, 0], planes 8>
!part = !plan.map<1x8x2x2, c16, halo [0, 0, 0, 0], planes 1>
!both = !plan.map<1x16x2x2, c16, halo [0, 0, 0, 0], planes 1>

// Eight channels end within a block of sixteen.
// LOG: `decision` declined: copied: channel 8 is not a multiple of the block of 16
// CHECK-LABEL: plan.program "ragged"
//       CHECK:   plan.kernel "cnn.concat"
plan.program "ragged" {
  %in = plan.input 0 "x" dims [1, 8, 2, 2] : <1x8x2x2, c1, halo [0, 0, 0, 0], planes 8>
  %a = plan.buffer : <1x8x2x2, c16, halo [0, 0, 0, 0], planes 1>
  %b = plan.buffer : <1x8x2x2, c16, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "k"(%in) into(%a) params {} : (!in, !part) -> ()
    plan.kernel "k"(%in) into(%b) params {} : (!in, !part) -> ()
  }
  %c = plan.buffer : <1x16x2x2, c16, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "cnn.concat"(%a, %b) into(%c) params {} : (!part, !part, !both) -> ()
  }
}

// -----

!in = !plan.map<1x16x2x2, c1, halo [0, 0, 0, 0], planes 16>
!part = !plan.map<1x16x2x2, c16, halo [0, 0, 0, 0], planes 1>
!pair = !plan.map<1x32x2x2, c16, halo [0, 0, 0, 0], planes 2>
!all = !plan.map<1x48x2x2, c16, halo [0, 0, 0, 0], planes 3>

// Concats of concats: the innermost writes into the outermost.
// CHECK-LABEL: plan.program "nested"
//       CHECK:   %[[ALL:.+]] = plan.buffer : <1x48x2x2,
//       CHECK:   %[[PAIR:.+]] = plan.view %[[ALL]] channel 16 : {{.+}} -> <1x32x2x2, c16, halo [0, 0, 0, 0], planes 3>
//       CHECK:   %[[B:.+]] = plan.view %[[PAIR]] channel 16 : {{.+}} -> <1x16x2x2, c16, halo [0, 0, 0, 0], planes 3>
//       CHECK:   plan.kernel "k"(%{{.+}}) into(%[[B]])
//   CHECK-NOT:   cnn.concat
plan.program "nested" {
  %in = plan.input 0 "x" dims [1, 16, 2, 2] : <1x16x2x2, c1, halo [0, 0, 0, 0], planes 16>
  %a = plan.buffer : <1x16x2x2, c16, halo [0, 0, 0, 0], planes 1>
  %b = plan.buffer : <1x16x2x2, c16, halo [0, 0, 0, 0], planes 1>
  %d = plan.buffer : <1x16x2x2, c16, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "k"(%in) into(%b) params {} : (!in, !part) -> ()
    plan.kernel "k"(%in) into(%a) params {} : (!in, !part) -> ()
    plan.kernel "k"(%in) into(%d) params {} : (!in, !part) -> ()
  }
  %pair = plan.buffer : <1x32x2x2, c16, halo [0, 0, 0, 0], planes 2>
  plan.stage {
    plan.kernel "cnn.concat"(%a, %b) into(%pair) params {} : (!part, !part, !pair) -> ()
  }
  %all = plan.buffer : <1x48x2x2, c16, halo [0, 0, 0, 0], planes 3>
  plan.stage {
    plan.kernel "cnn.concat"(%d, %pair) into(%all) params {} : (!part, !pair, !all) -> ()
  }
}
