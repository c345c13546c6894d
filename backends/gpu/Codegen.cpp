// Compilation of GPU kernels in parallel: MLIR, LLVM IR, PTX, and machine code where ptxas is
// found.
#include "backends/gpu/Codegen.h"
#include "backends/gpu/Emitters.h"
#include "backends/llvm/Lowering.h"
#include "backends/llvm/Machines.h"
#include "ir/KernelParams.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Metadata.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace incc;

static constexpr StringLiteral kTriple = "nvptx64-nvidia-cuda";

static std::unique_ptr<llvm::TargetMachine> createTargetMachine(const GpuCodegenOptions &options) {
  static const bool initialized = [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    return true;
  }();
  (void)initialized;
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(kTriple, error);
  if (!target)
    return nullptr;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      kTriple, options.gpu.name, options.gpu.ptxFeature, llvm::TargetOptions(), std::nullopt,
      std::nullopt,
      options.optLevel == 0 ? llvm::CodeGenOptLevel::None : llvm::CodeGenOptLevel::Aggressive));
}

/// Blocks that a multiprocessor should hold: half of its registers for one of the widest tiles
/// would leave it idle while that waits.
static constexpr int64_t kLeastBlocks = 2;

/// Tells the code generator that a function is a kernel, and how many registers it may use; and
/// readers how it is launched.
static void annotateKernel(llvm::Module &module, DistinctKernel &distinct) {
  llvm::Function *function = module.getFunction(distinct.symbol);
  llvm::LLVMContext &context = module.getContext();
  llvm::NamedMDNode *annotations = module.getOrInsertNamedMetadata("nvvm.annotations");
  auto annotate = [&](StringRef name, int64_t value) {
    llvm::Metadata *fields[] = {llvm::ValueAsMetadata::get(function),
                                llvm::MDString::get(context, name),
                                llvm::ConstantAsMetadata::get(llvm::ConstantInt::get(
                                    llvm::Type::getInt32Ty(context), value))};
    annotations->addOperand(llvm::MDNode::get(context, fields));
  };
  GpuLaunch launch = GpuLaunch::of(distinct.kernel);
  annotate("kernel", 1);
  annotate("maxntidx", launch.threads);
  annotate("minctasm", kLeastBlocks);
  // For those who read or assemble the PTX: it does not say how much a launch asks for.
  module.appendModuleInlineAsm(llvm::formatv("// {0}: {1} threads, {2} bytes of shared memory",
                                             distinct.symbol, launch.threads, launch.sharedBytes)
                                   .str());
}

static FailureOr<std::string> compile(ArrayRef<DistinctKernel *> partition,
                                      const GpuCodegenOptions &options) {
  MLIRContext *context = partition.front()->kernel.getContext();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(context));
  for (DistinctKernel *distinct : partition) {
    GpuBuilder builder(*module, distinct->symbol, distinct->kernel);
    findGpuEmitter(distinct->kernel.getKind())->emit(builder);
  }
  llvm::LLVMContext llvmContext;
  // 32 bits hold every index, and are what a GPU computes with.
  std::unique_ptr<llvm::Module> code = lowerToLlvmIr(*module, llvmContext, /*indexBits=*/32);
  module = {};
  std::unique_ptr<llvm::TargetMachine> machine = createTargetMachine(options);
  if (!code || !machine)
    return failure();
  code->setTargetTriple(kTriple);
  code->setDataLayout(machine->createDataLayout());
  for (DistinctKernel *distinct : partition)
    annotateKernel(*code, *distinct);
  optimizeKernels(*code, *machine, options.optLevel);

  SmallVector<char, 0> text;
  llvm::raw_svector_ostream os(text);
  if (options.kind == CodeKind::LlvmIr) {
    code->print(os, nullptr);
  } else {
    llvm::legacy::PassManager passes;
    if (machine->addPassesToEmitFile(passes, os, nullptr, llvm::CodeGenFileType::AssemblyFile))
      return failure();
    passes.run(*code);
  }
  return std::string(text.data(), text.size());
}

/// Runs ptxas. The error is what it printed.
static llvm::Expected<std::string> assemble(StringRef ptx, const GpuCodegenOptions &options) {
  SmallString<64> source, object, log;
  for (auto [path, extension] : {std::pair(&source, "ptx"), {&object, "cubin"}, {&log, "log"}})
    if (std::error_code error = llvm::sys::fs::createTemporaryFile("incc-ptxas", extension, *path))
      return llvm::errorCodeToError(error);
  llvm::FileRemover removeSource(source), removeObject(object), removeLog(log);
  std::error_code error;
  {
    llvm::raw_fd_ostream os(source, error);
    os << ptx;
    os.close();
    if (os.has_error() || error) {
      os.clear_error();
      return llvm::createStringError("can't write " + source.str());
    }
  }
  std::string architecture = ("-arch=" + options.gpu.name).str(), message;
  StringRef arguments[] = {options.ptxas, architecture, "-O3", source, "-o", object};
  std::optional<StringRef> redirects[] = {std::nullopt, log.str(), log.str()};
  if (llvm::sys::ExecuteAndWait(options.ptxas, arguments, std::nullopt, redirects, 0, 0, &message))
    if (auto text = llvm::MemoryBuffer::getFile(log))
      return llvm::createStringError(message + (*text)->getBuffer().split('\n').first);
  auto cubin = llvm::MemoryBuffer::getFile(object, /*IsText=*/false);
  if (!cubin || (*cubin)->getBuffer().empty())
    return llvm::createStringError(options.ptxas + " wrote nothing");
  return (*cubin)->getBuffer().str();
}

/// Runs `work` for each module in parallel; it returns what is wrong, or "".
static LogicalResult forEachModule(MLIRContext *context, size_t count,
                                   function_ref<std::string(size_t)> work) {
  std::vector<std::string> problems(count);
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency());
  for (size_t i = 0; i < count; ++i)
    pool.async([&, i] { problems[i] = work(i); });
  pool.wait();
  for (const std::string &problem : problems)
    if (!problem.empty())
      return emitError(UnknownLoc::get(context), problem);
  return success();
}

/// Generates code by LLVM.
static LogicalResult compileByLlvm(MutableArrayRef<DistinctKernel> kernels,
                                   const GpuCodegenOptions &options, GpuKernels &result) {
  for (const DistinctKernel &distinct : kernels)
    if (plan::KernelOp kernel = distinct.kernel; !findGpuEmitter(kernel.getKind()))
      return kernel.emitError("no GPU kernel computes '") << kernel.getKind() << "'";
  // As many modules as keep a machine busy; a fixed number, so that the result does not depend on
  // it.
  constexpr size_t kNumModules = 8;
  std::vector<SmallVector<DistinctKernel *>> partitions(std::min(kNumModules, kernels.size()));
  for (auto [i, kernel] : llvm::enumerate(kernels)) {
    result.symbols.push_back(kernel.symbol);
    result.moduleOf.push_back(i % partitions.size());
    partitions[i % partitions.size()].push_back(&kernel);
  }
  result.modules.resize(partitions.size());
  return forEachModule(kernels.front().kernel.getContext(), partitions.size(),
                       [&](size_t i) -> std::string {
                         FailureOr<std::string> text = compile(partitions[i], options);
                         if (failed(text))
                           return "generating code failed";
                         result.modules[i].text = std::move(*text);
                         return "";
                       });
}

FailureOr<GpuKernels> incc::compileGpuKernels(ArrayRef<plan::KernelOp> kernels,
                                              const GpuCodegenOptions &options) {
  KernelTable table = findDistinctKernels(kernels, "k");
  GpuKernels result;
  result.indexOf = std::move(table.indexOf);
  // The pass that chooses them has one backend for all.
  bool byHalide = llvm::any_of(kernels, [](plan::KernelOp kernel) {
    return plan::backendOf(kernel) == plan::kHalideBackend;
  });
  if (failed(byHalide ? compileGpuKernelsByHalide(table.kernels, options, result)
                      : compileByLlvm(table.kernels, options, result)))
    return failure();
  if (options.kind != CodeKind::Object || options.ptxas.empty())
    return result;
  if (failed(forEachModule(kernels.front()->getContext(), result.modules.size(),
                           [&](size_t i) -> std::string {
                             GpuModule &module = result.modules[i];
                             llvm::Expected<std::string> cubin = assemble(module.text, options);
                             if (!cubin)
                               return "ptxas: " + llvm::toString(cubin.takeError());
                             module.cubin = std::move(*cubin);
                             return "";
                           })))
    return failure();
  return result;
}
