// The parameters of a plan's kernel, typed, and who compiles it.
#ifndef INCC_IR_KERNELPARAMS_H
#define INCC_IR_KERNELPARAMS_H

#include "ir/Plan.h"

namespace incc {

namespace plan {
/// The backend that compiles a kernel: `backend` of its config, which says so where it isn't LLVM.
constexpr llvm::StringLiteral kBackendName = "backend", kLlvmBackend = "llvm",
                              kHalideBackend = "halide", kAutoBackend = "auto";
llvm::StringRef backendOf(KernelOp kernel);

/// Attribute of a module whose kernels another backend than LLVM compiles, or "auto": whichever is
/// faster.
constexpr llvm::StringLiteral kBackendAttr = "plan.backend";
void setBackend(KernelOp kernel, llvm::StringRef backend);
/// What the module around `op` asks for.
llvm::StringRef wantedBackend(mlir::Operation *op);
} // namespace plan

/// Whether an activation is a chain of many operations that each wait for the one before: of several
/// vectors one after the other it leaves the processor idle.
bool isLongChain(std::optional<cnn::ActivationAttr> act);

/// Kernels read tables of indices as floats of the bits of index + 1 and the exponent of 2.0, which
/// keeps them from being denormals.
constexpr int32_t kTableBits = 0x40000000;

/// Attributes of the op that a kernel computes, by the names they have there.
struct KernelParams {
  explicit KernelParams(plan::KernelOp kernel) : params(kernel.getParams()) {}
  llvm::ArrayRef<int64_t> list(llvm::StringRef name) const {
    return llvm::cast<mlir::DenseI64ArrayAttr>(params.get(name)).asArrayRef();
  }
  int64_t integer(llvm::StringRef name) const {
    return llvm::cast<mlir::IntegerAttr>(params.get(name)).getInt();
  }
  double number(llvm::StringRef name) const {
    return llvm::cast<mlir::FloatAttr>(params.get(name)).getValueAsDouble();
  }
  template <typename AttrT> AttrT get(llvm::StringRef name) const {
    return llvm::cast<AttrT>(params.get(name));
  }
  bool flag(llvm::StringRef name) const { return bool(params.get(name)); }
  std::optional<cnn::ActivationAttr> act() const {
    if (auto attr = params.getAs<cnn::ActivationAttr>("act"))
      return attr;
    return std::nullopt;
  }

private:
  mlir::DictionaryAttr params;
};

} // namespace incc

#endif // INCC_IR_KERNELPARAMS_H
