// RUN: incc-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func @identities_fold
//  CHECK-SAME:   %[[X:.+]]: tensor<1x8xf32>
//  CHECK-NEXT:   return %[[X]]
func.func @identities_fold(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %0 = cnn.activation %x <none> : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %1 = cnn.scale %0 by 1.0 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %2 = cnn.concat %1 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %3 = cnn.slice %2[0, 8] : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %4 = cnn.flatten %3 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %4 : tensor<1x8xf32>
}

// CHECK-LABEL: func @others_stay
//  CHECK-NEXT:   %[[A:.+]] = cnn.activation %{{.+}} <relu>
//  CHECK-NEXT:   %[[S:.+]] = cnn.scale %[[A]] by 2.0
//  CHECK-NEXT:   %[[C:.+]] = cnn.concat %[[S]], %[[S]]
//  CHECK-NEXT:   %[[P:.+]] = cnn.slice %[[C]][4, 8]
//  CHECK-NEXT:   %[[F:.+]] = cnn.flatten %[[P]]
//  CHECK-NEXT:   return %[[F]]
func.func @others_stay(%x: tensor<1x8x1x1xf32>) -> tensor<1x8xf32> {
  %0 = cnn.activation %x <relu> : (tensor<1x8x1x1xf32>) -> tensor<1x8x1x1xf32>
  %1 = cnn.scale %0 by 2.0 : (tensor<1x8x1x1xf32>) -> tensor<1x8x1x1xf32>
  %2 = cnn.concat %1, %1 : (tensor<1x8x1x1xf32>, tensor<1x8x1x1xf32>) -> tensor<1x16x1x1xf32>
  %3 = cnn.slice %2[4, 8] : (tensor<1x16x1x1xf32>) -> tensor<1x8x1x1xf32>
  %4 = cnn.flatten %3 : (tensor<1x8x1x1xf32>) -> tensor<1x8xf32>
  return %4 : tensor<1x8xf32>
}

// A fold must not lose a change of layout.
// CHECK-LABEL: func @changes_of_layout_stay
//  CHECK-NEXT:   cnn.activation
func.func @changes_of_layout_stay(%x: tensor<1x8x1x1xf32>) -> tensor<1x8x1x1xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>> {
  %0 = cnn.activation %x <none> : (tensor<1x8x1x1xf32>) -> tensor<1x8x1x1xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
  return %0 : tensor<1x8x1x1xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
}
