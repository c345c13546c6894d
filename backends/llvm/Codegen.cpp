// Compilation of kernels in parallel: MLIR, LLVM IR, machine code.
#include "backends/llvm/Codegen.h"
#include "backends/llvm/Emitters.h"
#include "backends/llvm/HalideTasks.h"
#include "backends/llvm/Lowering.h"
#include "backends/llvm/Machines.h"
#include "llvm/CodeGen/MachineModuleInfo.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace incc;

namespace {

/// A kernel to compile, and what Halide made of it where it compiles it.
struct CodegenKernel : DistinctKernel {
  std::optional<HalideCode> halide;
};

/// Kernels that are compiled as one module.
using Partition = SmallVector<CodegenKernel *>;

} // namespace

/// What two invocations must agree in to share a function.
static std::string keyOf(plan::KernelOp kernel) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << kernel.getKind() << kernel.getParams();
  if (auto config = kernel.getConfig())
    os << *config;
  for (Type type : kernel->getOperandTypes())
    os << type;
  return key;
}

static std::unique_ptr<llvm::TargetMachine> createTargetMachine(const CodegenOptions &options) {
  StringRef triple = options.target.arch.triple;
  const llvm::Target *generator = llvm::cantFail(findCodeGenerator(triple));
  llvm::TargetOptions targetOptions;
  return std::unique_ptr<llvm::TargetMachine>(generator->createTargetMachine(
      triple, options.isa().llvmCpu, "", targetOptions, llvm::Reloc::PIC_, std::nullopt,
      options.optLevel == 0 ? llvm::CodeGenOptLevel::None : llvm::CodeGenOptLevel::Aggressive));
}

/// `void symbol(const incc_args *args, int begin, int end)`: takes the operands' addresses from
/// args and calls the kernel's body, which is inlined.
static void addEntryPoint(llvm::Module &module, const DistinctKernel &kernel) {
  llvm::Function *body = module.getFunction(kernel.symbol + "_body");
  body->setLinkage(llvm::GlobalValue::InternalLinkage);
  body->addFnAttr(llvm::Attribute::AlwaysInline);
  llvm::LLVMContext &context = module.getContext();
  llvm::IRBuilder<> b(context);
  auto *type =
      llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy(), b.getInt32Ty(), b.getInt32Ty()}, false);
  auto *entry =
      llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, kernel.symbol, module);
  entry->setVisibility(llvm::GlobalValue::HiddenVisibility);
  b.SetInsertPoint(llvm::BasicBlock::Create(context, "entry", entry));
  llvm::Value *table = b.CreateLoad(b.getPtrTy(), entry->getArg(0));
  SmallVector<llvm::Value *> arguments;
  bool usesScratch = plan::scratchBytes(kernel.kernel) > 0;
  for (unsigned i = 0; i + 2 + usesScratch < body->arg_size(); ++i)
    arguments.push_back(
        b.CreateLoad(b.getPtrTy(), b.CreateConstInBoundsGEP1_64(b.getPtrTy(), table, i)));
  if (usesScratch)
    arguments.push_back(b.CreateLoad(
        b.getPtrTy(), b.CreateConstInBoundsGEP1_64(b.getPtrTy(), entry->getArg(0), 1)));
  for (unsigned i : {1, 2})
    arguments.push_back(b.CreateSExt(entry->getArg(i), b.getInt64Ty()));
  b.CreateCall(body, arguments);
  b.CreateRetVoid();
}

static void setAttributes(llvm::Module &module, const CodegenOptions &options,
                          llvm::TargetMachine &machine) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("tune-cpu", options.target.cpu.llvmTune);
    // Kernels say themselves how wide their vectors are.
    function.addFnAttr("prefer-vector-width", std::to_string(32 * options.target.isa.lanes));
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
}

/// As TargetMachine::addPassesToEmitFile, but with the machine scheduler only where the ISA wants
/// it.
static LogicalResult emitCode(llvm::Module &module, llvm::TargetMachine &machine,
                              const CodegenOptions &options, llvm::raw_pwrite_stream &os) {
  llvm::legacy::PassManager passes;
  auto &target = static_cast<llvm::LLVMTargetMachine &>(machine);
  auto *info = new llvm::MachineModuleInfoWrapperPass(&target);
  llvm::TargetPassConfig *config = target.createPassConfig(passes);
  if (!options.isa().machineScheduler && !options.target.cpu.inOrder)
    config->disablePass(&llvm::MachineSchedulerID);
  passes.add(config);
  passes.add(info);
  if (config->addISelPasses())
    return failure();
  config->addMachinePasses();
  config->setInitialized();
  if (target.addAsmPrinter(passes, os, /*DwoOut=*/nullptr,
                           options.kind == CodeKind::Assembly ? llvm::CodeGenFileType::AssemblyFile
                                                              : llvm::CodeGenFileType::ObjectFile,
                           info->getMMI().getContext()))
    return failure();
  passes.add(llvm::createFreeMachineFunctionPass());
  passes.run(module);
  return success();
}

using CodeBuffers = std::vector<std::unique_ptr<llvm::MemoryBuffer>>;

static std::unique_ptr<llvm::MemoryBuffer> toBuffer(StringRef bytes) {
  return llvm::MemoryBuffer::getMemBufferCopy(bytes, "kernels");
}

static LogicalResult assemble(StringRef text, const CodegenOptions &options,
                              llvm::raw_pwrite_stream &os) {
  std::unique_ptr<llvm::TargetMachine> machine = createTargetMachine(options);
  if (!machine)
    return failure();
  llvm::LLVMContext context;
  llvm::Module module("kernels", context);
  module.setTargetTriple(machine->getTargetTriple().str());
  module.setDataLayout(machine->createDataLayout());
  module.setModuleInlineAsm(text);
  return emitCode(module, *machine, options, os);
}

/// Generates the code of what Halide compiles of a partition.
static LogicalResult compileByHalide(const Partition &partition, const CodegenOptions &options,
                                     CodeBuffers &code) {
  HalideOutput output = options.kind == CodeKind::HalideStatements ? HalideOutput::Statements
                                                                   : HalideOutput::Assembly;
  for (CodegenKernel *distinct : partition) {
    std::vector<std::string> texts;
    if (distinct->halide)
      if (llvm::Error error = generateHalideCode(*distinct->halide, output, texts))
        return distinct->kernel.emitError(llvm::toString(std::move(error)));
    for (StringRef text : texts) {
      SmallString<0> object;
      llvm::raw_svector_ostream os(object);
      if (options.kind == CodeKind::Object && failed(assemble(text, options, os)))
        return failure();
      code.push_back(toBuffer(options.kind == CodeKind::Object ? StringRef(object) : text));
    }
  }
  return success();
}

static FailureOr<CodeBuffers> compile(const Partition &partition, const CodegenOptions &options) {
  CodeBuffers result;
  if (options.kind != CodeKind::LlvmIr && failed(compileByHalide(partition, options, result)))
    return failure();
  if (options.kind == CodeKind::HalideStatements)
    return result;
  MLIRContext *context = partition.front()->kernel.getContext();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(context));
  for (CodegenKernel *distinct : partition) {
    KernelBuilder builder(*module, distinct->symbol + "_body", distinct->kernel, options.target,
                          options.isa());
    if (distinct->halide)
      emitHalideTasks(builder, *distinct->halide);
    else
      findEmitter(distinct->kernel.getKind())->emit(builder);
  }
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> code = lowerToLlvmIr(*module, llvmContext);
  module = {};
  std::unique_ptr<llvm::TargetMachine> machine = createTargetMachine(options);
  if (!code || !machine)
    return failure();
  for (CodegenKernel *distinct : partition) {
    if (distinct->halide)
      defineHalideCalls(*code, *distinct->halide);
    addEntryPoint(*code, *distinct);
  }
  code->setTargetTriple(machine->getTargetTriple().str());
  code->setDataLayout(machine->createDataLayout());
  setAttributes(*code, options, *machine);
  optimizeKernels(*code, *machine, options.optLevel);

  SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  if (options.kind == CodeKind::LlvmIr)
    code->print(os, nullptr);
  else if (failed(emitCode(*code, *machine, options, os)))
    return failure();
  result.push_back(toBuffer({bytes.data(), bytes.size()}));
  return result;
}

static LogicalResult lowerByHalide(CodegenKernel &distinct, const CodegenOptions &options) {
  if (plan::backendOf(distinct.kernel) != plan::kHalideBackend)
    return success();
  if (llvm::Error error = checkHalideKernel(distinct.kernel, options.target))
    return distinct.kernel.emitError(llvm::toString(std::move(error)));
  llvm::Expected<HalideCode> lowered =
      lowerHalideKernel(distinct.kernel, distinct.symbol, options.target, options.isa());
  if (!lowered)
    return distinct.kernel.emitError(llvm::toString(lowered.takeError()));
  distinct.halide = std::move(*lowered);
  return success();
}

SmallVector<plan::KernelOp> incc::kernelsOf(plan::ProgramOp program) {
  SmallVector<plan::KernelOp> kernels;
  program.walk([&](plan::KernelOp kernel) { kernels.push_back(kernel); });
  return kernels;
}

KernelTable incc::findDistinctKernels(ArrayRef<plan::KernelOp> kernels, StringRef prefix) {
  KernelTable table;
  llvm::StringMap<unsigned> byKey;
  for (plan::KernelOp kernel : kernels) {
    auto [entry, isNew] = byKey.try_emplace(keyOf(kernel), table.kernels.size());
    if (isNew) {
      StringRef op = kernel.getKind();
      if (!op.consume_front("cnn."))
        op.consume_front("plan.");
      table.kernels.push_back(
          {kernel, (prefix + Twine(table.kernels.size()) + "_" + op).str()});
    }
    table.indexOf[kernel] = entry->second;
  }
  return table;
}

FailureOr<CompiledKernels> incc::compileKernels(ArrayRef<plan::KernelOp> kernels,
                                                const CodegenOptions &options) {
  for (plan::KernelOp kernel : kernels)
    if (!findEmitter(kernel.getKind()))
      return kernel.emitError("no kernel computes '") << kernel.getKind() << "'";
  KernelTable table = findDistinctKernels(kernels, options.symbolPrefix);
  CompiledKernels result;
  result.symbolOf = std::move(table.indexOf);

  std::vector<CodegenKernel> distinct;
  for (const DistinctKernel &kernel : table.kernels) {
    distinct.push_back({kernel, std::nullopt});
    if (mlir::failed(lowerByHalide(distinct.back(), options)))
      return failure();
  }
  // More modules than threads, so that they end together; a fixed number, so that the result does
  // not depend on the machine.
  constexpr size_t kNumPartitions = 16;
  std::vector<Partition> partitions(std::min(kNumPartitions, distinct.size()));
  for (auto [i, kernel] : llvm::enumerate(distinct)) {
    result.symbols.push_back(kernel.symbol);
    partitions[i % partitions.size()].push_back(&kernel);
  }
  std::vector<CodeBuffers> code(partitions.size());
  std::atomic<bool> failed = false;
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency());
  for (auto [i, partition] : llvm::enumerate(partitions))
    pool.async([&, i = i, partition = &partition] {
      FailureOr<CodeBuffers> buffers = compile(*partition, options);
      if (succeeded(buffers))
        code[i] = std::move(*buffers);
      else
        failed = true;
    });
  pool.wait();
  if (failed)
    return emitError(kernels.front()->getLoc(), "generating code failed");
  for (CodeBuffers &buffers : code)
    llvm::move(buffers, std::back_inserter(result.code));
  return result;
}
