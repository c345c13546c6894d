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
EMBED(incc_embedded_opencl_x86_64, INCC_RUNTIME_BINARY_DIR "/runtime-opencl-x86_64.bc");
EMBED(incc_embedded_header, INCC_RUNTIME_SOURCE_DIR "/incc.h");

llvm::StringRef incc::embeddedRuntime(llvm::StringRef arch, llvm::StringRef api) {
  struct Row {
    llvm::StringRef api, arch;
    const char *begin, *end;
  };
  static const Row kRows[] = {
      {"", "x86_64", incc_embedded_x86_64, incc_embedded_x86_64_end},
      {"", "aarch64", incc_embedded_aarch64, incc_embedded_aarch64_end},
      {"cuda", "x86_64", incc_embedded_cuda_x86_64, incc_embedded_cuda_x86_64_end},
      {"opencl", "x86_64", incc_embedded_opencl_x86_64, incc_embedded_opencl_x86_64_end},
  };
  for (const Row &row : kRows)
    if (row.api == api && row.arch == arch)
      return {row.begin, size_t(row.end - row.begin)};
  return {};
}

llvm::StringRef incc::embeddedHeader() {
  return {incc_embedded_header, size_t(incc_embedded_header_end - incc_embedded_header)};
}
