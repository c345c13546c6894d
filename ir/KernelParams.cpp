// Who compiles a kernel, in its config.
#include "ir/KernelParams.h"

using namespace mlir;
using namespace incc;

StringRef plan::backendOf(KernelOp kernel) {
  DictionaryAttr config = kernel.getConfigAttr();
  auto name = config ? config.getAs<StringAttr>(kBackendName) : StringAttr();
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
