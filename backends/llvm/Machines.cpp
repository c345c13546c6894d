// Initialization of LLVM's code generators.
#include "backends/llvm/Machines.h"
#include "llvm/Support/TargetSelect.h"

/// The runtime has inline assembly, hence the parsers.
static void initialize() {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmParser();
  LLVMInitializeX86AsmPrinter();
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64Target();
  LLVMInitializeAArch64TargetMC();
  LLVMInitializeAArch64AsmParser();
  LLVMInitializeAArch64AsmPrinter();
}

llvm::Expected<const llvm::Target *> incc::findCodeGenerator(llvm::StringRef triple) {
  static const bool initialized = (initialize(), true);
  (void)initialized;
  std::string error;
  if (const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error))
    return target;
  return llvm::createStringError(error);
}
