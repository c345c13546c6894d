// RUN: incc-opt %s --merge-sibling-convs=channel-block=2 | FileCheck %s

// A missing bias is zero.
// CHECK-LABEL: func @siblings_merge
//  CHECK-SAME:   %[[X:.+]]: tensor
//   CHECK-DAG:   %[[W:.+]] = cnn.constant dense<{{\[\[\[\[}}1.{{0+}}e+00]]], {{\[\[\[}}2.{{0+}}e+00]]], {{\[\[\[}}3.{{0+}}e+00]]], {{\[\[\[}}4.{{0+}}e+00]]]]>
//   CHECK-DAG:   %[[B:.+]] = cnn.constant dense<[5.{{0+}}e+00, 5.{{0+}}e+00, 0.{{0+}}e+00, 0.{{0+}}e+00]>
//       CHECK:   %[[M:.+]] = cnn.conv2d %[[X]], %[[W]] bias(%[[B]]) act <relu> : {{.+}} -> tensor<1x4x4x4xf32>
//  CHECK-NEXT:   %[[P:.+]] = cnn.slice %[[M]][0, 2]
//  CHECK-NEXT:   %[[Q:.+]] = cnn.slice %[[M]][2, 2]
//  CHECK-NEXT:   return %[[P]], %[[Q]]
func.func @siblings_merge(%x: tensor<1x1x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %v = cnn.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %w = cnn.constant dense<[[[[3.0]]], [[[4.0]]]]> : tensor<2x1x1x1xf32>
  %b = cnn.constant dense<5.0> : tensor<2xf32>
  %0 = cnn.conv2d %x, %v bias(%b) act <relu> : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.conv2d %x, %w act <relu> : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %0, %1 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// CHECK-LABEL: func @other_activation_stays
//  CHECK-SAME:   %[[X:.+]]: tensor
//       CHECK:   cnn.conv2d %[[X]], %{{.+}} act <relu>
//  CHECK-NEXT:   cnn.conv2d %[[X]], %{{.+}} act <relu6>
func.func @other_activation_stays(%x: tensor<1x1x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %v = cnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %w = cnn.constant dense<2.0> : tensor<2x1x1x1xf32>
  %0 = cnn.conv2d %x, %v act <relu> : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.conv2d %x, %w act <relu6> : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %0, %1 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// CHECK-LABEL: func @other_window_stays
//  CHECK-SAME:   %[[X:.+]]: tensor
//       CHECK:   cnn.conv2d %[[X]], %{{.+}} : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>)
//  CHECK-NEXT:   cnn.conv2d %[[X]], %{{.+}} pad [1, 1, 1, 1] : (tensor<1x1x4x4xf32>, tensor<2x1x3x3xf32>)
func.func @other_window_stays(%x: tensor<1x1x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %v = cnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %w = cnn.constant dense<2.0> : tensor<2x1x3x3xf32>
  %0 = cnn.conv2d %x, %v : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.conv2d %x, %w pad [1, 1, 1, 1] : (tensor<1x1x4x4xf32>, tensor<2x1x3x3xf32>) -> tensor<1x2x4x4xf32>
  return %0, %1 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// It is written into the concatenation in place: a slice would have to be copied there.
// CHECK-LABEL: func @part_of_concat_stays
//       CHECK:   %[[A:.+]] = cnn.conv2d %{{.+}} tensor<1x2x4x4xf32>
//  CHECK-NEXT:   %[[B:.+]] = cnn.conv2d %{{.+}} tensor<1x2x4x4xf32>
//  CHECK-NEXT:   %[[C:.+]] = cnn.concat %[[B]], %{{.+}}
//  CHECK-NEXT:   return %[[A]], %[[C]]
func.func @part_of_concat_stays(%x: tensor<1x1x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x3x4x4xf32>) {
  %v = cnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %w = cnn.constant dense<2.0> : tensor<2x1x1x1xf32>
  %0 = cnn.conv2d %x, %v : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.conv2d %x, %w : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %2 = cnn.concat %1, %x : (tensor<1x2x4x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x3x4x4xf32>
  return %0, %2 : tensor<1x2x4x4xf32>, tensor<1x3x4x4xf32>
}

// Three filters do not fill blocks of two: they come last. The other ragged one can't as well.
// CHECK-LABEL: func @one_ragged_sibling_comes_last
//  CHECK-SAME:   %[[X:.+]]: tensor
//   CHECK-DAG:   %[[W:.+]] = cnn.constant dense<{{\[\[\[\[}}2.{{0+}}e+00]]], {{\[\[\[}}2.{{0+}}e+00]]], {{\[\[\[}}1.{{0+}}e+00]]], {{\[\[\[}}1.{{0+}}e+00]]], {{\[\[\[}}1.{{0+}}e+00]]]]>
//   CHECK-DAG:   %[[S:.+]] = cnn.constant dense<3.{{0+}}e+00> : tensor<1x1x1x1xf32>
//       CHECK:   %[[M:.+]] = cnn.conv2d %[[X]], %[[W]] : {{.+}} -> tensor<1x5x4x4xf32>
//  CHECK-NEXT:   %[[Q:.+]] = cnn.slice %[[M]][0, 2]
//  CHECK-NEXT:   %[[P:.+]] = cnn.slice %[[M]][2, 3]
//       CHECK:   %[[R:.+]] = cnn.conv2d %[[X]], %[[S]]
//       CHECK:   return %[[P]], %[[Q]], %[[R]]
func.func @one_ragged_sibling_comes_last(%x: tensor<1x1x4x4xf32>) -> (tensor<1x3x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x1x4x4xf32>) {
  %u = cnn.constant dense<1.0> : tensor<3x1x1x1xf32>
  %v = cnn.constant dense<2.0> : tensor<2x1x1x1xf32>
  %w = cnn.constant dense<3.0> : tensor<1x1x1x1xf32>
  %0 = cnn.conv2d %x, %u : (tensor<1x1x4x4xf32>, tensor<3x1x1x1xf32>) -> tensor<1x3x4x4xf32>
  %1 = cnn.conv2d %x, %v : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %2 = cnn.conv2d %x, %w : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  return %0, %1, %2 : tensor<1x3x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x1x4x4xf32>
}

// A group's channels and a residual belong to their own convolution.
// CHECK-LABEL: func @groups_and_residuals_stay
//   CHECK-NOT:   cnn.slice
//       CHECK:   return
func.func @groups_and_residuals_stay(%x: tensor<1x2x4x4xf32>)
    -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %v = cnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %w = cnn.constant dense<1.0> : tensor<2x2x1x1xf32>
  %0 = cnn.conv2d %x, %v groups 2 : (tensor<1x2x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.conv2d %x, %v groups 2 : (tensor<1x2x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %2 = cnn.conv2d %x, %w residual(%x) : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %3 = cnn.conv2d %x, %w : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %0, %1, %2, %3 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// The readers of a merged part's slice can merge in turn.
// CHECK-LABEL: func @slices_have_siblings_too
//       CHECK:   %[[M:.+]] = cnn.conv2d %{{.+}} tensor<1x4x4x4xf32>
//   CHECK-DAG:   %[[P:.+]] = cnn.slice %[[M]][0, 2]
//   CHECK-DAG:   cnn.slice %[[M]][2, 2]
//       CHECK:   cnn.conv2d %[[P]], %{{.+}} -> tensor<1x4x4x4xf32>
func.func @slices_have_siblings_too(%x: tensor<1x1x4x4xf32>)
    -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %v = cnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %w = cnn.constant dense<1.0> : tensor<2x2x1x1xf32>
  %0 = cnn.conv2d %x, %v : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.conv2d %x, %v : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %2 = cnn.conv2d %0, %w : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %3 = cnn.conv2d %0, %w : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %1, %2, %3 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}
