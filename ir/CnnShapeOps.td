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

def Cnn_ReshapeOp : Cnn_Op<"reshape"> {
  let summary = "the same elements, in row-major order, with another shape";
  let arguments = (ins Cnn_Map:$input);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Cnn_TransposeOp : Cnn_LayerOp<"transpose"> {
  let summary = "permutes the axes of a tensor of rank 4";
  let description = "Axis `i` of the result is axis `permutation[i]` of the input.";
  let arguments = (ins Cnn_Map:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = "$input $permutation attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Cnn_TakeOp : Cnn_LayerOp<"take"> {
  let summary = "elements at given indices of each axis: padding, cropping, resizing, flipping, ...";
  let description = [{
    `out[i,j,k,l] = in[n[i], c[j], h[k], w[l]]`, or `fill` where an index is -1. An empty list takes
    the whole axis. Rank 4.

    Example: `cnn.take %x h [0, 0, 1, 1] w [-1, 0, 1, -1] fill 0.0 : ...` doubles two rows and pads
    two columns.
  }];
  let arguments = (ins Cnn_Map:$input,
      DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$n, DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$c,
      DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$h, DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$w,
      DefaultValuedAttr<F32Attr, "0.0f">:$fill);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = [{
    $input (`n` $n^)? (`c` $c^)? (`h` $h^)? (`w` $w^)? (`fill` $fill^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = Cnn_LayerOpDeclaration.value # [{
    /// The index list of `axis`, empty for the whole axis.
    ::llvm::ArrayRef<int64_t> indices(unsigned axis) {
      return axis == 0 ? getN() : axis == 1 ? getC() : axis == 2 ? getH() : getW();
    }
  }];
}

def Cnn_SpaceToDepthOp : Cnn_LayerOp<"space_to_depth"> {
  let summary = "squares of block x block pixels as channels of one pixel";
  let description = [{
    N x C x H x W -> N x (C*block*block) x H/block x W/block; channel `(c*block + i)*block + j` is pixel
    (i, j) of the squares of channel c. H and W are multiples of `block`. Inserted by
    `space-to-depth-stem`.
  }];
  let arguments = (ins Cnn_Map:$input, I64Attr:$block);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = "$input `by` $block attr-dict `:` functional-type(operands, results)";
}

def Cnn_ToLayoutOp : Cnn_Op<"to_layout", [SameOperandsAndResultShape]> {
  let summary = "the same values in another memory layout";
  let description = "Inserted by `assign-layout`; a type without encoding is dense NCHW.";
  let arguments = (ins Cnn_Map:$input);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

#endif // INCC_IR_CNNSHAPEOPS_TD
