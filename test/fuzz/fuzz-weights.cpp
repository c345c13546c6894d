// Opens bytes as a weights file, by the function OPEN, and reads every tensor of floating-point
// values.
#include "frontend/weights/WeightsFile.h"

using namespace incc::weights;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  std::shared_ptr<llvm::MemoryBuffer> buffer = llvm::MemoryBuffer::getMemBufferCopy(bytes, "fuzz");
  auto file = OPEN(buffer);
  if (!file) {
    llvm::consumeError(file.takeError());
    return 0;
  }
  float sum = 0;
  for (const TensorEntry &entry : (*file)->tensors()) {
    if (!entry.type)
      continue;
    auto values = (*file)->read(entry);
    if (!values) {
      llvm::consumeError(values.takeError());
      continue;
    }
    if (values->values.size() != static_cast<size_t>(entry.numElements()))
      __builtin_trap();
    for (float value : values->values)
      sum += value;
  }
  // Keeps the reads from being optimised away.
  asm volatile("" : : "r"(&sum) : "memory");
  return 0;
}
