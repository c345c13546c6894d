// The LLVM backend: kernels, tables and weights become a library.
#include "backends/llvm/Backend.h"
#include "backends/llvm/Emitters.h"
#include "backends/llvm/LibraryProgram.h"

using namespace mlir;
using namespace incc;

LogicalResult incc::writeModelLibrary(ModuleOp module, const CodegenOptions &options,
                                      StringRef outputPath) {
  plan::ProgramOp program = findProgram(module);
  if (!program)
    return failure();
  FailureOr<CompiledKernels> kernels = compileKernels(kernelsOf(program), options);
  if (failed(kernels))
    return failure();
  llvm::Expected<OutputKind> kind = outputKindOf(outputPath);
  auto report = [&](llvm::Error error) {
    return emitError(UnknownLoc::get(module.getContext()), llvm::toString(std::move(error)));
  };
  if (!kind)
    return report(kind.takeError());
  LibraryDesc desc = describeProgram(module, program, kernels->symbolOf);
  desc.triple = options.target.arch.triple.str();
  desc.kernelSymbols = kernels->symbols;
  desc.requiredCpuFeatures = options.isa().requiredFeatures;
  desc.targetName = options.target.cpu.name.str();
  auto pack = [&](plan::KernelOp kernel, unsigned index, ArrayRef<float> values) {
    return findEmitter(kernel.getKind())->pack(kernel, options.target, index, values);
  };
  if (llvm::Error error = writeLibrary(
          desc, std::move(kernels->code),
          [&](llvm::raw_ostream &os) { return writeWeights(program, pack, os); }, *kind,
          outputPath))
    return report(std::move(error));
  return success();
}

LogicalResult incc::printKernels(plan::ProgramOp program, const CodegenOptions &options,
                                 llvm::raw_ostream &os) {
  FailureOr<CompiledKernels> kernels = compileKernels(kernelsOf(program), options);
  if (failed(kernels))
    return failure();
  for (const std::unique_ptr<llvm::MemoryBuffer> &code : kernels->code)
    os << code->getBuffer();
  return success();
}
