// incc: compiles a model file to a library.
#include "tools/incc/Driver.h"
#include "llvm/Support/InitLLVM.h"

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  return incc::compileModel(incc::parseOptions(argc, argv));
}
