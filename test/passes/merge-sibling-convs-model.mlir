// RUN: incc-opt %s --merge-sibling-convs="mcpu=znver4" | FileCheck %s --check-prefixes=CHECK,ONE
// RUN: incc-opt %s --merge-sibling-convs="mcpu=znver4 threads=64" | FileCheck %s --check-prefixes=CHECK,MANY
// RUN: incc-opt %s --merge-sibling-convs="mcpu=znver4" --log-actions-to=- | FileCheck %s --check-prefix=LOG
// RUN: not incc-opt %s --merge-sibling-convs="mcpu=z80" 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not incc-opt %s --merge-sibling-convs="mcpu=znver4 accuracy=low" 2>&1 | FileCheck %s --check-prefix=ACCURACY

// What the model says of siblings that could be merged decides.

// CPU: error: unknown --mcpu 'z80'
// ACCURACY: error: accuracy must be strict, default or fast, got 'low'

// 3 + 4 blocks of channels fill register tiles of 3 and 2 blocks; 7 leave one over. Inception v3.
// LOG: a: declined: not computed with 'b', which reads the same: apart they take {{[0-9]+}} cycles, as one {{[0-9]+}}
// CHECK-LABEL: func @ragged_together
//   CHECK-NOT:   cnn.slice
//       CHECK:   return
func.func @ragged_together(%x: tensor<1x192x35x35xf32>) -> (tensor<1x48x35x35xf32>, tensor<1x64x35x35xf32>) {
  %v = cnn.constant dense<1.0> : tensor<48x192x1x1xf32>
  %w = cnn.constant dense<2.0> : tensor<64x192x1x1xf32>
  %0 = cnn.conv2d %x, %v : (tensor<1x192x35x35xf32>, tensor<48x192x1x1xf32>) -> tensor<1x48x35x35xf32> loc("a")
  %1 = cnn.conv2d %x, %w : (tensor<1x192x35x35xf32>, tensor<64x192x1x1xf32>) -> tensor<1x64x35x35xf32> loc("b")
  return %0, %1 : tensor<1x48x35x35xf32>, tensor<1x64x35x35xf32>
}

// One thread may as well compute them as one: the input is read once. On 64 the tasks of both run side by
// side in a stage and end sooner than those of one. Inception v4.
// CHECK-LABEL: func @many_threads
//         ONE:   cnn.conv2d {{.+}} -> tensor<1x384x17x17xf32>
//        MANY:   cnn.conv2d {{.+}} -> tensor<1x192x17x17xf32>
//        MANY:   cnn.conv2d {{.+}} -> tensor<1x192x17x17xf32>
//       CHECK:   return
func.func @many_threads(%x: tensor<1x1024x17x17xf32>) -> (tensor<1x192x17x17xf32>, tensor<1x192x17x17xf32>) {
  %v = cnn.constant dense<1.0> : tensor<192x1024x1x1xf32>
  %w = cnn.constant dense<2.0> : tensor<192x1024x1x1xf32>
  %0 = cnn.conv2d %x, %v : (tensor<1x1024x17x17xf32>, tensor<192x1024x1x1xf32>) -> tensor<1x192x17x17xf32>
  %1 = cnn.conv2d %x, %w : (tensor<1x1024x17x17xf32>, tensor<192x1024x1x1xf32>) -> tensor<1x192x17x17xf32>
  return %0, %1 : tensor<1x192x17x17xf32>, tensor<1x192x17x17xf32>
}
