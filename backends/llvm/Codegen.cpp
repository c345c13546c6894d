// Compilation of kernels in parallel: MLIR, LLVM IR, machine code.
#include "backends/llvm/Codegen.h"
#include "backends/llvm/Emitters.h"
#include "backends/llvm/Lowering.h"
#include "backends/llvm/Machines.h"
#include "llvm/CodeGen/MachineModuleInfo.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace incc;

/// Kernels that are compiled as one module.
using Partition = SmallVector<DistinctKernel *>;

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

static void optimize(llvm::Module &module, llvm::TargetMachine &machine, unsigned optLevel) {
  // Kernels are vectorized and unrolled already.
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  tuning.LoopUnrolling = false;
  tuning.LoopInterleaving = false;
  llvm::PassBuilder passes(&machine, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(sccs);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, sccs, modules);
  llvm::OptimizationLevel level =
      optLevel >= 2 ? llvm::OptimizationLevel::O2 : llvm::OptimizationLevel::O1;
  passes.buildPerModuleDefaultPipeline(level).run(module, modules);
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

static FailureOr<std::unique_ptr<llvm::MemoryBuffer>> compile(const Partition &partition,
                                                              const CodegenOptions &options) {
  MLIRContext *context = partition.front()->kernel.getContext();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(context));
  for (DistinctKernel *distinct : partition) {
    KernelBuilder builder(*module, distinct->symbol + "_body", distinct->kernel, options.target);
    findEmitter(distinct->kernel.getKind())->emit(builder);
  }
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> code = lowerToLlvmIr(*module, llvmContext);
  module = {};
  std::unique_ptr<llvm::TargetMachine> machine = createTargetMachine(options);
  if (!code || !machine)
    return failure();
  for (DistinctKernel *distinct : partition)
    addEntryPoint(*code, *distinct);
  code->setTargetTriple(machine->getTargetTriple().str());
  code->setDataLayout(machine->createDataLayout());
  setAttributes(*code, options, *machine);
  optimize(*code, *machine, options.optLevel);

  SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  if (options.kind == CodeKind::LlvmIr)
    code->print(os, nullptr);
  else if (failed(emitCode(*code, *machine, options, os)))
    return failure();
  return llvm::MemoryBuffer::getMemBufferCopy({bytes.data(), bytes.size()}, "kernels");
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

  // More modules than threads, so that they end together; a fixed number, so that the result does
  // not depend on the machine.
  constexpr size_t kNumPartitions = 16;
  std::vector<Partition> partitions(std::min(kNumPartitions, table.kernels.size()));
  for (auto [i, kernel] : llvm::enumerate(table.kernels)) {
    result.symbols.push_back(kernel.symbol);
    partitions[i % partitions.size()].push_back(&kernel);
  }
  result.code.resize(partitions.size());
  std::atomic<bool> failed = false;
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency());
  for (auto [i, partition] : llvm::enumerate(partitions))
    pool.async([&, i = i, partition = &partition] {
      auto code = compile(*partition, options);
      if (succeeded(code))
        result.code[i] = std::move(*code);
      else
        failed = true;
    });
  pool.wait();
  if (failed)
    return emitError(kernels.front()->getLoc(), "generating code failed");
  return result;
}
