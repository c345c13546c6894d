// The attributes of the op that a kernel computes, as emitters read them.
#ifndef INCC_BACKENDS_LLVM_KERNELPARAMS_H
#define INCC_BACKENDS_LLVM_KERNELPARAMS_H

#include "ir/Plan.h"

namespace incc {

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

#endif // INCC_BACKENDS_LLVM_KERNELPARAMS_H
