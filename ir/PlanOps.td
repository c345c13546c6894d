// The plan dialect: what runs when, on which bytes.
#ifndef INCC_IR_PLANOPS_TD
#define INCC_IR_PLANOPS_TD

include "ir/CnnBase.td"
include "mlir/IR/RegionKindInterface.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::incc::plan";
  let summary = "the execution plan of a compiled network";
  let description = [{
    A `plan.program` declares buffers (offsets in one arena), packed weights (offsets in one constant
    section) and a sequence of stages. A stage's kernels are independent: the runtime runs all their
    tasks in one parallel loop and then waits once. Everything the generated library will do can be
    read from it.
  }];
  let useDefaultTypePrinterParser = 1;
}

def Plan_MapType : TypeDef<Plan_Dialect, "Map"> {
  let mnemonic = "map";
  let summary = "a feature map at a place in memory";
  let description = [{
    Logical shape `N x C x H x W`, channels in blocks of `block`, a halo of zeros (top, left, bottom,
    right) around every plane. `planes` is the number of channel-block planes from one image to the
    next: that of the buffer of which this map may be a slice.
    Address of (n, c, y, x), in floats from the first plane's corner:
    `((n*planes + c/block)*(top+H+bottom) + top+y)*(left+W+right)*block + (left+x)*block + c%block`.

    Example: `!plan.map<1x64x56x56, c16, halo [1, 1, 1, 1], planes 4>`.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "int64_t":$block,
                        ArrayRefParameter<"int64_t">:$halo, "int64_t":$planes);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t n() const { return getShape()[0]; }
    int64_t c() const { return getShape()[1]; }
    int64_t h() const { return getShape()[2]; }
    int64_t w() const { return getShape()[3]; }
    int64_t top() const { return getHalo()[0]; }
    int64_t left() const { return getHalo()[1]; }
    int64_t bottom() const { return getHalo()[2]; }
    int64_t right() const { return getHalo()[3]; }
    /// Channel blocks of this map (not of the buffer that it may be a slice of).
    int64_t channelBlocks() const { return (c() + getBlock() - 1) / getBlock(); }
    bool hasHalo() const { return top() || left() || bottom() || right(); }
    /// Strides in floats.
    int64_t rowStride() const { return (left() + w() + right()) * getBlock(); }
    int64_t planeStride() const { return (top() + h() + bottom()) * rowStride(); }
    int64_t imageStride() const { return getPlanes() * planeStride(); }
    /// Offset of element (0, 0, 0, 0) from the corner of the first plane, in floats.
    int64_t origin() const { return top() * rowStride() + left() * getBlock(); }
    /// Bytes from the corner to the end of the last plane.
    int64_t byteSize() const {
      return 4 * ((n() - 1) * imageStride() + channelBlocks() * planeStride());
    }
  }];
}

def Plan_WeightsType : TypeDef<Plan_Dialect, "Weights"> {
  let mnemonic = "weights";
  let summary = "packed weights in the library's constant section";
}

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

def Plan_ProgramOp : Plan_Op<"program", [IsolatedFromAbove, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "a whole network";
  let description = [{
    `plan-memory` sets `arena_bytes` (the peak of the plan) and `live_bytes` (the largest sum of
    buffers live at once: no plan can be smaller), and `scratch_bytes`, what a thread needs beside it.
  }];
  let arguments = (ins StrAttr:$sym_name, OptionalAttr<I64Attr>:$arena_bytes,
      OptionalAttr<I64Attr>:$live_bytes, OptionalAttr<I64Attr>:$weights_bytes, OptionalAttr<I64Attr>:$scratch_bytes);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
}

def Plan_InputOp : Plan_Op<"input"> {
  let summary = "the caller's input array (dense NCHW)";
  let arguments = (ins I64Attr:$index, StrAttr:$name, DenseI64ArrayAttr:$dims);
  let results = (outs Plan_MapType:$map);
  let assemblyFormat = "$index $name `dims` $dims attr-dict `:` type($map)";
}

def Plan_OutputOp : Plan_Op<"output"> {
  let summary = "the caller's output array (dense NCHW)";
  let arguments = (ins I64Attr:$index, StrAttr:$name, DenseI64ArrayAttr:$dims);
  let results = (outs Plan_MapType:$map);
  let assemblyFormat = "$index $name `dims` $dims attr-dict `:` type($map)";
}

def Plan_BufferOp : Plan_Op<"buffer"> {
  let summary = "a feature map in the arena";
  let description = "`plan-memory` sets `offset`, in bytes.";
  let arguments = (ins OptionalAttr<I64Attr>:$offset);
  let results = (outs Plan_MapType:$map);
  let assemblyFormat = "(`at` $offset^)? attr-dict `:` type($map)";
}

def Plan_ViewOp : Plan_Op<"view", [Pure]> {
  let summary = "channels from `channel` on, in place";
  let arguments = (ins Plan_MapType:$source, I64Attr:$channel);
  let results = (outs Plan_MapType:$map);
  let assemblyFormat =
      "$source `channel` $channel attr-dict `:` type($source) `->` type($map)";
  let hasVerifier = 1;
}

def Plan_WeightsOp : Plan_Op<"weights"> {
  let summary = "weights, packed for the kernel that reads them";
  let description = [{
    `value` holds the weights as the network gives them; the kernel that uses them says how they are
    packed. `plan-memory` sets `offset`, in bytes.
  }];
  let arguments = (ins ElementsAttr:$value, OptionalAttr<I64Attr>:$offset);
  let results = (outs Plan_WeightsType:$weights);
  let assemblyFormat = "$value (`at` $offset^)? attr-dict";
}

def Plan_StageOp : Plan_Op<"stage", [SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "kernels that run side by side";
  let description = [{
    `schedule-branches` numbers the blocks that it cuts a network into, such as Inception modules: all
    stages of a block have its number. `cycles` is what the stage takes by its model, from its begin
    to its end, on as many threads as it scheduled for.
  }];
  let arguments = (ins OptionalAttr<I64Attr>:$block_index, OptionalAttr<F64Attr>:$cycles);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "(`block` $block_index^)? (`cycles` $cycles^)? attr-dict-with-keyword $body";
  let builders = [OpBuilder<(ins), [{
    build($_builder, $_state, ::mlir::IntegerAttr(), ::mlir::FloatAttr());
  }]>];
  let hasVerifier = 1;
}

def Plan_KernelOp : Plan_Op<"kernel", [AttrSizedOperandSegments]> {
  let summary = "one invocation of a kernel";
  let description = [{
    `kind` is the cnn op that it computes, `params` that op's attributes, `config` the choices of
    `choose-algorithm` (algorithm, tile, order of tasks). `tasks` independent tasks. Invocations
    whose kind, params, config and operand types are equal share one compiled function.
    `flops` counts multiply-adds twice. `cycles` is what all tasks take on one core of the target by
    the model of `choose-algorithm`.
  }];
  let arguments = (ins StrAttr:$kind, Variadic<Plan_MapType>:$inputs,
      Variadic<Plan_WeightsType>:$weights, Variadic<Plan_MapType>:$outputs,
      DictionaryAttr:$params, OptionalAttr<DictionaryAttr>:$config,
      DefaultValuedAttr<I64Attr, "1">:$tasks, DefaultValuedAttr<I64Attr, "0">:$flops,
      OptionalAttr<F64Attr>:$cycles);
  let assemblyFormat = [{
    $kind `(` $inputs `)` (`weights` `(` $weights^ `)`)? `into` `(` $outputs `)` `params` $params
    (`config` $config^)? (`tasks` $tasks^)? (`flops` $flops^)? (`cycles` $cycles^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // INCC_IR_PLANOPS_TD
