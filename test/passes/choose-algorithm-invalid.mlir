// RUN: incc-opt %s --choose-algorithm=mcpu=znver3 -verify-diagnostics

plan.program "unknown_kind" {
  %x = plan.buffer : <1x32x4x4, c8, halo [0, 0, 0, 0], planes 4>
  plan.stage {
    // expected-error @below {{no kernel computes 'cnn.fft'}}
    plan.kernel "cnn.fft"(%x) into(%x) params {} : (!plan.map<1x32x4x4, c8, halo [0, 0, 0, 0], planes 4>, !plan.map<1x32x4x4, c8, halo [0, 0, 0, 0], planes 4>) -> ()
  }
}
