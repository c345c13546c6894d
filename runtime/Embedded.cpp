// Embeds the runtime's bitcode and header.
#include "runtime/Embedded.h"

#define EMBED(name, path)                                                                          \
  asm(".pushsection .rodata\n"                                                                     \
      ".balign 16\n" #name ":\n"                                                                   \
      ".incbin \"" path "\"\n" #name "_end:\n"                                                     \
      ".byte 0\n"                                                                                  \
      ".popsection\n");                                                                            \
  extern "C" __attribute__((visibility("hidden"))) const char name[], name##_end[]

EMBED(incc_embedded_x86_64, INCC_RUNTIME_BINARY_DIR "/runtime-x86_64.bc");
EMBED(incc_embedded_aarch64, INCC_RUNTIME_BINARY_DIR "/runtime-aarch64.bc");
EMBED(incc_embedded_cuda_x86_64, INCC_RUNTIME_BINARY_DIR "/runtime-cuda-x86_64.bc");
EMBED(incc_embedded_header, INCC_RUNTIME_SOURCE_DIR "/incc.h");

llvm::StringRef incc::embeddedRuntime(llvm::StringRef arch) {
  if (arch == "x86_64")
    return {incc_embedded_x86_64, size_t(incc_embedded_x86_64_end - incc_embedded_x86_64)};
  if (arch == "aarch64")
    return {incc_embedded_aarch64, size_t(incc_embedded_aarch64_end - incc_embedded_aarch64)};
  return {};
}

llvm::StringRef incc::embeddedCudaRuntime(llvm::StringRef arch) {
  if (arch == "x86_64")
    return {incc_embedded_cuda_x86_64,
            size_t(incc_embedded_cuda_x86_64_end - incc_embedded_cuda_x86_64)};
  return {};
}

llvm::StringRef incc::embeddedHeader() {
  return {incc_embedded_header, size_t(incc_embedded_header_end - incc_embedded_header)};
}
