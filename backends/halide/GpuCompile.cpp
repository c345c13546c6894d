// Runs Halide for a GPU: the device's code and the launch are taken from the lowered module; the host's
// code, which would need Halide's runtime, is not used.
#include "backends/halide/GpuEmitters.h"
#include "backends/halide/HalideFile.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace incc;

namespace {
/// The call in a module's function that launches a kernel.
class LaunchFinder : public Halide::Internal::IRVisitor {
public:
  std::vector<const Halide::Internal::Call *> launches;

private:
  using IRVisitor::visit;
  void visit(const Halide::Internal::Call *call) override {
    if (StringRef(call->name).starts_with("halide_") && StringRef(call->name).ends_with("_run"))
      launches.push_back(call);
    IRVisitor::visit(call);
  }
};

/// What a call of halide_opencl_run or halide_cuda_run says: context, name, blocks (3), threads (3),
/// bytes of shared memory, then sizes, values and kinds of the arguments.
struct Launch {
  static constexpr size_t kName = 1, kBlocks = 2, kSharedBytes = 8, kValues = 10;

  std::string entry;
  /// Blocks and threads along three axes, shared memory; -1 where one is not constant.
  SmallVector<int64_t, 7> numbers;
  /// Names of the operands in the order in which the kernel takes them; "" for anything else.
  std::vector<std::string> operands;
};
} // namespace

/// The values of a `make_struct`, which may be cast.
static std::vector<Halide::Expr> elementsOf(Halide::Expr value) {
  while (const auto *cast = value.as<Halide::Internal::Cast>())
    value = cast->value;
  const auto *call = value.as<Halide::Internal::Call>();
  while (call && !call->is_intrinsic(Halide::Internal::Call::make_struct) && call->args.size() == 1)
    call = call->args[0].as<Halide::Internal::Call>();
  return call ? call->args : std::vector<Halide::Expr>();
}

static std::string operandName(Halide::Expr value) {
  while (true) {
    if (const auto *variable = value.as<Halide::Internal::Variable>()) {
      StringRef name = variable->name;
      return name.consume_back(".buffer") ? name.str() : "";
    }
    if (const auto *cast = value.as<Halide::Internal::Cast>())
      value = cast->value;
    else if (const auto *call = value.as<Halide::Internal::Call>(); call && call->args.size() == 1)
      value = call->args[0];
    else
      return "";
  }
}

static llvm::Expected<Launch> findLaunch(const Halide::Module &module) {
  LaunchFinder finder;
  for (const Halide::Internal::LoweredFunc &function : module.functions())
    function.body.accept(&finder);
  if (finder.launches.size() != 1)
    return llvm::createStringError("Halide made %zu kernels of one", finder.launches.size());
  const std::vector<Halide::Expr> &args = finder.launches.front()->args;
  Launch launch;
  if (args.size() > Launch::kValues)
    if (const auto *name = args[Launch::kName].as<Halide::Internal::StringImm>())
      launch.entry = name->value;
  if (launch.entry.empty())
    return llvm::createStringError("Halide launches a kernel in a way that is not known");
  for (size_t i = Launch::kBlocks; i <= Launch::kSharedBytes; ++i) {
    auto value = Halide::Internal::as_const_int(Halide::Internal::simplify(args[i]));
    launch.numbers.push_back(value ? *value : -1);
  }
  for (const Halide::Expr &value : elementsOf(args[Launch::kValues]))
    launch.operands.push_back(operandName(value));
  // The list ends with a null.
  launch.operands.pop_back();
  return launch;
}

/// Halide's kernel is launched as the plan says, and takes the operands in their order.
static llvm::Error checkLaunch(HalideGpuKernel &k, const Launch &launch, const Gpu &gpu) {
  int64_t sharedBytes = GpuLaunch::of(k.kernel).sharedBytes;
  SmallVector<int64_t, 7> planned = {k.numBlocks, 1, 1, k.numThreads, 1, 1, sharedBytes};
  auto text = [](ArrayRef<int64_t> numbers) {
    std::string list;
    llvm::raw_string_ostream os(list);
    llvm::interleave(numbers, os, " ");
    return list;
  };
  if (launch.numbers != planned)
    return llvm::createStringError("Halide launches '" + k.kernel.getKind().str() +
                                   "' with blocks, threads and shared memory " +
                                   text(launch.numbers) + "; the plan has " + text(planned));
  if (sharedBytes > gpu.sharedBytesPerBlock)
    return llvm::createStringError(
        llvm::formatv("a block of '{0}' needs {1} bytes of shared memory; {2} of {3} has {4}",
                      k.kernel.getKind(), sharedBytes, gpu.name, gpu.api, gpu.sharedBytesPerBlock)
            .str());
  std::vector<std::string> names;
  for (const Halide::Argument &argument : k.arguments)
    names.push_back(argument.name);
  names.push_back(k.out.name());
  if (launch.operands != names)
    return llvm::createStringError("Halide's kernel of '" + k.kernel.getKind().str() +
                                   "' does not take the plan's operands in their order");
  return llvm::Error::success();
}

static llvm::Expected<std::string> deviceCode(const Halide::Module &module) {
  for (const Halide::Buffer<> &buffer : module.buffers())
    if (StringRef(buffer.name()).ends_with("_gpu_source_kernels"))
      return StringRef(static_cast<const char *>(buffer.data()), buffer.size_in_bytes())
          .rtrim('\0')
          .str();
  return llvm::createStringError("Halide made no code for the GPU");
}

/// OpenCL's kernels take a buffer and an offset for each operand: buffers that begin anywhere within
/// others (sub-buffers) must be aligned to as much as 512 bytes, and may not overlap.
static void addEntry(HalideGpuCode &code, const Launch &launch, StringRef name, bool usesShared) {
  StringRef kernelKeyword = "__kernel void ";
  size_t at = code.text.find((kernelKeyword + launch.entry + "(").str());
  if (at != std::string::npos)
    code.text.replace(at, kernelKeyword.size(), "static void ");
  llvm::raw_string_ostream os(code.text);
  std::string comma;
  os << "\n__kernel void " << name << "(";
  for (size_t i = 0; i < launch.operands.size(); ++i, comma = ", ")
    os << comma << "__global float *base" << i << ", uint offset" << i;
  if (usesShared)
    os << ", __local int16 *shared";
  os << ") {\n  " << launch.entry << "(";
  for (size_t i = 0; i < launch.operands.size(); ++i)
    os << "base" << i << " + offset" << i << ", ";
  os << (usesShared ? "shared" : "(__local int16 *)0") << ");\n}\n";
  code.entry = name.str();
}

static Halide::Target targetOf(const Gpu &gpu) {
  using Halide::Target;
  Target target(Target::Linux, Target::X86, 64,
                {Target::NoRuntime, Target::NoAsserts, Target::NoBoundsQuery});
  if (gpu.isOpenCl()) {
    target.set_feature(Target::OpenCL);
  } else {
    // Newer GPUs run it too.
    target.set_feature(Target::CUDA);
    target.set_feature(Target::CUDACapability80);
  }
  return target;
}

bool incc::hasHalideGpuKernel(StringRef kind) { return findHalideGpuEmitter(kind); }

llvm::Expected<HalideGpuCode> incc::compileHalideGpuKernel(plan::KernelOp kernel, StringRef symbol,
                                                           const Gpu &gpu, bool statements) {
  try {
    HalideGpuKernel k(kernel, symbol);
    findHalideGpuEmitter(kernel.getKind())->emit(k);
    Halide::Module module = k.out.compile_to_module(k.arguments, symbol.str(), targetOf(gpu));
    HalideGpuCode code;
    if (statements) {
      auto file = writeHalideFile(module, Halide::OutputFileType::conceptual_stmt);
      if (!file)
        return file.takeError();
      code.text = std::move(*file);
      return code;
    }
    llvm::Expected<Launch> launch = findLaunch(module);
    if (!launch)
      return launch.takeError();
    if (llvm::Error error = checkLaunch(k, *launch, gpu))
      return std::move(error);
    llvm::Expected<std::string> text = deviceCode(module);
    if (!text)
      return text.takeError();
    code.text = std::move(*text);
    code.entry = launch->entry;
    GpuLaunch planned = GpuLaunch::of(kernel);
    if (gpu.isOpenCl())
      addEntry(code, *launch, symbol, planned.sharedBytes > 0);
    else // for those who read or assemble it, as for LLVM's
      code.text += llvm::formatv("// {0}: {1} threads, {2} bytes of shared memory\n", code.entry,
                                 planned.threads, planned.sharedBytes)
                       .str();
    return code;
  } catch (const Halide::Error &error) {
    return toError(error);
  }
}
