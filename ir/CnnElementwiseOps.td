// Ops that work element by element, and softmax.
#ifndef INCC_IR_CNNELEMENTWISEOPS_TD
#define INCC_IR_CNNELEMENTWISEOPS_TD

include "ir/CnnBase.td"

def Cnn_ActivationOp : Cnn_LayerOp<"activation"> {
  let summary = "an activation function";
  let description = "`out = act(in)`, elementwise. Example: `cnn.activation %x <relu> : ...`.";
  let arguments = (ins Cnn_Map:$input, Cnn_ActivationAttr:$act);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = "$input $act attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

class Cnn_FusableBinaryOp<string mnemonic> : Cnn_LayerOp<mnemonic> {
  let description = [{
    The right operand has the left's shape, or is broadcast from `N x C x 1 x 1`, `1 x C x 1 x 1` or
    `1 x 1 x 1 x 1` (`N x C` tensors likewise). An activation may follow.
  }];
  let arguments = (ins Cnn_Map:$lhs, Cnn_Map:$rhs, OptionalAttr<Cnn_ActivationAttr>:$act);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat =
      "$lhs `,` $rhs (`act` $act^)? attr-dict `:` functional-type(operands, results)";
}

def Cnn_AddOp : Cnn_FusableBinaryOp<"add"> {
  let summary = "elementwise sum";
}

def Cnn_MulOp : Cnn_FusableBinaryOp<"mul"> {
  let summary = "elementwise product, as in squeeze-and-excitation";
}

def Cnn_BinaryOp : Cnn_LayerOp<"binary"> {
  let summary = "a function of two maps, broadcast along any axis";
  let description = [{
    Maps of rank 4; each axis is equal or 1 in one of them (NumPy's broadcasting). What exporters
    spell out; `add` and `mul` fuse and run faster where they fit.

    Example: `cnn.binary sub %a, %b : (tensor<1x8x4x4xf32>, tensor<1x1x4x1xf32>) -> ...`.
  }];
  let arguments = (ins Cnn_BinaryKindAttr:$kind, Cnn_Map:$lhs, Cnn_Map:$rhs);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = "$kind $lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Cnn_ScaleOp : Cnn_LayerOp<"scale"> {
  let summary = "multiplication by a number";
  let description = "`out = factor * in`: the residual scaling of Inception-ResNet.";
  let arguments = (ins Cnn_Map:$input, F64Attr:$factor);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = "$input `by` $factor attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Cnn_DropoutOp : Cnn_LayerOp<"dropout"> {
  let summary = "dropout: the identity at inference";
  let arguments = (ins Cnn_Map:$input, F64Attr:$rate);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = "$input `rate` $rate attr-dict `:` functional-type(operands, results)";
}

def Cnn_SoftmaxOp : Cnn_LayerOp<"softmax"> {
  let summary = "softmax over the channels (dimension 1)";
  let description = "`out[n,c] = exp(in[n,c] - m) / sum over j of exp(in[n,j] - m)`, m the largest.";
  let arguments = (ins Cnn_Map:$input);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

#endif // INCC_IR_CNNELEMENTWISEOPS_TD
