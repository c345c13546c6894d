// Who compiles a kernel, in its config.
#include "ir/KernelParams.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace incc;

StringRef plan::backendOf(KernelOp kernel) {
  DictionaryAttr config = kernel.getConfigAttr();
  auto name = config ? config.getAs<StringAttr>(kBackendName) : StringAttr();
  return name ? name.getValue() : StringRef(kLlvmBackend);
}

StringRef plan::wantedBackend(Operation *op) {
  auto name = op->getParentOfType<ModuleOp>()->getAttrOfType<StringAttr>(kBackendAttr);
  return name ? name.getValue() : StringRef(kLlvmBackend);
}

void plan::setBackend(KernelOp kernel, StringRef backend) {
  NamedAttrList config(kernel.getConfigAttr());
  config.erase(kBackendName);
  if (backend != kLlvmBackend)
    config.set(kBackendName, StringAttr::get(kernel.getContext(), backend));
  if (!config.empty())
    kernel.setConfigAttr(config.getDictionary(kernel.getContext()));
}

bool incc::isLongChain(std::optional<cnn::ActivationAttr> act) {
  switch (cnn::activationKind(act)) {
  case cnn::ActivationKind::sigmoid:
  case cnn::ActivationKind::silu:
  case cnn::ActivationKind::tanh:
  case cnn::ActivationKind::exp:
  case cnn::ActivationKind::log:
  case cnn::ActivationKind::erf:
  case cnn::ActivationKind::gelu:
  case cnn::ActivationKind::elu:
  case cnn::ActivationKind::softplus:
    return true;
  default:
    return false;
  }
}
