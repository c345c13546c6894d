// RUN: incc-opt %s --split-input-file -verify-diagnostics

plan.program "p" {
  // expected-error @below {{expected four positive dimensions N, C, H, W}}
  %a = plan.buffer : <1x4x3, c8, halo [0, 0, 0, 0], planes 1>
}

// -----

plan.program "p" {
  // expected-error @below {{expected the channel block as 'c' and a number, such as c16}}
  %a = plan.buffer : <1x4x3x3, b8, halo [0, 0, 0, 0], planes 1>
}

// -----

plan.program "p" {
  // expected-error @below {{expected a positive block and four non-negative halo widths}}
  %a = plan.buffer : <1x4x3x3, c8, halo [0, -1, 0, 0], planes 1>
}

// -----

plan.program "p" {
  // expected-error @below {{a buffer of 1 planes can't hold 9 channels in blocks of 8}}
  %a = plan.buffer : <1x9x3x3, c8, halo [0, 0, 0, 0], planes 1>
}

// -----

plan.program "p" {
  %a = plan.buffer : <1x16x3x3, c8, halo [0, 0, 0, 0], planes 2>
  // expected-error @below {{channels [4, 12) do not start on a block or do not fit in}}
  %v = plan.view %a channel 4 : <1x16x3x3, c8, halo [0, 0, 0, 0], planes 2> -> <1x8x3x3, c8, halo [0, 0, 0, 0], planes 2>
}

// -----

plan.program "p" {
  %a = plan.buffer : <1x16x3x3, c8, halo [0, 0, 0, 0], planes 2>
  // expected-error @below {{channels [8, 24) do not start on a block or do not fit in}}
  %v = plan.view %a channel 8 : <1x16x3x3, c8, halo [0, 0, 0, 0], planes 2> -> <1x16x3x3, c8, halo [0, 0, 0, 0], planes 2>
}

// -----

plan.program "p" {
  %a = plan.buffer : <1x16x3x3, c8, halo [0, 0, 0, 0], planes 2>
  // expected-error @below {{channels [-8, 0) do not start on a block or do not fit in}}
  %v = plan.view %a channel -8 : <1x16x3x3, c8, halo [0, 0, 0, 0], planes 2> -> <1x8x3x3, c8, halo [0, 0, 0, 0], planes 2>
}

// -----

plan.program "p" {
  %a = plan.buffer : <1x16x3x3, c8, halo [0, 0, 0, 0], planes 2>
  // expected-error @below {{must keep block, halo, planes, N, H and W of}}
  %v = plan.view %a channel 8 : <1x16x3x3, c8, halo [0, 0, 0, 0], planes 2> -> <1x8x3x3, c8, halo [0, 0, 0, 0], planes 1>
}

// -----

plan.program "p" {
  %out = plan.output 0 "y" dims [1, 1] : <1x1x1x1, c1, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    // expected-error @below {{needs at least one task, got 0}}
    plan.kernel "k"() into(%out) params {} tasks 0 : (!plan.map<1x1x1x1, c1, halo [0, 0, 0, 0], planes 1>) -> ()
  }
}

// -----

plan.program "p" {
  %out = plan.output 0 "y" dims [1, 1] : <1x1x1x1, c1, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    // expected-error @below {{cycles must be a number from 0 on, got -1}}
    plan.kernel "k"() into(%out) params {} cycles -1.0 : (!plan.map<1x1x1x1, c1, halo [0, 0, 0, 0], planes 1>) -> ()
  }
}

// -----

plan.program "p" {
  %out = plan.output 0 "y" dims [1, 1] : <1x1x1x1, c1, halo [0, 0, 0, 0], planes 1>
  plan.stage {
    // expected-error @below {{cycles must be a number from 0 on, got INF}}
    plan.kernel "k"() into(%out) params {} cycles 0x7FF0000000000000 : (!plan.map<1x1x1x1, c1, halo [0, 0, 0, 0], planes 1>) -> ()
  }
}

// -----

plan.program "p" {
  // expected-error @below {{cycles must be a number from 0 on, got -2}}
  plan.stage cycles -2.0 {
  }
}
