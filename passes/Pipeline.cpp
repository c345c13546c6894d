// The order of incc's passes: the only place where it is written.
#include "passes/Pipeline.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace incc;

static void addSimplify(OpPassManager &module, const PipelineOptions &options) {
  OpPassManager &function = module.nest<func::FuncOp>();
  SimplifyForInferencePassOptions simplify;
  simplify.keepOutputs = options.keepOutputs;
  function.addPass(createSimplifyForInferencePass(simplify));
  function.addPass(createFoldBatchNormPass());
}

/// Channels that are neighbours in memory: of a GPU's maps, which are dense, none.
static int64_t channelBlock(const PipelineOptions &options) {
  return options.gpu ? 1 : options.target.isa.lanes;
}

/// What passes that ask the model of a CPU ask it for.
template <typename PassOptions>
static PassOptions forCpu(const PipelineOptions &options) {
  PassOptions pass;
  pass.mcpu = options.target.cpu.name.str();
  pass.threads = options.threads;
  pass.accuracy = options.accuracy;
  return pass;
}

static void addFuse(OpPassManager &module, const PipelineOptions &options) {
  if (options.optLevel < 1)
    return;
  OpPassManager &function = module.nest<func::FuncOp>();
  function.addPass(createFuseConvEpiloguePass());
  if (options.optLevel < 2)
    return;
  function.addPass(createCommuteAvgPoolPass());
  // The model is one of CPUs.
  if (!options.gpu) {
    auto factorize = forCpu<FactorizeConvPassOptions>(options);
    factorize.mode = options.factorize;
    factorize.maxError = options.maxError;
    function.addPass(createFactorizeConvPass(factorize, options.tune, options.calibration));
  }
  auto merge = options.gpu ? MergeSiblingConvsPassOptions()
                           : forCpu<MergeSiblingConvsPassOptions>(options);
  merge.channelBlock = channelBlock(options);
  function.addPass(createMergeSiblingConvsPass(merge));
  if (options.gpu)
    return;
  // A GPU gathers pixels on their way to shared memory.
  function.addPass(createCompactStridedConvPass());
  function.addPass(createSpaceToDepthStemPass(forCpu<SpaceToDepthStemPassOptions>(options)));
  function.addPass(createSplitGroupedConvPass(forCpu<SplitGroupedConvPassOptions>(options)));
}

static void addLayout(OpPassManager &module, const PipelineOptions &options) {
  module.addNestedPass<func::FuncOp>(createSplitRuntimeWeightsPass());
  if (options.gpu)
    return; // dense maps without halos, as they come
  AssignLayoutPassOptions layout;
  layout.channelBlock = channelBlock(options);
  module.addNestedPass<func::FuncOp>(createAssignLayoutPass(layout));
}

static void addSchedule(OpPassManager &module, const PipelineOptions &options) {
  if (options.optLevel < 2 || !options.scheduleBranches)
    return;
  // A queue of OpenCL runs one kernel after the other.
  if (options.gpu && options.gpu->isOpenCl())
    return;
  ScheduleBranchesPassOptions schedule;
  schedule.mcpu = options.target.cpu.name.str();
  schedule.threads = options.threads;
  if (options.gpu) {
    schedule.threads = options.gpu->multiprocessors;
    schedule.barrierCycles = kGpuLaunchCycles;
  }
  module.addNestedPass<plan::ProgramOp>(createScheduleBranchesPass(schedule, options.tune));
}

static void addPlan(OpPassManager &module, const PipelineOptions &options) {
  module.addPass(createConvertCnnToPlanPass());
  if (options.optLevel >= 1) {
    module.addNestedPass<plan::ProgramOp>(createElideConcatPass());
    module.addNestedPass<plan::ProgramOp>(createFuseChannelScalePass());
  }
  if (options.gpu) {
    ChooseGpuKernelsPassOptions choose;
    choose.target = options.gpu->api.str();
    choose.mcpu = options.gpu->name.str();
    choose.accuracy = options.accuracy;
    choose.precision = options.precision;
    module.addNestedPass<plan::ProgramOp>(createChooseGpuKernelsPass(choose));
    addSchedule(module, options);
    return;
  }
  module.addNestedPass<plan::ProgramOp>(
      createChooseAlgorithmPass(forCpu<ChooseAlgorithmPassOptions>(options), options.tune));
  if (options.optLevel >= 1) {
    module.addNestedPass<plan::ProgramOp>(createFuseGlobalPoolPass());
    module.addNestedPass<plan::ProgramOp>(createFuseMaxPoolPass());
  }
  addSchedule(module, options);
}

static void addMemory(OpPassManager &module, const PipelineOptions &) {
  module.addNestedPass<plan::ProgramOp>(createPlanMemoryPass());
}

namespace {
struct Phase {
  llvm::StringRef name;
  void (*addPasses)(OpPassManager &, const PipelineOptions &);
};
} // namespace

static constexpr Phase kPhases[] = {
    {"import", [](OpPassManager &, const PipelineOptions &) {}},
    {"simplify", addSimplify},
    {"fuse", addFuse},
    {"layout", addLayout},
    {"plan", addPlan},
    {"memory", addMemory},
};

llvm::ArrayRef<llvm::StringRef> incc::phaseNames() {
  static const auto names = llvm::map_to_vector(kPhases, [](const Phase &p) { return p.name; });
  return names;
}

void incc::buildCnnPipeline(OpPassManager &manager, const PipelineOptions &options) {
  for (const Phase &phase : kPhases) {
    phase.addPasses(manager, options);
    if (phase.name == options.compileTo)
      return;
  }
}

std::vector<std::string> incc::passNames() {
  PipelineOptions options;
  options.target = llvm::cantFail(Target::lookup("x86-64"));
  OpPassManager manager(ModuleOp::getOperationName());
  buildCnnPipeline(manager, options);
  options.gpu = allGpus().front();
  buildCnnPipeline(manager, options);
  // A manager only shows its passes as text: take the words that are passes' names.
  std::string text;
  llvm::raw_string_ostream os(text);
  manager.printAsTextualPipeline(os);
  registerInccPasses();
  SmallVector<StringRef> words;
  llvm::SplitString(text, words, "(){},= ");
  std::vector<std::string> names;
  for (StringRef word : words)
    if (PassInfo::lookup(word) && !llvm::is_contained(names, word))
      names.push_back(word.str());
  return names;
}

namespace {
/// What `--incc-pipeline=...` takes.
struct CommandLineOptions : PassPipelineOptions<CommandLineOptions> {
  Option<unsigned> optLevel{*this, "opt-level", llvm::cl::desc("As incc's -O"), llvm::cl::init(2)};
  Option<std::string> mcpu{*this, "mcpu", llvm::cl::desc("CPU to compile for"),
                           llvm::cl::init("native")};
  Option<std::string> accuracy{*this, "accuracy",
                               llvm::cl::desc("Rounding errors that algorithms may add"),
                               llvm::cl::init("default")};
  Option<unsigned> threads{*this, "threads", llvm::cl::desc("Threads to schedule for"),
                           llvm::cl::init(1)};
  ListOption<std::string> keepOutputs{*this, "keep-outputs", llvm::cl::desc("Outputs to keep")};
  Option<std::string> compileTo{*this, "compile-to", llvm::cl::desc("Last phase to run")};
};
} // namespace

void incc::registerCnnPipeline() {
  PassPipelineRegistration<CommandLineOptions>(
      "incc-pipeline", "All passes from a frontend's IR to a plan",
      [](OpPassManager &manager, const CommandLineOptions &given) {
        llvm::Expected<Target> target = Target::lookup(given.mcpu);
        if (!target)
          llvm::report_fatal_error(target.takeError(), /*gen_crash_diag=*/false);
        if (!given.compileTo.empty() && !llvm::is_contained(phaseNames(), given.compileTo))
          llvm::report_fatal_error("unknown phase '" + llvm::Twine(given.compileTo) +
                                       "'; phases are " + llvm::join(phaseNames(), ", "),
                                   /*gen_crash_diag=*/false);
        PipelineOptions options;
        options.optLevel = given.optLevel;
        options.keepOutputs.assign(given.keepOutputs.begin(), given.keepOutputs.end());
        options.target = *target;
        options.threads = given.threads;
        options.accuracy = given.accuracy;
        options.compileTo = given.compileTo;
        buildCnnPipeline(manager, options);
      });
}
