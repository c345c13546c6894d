// RUN: incc-opt %s --assign-layout=channel-block=8 | FileCheck %s
// RUN: incc-opt %s --assign-layout=channel-block=16 | FileCheck %s --check-prefix=WIDE

// The network's input of three channels stays planar; each map has the halo that its reader pads by.
// CHECK-LABEL: func @halo_is_what_the_reader_pads
//       CHECK:   %[[X:.+]] = cnn.to_layout %{{.+}} -> tensor<1x3x9x9xf32, #cnn.layout<block = 1, halo = [1, 1, 1, 1]>>
//  CHECK-NEXT:   %[[A:.+]] = cnn.conv2d %[[X]], {{.+}} -> tensor<1x16x9x9xf32, #cnn.layout<block = 8, halo = [1, 2, 1, 0]>>
//  CHECK-NEXT:   %[[B:.+]] = cnn.conv2d %[[A]], {{.+}} -> tensor<1x16x9x9xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
//  CHECK-NEXT:   %[[Y:.+]] = cnn.to_layout %[[B]] : {{.+}} -> tensor<1x16x9x9xf32>
//  CHECK-NEXT:   return %[[Y]]
//  WIDE-LABEL: func @halo_is_what_the_reader_pads
//        WIDE:   cnn.conv2d {{.+}} -> tensor<1x16x9x9xf32, #cnn.layout<block = 16, halo = [1, 2, 1, 0]>>
func.func @halo_is_what_the_reader_pads(%x: tensor<1x3x9x9xf32>) -> tensor<1x16x9x9xf32> {
  %w = cnn.constant dense<1.0> : tensor<16x3x3x3xf32>
  %v = cnn.constant dense<1.0> : tensor<16x16x3x3xf32>
  %0 = cnn.conv2d %x, %w pad [1, 1, 1, 1] : (tensor<1x3x9x9xf32>, tensor<16x3x3x3xf32>) -> tensor<1x16x9x9xf32>
  %1 = cnn.conv2d %0, %v pad [1, 2, 1, 0] : (tensor<1x16x9x9xf32>, tensor<16x16x3x3xf32>) -> tensor<1x16x9x9xf32>
  return %1 : tensor<1x16x9x9xf32>
}

// Two readers: the wider of each side.
// CHECK-LABEL: func @halo_is_the_widest
//       CHECK:   cnn.activation {{.+}} -> tensor<1x16x9x9xf32, #cnn.layout<block = 8, halo = [2, 1, 1, 2]>>
func.func @halo_is_the_widest(%x: tensor<1x16x9x9xf32>) -> (tensor<1x8x10x8xf32>, tensor<1x8x8x10xf32>) {
  %w = cnn.constant dense<1.0> : tensor<8x16x3x3xf32>
  %0 = cnn.activation %x <relu> : (tensor<1x16x9x9xf32>) -> tensor<1x16x9x9xf32>
  %1 = cnn.conv2d %0, %w pad [2, 1, 1, 0] : (tensor<1x16x9x9xf32>, tensor<8x16x3x3xf32>) -> tensor<1x8x10x8xf32>
  %2 = cnn.conv2d %0, %w pad [0, 1, 1, 2] : (tensor<1x16x9x9xf32>, tensor<8x16x3x3xf32>) -> tensor<1x8x8x10xf32>
  return %1, %2 : tensor<1x8x10x8xf32>, tensor<1x8x8x10xf32>
}

// What is joined shares the halo of the whole, so that it can be written in place.
// CHECK-LABEL: func @branches_have_the_halo_of_their_concat
//       CHECK:   cnn.conv2d {{.+}} -> tensor<1x16x4x4xf32, #cnn.layout<block = 8, halo = [2, 2, 2, 2]>>
//  CHECK-NEXT:   cnn.max_pool {{.+}} -> tensor<1x16x4x4xf32, #cnn.layout<block = 8, halo = [2, 2, 2, 2]>>
//  CHECK-NEXT:   cnn.concat {{.+}} -> tensor<1x32x4x4xf32, #cnn.layout<block = 8, halo = [2, 2, 2, 2]>>
//  CHECK-NEXT:   cnn.conv2d {{.+}} -> tensor<1x16x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
func.func @branches_have_the_halo_of_their_concat(%x: tensor<1x16x4x4xf32>) -> tensor<1x16x4x4xf32> {
  %w = cnn.constant dense<1.0> : tensor<16x16x1x1xf32>
  %v = cnn.constant dense<1.0> : tensor<16x32x5x5xf32>
  %0 = cnn.conv2d %x, %w : (tensor<1x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<1x16x4x4xf32>
  %1 = cnn.max_pool %x kernel [3, 3] pad [1, 1, 1, 1] : (tensor<1x16x4x4xf32>) -> tensor<1x16x4x4xf32>
  %2 = cnn.concat %0, %1 : (tensor<1x16x4x4xf32>, tensor<1x16x4x4xf32>) -> tensor<1x32x4x4xf32>
  %3 = cnn.conv2d %2, %v pad [2, 2, 2, 2] : (tensor<1x32x4x4xf32>, tensor<16x32x5x5xf32>) -> tensor<1x16x4x4xf32>
  return %3 : tensor<1x16x4x4xf32>
}

// A fully connected layer takes a map's floats in their order: without a halo between them.
// CHECK-LABEL: func @linear_reads_without_halo
//       CHECK:   %[[R:.+]] = cnn.activation {{.+}} -> tensor<1x16x4x4xf32, #cnn.layout<block = 8, halo = [1, 1, 1, 1]>>
//       CHECK:   %[[L:.+]] = cnn.to_layout %[[R]] : {{.+}} -> tensor<1x16x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
//  CHECK-NEXT:   cnn.linear %[[L]],
func.func @linear_reads_without_halo(%x: tensor<1x16x4x4xf32>) -> (tensor<1x16x4x4xf32>, tensor<1x2xf32>) {
  %w = cnn.constant dense<1.0> : tensor<16x16x3x3xf32>
  %v = cnn.constant dense<1.0> : tensor<2x256xf32>
  %0 = cnn.activation %x <relu> : (tensor<1x16x4x4xf32>) -> tensor<1x16x4x4xf32>
  %1 = cnn.conv2d %0, %w pad [1, 1, 1, 1] : (tensor<1x16x4x4xf32>, tensor<16x16x3x3xf32>) -> tensor<1x16x4x4xf32>
  %2 = cnn.linear %0, %v : (tensor<1x16x4x4xf32>, tensor<2x256xf32>) -> tensor<1x2xf32>
  return %1, %2 : tensor<1x16x4x4xf32>, tensor<1x2xf32>
}

// Ops that step through memory in another order are dense on both sides; reshaping reads any layout.
// CHECK-LABEL: func @dense_between_blocked
//       CHECK:   %[[C:.+]] = cnn.conv2d {{.+}} -> tensor<1x16x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
//  CHECK-NEXT:   %[[D:.+]] = cnn.to_layout %[[C]] : {{.+}} -> tensor<1x16x4x4xf32>
//  CHECK-NEXT:   %[[T:.+]] = cnn.transpose %[[D]] {{.+}} -> tensor<1x16x4x4xf32>
//  CHECK-NEXT:   cnn.reshape %[[C]]
//  CHECK-NEXT:   %[[B:.+]] = cnn.to_layout %[[T]] : {{.+}} -> tensor<1x16x4x4xf32, #cnn.layout<block = 8, halo = [0, 0, 0, 0]>>
//  CHECK-NEXT:   cnn.conv2d %[[B]]
func.func @dense_between_blocked(%x: tensor<1x16x4x4xf32>) -> (tensor<1x16x4x4xf32>, tensor<4x64xf32>) {
  %w = cnn.constant dense<1.0> : tensor<16x16x1x1xf32>
  %0 = cnn.conv2d %x, %w : (tensor<1x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<1x16x4x4xf32>
  %1 = cnn.transpose %0 [0, 1, 3, 2] : (tensor<1x16x4x4xf32>) -> tensor<1x16x4x4xf32>
  %2 = cnn.reshape %0 : (tensor<1x16x4x4xf32>) -> tensor<4x64xf32>
  %3 = cnn.conv2d %1, %w : (tensor<1x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<1x16x4x4xf32>
  return %3, %2 : tensor<1x16x4x4xf32>, tensor<4x64xf32>
}
