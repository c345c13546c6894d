// The GPU backends: images of kernels, tables and weights become a library.
#include "backends/gpu/Backend.h"
#include "backends/gpu/Emitters.h"
#include "backends/llvm/LibraryProgram.h"

using namespace mlir;
using namespace incc;

static std::vector<float> packWeights(plan::KernelOp kernel, unsigned index,
                                      ArrayRef<float> values) {
  const GpuEmitter *emitter = findGpuEmitter(kernel.getKind());
  return emitter->pack ? emitter->pack(kernel, index, values) : values.vec();
}

/// What the library holds beside what every backend's libraries do.
static void addDevice(LibraryDesc &desc, plan::ProgramOp program, const Gpu &gpu,
                      GpuKernels kernels) {
  // The host's side; the runtimes for GPUs are there for this one only.
  desc.triple = "x86_64-unknown-linux-gnu";
  desc.targetName = gpu.name.str();
  desc.kernelSymbols = std::move(kernels.symbols);
  LibraryDevice &device = desc.device.emplace();
  device.api = gpu.api.str();
  StringRef number = gpu.name;
  number.consume_front("sm_");
  number.getAsInteger(10, device.computeCapability);
  device.imageOfKernel = std::move(kernels.moduleOf);
  for (GpuModule &module : kernels.modules)
    device.images.push_back({std::move(module.text), std::move(module.cubin)});
  for (plan::KernelOp kernel : kernelsOf(program)) {
    GpuLaunch launch = GpuLaunch::of(kernel);
    device.launches.push_back(
        {static_cast<uint32_t>(launch.threads), static_cast<uint32_t>(launch.sharedBytes)});
  }
}

LogicalResult incc::writeGpuLibrary(ModuleOp module, const GpuCodegenOptions &options,
                                    StringRef outputPath) {
  auto report = [&](llvm::Error error) {
    return emitError(UnknownLoc::get(module.getContext()), llvm::toString(std::move(error)));
  };
  llvm::Expected<OutputKind> kind = outputKindOf(outputPath);
  if (!kind)
    return report(kind.takeError());
  plan::ProgramOp program = findProgram(module);
  if (!program)
    return failure();
  FailureOr<GpuKernels> kernels = compileGpuKernels(kernelsOf(program), options);
  if (failed(kernels))
    return failure();
  LibraryDesc desc = describeProgram(module, program, kernels->indexOf);
  addDevice(desc, program, options.gpu, std::move(*kernels));
  if (llvm::Error error = writeLibrary(
          desc, {}, [&](llvm::raw_ostream &os) { return writeWeights(program, packWeights, os); },
          *kind, outputPath))
    return report(std::move(error));
  return success();
}

LogicalResult incc::printGpuKernels(plan::ProgramOp program, const GpuCodegenOptions &options,
                                    llvm::raw_ostream &os) {
  FailureOr<GpuKernels> kernels = compileGpuKernels(kernelsOf(program), options);
  if (failed(kernels))
    return failure();
  for (const GpuModule &module : kernels->modules)
    os << module.text;
  return success();
}
