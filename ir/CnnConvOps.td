// Convolution, fully connected layers and the normalisations that fold into them.
#ifndef INCC_IR_CNNCONVOPS_TD
#define INCC_IR_CNNCONVOPS_TD

include "ir/CnnBase.td"

def Cnn_Conv2dOp : Cnn_LayerOp<"conv2d", [AttrSizedOperandSegments]> {
  let summary = "2-D convolution (cross-correlation) with a fused epilogue";
  let description = [{
    `out[n,k,y,x] = act(bias[k] + residual[n,k,y,x]
                        + sum over c,i,j of in[n, g*C/G + c, y*sh + i*dh - top, x*sw + j*dw - left] * filter[k,c,i,j])`
    with `G` groups and `g = k / (K/G)`; positions outside the input are zero.

    Input `N x C x H x W`, filter `K x C/G x KH x KW`, bias `K`, residual and result `N x K x OH x OW`,
    `OH = (top + H + bottom - dh*(KH-1) - 1) / sh + 1`. `pads` are top, left, bottom, right.

    Example:
    ```mlir
    %y = cnn.conv2d %x, %w bias(%b) stride [2, 2] pad [3, 3, 3, 3] act <relu>
      : (tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32>, tensor<64xf32>) -> tensor<1x64x112x112xf32>
    ```
  }];
  let arguments = (ins Cnn_Map:$input, Cnn_Map:$filter, Optional<Cnn_Map>:$bias,
      Optional<Cnn_Map>:$residual,
      DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides,
      DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$pads,
      DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations,
      DefaultValuedAttr<I64Attr, "1">:$groups,
      OptionalAttr<Cnn_ActivationAttr>:$act);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = [{
    $input `,` $filter (`bias` `(` $bias^ `)`)? (`residual` `(` $residual^ `)`)?
    (`stride` $strides^)? (`pad` $pads^)? (`dilation` $dilations^)? (`groups` $groups^)?
    (`act` $act^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Cnn_LinearOp : Cnn_LayerOp<"linear", [AttrSizedOperandSegments]> {
  let summary = "fully connected layer";
  let description = [{
    `out[n,k] = act(bias[k] + sum over i of flatten(in)[n,i] * weight[k,i])`. The input may have any
    rank; all but its first dimension are flattened in C,H,W order. Weight `K x I`, bias `K`, result
    `N x K`.
  }];
  let arguments = (ins Cnn_Map:$input, Cnn_Map:$weight, Optional<Cnn_Map>:$bias,
      Optional<Cnn_Map>:$residual, OptionalAttr<Cnn_ActivationAttr>:$act);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = [{
    $input `,` $weight (`bias` `(` $bias^ `)`)? (`residual` `(` $residual^ `)`)?
    (`act` $act^)? attr-dict `:` functional-type(operands, results)
  }];
}

def Cnn_BatchNormOp : Cnn_LayerOp<"batch_norm"> {
  let summary = "batch normalisation with fixed statistics";
  let description = [{
    `out = (in - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + shift[c]` (Ioffe, Szegedy 2015).
    Input `N x C x ...`; scale, shift, mean, variance `C`.
  }];
  let arguments = (ins Cnn_Map:$input, Cnn_Map:$scale, Cnn_Map:$shift, Cnn_Map:$mean,
      Cnn_Map:$variance, F64Attr:$epsilon);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = [{
    $input `,` $scale `,` $shift `,` $mean `,` $variance `epsilon` $epsilon attr-dict
    `:` functional-type(operands, results)
  }];
}

def Cnn_LrnOp : Cnn_LayerOp<"lrn"> {
  let summary = "local response normalisation across channels";
  let description = [{
    `out[c] = in[c] / (k + alpha/size * sum of in[j]^2)^beta`, j over the `size` channels around c
    (Krizhevsky et al. 2012, section 3.3, with alpha divided by the window's size as Caffe, ONNX and
    PyTorch do). The window reaches (size-1)/2 below and size/2 above, cut at the borders.
  }];
  let arguments = (ins Cnn_Map:$input, I64Attr:$size, F64Attr:$alpha, F64Attr:$beta, F64Attr:$k);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = [{
    $input `size` $size `alpha` $alpha `beta` $beta `k` $k attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // INCC_IR_CNNCONVOPS_TD
