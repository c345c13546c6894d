// RUN: incc-opt %s --split-input-file --split-grouped-conv="mcpu=znver3" | FileCheck %s
// RUN: incc-opt %s --split-input-file --split-grouped-conv="mcpu=znver3" --log-actions-to=- -o /dev/null | FileCheck %s --check-prefix=LOG
// RUN: incc-opt %s --split-input-file --split-grouped-conv="mcpu=znver3 accuracy=strict" | FileCheck %s
// RUN: not incc-opt %s --split-input-file --split-grouped-conv=mcpu=z80 2>&1 | FileCheck %s --check-prefix=CPU
// CPU: error: unknown --mcpu 'z80'

// As in AlexNet: the first half of the filters reads the first half of the channels.
// LOG: `decision` done: each of 2 groups is a convolution
// CHECK-LABEL: func @two_groups
//  CHECK-SAME:   %[[X:.+]]: tensor<1x384x13x13xf32>
//       CHECK:   %[[X0:.+]] = cnn.slice %[[X]][0, 192]
//       CHECK:   %[[Y0:.+]] = cnn.conv2d %[[X0]], %{{.+}} bias(%{{.+}}) pad [1, 1, 1, 1] act <relu>
//  CHECK-SAME:     tensor<128x192x3x3xf32>, tensor<128xf32>) -> tensor<1x128x13x13xf32>
//       CHECK:   %[[X1:.+]] = cnn.slice %[[X]][192, 192]
//       CHECK:   %[[Y1:.+]] = cnn.conv2d %[[X1]], %{{.+}} bias(%{{.+}}) pad [1, 1, 1, 1] act <relu>
//       CHECK:   %[[Y:.+]] = cnn.concat %[[Y0]], %[[Y1]]
//       CHECK:   return %[[Y]]
func.func @two_groups(%x: tensor<1x384x13x13xf32>) -> tensor<1x256x13x13xf32> {
  %w = cnn.constant dense<1.0> : tensor<256x192x3x3xf32>
  %b = cnn.constant dense<1.0> : tensor<256xf32>
  %0 = cnn.conv2d %x, %w bias(%b) pad [1, 1, 1, 1] groups 2 act <relu> : (tensor<1x384x13x13xf32>, tensor<256x192x3x3xf32>, tensor<256xf32>) -> tensor<1x256x13x13xf32>
  return %0 : tensor<1x256x13x13xf32>
}

// -----

// LOG: `decision` declined: too many groups
// LOG: `decision` declined: groups are not of whole blocks of channels
// LOG: `decision` declined: a direct convolution is as fast, and knows groups
// CHECK-LABEL: func @stay
//   CHECK-NOT:   cnn.slice
//       CHECK:   return
func.func @stay(%x: tensor<1x384x14x14xf32>, %y: tensor<1x24x14x14xf32>) -> (tensor<1x384x14x14xf32>, tensor<1x24x14x14xf32>, tensor<1x384x14x14xf32>) {
  %w = cnn.constant dense<1.0> : tensor<384x48x3x3xf32>
  %0 = cnn.conv2d %x, %w pad [1, 1, 1, 1] groups 8 : (tensor<1x384x14x14xf32>, tensor<384x48x3x3xf32>) -> tensor<1x384x14x14xf32>
  %v = cnn.constant dense<1.0> : tensor<24x12x3x3xf32>
  %1 = cnn.conv2d %y, %v pad [1, 1, 1, 1] groups 2 : (tensor<1x24x14x14xf32>, tensor<24x12x3x3xf32>) -> tensor<1x24x14x14xf32>
  %u = cnn.constant dense<1.0> : tensor<384x192x1x3xf32>
  %2 = cnn.conv2d %x, %u pad [0, 2, 0, 2] dilation [1, 2] groups 2 : (tensor<1x384x14x14xf32>, tensor<384x192x1x3xf32>) -> tensor<1x384x14x14xf32>
  return %0, %1, %2 : tensor<1x384x14x14xf32>, tensor<1x24x14x14xf32>, tensor<1x384x14x14xf32>
}
