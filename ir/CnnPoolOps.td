// Pooling.
#ifndef INCC_IR_CNNPOOLOPS_TD
#define INCC_IR_CNNPOOLOPS_TD

include "ir/CnnBase.td"

class Cnn_WindowPoolOp<string mnemonic, dag extra, list<Trait> traits = []>
    : Cnn_LayerOp<mnemonic, traits> {
  let arguments = !con((ins Cnn_Map:$input), extra, (ins DenseI64ArrayAttr:$kernel,
      DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides,
      DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$pads,
      DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations,
      UnitAttr:$ceil_mode));
  let results = (outs Cnn_Map:$output);
}

def Cnn_MaxPoolOp : Cnn_WindowPoolOp<"max_pool", (ins)> {
  let summary = "maximum over windows";
  let description = [{
    Padding counts as minus infinity. `ceil_mode` rounds the number of windows up; a window then may
    hang over the padded bottom or right edge, but never starts beyond the input and its top or left
    padding.
  }];
  let assemblyFormat = [{
    $input `kernel` $kernel (`stride` $strides^)? (`pad` $pads^)? (`dilation` $dilations^)?
    (`ceil_mode` $ceil_mode^)?
    attr-dict `:` functional-type(operands, results)
  }];
}

def Cnn_AvgPoolOp : Cnn_WindowPoolOp<"avg_pool", (ins Optional<Cnn_Map>:$bias)> {
  let summary = "mean over windows";
  let description = [{
    With `count_include_pad` the divisor counts padding (but not what `ceil_mode` adds beyond it),
    otherwise only the window's elements inside the input. The mean may be followed by a bias of `C`
    values and an activation: what `commute-avg-pool` leaves of a convolution that it moved ahead.
  }];
  let arguments = (ins Cnn_Map:$input, Optional<Cnn_Map>:$bias, DenseI64ArrayAttr:$kernel,
      DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides,
      DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$pads,
      DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations,
      UnitAttr:$ceil_mode, UnitAttr:$count_include_pad, OptionalAttr<Cnn_ActivationAttr>:$act);
  let assemblyFormat = [{
    $input (`bias` `(` $bias^ `)`)? `kernel` $kernel (`stride` $strides^)? (`pad` $pads^)?
    (`dilation` $dilations^)? (`ceil_mode` $ceil_mode^)? (`count_include_pad` $count_include_pad^)? (`act` $act^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Cnn_GlobalAvgPoolOp : Cnn_LayerOp<"global_avg_pool"> {
  let summary = "mean over each channel's map: N x C x H x W -> N x C x 1 x 1";
  let arguments = (ins Cnn_Map:$input);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Cnn_AdaptiveAvgPoolOp : Cnn_LayerOp<"adaptive_avg_pool"> {
  let summary = "mean over a fixed number of windows";
  let description = [{
    `output_size` gives rows and columns of the result. Window `i` of `O` over an axis of extent `I`
    covers [floor(i*I/O), ceil((i+1)*I/O)), as in PyTorch. `simplify-for-inference` turns it into the
    identity, a global or a windowed average.
  }];
  let arguments = (ins Cnn_Map:$input, DenseI64ArrayAttr:$output_size);
  let results = (outs Cnn_Map:$output);
  let assemblyFormat =
      "$input `to` $output_size attr-dict `:` functional-type(operands, results)";
}

#endif // INCC_IR_CNNPOOLOPS_TD
