// RUN: not incc-opt %s --factorize-conv="mode=some" 2>&1 | FileCheck %s --check-prefix=MODE
// RUN: not incc-opt %s --factorize-conv="max-error=0" 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not incc-opt %s --factorize-conv="accuracy=exact" 2>&1 | FileCheck %s --check-prefix=ACCURACY
// RUN: not incc-opt %s --factorize-conv="mcpu=z80" 2>&1 | FileCheck %s --check-prefix=CPU
// MODE: mode must be off, exact or lowrank, got 'some'
// ERROR: max-error must be between 0 and 1, got 0
// ACCURACY: accuracy must be strict, default or fast, got 'exact'
// CPU: unknown --mcpu 'z80'
func.func @f(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  return %x : tensor<1x1x4x4xf32>
}
