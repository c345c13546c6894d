// Runs Halide: from a kernel of the plan to objects.
#include "backends/halide/Emitters.h"
#include "backends/halide/HalideFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace incc;

/// Halide's features for an instruction set.
static Halide::Target halideTarget(const Isa &isa) {
  using Halide::Target;
  struct Row {
    StringRef isa;
    Target::Arch arch;
    std::vector<Target::Feature> features;
  };
  static const Row kRows[] = {
      {"sse4.2", Target::X86, {Target::SSE41}},
      {"avx2", Target::X86, {Target::SSE41, Target::AVX, Target::AVX2, Target::FMA, Target::F16C}},
      {"avx512",
       Target::X86,
       {Target::SSE41, Target::AVX, Target::AVX2, Target::FMA, Target::F16C, Target::AVX512,
        Target::AVX512_Skylake}},
      {"neon", Target::ARM, {}},
  };
  const Row *row = llvm::find_if(kRows, [&](const Row &r) { return r.isa == isa.name; });
  if (row == std::end(kRows))
    return Target();
  Target target(Target::Linux, row->arch, 64, row->features);
  // Operands are as the plan says, and nothing is allocated: nothing can fail.
  for (Target::Feature feature : {Target::NoRuntime, Target::NoAsserts, Target::NoBoundsQuery})
    target.set_feature(feature);
  return target;
}

bool incc::isHalideTarget(const Isa &isa) {
  return halideTarget(isa).arch != Halide::Target::ArchUnknown;
}

llvm::Error incc::checkHalideKernel(plan::KernelOp kernel, const Target &target) {
  if (!findHalideEmitter(kernel.getKind()))
    return llvm::createStringError("the Halide backend has no kernel for '" +
                                   kernel.getKind().str() + "'");
  if (!isHalideTarget(target.isa))
    return llvm::createStringError("the Halide backend does not know the instruction set '" +
                                   target.isa.name.str() + "'");
  return llvm::Error::success();
}

llvm::Expected<std::string> incc::writeHalideFile(const Halide::Module &module,
                                                 Halide::OutputFileType kind) {
  SmallString<64> path;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("incc-halide", "o", path))
    return llvm::createStringError(code, "can't make a temporary file");
  llvm::FileRemover remover(path);
  module.compile({{kind, std::string(path)}});
  auto file = llvm::MemoryBuffer::getFile(path);
  if (!file)
    return llvm::createStringError(file.getError(), "can't read what Halide wrote");
  return (*file)->getBuffer().str();
}

/// Halide's prefetches are of what is used once. Then Intel's processors pass L2 by, and a chunk of
/// weights comes from memory twice: Winograd's products took twice the time.
static void keepPrefetched(std::string &assembly) {
  static const std::pair<StringRef, StringRef> kInstructions[] = {{"prefetchnta", "prefetcht0"},
                                                                  {"pldl1strm", "pldl1keep"}};
  for (auto [once, kept] : kInstructions)
    for (size_t at = 0; (at = assembly.find(once, at)) != std::string::npos; at += kept.size())
      assembly.replace(at, once.size(), kept);
}

llvm::Error incc::toError(const Halide::Error &error) {
  // Messages have several lines, of which the first may only say that there is an error.
  SmallVector<StringRef> lines;
  StringRef(error.what()).split(lines, '\n', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  return llvm::createStringError("Halide: " + llvm::join(lines, " "));
}

struct incc::HalideModules {
  std::vector<Halide::Module> modules;
};

llvm::Expected<HalideCode> incc::lowerHalideKernel(plan::KernelOp kernel, StringRef symbol,
                                                   const Target &target, const Isa &codegen) {
  HalideCode result;
  result.modules = std::make_shared<HalideModules>();
  try {
    HalideKernel described(kernel, symbol, target);
    findHalideEmitter(kernel.getKind())->emit(described);
    result.axes = described.axes;
    for (HalideKernel::Variant &variant : described.variants) {
      Halide::Pipeline pipeline(variant.outputs);
      addPrefetches(pipeline, std::move(variant.prefetches));
      result.modules->modules.push_back(pipeline.compile_to_module(
          variant.inputs, variant.description.symbol, halideTarget(codegen)));
      // Functions take what they read first.
      std::stable_partition(variant.description.arguments.begin(),
                            variant.description.arguments.end(),
                            [](const HalideArgument &argument) { return !argument.isOutput; });
      result.variants.push_back(std::move(variant.description));
    }
  } catch (const Halide::Error &error) {
    return toError(error);
  }
  return result;
}

llvm::Error incc::generateHalideCode(const HalideCode &kernel, HalideOutput output,
                                     std::vector<std::string> &texts) {
  auto kind = output == HalideOutput::Assembly ? Halide::OutputFileType::assembly
                                               : Halide::OutputFileType::stmt;
  try {
    for (const Halide::Module &module : kernel.modules->modules) {
      llvm::Expected<std::string> generated = writeHalideFile(module, kind);
      if (!generated)
        return generated.takeError();
      if (output == HalideOutput::Assembly)
        keepPrefetched(*generated);
      texts.push_back(std::move(*generated));
    }
  } catch (const Halide::Error &error) {
    return toError(error);
  }
  return llvm::Error::success();
}
