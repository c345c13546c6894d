// Constants, and ops that move data without computing.
#ifndef INCC_IR_CNNSHAPEOPS_TD
#define INCC_IR_CNNSHAPEOPS_TD

include "ir/CnnBase.td"

def Cnn_ConstantOp : Cnn_Op<"constant", [AllTypesMatch<["value", "output"]>]> {
  let summary = "weights";
  let description = [{
    Large values are `dense_resource` blobs that map the weights file or own folded values; small
    ones may be `dense` literals. The location carries the tensor's published name, which is why the
    op is not `ConstantLike`: folding drivers merge and move such ops and forget their locations.
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Cnn_Map:$output);
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value), [{
    build($_builder, $_state, value.getType(), value);
  }]>];
  let assemblyFormat = "attr-dict $value";
}

def Cnn_ConcatOp : Cnn_LayerOp<"concat"> {
  let summary = "joins tensors along the channels (dimension 1)";
  let arguments = (ins Variadic<Cnn_Map>:$inputs);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = "$inputs attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Cnn_SliceOp : Cnn_LayerOp<"slice"> {
  let summary = "channels [offset, offset + count)";
  let arguments = (ins Cnn_Map:$input, I64Attr:$offset, I64Attr:$count);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat =
      "$input `[` $offset `,` $count `]` attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Cnn_FlattenOp : Cnn_LayerOp<"flatten"> {
  let summary = "N x C x H x W -> N x (C*H*W), in C,H,W order";
  let arguments = (ins Cnn_Map:$input);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Cnn_ToLayoutOp : Cnn_Op<"to_layout", [SameOperandsAndResultShape]> {
  let summary = "the same values in another memory layout";
  let description = "Inserted by `assign-layout`; a type without encoding is dense NCHW.";
  let arguments = (ins Cnn_Map:$input);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

#endif // INCC_IR_CNNSHAPEOPS_TD
