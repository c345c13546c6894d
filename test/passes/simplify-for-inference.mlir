// RUN: incc-opt %s --simplify-for-inference | FileCheck %s

// CHECK-LABEL: func @dropout_is_identity
//  CHECK-SAME:   %[[X:.+]]: tensor
//       CHECK:   return %[[X]]
func.func @dropout_is_identity(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %0 = cnn.dropout %x rate 5.000000e-01 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %0 : tensor<1x8xf32>
}

// The layout changes here: the values must still move.
// CHECK-LABEL: func @dropout_that_changes_layout_stays
//       CHECK:   cnn.dropout
func.func @dropout_that_changes_layout_stays(%x: tensor<1x8x4x4xf32>)
    -> tensor<1x8x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>> {
  %0 = cnn.dropout %x rate 5.000000e-01
    : (tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
  return %0 : tensor<1x8x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
}

// CHECK-LABEL: func @linear_flattens_by_itself
//  CHECK-SAME:   %[[X:.+]]: tensor<1x2x2x2xf32>
//       CHECK:   %[[Y:.+]] = cnn.linear %[[X]], %{{.+}} : (tensor<1x2x2x2xf32>, tensor<3x8xf32>)
//  CHECK-NEXT:   return %[[Y]]
func.func @linear_flattens_by_itself(%x: tensor<1x2x2x2xf32>, %w: tensor<3x8xf32>) -> tensor<1x3xf32> {
  %0 = cnn.flatten %x : (tensor<1x2x2x2xf32>) -> tensor<1x8xf32>
  %1 = cnn.flatten %0 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %2 = cnn.linear %1, %w : (tensor<1x8xf32>, tensor<3x8xf32>) -> tensor<1x3xf32>
  return %2 : tensor<1x3xf32>
}

// The flattened tensor is an output as well.
// CHECK-LABEL: func @flatten_that_is_returned_stays
//       CHECK:   %[[F:.+]] = cnn.flatten
//       CHECK:   %[[Y:.+]] = cnn.linear
//       CHECK:   return %[[F]], %[[Y]]
func.func @flatten_that_is_returned_stays(%x: tensor<1x2x2x2xf32>, %w: tensor<3x8xf32>)
    -> (tensor<1x8xf32>, tensor<1x3xf32>) {
  %0 = cnn.flatten %x : (tensor<1x2x2x2xf32>) -> tensor<1x8xf32>
  %1 = cnn.linear %0, %w : (tensor<1x8xf32>, tensor<3x8xf32>) -> tensor<1x3xf32>
  return %0, %1 : tensor<1x8xf32>, tensor<1x3xf32>
}

// CHECK-LABEL: func @adaptive_pool_to_same_extent
//  CHECK-SAME:   %[[X:.+]]: tensor
//       CHECK:   return %[[X]]
func.func @adaptive_pool_to_same_extent(%x: tensor<1x8x7x7xf32>) -> tensor<1x8x7x7xf32> {
  %0 = cnn.adaptive_avg_pool %x to [7, 7] : (tensor<1x8x7x7xf32>) -> tensor<1x8x7x7xf32>
  return %0 : tensor<1x8x7x7xf32>
}

// CHECK-LABEL: func @adaptive_pool_to_point
//  CHECK-SAME:   %[[X:.+]]: tensor
//       CHECK:   cnn.global_avg_pool %[[X]]
func.func @adaptive_pool_to_point(%x: tensor<1x8x7x9xf32>) -> tensor<1x8x1x1xf32> {
  %0 = cnn.adaptive_avg_pool %x to [1, 1] : (tensor<1x8x7x9xf32>) -> tensor<1x8x1x1xf32>
  return %0 : tensor<1x8x1x1xf32>
}

// CHECK-LABEL: func @adaptive_pool_to_windows
//  CHECK-SAME:   %[[X:.+]]: tensor
//       CHECK:   cnn.avg_pool %[[X]] kernel [2, 4] stride [2, 4]
func.func @adaptive_pool_to_windows(%x: tensor<1x8x12x12xf32>) -> tensor<1x8x6x3xf32> {
  %0 = cnn.adaptive_avg_pool %x to [6, 3] : (tensor<1x8x12x12xf32>) -> tensor<1x8x6x3xf32>
  return %0 : tensor<1x8x6x3xf32>
}

// Windows of equal size that overlap are laid side by side.
// CHECK-LABEL: func @adaptive_pool_to_overlapping_windows
//       CHECK:   %[[T:.+]] = cnn.take %{{.+}} h [0, 1, 2, 3, 3, 4, 5, 6] w [0, 1, 2, 3, 3, 4, 5, 6]
//  CHECK-NEXT:   %[[P:.+]] = cnn.avg_pool %[[T]] kernel [4, 4] stride [4, 4]
//  CHECK-NEXT:   return %[[P]]
func.func @adaptive_pool_to_overlapping_windows(%x: tensor<1x8x7x7xf32>) -> tensor<1x8x2x2xf32> {
  %0 = cnn.adaptive_avg_pool %x to [2, 2] : (tensor<1x8x7x7xf32>) -> tensor<1x8x2x2xf32>
  return %0 : tensor<1x8x2x2xf32>
}

// Windows of 3, 4 and 3 columns: the shorter ones are filled up, their means corrected.
// CHECK-LABEL: func @adaptive_pool_to_unequal_windows
//   CHECK-DAG:   %[[S:.+]] = cnn.constant dense<{{.+}}1.33333337, 1.{{0+}}e+00, 1.33333337{{.+}}> : tensor<1x1x1x3xf32>
//   CHECK-DAG:   %[[T:.+]] = cnn.take %{{.+}} h [0, 1] w [0, 1, 2, -1, 2, 3, 4, 5, 5, 6, 7, -1]
//   CHECK-DAG:   %[[P:.+]] = cnn.avg_pool %[[T]] kernel [2, 4] stride [2, 4]
//       CHECK:   cnn.binary mul %[[P]], %[[S]]
func.func @adaptive_pool_to_unequal_windows(%x: tensor<1x8x2x8xf32>) -> tensor<1x8x1x3xf32> {
  %0 = cnn.adaptive_avg_pool %x to [1, 3] : (tensor<1x8x2x8xf32>) -> tensor<1x8x1x3xf32>
  return %0 : tensor<1x8x1x3xf32>
}

// CHECK-LABEL: func @padding_joins_the_convolution
//  CHECK-SAME:   %[[X:.+]]: tensor
//       CHECK:   cnn.conv2d %[[X]], %{{.+}} pad [1, 2, 0, 1] :
func.func @padding_joins_the_convolution(%x: tensor<1x8x4x4xf32>) -> tensor<1x8x3x5xf32> {
  %w = cnn.constant dense<1.0> : tensor<8x8x3x3xf32>
  %0 = cnn.take %x h [-1, 0, 1, 2, 3] w [-1, 0, 1, 2, 3] : (tensor<1x8x4x4xf32>) -> tensor<1x8x5x5xf32>
  %1 = cnn.conv2d %0, %w pad [0, 1, 0, 1] : (tensor<1x8x5x5xf32>, tensor<8x8x3x3xf32>) -> tensor<1x8x3x5xf32>
  return %1 : tensor<1x8x3x5xf32>
}

// CHECK-LABEL: func @other_takes_stay_before_the_convolution
//       CHECK:   %[[ONES:.+]] = cnn.take %{{.+}} fill 1.0
//       CHECK:   cnn.conv2d %[[ONES]]
//       CHECK:   %[[FLIPPED:.+]] = cnn.take %{{.+}} w [1, 0]
//       CHECK:   cnn.conv2d %[[FLIPPED]]
//       CHECK:   %[[CROPPED:.+]] = cnn.take %{{.+}} w [-1, 0]
//       CHECK:   cnn.conv2d %[[CROPPED]]
func.func @other_takes_stay_before_the_convolution(%x: tensor<1x8x2x2xf32>)
    -> (tensor<1x8x2x3xf32>, tensor<1x8x2x2xf32>, tensor<1x8x2x2xf32>) {
  %w = cnn.constant dense<1.0> : tensor<8x8x1x1xf32>
  %0 = cnn.take %x w [-1, 0, 1] fill 1.0 : (tensor<1x8x2x2xf32>) -> tensor<1x8x2x3xf32>
  %1 = cnn.conv2d %0, %w : (tensor<1x8x2x3xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x2x3xf32>
  %2 = cnn.take %x w [1, 0] : (tensor<1x8x2x2xf32>) -> tensor<1x8x2x2xf32>
  %3 = cnn.conv2d %2, %w : (tensor<1x8x2x2xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x2x2xf32>
  %4 = cnn.take %x w [-1, 0] : (tensor<1x8x2x2xf32>) -> tensor<1x8x2x2xf32>
  %5 = cnn.conv2d %4, %w : (tensor<1x8x2x2xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x2x2xf32>
  return %1, %3, %5 : tensor<1x8x2x3xf32>, tensor<1x8x2x2xf32>, tensor<1x8x2x2xf32>
}

// CHECK-LABEL: func @runtime_batch_norm_is_spelled_out
//       CHECK:   cnn.activation %{{.+}} <sqrt>
//       CHECK:   cnn.binary div
//       CHECK:   cnn.binary sub
//       CHECK:   cnn.binary mul
//       CHECK:   cnn.binary add
func.func @runtime_batch_norm_is_spelled_out(%x: tensor<1x8x4x4xf32>, %p: tensor<8xf32>) -> tensor<1x8x4x4xf32> {
  %0 = cnn.batch_norm %x, %p, %p, %p, %p epsilon 1.0e-3 : (tensor<1x8x4x4xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<1x8x4x4xf32>
  return %0 : tensor<1x8x4x4xf32>
}

// CHECK-LABEL: func @unit_pools_are_identities
//  CHECK-SAME:   %[[X:.+]]: tensor
//       CHECK:   return %[[X]]
func.func @unit_pools_are_identities(%x: tensor<1x8x7x7xf32>) -> tensor<1x8x7x7xf32> {
  %0 = cnn.max_pool %x kernel [1, 1] : (tensor<1x8x7x7xf32>) -> tensor<1x8x7x7xf32>
  %1 = cnn.avg_pool %0 kernel [1, 1] : (tensor<1x8x7x7xf32>) -> tensor<1x8x7x7xf32>
  return %1 : tensor<1x8x7x7xf32>
}

// A stride picks positions, an activation changes values.
// CHECK-LABEL: func @unit_pools_that_do_something_stay
//       CHECK:   %[[M:.+]] = cnn.max_pool %{{.+}} kernel [1, 1] stride [2, 2]
//       CHECK:   cnn.avg_pool %[[M]] kernel [1, 1] act <relu>
func.func @unit_pools_that_do_something_stay(%x: tensor<1x8x8x8xf32>) -> tensor<1x8x4x4xf32> {
  %0 = cnn.max_pool %x kernel [1, 1] stride [2, 2] : (tensor<1x8x8x8xf32>) -> tensor<1x8x4x4xf32>
  %1 = cnn.avg_pool %0 kernel [1, 1] act <relu> : (tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  return %1 : tensor<1x8x4x4xf32>
}

// CHECK-LABEL: func @pool_over_whole_map_is_global
//  CHECK-SAME:   %[[X:.+]]: tensor
//       CHECK:   %[[Y:.+]] = cnn.global_avg_pool %[[X]]
//       CHECK:   return %[[Y]]
func.func @pool_over_whole_map_is_global(%x: tensor<1x8x7x7xf32>) -> tensor<1x8x1x1xf32> {
  %0 = cnn.avg_pool %x kernel [7, 7] stride [3, 3] : (tensor<1x8x7x7xf32>) -> tensor<1x8x1x1xf32>
  %1 = cnn.global_avg_pool %0 : (tensor<1x8x1x1xf32>) -> tensor<1x8x1x1xf32>
  return %1 : tensor<1x8x1x1xf32>
}

// The one window reaches into the padding and leaves out the last row and column.
// CHECK-LABEL: func @pool_over_padded_map_stays
//       CHECK:   cnn.avg_pool
func.func @pool_over_padded_map_stays(%x: tensor<1x8x7x7xf32>) -> tensor<1x8x1x1xf32> {
  %0 = cnn.avg_pool %x kernel [7, 7] stride [2, 2] pad [1, 1, 0, 0] : (tensor<1x8x7x7xf32>) -> tensor<1x8x1x1xf32>
  return %0 : tensor<1x8x1x1xf32>
}

// CHECK-LABEL: func @activation_in_range_is_dropped
//       CHECK:   %[[R:.+]] = cnn.activation %{{.+}} <relu6>
//  CHECK-NEXT:   return %[[R]]
func.func @activation_in_range_is_dropped(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %0 = cnn.activation %x <relu6> : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %1 = cnn.activation %0 <relu> : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %2 = cnn.activation %1 <none> : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %2 : tensor<1x8xf32>
}

// Values above 6 are still to be clipped.
// CHECK-LABEL: func @relu6_after_relu_stays
//       CHECK:   %[[R:.+]] = cnn.activation %{{.+}} <relu>
//  CHECK-NEXT:   cnn.activation %[[R]] <relu6>
func.func @relu6_after_relu_stays(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %0 = cnn.activation %x <relu> : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %1 = cnn.activation %0 <relu6> : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %1 : tensor<1x8xf32>
}

// CHECK-LABEL: func @scale_by_one_is_dropped
//  CHECK-SAME:   %[[X:.+]]: tensor
//       CHECK:   return %[[X]]
func.func @scale_by_one_is_dropped(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %0 = cnn.scale %x by 1.0 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %0 : tensor<1x8xf32>
}

// CHECK-LABEL: func @concats_are_joined
//  CHECK-SAME:   %[[A:.+]]: tensor<1x2xf32>, %[[B:.+]]: tensor<1x3xf32>
//       CHECK:   %[[C:.+]] = cnn.concat %[[A]], %[[B]], %[[A]]
//  CHECK-NEXT:   return %[[C]]
func.func @concats_are_joined(%a: tensor<1x2xf32>, %b: tensor<1x3xf32>) -> tensor<1x7xf32> {
  %0 = cnn.concat %a, %b : (tensor<1x2xf32>, tensor<1x3xf32>) -> tensor<1x5xf32>
  %1 = cnn.concat %0, %a : (tensor<1x5xf32>, tensor<1x2xf32>) -> tensor<1x7xf32>
  return %1 : tensor<1x7xf32>
}

// CHECK-LABEL: func @concat_with_other_users_stays
//       CHECK:   %[[C:.+]] = cnn.concat
//  CHECK-NEXT:   %[[D:.+]] = cnn.concat %[[C]],
//  CHECK-NEXT:   return %[[C]], %[[D]]
func.func @concat_with_other_users_stays(%a: tensor<1x2xf32>, %b: tensor<1x3xf32>)
    -> (tensor<1x5xf32>, tensor<1x7xf32>) {
  %0 = cnn.concat %a, %b : (tensor<1x2xf32>, tensor<1x3xf32>) -> tensor<1x5xf32>
  %1 = cnn.concat %0, %a : (tensor<1x5xf32>, tensor<1x2xf32>) -> tensor<1x7xf32>
  return %0, %1 : tensor<1x5xf32>, tensor<1x7xf32>
}

// CHECK-LABEL: func @slice_of_concat_reads_its_input
//  CHECK-SAME:   %[[A:.+]]: tensor<1x2xf32>, %[[B:.+]]: tensor<1x3xf32>
//       CHECK:   %[[S:.+]] = cnn.slice %[[B]][1, 2]
//  CHECK-NEXT:   return %[[B]], %[[S]]
func.func @slice_of_concat_reads_its_input(%a: tensor<1x2xf32>, %b: tensor<1x3xf32>)
    -> (tensor<1x3xf32>, tensor<1x2xf32>) {
  %0 = cnn.concat %a, %b : (tensor<1x2xf32>, tensor<1x3xf32>) -> tensor<1x5xf32>
  %1 = cnn.slice %0 [2, 3] : (tensor<1x5xf32>) -> tensor<1x3xf32>
  %2 = cnn.slice %1 [1, 2] : (tensor<1x3xf32>) -> tensor<1x2xf32>
  return %1, %2 : tensor<1x3xf32>, tensor<1x2xf32>
}

// CHECK-LABEL: func @slice_across_inputs_stays
//       CHECK:   %[[C:.+]] = cnn.concat
//  CHECK-NEXT:   cnn.slice %[[C]][1, 2]
func.func @slice_across_inputs_stays(%a: tensor<1x2xf32>, %b: tensor<1x3xf32>) -> tensor<1x2xf32> {
  %0 = cnn.concat %a, %b : (tensor<1x2xf32>, tensor<1x3xf32>) -> tensor<1x5xf32>
  %1 = cnn.slice %0 [1, 2] : (tensor<1x5xf32>) -> tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}
