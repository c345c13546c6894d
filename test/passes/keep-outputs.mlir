// RUN: incc-opt %s --split-input-file --simplify-for-inference="keep-outputs=logits" \
// RUN:   -verify-diagnostics | FileCheck %s

// The auxiliary head and what only it needs are gone.
// CHECK-LABEL: func @auxiliary_head_is_dropped
//  CHECK-SAME:   -> (tensor<1x8xf32> {cnn.name = "logits"})
//   CHECK-NOT:   <tanh>
//       CHECK:   %[[Y:.+]] = cnn.activation %{{.+}} <relu>
//       CHECK:   return %[[Y]] : tensor<1x8xf32>
func.func @auxiliary_head_is_dropped(%x: tensor<1x8xf32>)
    -> (tensor<1x8xf32> {cnn.name = "aux"}, tensor<1x8xf32> {cnn.name = "logits"}) {
  %0 = cnn.activation %x <tanh> : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %1 = cnn.activation %x <relu> : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %0, %1 : tensor<1x8xf32>, tensor<1x8xf32>
}

// -----

// expected-error @below {{no output is named 'logits'; outputs are aux, features}}
func.func @unknown_name(%x: tensor<1x8xf32>)
    -> (tensor<1x8xf32> {cnn.name = "aux"}, tensor<1x8xf32> {cnn.name = "features"}) {
  return %x, %x : tensor<1x8xf32>, tensor<1x8xf32>
}

// -----

// expected-error @below {{outputs can be dropped only from a module's one function that nothing calls}}
func.func @called(%x: tensor<1x8xf32>)
    -> (tensor<1x8xf32> {cnn.name = "aux"}, tensor<1x8xf32> {cnn.name = "logits"}) {
  %0:2 = func.call @called(%x) : (tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>)
  return %0#0, %0#1 : tensor<1x8xf32>, tensor<1x8xf32>
}
