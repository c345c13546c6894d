// The cnn dialect: one op per layer of a convolutional network, on logical NCHW tensors.
#ifndef INCC_IR_CNNBASE_TD
#define INCC_IR_CNNBASE_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Cnn_Dialect : Dialect {
  let name = "cnn";
  let cppNamespace = "::incc::cnn";
  let summary = "layers of convolutional networks";
  let description = [{
    Values are float32 tensors of static shape, logically `N x C x H x W` (feature maps) or `N x K`
    (vectors of features). How a tensor lies in memory is not part of its shape: after
    `assign-layout` its type carries a `#cnn.layout` encoding. Weights are `cnn.constant`s, filters
    in `K x C/groups x KH x KW` order. Every layer's location names the layer and the file and line
    that it came from.
  }];
  let useDefaultAttributePrinterParser = 1;
}

def Cnn_ActivationKind : I32EnumAttr<"ActivationKind", "activation function", [
    I32EnumAttrCase<"none", 0>,
    I32EnumAttrCase<"relu", 1>,
    I32EnumAttrCase<"relu6", 2>,
    I32EnumAttrCase<"leaky_relu", 3>,
    I32EnumAttrCase<"clip", 4>,
    I32EnumAttrCase<"sigmoid", 5>,
    I32EnumAttrCase<"silu", 6>,
    I32EnumAttrCase<"hard_sigmoid", 7>,
    I32EnumAttrCase<"hard_swish", 8>,
    I32EnumAttrCase<"tanh", 9>,
    I32EnumAttrCase<"exp", 10>,
    I32EnumAttrCase<"log", 11>,
    I32EnumAttrCase<"sqrt", 12>,
    I32EnumAttrCase<"abs", 13>,
    I32EnumAttrCase<"erf", 14>,
    I32EnumAttrCase<"gelu", 15>,
    I32EnumAttrCase<"elu", 16>,
    I32EnumAttrCase<"softplus", 17>]> {
  let cppNamespace = "::incc::cnn";
  let genSpecializedAttr = 0;
}

def Cnn_BinaryKind : I32EnumAttr<"BinaryKind", "binary function", [
    I32EnumAttrCase<"add", 0>,
    I32EnumAttrCase<"sub", 1>,
    I32EnumAttrCase<"mul", 2>,
    I32EnumAttrCase<"div", 3>,
    I32EnumAttrCase<"min", 4>,
    I32EnumAttrCase<"max", 5>,
    I32EnumAttrCase<"pow", 6>]> {
  let cppNamespace = "::incc::cnn";
  let genSpecializedAttr = 0;
}

def Cnn_BinaryKindAttr : EnumAttr<Cnn_Dialect, Cnn_BinaryKind, "binary_kind">;

def Cnn_ActivationAttr : AttrDef<Cnn_Dialect, "Activation"> {
  let mnemonic = "act";
  let summary = "an activation function with its parameters";
  let description = [{
    Applied elementwise. `params`: `leaky_relu` [slope], `clip` [low, high], `hard_sigmoid`
    [alpha, beta] as in clip(alpha * x + beta, 0, 1), `elu` [alpha] as in x > 0 ? x :
    alpha * (exp(x) - 1); the others take none. `relu6` is clip to [0, 6], `silu` x * sigmoid(x),
    `hard_swish` x * clip(x / 6 + 1/2, 0, 1), `gelu` x * (1 + erf(x / sqrt(2))) / 2, `softplus`
    log(1 + exp(x)).

    Example: `#cnn.act<relu>`, `#cnn.act<leaky_relu, [0.01]>`.
  }];
  let parameters = (ins EnumParameter<Cnn_ActivationKind>:$kind,
                        OptionalParameter<"::mlir::ArrayAttr">:$params);
  let assemblyFormat = "`<` $kind (`,` $params^)? `>`";
  let builders = [AttrBuilder<(ins "::incc::cnn::ActivationKind":$kind), [{
    return $_get($_ctxt, kind, ::mlir::ArrayAttr());
  }]>];
  let extraClassDeclaration = [{
    /// Parameter `i` as a float.
    float param(unsigned i) const;
  }];
  let genVerifyDecl = 1;
}

def Cnn_LayoutAttr : AttrDef<Cnn_Dialect, "Layout"> {
  let mnemonic = "layout";
  let summary = "how a feature map lies in memory";
  let description = [{
    `N x ceil(C/block) x (top+H+bottom) x (left+W+right) x block` floats: channels in blocks of
    `block` (1 is planar NCHW), each plane surrounded by a halo of zeros that its consumers read as
    padding. Channels beyond C in the last block hold any finite values: no op may let them count.

    Example: `#cnn.layout<block = 16, halo = [1, 1, 1, 1]>` (top, left, bottom, right).
  }];
  let parameters = (ins "int64_t":$block, ArrayRefParameter<"int64_t">:$halo);
  let assemblyFormat = "`<` `block` `=` $block `,` `halo` `=` `[` $halo `]` `>`";
  let genVerifyDecl = 1;
}

def Cnn_HasPositiveExtents : CPred<
    "llvm::all_of(llvm::cast<::mlir::RankedTensorType>($_self).getShape(), "
    "[](int64_t extent) { return extent > 0; })">;

def Cnn_Map : Type<And<[RankedTensorOf<[F32]>.predicate, Cnn_HasPositiveExtents]>,
    "float32 tensor of static, positive extents", "::mlir::RankedTensorType">;

/// Every op is pure, infers its result shape and ignores layouts when types are compared.
class Cnn_Op<string mnemonic, list<Trait> traits = []>
    : Op<Cnn_Dialect, mnemonic, !listconcat(traits, [Pure])>;

def Cnn_LayerOpDeclaration {
  code value = [{
    static bool isCompatibleReturnTypes(::mlir::TypeRange lhs, ::mlir::TypeRange rhs) {
      return ::incc::cnn::haveSameShapes(lhs, rhs);
    }
  }];
}

class Cnn_LayerOp<string mnemonic, list<Trait> traits = []>
    : Cnn_Op<mnemonic, !listconcat(traits, [DeclareOpInterfaceMethods<InferTypeOpInterface>])> {
  let extraClassDeclaration = Cnn_LayerOpDeclaration.value;
}

#endif // INCC_IR_CNNBASE_TD
