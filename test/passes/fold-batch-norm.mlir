// RUN: incc-opt %s --split-input-file --fold-batch-norm -verify-diagnostics | FileCheck %s

// s = [2, 4] / sqrt([3, 15] + 1) = [1, 1]; scaled again by [2, 1] to see both rows.
// CHECK-LABEL: func @bn_folds_into_conv
//  CHECK-SAME:   %[[X:.+]]: tensor
//   CHECK-DAG:   %[[W:.+]] = cnn.constant dense<{{\[\[\[\[}}2.{{0+}}e+00]]], {{\[\[\[}}6.{{0+}}e+00]]]]>
//   CHECK-DAG:   %[[B:.+]] = cnn.constant dense<[1.800000e+01, 5.700000e+01]>
//       CHECK:   %[[Y:.+]] = cnn.conv2d %[[X]], %[[W]] bias(%[[B]])
//  CHECK-NEXT:   return %[[Y]]
func.func @bn_folds_into_conv(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = cnn.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %b = cnn.constant dense<[10.0, 20.0]> : tensor<2xf32>
  %scale = cnn.constant dense<[4.0, 12.0]> : tensor<2xf32>
  %shift = cnn.constant dense<[0.0, 0.0]> : tensor<2xf32>
  %mean = cnn.constant dense<1.0> : tensor<2xf32>
  %var = cnn.constant dense<[3.0, 15.0]> : tensor<2xf32>
  %0 = cnn.conv2d %x, %w bias(%b) : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.batch_norm %0, %scale, %shift, %mean, %var epsilon 1.0
    : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %1 : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: func @bn_folds_into_linear
//   CHECK-DAG:   %[[W:.+]] = cnn.constant dense<{{\[\[}}2.{{0+}}e+00, 4.{{0+}}e+00]]>
//   CHECK-DAG:   %[[B:.+]] = cnn.constant dense<-1.{{0+}}e+00>
//       CHECK:   %[[Y:.+]] = cnn.linear %{{.+}}, %[[W]] bias(%[[B]])
//  CHECK-NEXT:   return %[[Y]]
func.func @bn_folds_into_linear(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
  %w = cnn.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %scale = cnn.constant dense<4.0> : tensor<1xf32>
  %shift = cnn.constant dense<1.0> : tensor<1xf32>
  %mean = cnn.constant dense<1.0> : tensor<1xf32>
  %var = cnn.constant dense<3.0> : tensor<1xf32>
  %0 = cnn.linear %x, %w : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x1xf32>
  %1 = cnn.batch_norm %0, %scale, %shift, %mean, %var epsilon 1.0
    : (tensor<1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  return %1 : tensor<1x1xf32>
}

// -----

// Someone reads the convolution's own result: the batch norm becomes a depthwise convolution.
// CHECK-LABEL: func @bn_of_shared_conv_becomes_depthwise
//       CHECK:   %[[W:.+]] = cnn.constant dense<1.{{0+}}e+00>
//       CHECK:   %[[C:.+]] = cnn.conv2d %{{.+}}, %[[W]] :
//   CHECK-DAG:   %[[S:.+]] = cnn.constant dense<2.{{0+}}e+00> : tensor<2x1x1x1xf32>
//   CHECK-DAG:   %[[T:.+]] = cnn.constant dense<-1.{{0+}}e+00> : tensor<2xf32>
//       CHECK:   %[[N:.+]] = cnn.conv2d %[[C]], %[[S]] bias(%[[T]]) groups 2 :
//       CHECK:   return %[[C]], %[[N]]
func.func @bn_of_shared_conv_becomes_depthwise(%x: tensor<1x1x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %w = cnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %scale = cnn.constant dense<4.0> : tensor<2xf32>
  %shift = cnn.constant dense<1.0> : tensor<2xf32>
  %mean = cnn.constant dense<1.0> : tensor<2xf32>
  %var = cnn.constant dense<3.0> : tensor<2xf32>
  %0 = cnn.conv2d %x, %w : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.batch_norm %0, %scale, %shift, %mean, %var epsilon 1.0
    : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %0, %1 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: func @bn_after_activation_becomes_depthwise
//       CHECK:   %[[C:.+]] = cnn.conv2d %{{.+}} act <relu>
//       CHECK:   %[[N:.+]] = cnn.conv2d %[[C]], %{{.+}} bias(%{{.+}}) groups 2
//       CHECK:   return %[[N]]
func.func @bn_after_activation_becomes_depthwise(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = cnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %v = cnn.constant dense<1.0> : tensor<2xf32>
  %0 = cnn.conv2d %x, %w act <relu> : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.batch_norm %0, %v, %v, %v, %v epsilon 1.0
    : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %1 : tensor<1x2x4x4xf32>
}

// -----

// The residual would have to be scaled as well.
// CHECK-LABEL: func @bn_after_residual_becomes_depthwise
//       CHECK:   %[[C:.+]] = cnn.conv2d %{{.+}} residual(
//       CHECK:   cnn.conv2d %[[C]], %{{.+}} groups 2
func.func @bn_after_residual_becomes_depthwise(%x: tensor<1x1x4x4xf32>, %r: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = cnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %v = cnn.constant dense<1.0> : tensor<2xf32>
  %0 = cnn.conv2d %x, %w residual(%r) : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.batch_norm %0, %v, %v, %v, %v epsilon 1.0
    : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %1 : tensor<1x2x4x4xf32>
}

// -----

// Both fold, in order: 2 * (x + 1) - 1 ... then times 2.
// CHECK-LABEL: func @two_bns_fold
//   CHECK-DAG:   %[[W:.+]] = cnn.constant dense<4.{{0+}}e+00>
//   CHECK-DAG:   %[[B:.+]] = cnn.constant dense<-3.{{0+}}e+00>
//       CHECK:   %[[Y:.+]] = cnn.conv2d %{{.+}}, %[[W]] bias(%[[B]])
//  CHECK-NEXT:   return %[[Y]]
func.func @two_bns_fold(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = cnn.constant dense<1.0> : tensor<1x1x1x1xf32>
  %scale = cnn.constant dense<4.0> : tensor<1xf32>
  %shift = cnn.constant dense<1.0> : tensor<1xf32>
  %mean = cnn.constant dense<1.0> : tensor<1xf32>
  %var = cnn.constant dense<3.0> : tensor<1xf32>
  %0 = cnn.conv2d %x, %w : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %1 = cnn.batch_norm %0, %scale, %shift, %mean, %var epsilon 1.0
    : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  %2 = cnn.batch_norm %1, %scale, %shift, %mean, %var epsilon 1.0
    : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return %2 : tensor<1x1x4x4xf32>
}

// -----

// In: 2 * x - 1, so the filter [1, 3] becomes [2, 6] and the bias 5 - (1 + 3).
// CHECK-LABEL: func @bn_folds_into_next_conv
//  CHECK-SAME:   %[[X:.+]]: tensor
//   CHECK-DAG:   %[[W:.+]] = cnn.constant dense<{{\[\[\[\[}}2.{{0+}}e+00]], {{\[\[}}6.{{0+}}e+00]]]]>
//   CHECK-DAG:   %[[B:.+]] = cnn.constant dense<1.{{0+}}e+00>
//       CHECK:   %[[Y:.+]] = cnn.conv2d %[[X]], %[[W]] bias(%[[B]]) act <relu>
//  CHECK-NEXT:   return %[[Y]]
func.func @bn_folds_into_next_conv(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = cnn.constant dense<[[[[1.0]], [[3.0]]]]> : tensor<1x2x1x1xf32>
  %b = cnn.constant dense<5.0> : tensor<1xf32>
  %scale = cnn.constant dense<4.0> : tensor<2xf32>
  %shift = cnn.constant dense<1.0> : tensor<2xf32>
  %mean = cnn.constant dense<1.0> : tensor<2xf32>
  %var = cnn.constant dense<3.0> : tensor<2xf32>
  %0 = cnn.batch_norm %x, %scale, %shift, %mean, %var epsilon 1.0
    : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.conv2d %0, %w bias(%b) act <relu> : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return %1 : tensor<1x1x4x4xf32>
}

// -----

// Group 0 reads channel 0 (times 1), group 1 channel 1 (times 2, plus 3).
// CHECK-LABEL: func @bn_folds_into_next_grouped_conv
//   CHECK-DAG:   %[[W:.+]] = cnn.constant dense<{{\[\[\[\[}}5.{{0+}}e+00]]], {{\[\[\[}}1.4{{0+}}e+01]]]]>
//   CHECK-DAG:   %[[B:.+]] = cnn.constant dense<[0.{{0+}}e+00, 2.1{{0+}}e+01]>
//       CHECK:   cnn.conv2d %{{.+}}, %[[W]] bias(%[[B]]) groups 2
func.func @bn_folds_into_next_grouped_conv(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = cnn.constant dense<[[[[5.0]]], [[[7.0]]]]> : tensor<2x1x1x1xf32>
  %scale = cnn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %shift = cnn.constant dense<[0.0, 3.0]> : tensor<2xf32>
  %zero = cnn.constant dense<0.0> : tensor<2xf32>
  %0 = cnn.batch_norm %x, %scale, %shift, %zero, %zero epsilon 1.0
    : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.conv2d %0, %w groups 2 : (tensor<1x2x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %1 : tensor<1x2x4x4xf32>
}

// -----

// Channel 1 is features 2 and 3 of the flattened map.
// CHECK-LABEL: func @bn_folds_into_next_linear
//   CHECK-DAG:   %[[W:.+]] = cnn.constant dense<{{\[\[}}1.{{0+}}e+00, 1.{{0+}}e+00, 2.{{0+}}e+00, 2.{{0+}}e+00]]>
//       CHECK:   %[[Y:.+]] = cnn.linear %{{.+}}, %[[W]] :
//  CHECK-NEXT:   return %[[Y]]
func.func @bn_folds_into_next_linear(%x: tensor<1x2x1x2xf32>) -> tensor<1x1xf32> {
  %w = cnn.constant dense<1.0> : tensor<1x4xf32>
  %scale = cnn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %zero = cnn.constant dense<0.0> : tensor<2xf32>
  %0 = cnn.batch_norm %x, %scale, %zero, %zero, %zero epsilon 1.0
    : (tensor<1x2x1x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x1x2xf32>
  %1 = cnn.linear %0, %w : (tensor<1x2x1x2xf32>, tensor<1x4xf32>) -> tensor<1x1xf32>
  return %1 : tensor<1x1xf32>
}

// -----

// The padding is zero after the batch norm, not before it.
// CHECK-LABEL: func @bn_before_padding_conv_becomes_depthwise
//       CHECK:   %[[N:.+]] = cnn.conv2d %{{.+}} groups 2
//       CHECK:   cnn.conv2d %[[N]], %{{.+}} pad [1, 1, 1, 1]
func.func @bn_before_padding_conv_becomes_depthwise(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = cnn.constant dense<1.0> : tensor<1x2x3x3xf32>
  %v = cnn.constant dense<1.0> : tensor<2xf32>
  %0 = cnn.batch_norm %x, %v, %v, %v, %v epsilon 1.0
    : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.conv2d %0, %w pad [1, 1, 1, 1] : (tensor<1x2x4x4xf32>, tensor<1x2x3x3xf32>) -> tensor<1x1x4x4xf32>
  return %1 : tensor<1x1x4x4xf32>
}

// -----

// CHECK-LABEL: func @bn_of_vectors_becomes_linear
//  CHECK-SAME:   %[[X:.+]]: tensor
//   CHECK-DAG:   %[[D:.+]] = cnn.constant dense<{{\[\[}}1.{{0+}}e+00, 0.{{0+}}e+00], [0.{{0+}}e+00, 2.{{0+}}e+00]]>
//   CHECK-DAG:   %[[T:.+]] = cnn.constant dense<[0.{{0+}}e+00, 3.{{0+}}e+00]>
//       CHECK:   %[[Y:.+]] = cnn.linear %[[X]], %[[D]] bias(%[[T]])
//       CHECK:   return %[[Y]]
func.func @bn_of_vectors_becomes_linear(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %scale = cnn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %shift = cnn.constant dense<[0.0, 3.0]> : tensor<2xf32>
  %zero = cnn.constant dense<0.0> : tensor<2xf32>
  %0 = cnn.batch_norm %x, %scale, %shift, %zero, %zero epsilon 1.0
    : (tensor<3x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// -----

// A network that normalises its own input: one depthwise convolution.
// CHECK-LABEL: func @product_and_sum_become_depthwise
//  CHECK-SAME:   %[[X:.+]]: tensor
//   CHECK-DAG:   %[[S:.+]] = cnn.constant dense<{{\[\[\[\[}}2.{{0+}}e+00]]], {{\[\[\[}}4.{{0+}}e+00]]]]> : tensor<2x1x1x1xf32>
//   CHECK-DAG:   %[[T:.+]] = cnn.constant dense<-1.{{0+}}e+00> : tensor<2xf32>
//       CHECK:   %[[Y:.+]] = cnn.conv2d %[[X]], %[[S]] bias(%[[T]]) groups 2 act <relu>
//       CHECK:   return %[[Y]]
func.func @product_and_sum_become_depthwise(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %s = cnn.constant dense<[[[[2.0]], [[4.0]]]]> : tensor<1x2x1x1xf32>
  %t = cnn.constant dense<-1.0> : tensor<1x1x1x1xf32>
  %0 = cnn.mul %x, %s : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.add %0, %t act <relu> : (tensor<1x2x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %1 : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: func @scale_folds_into_conv
//   CHECK-DAG:   %[[W:.+]] = cnn.constant dense<5.{{0+}}e-01>
//       CHECK:   %[[Y:.+]] = cnn.conv2d %{{.+}}, %[[W]] :
//  CHECK-NEXT:   return %[[Y]]
func.func @scale_folds_into_conv(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = cnn.constant dense<1.0> : tensor<1x1x1x1xf32>
  %0 = cnn.conv2d %x, %w : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %1 = cnn.scale %0 by 0.5 : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %1 : tensor<1x1x4x4xf32>
}

// -----

// The activation of the sum is the convolution's then.
// CHECK-LABEL: func @constants_fold_into_conv
//   CHECK-DAG:   %[[W:.+]] = cnn.constant dense<{{\[\[\[\[}}2.{{0+}}e+00]]], {{\[\[\[}}3.{{0+}}e+00]]]]>
//   CHECK-DAG:   %[[B:.+]] = cnn.constant dense<7.{{0+}}e+00>
//       CHECK:   %[[Y:.+]] = cnn.conv2d %{{.+}}, %[[W]] bias(%[[B]]) act <relu>
//  CHECK-NEXT:   return %[[Y]]
func.func @constants_fold_into_conv(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = cnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %s = cnn.constant dense<[[[[2.0]], [[3.0]]]]> : tensor<1x2x1x1xf32>
  %t = cnn.constant dense<7.0> : tensor<1x1x1x1xf32>
  %0 = cnn.conv2d %x, %w : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = cnn.mul %0, %s : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %2 = cnn.add %1, %t act <relu> : (tensor<1x2x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %2 : tensor<1x2x4x4xf32>
}

// -----

// One factor per image can't be a weight; nor a gate that is computed.
// CHECK-LABEL: func @other_products_stay
//       CHECK:   %[[C:.+]] = cnn.conv2d
//       CHECK:   %[[P:.+]] = cnn.mul %[[C]],
//       CHECK:   cnn.mul %[[P]],
func.func @other_products_stay(%x: tensor<2x1x4x4xf32>, %gate: tensor<2x1x1x1xf32>) -> tensor<2x1x4x4xf32> {
  %w = cnn.constant dense<1.0> : tensor<1x1x1x1xf32>
  %s = cnn.constant dense<[[[[2.0]]], [[[3.0]]]]> : tensor<2x1x1x1xf32>
  %0 = cnn.conv2d %x, %w : (tensor<2x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<2x1x4x4xf32>
  %1 = cnn.mul %0, %s : (tensor<2x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<2x1x4x4xf32>
  %2 = cnn.mul %1, %gate : (tensor<2x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<2x1x4x4xf32>
  return %2 : tensor<2x1x4x4xf32>
}

// -----

// A filter that another layer reads as well keeps its values there.
// CHECK-LABEL: func @shared_filter_is_copied
//  CHECK-SAME:   %[[X:.+]]: tensor<1x1x4x4xf32>
//   CHECK-DAG:   %[[OLD:.+]] = cnn.constant dense<1.{{0+}}e+00>
//   CHECK-DAG:   %[[NEW:.+]] = cnn.constant dense<5.{{0+}}e-01>
//   CHECK-DAG:   cnn.conv2d %[[X]], %[[NEW]]
//   CHECK-DAG:   cnn.conv2d %[[X]], %[[OLD]]
func.func @shared_filter_is_copied(%x: tensor<1x1x4x4xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %w = cnn.constant dense<1.0> : tensor<1x1x1x1xf32>
  %0 = cnn.conv2d %x, %w : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %1 = cnn.scale %0 by 0.5 : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %2 = cnn.conv2d %x, %w : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  return %1, %2 : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// -----

func.func @parameters_must_be_known(%x: tensor<1x1x4x4xf32>, %v: tensor<1xf32>) -> tensor<1x1x4x4xf32> {
  // expected-error @below {{parameters must be constants whose values are known}}
  %0 = cnn.batch_norm %x, %v, %v, %v, %v epsilon 1.0
    : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return %0 : tensor<1x1x4x4xf32>
}

// -----

func.func @long_vectors_are_not_supported(%x: tensor<1x5000xf32>) -> tensor<1x5000xf32> {
  %v = cnn.constant dense<1.0> : tensor<5000xf32>
  // expected-error @below {{of 'tensor<1x5000xf32>' follows or precedes no layer that can take it; supported alone are maps, and vectors of at most 4096 features}}
  %0 = cnn.batch_norm %x, %v, %v, %v, %v epsilon 1.0
    : (tensor<1x5000xf32>, tensor<5000xf32>, tensor<5000xf32>, tensor<5000xf32>, tensor<5000xf32>) -> tensor<1x5000xf32>
  return %0 : tensor<1x5000xf32>
}
