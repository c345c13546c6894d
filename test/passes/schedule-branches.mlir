// RUN: incc-opt %s --split-input-file --schedule-branches="threads=2 barrier-cycles=100 sharing=0" | FileCheck %s
// RUN: incc-opt %s --split-input-file --schedule-branches="threads=2 barrier-cycles=100 sharing=0" 2>&1 | FileCheck %s --check-prefix=REMARK
// On one thread, or one kernel a stage, nothing changes.
// RUN: incc-opt %s --split-input-file --schedule-branches="threads=1" | FileCheck %s --check-prefix=ALONE
// RUN: incc-opt %s --split-input-file --schedule-branches="threads=2 most-kernels=1" | FileCheck %s --check-prefix=ALONE
// What kernels cost each other may be more than the loop gains.
// RUN: incc-opt %s --split-input-file --schedule-branches="threads=2 barrier-cycles=100 sharing=0.5" | FileCheck %s --check-prefix=ALONE
// What runs beside what is told.
// RUN: incc-opt %s --split-input-file --schedule-branches="threads=2 barrier-cycles=100 sharing=0" --log-actions-to=- 2>/dev/null | FileCheck %s --check-prefix=LOG
// RUN: incc-opt %s --split-input-file --schedule-branches="threads=1" --log-actions-to=- 2>/dev/null | FileCheck %s --check-prefix=ALONELOG

!map = !plan.map<1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>

// Two threads need the time of 3 tasks for 5 of them; of two kernels' 10 tasks each thread does 5.
// REMARK: remark: schedule: 4 -> 3 stages; modelled 0.003 -> 0.002 Mcycles on 2 threads
// CHECK-LABEL: plan.program "one_branch_a_thread"
//       CHECK:   plan.stage block 0 cycles 6.000000e+02 {
//  CHECK-NEXT:     plan.kernel "stem"
//       CHECK:   plan.stage block 1 cycles 1.100000e+03 {
//  CHECK-NEXT:     plan.kernel "1x7"
//  CHECK-NEXT:     plan.kernel "7x1"
//   CHECK-NOT:     plan.kernel
//       CHECK:   plan.stage block 2 cycles 6.000000e+02 {
//  CHECK-NEXT:     plan.kernel "join"
// ALONE-LABEL: plan.program "one_branch_a_thread"
// ALONE-COUNT-4:   plan.stage
// LOG: `decision` row: done: runs beside 'column', stage cycles 1100
// ALONELOG: `decision` row: declined: runs alone, as all its block: no schedule is faster, block cycles 2000
plan.program "one_branch_a_thread" {
  %x = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "stem"() into(%x) params {} tasks 2 cycles 1000.0 : (!map) -> ()
  }
  %a = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "1x7"(%x) into(%a) params {} tasks 5 cycles 1000.0 : (!map, !map) -> () loc("row")
  }
  %b = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "7x1"(%x) into(%b) params {} tasks 5 cycles 1000.0 : (!map, !map) -> () loc("column")
  }
  %y = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "join"(%a, %b) into(%y) params {} tasks 2 cycles 1000.0 : (!map, !map, !map) -> ()
  }
}

// -----

!map = !plan.map<1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>

// The other way around the long task would begin when others end.
// CHECK-LABEL: plan.program "long_tasks_begin_first"
//       CHECK:   plan.stage block 0 cycles 2.100000e+03 {
//  CHECK-NEXT:     plan.kernel "long"
//  CHECK-NEXT:     plan.kernel "short"
plan.program "long_tasks_begin_first" {
  %a = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "short"() into(%a) params {} tasks 4 cycles 2000.0 : (!map) -> ()
  }
  %b = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "long"() into(%b) params {} tasks 1 cycles 2000.0 : (!map) -> ()
  }
}

// -----

!map = !plan.map<1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>

// Of the three kernels that may begin first, "a" waits for the stage of the other long one: packed, the
// stages would take 1000 and 1000 cycles.
// CHECK-LABEL: plan.program "packing_everything_would_lose"
//       CHECK:   plan.stage block 0 cycles 5.000000e+02 {
//  CHECK-NEXT:     plan.kernel "first"
//   CHECK-NOT:     plan.kernel
//       CHECK:   plan.stage block 0 cycles 1.100000e+03 {
//  CHECK-NEXT:     plan.kernel "a"
//  CHECK-NEXT:     plan.kernel "second"
plan.program "packing_everything_would_lose" {
  %a = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "a"() into(%a) params {} tasks 1 cycles 1000.0 : (!map) -> ()
  }
  %b = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "first"() into(%b) params {} tasks 1 cycles 500.0 : (!map) -> ()
  }
  %c = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "second"(%b) into(%c) params {} tasks 1 cycles 1000.0 : (!map, !map) -> ()
  }
}

// -----

!map = !plan.map<1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>

// REMARK: remark: schedule: 2 -> 2 stages
// CHECK-LABEL: plan.program "a_chain_stays"
//       CHECK:   plan.stage block 0 {{.*}} {
//  CHECK-NEXT:     plan.kernel "a"
//   CHECK-NOT:     plan.kernel
//       CHECK:   plan.stage block 1 {{.*}} {
//  CHECK-NEXT:     plan.kernel "b"
plan.program "a_chain_stays" {
  %a = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "a"() into(%a) params {} tasks 5 cycles 1000.0 : (!map) -> ()
  }
  %b = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "b"(%a) into(%b) params {} tasks 5 cycles 1000.0 : (!map, !map) -> ()
  }
}

// -----

!map = !plan.map<1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>

// CHECK-LABEL: plan.program "second_outputs_are_waited_for"
//       CHECK:   plan.stage block 0 {{.*}} {
//  CHECK-NEXT:     plan.kernel "conv and mean"
//   CHECK-NOT:     plan.kernel
//       CHECK:   plan.stage block 1 {{.*}} {
//  CHECK-NEXT:     plan.kernel "reads the mean"
plan.program "second_outputs_are_waited_for" {
  %a = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  %m = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "conv and mean"() into(%a, %m) params {} tasks 5 cycles 1000.0 : (!map, !map) -> ()
  }
  %b = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "reads the mean"(%m) into(%b) params {} tasks 5 cycles 1000.0 : (!map, !map) -> ()
  }
}

// -----

!map = !plan.map<1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>

// "b" writes in place what "a" reads.
// CHECK-LABEL: plan.program "what_is_read_is_not_overwritten_meanwhile"
//       CHECK:   plan.stage {{.*}} {
//  CHECK-NEXT:     plan.kernel "a"
//   CHECK-NOT:     plan.kernel
//       CHECK:   plan.stage {{.*}} {
//  CHECK-NEXT:     plan.kernel "b"
plan.program "what_is_read_is_not_overwritten_meanwhile" {
  %x = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  %a = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "a"(%x) into(%a) params {} tasks 5 cycles 1000.0 : (!map, !map) -> ()
  }
  plan.stage {
    plan.kernel "b"(%x) into(%x) params {} tasks 5 cycles 1000.0 : (!map, !map) -> ()
  }
}

// -----

!slice = !plan.map<1x8x1x1, c8, halo [0, 0, 0, 0], planes 3>
!wide = !plan.map<1x16x1x1, c8, halo [0, 0, 0, 0], planes 3>
!all = !plan.map<1x24x1x1, c8, halo [0, 0, 0, 0], planes 3>

// Slices of a concatenation; who reads it whole waits for both.
// CHECK-LABEL: plan.program "slices_side_by_side"
//       CHECK:   plan.stage block 0 {{.*}} {
//  CHECK-NEXT:     plan.kernel "a"
//  CHECK-NEXT:     plan.kernel "b"
//   CHECK-NOT:     plan.kernel
//       CHECK:   plan.stage block 1 {{.*}} {
//  CHECK-NEXT:     plan.kernel "join"
plan.program "slices_side_by_side" {
  %y = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 3>
  %all = plan.buffer : <1x24x1x1, c8, halo [0, 0, 0, 0], planes 3>
  %a = plan.view %all channel 0 : <1x24x1x1, c8, halo [0, 0, 0, 0], planes 3> -> <1x8x1x1, c8, halo [0, 0, 0, 0], planes 3>
  plan.stage {
    plan.kernel "a"() into(%a) params {} tasks 5 cycles 1000.0 : (!slice) -> ()
  }
  %b = plan.view %all channel 8 : <1x24x1x1, c8, halo [0, 0, 0, 0], planes 3> -> <1x16x1x1, c8, halo [0, 0, 0, 0], planes 3>
  plan.stage {
    plan.kernel "b"() into(%b) params {} tasks 5 cycles 1000.0 : (!wide) -> ()
  }
  plan.stage {
    plan.kernel "join"(%all) into(%y) params {} tasks 5 cycles 1000.0 : (!all, !slice) -> ()
  }
}

// -----

!slice = !plan.map<1x8x1x1, c8, halo [0, 0, 0, 0], planes 3>
!wide = !plan.map<1x16x1x1, c8, halo [0, 0, 0, 0], planes 3>
!all = !plan.map<1x24x1x1, c8, halo [0, 0, 0, 0], planes 3>

// CHECK-LABEL: plan.program "slices_that_share_a_block_wait"
//       CHECK:   plan.stage block 0 {{.*}} {
//  CHECK-NEXT:     plan.kernel "a"
//   CHECK-NOT:     plan.kernel
//       CHECK:   plan.stage block 1 {{.*}} {
//  CHECK-NEXT:     plan.kernel "b"
plan.program "slices_that_share_a_block_wait" {
  %all = plan.buffer : <1x24x1x1, c8, halo [0, 0, 0, 0], planes 3>
  %a = plan.view %all channel 8 : <1x24x1x1, c8, halo [0, 0, 0, 0], planes 3> -> <1x8x1x1, c8, halo [0, 0, 0, 0], planes 3>
  plan.stage {
    plan.kernel "a"() into(%a) params {} tasks 5 cycles 1000.0 : (!slice) -> ()
  }
  %b = plan.view %all channel 8 : <1x24x1x1, c8, halo [0, 0, 0, 0], planes 3> -> <1x16x1x1, c8, halo [0, 0, 0, 0], planes 3>
  plan.stage {
    plan.kernel "b"() into(%b) params {} tasks 5 cycles 1000.0 : (!wide) -> ()
  }
}

// -----

!map = !plan.map<1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>

// Stages that hold several kernels already are taken apart first.
// CHECK-LABEL: plan.program "stages_of_an_earlier_schedule"
//       CHECK:   plan.stage block 0 cycles 1.100000e+03 {
//  CHECK-NEXT:     plan.kernel "a"
//  CHECK-NEXT:     plan.kernel "b"
// ALONE-LABEL: plan.program "stages_of_an_earlier_schedule"
// ALONE-COUNT-2:   plan.stage
plan.program "stages_of_an_earlier_schedule" {
  %a = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  %b = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "a"() into(%a) params {} tasks 5 cycles 1000.0 : (!map) -> ()
    plan.kernel "b"() into(%b) params {} tasks 5 cycles 1000.0 : (!map) -> ()
  }
}

// -----

!map = !plan.map<1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>

// REMARK: remark: branches are not scheduled: the kernel has no cycles
// CHECK-LABEL: plan.program "without_cycles_nothing_happens"
//       CHECK:   plan.stage {
//       CHECK:     plan.kernel "a"
//       CHECK:   plan.stage {
//       CHECK:     plan.kernel "b"
plan.program "without_cycles_nothing_happens" {
  %a = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "a"() into(%a) params {} tasks 5 cycles 1000.0 : (!map) -> ()
  }
  %b = plan.buffer : <1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    plan.kernel "b"() into(%b) params {} tasks 5 : (!map) -> ()
  }
}
