// Import, passes, code generation: one model from file to library.
#include "tools/incc/Driver.h"
#include "backends/gpu/Backend.h"
#include "backends/halide/HalideCode.h"
#include "backends/llvm/Backend.h"
#include "backends/llvm/KernelTimer.h"
#include "backends/report/Report.h"
#include "frontend/Diagnostics.h"
#include "frontend/onnx/Export.h"
#include "ir/KernelParams.h"
#include "ir/DecisionLog.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Support/Timing.h"
#include "passes/Passes.h"
#include "passes/Pipeline.h"
#include "tools/incc/Calibration.h"
#include "tools/support/ReportFolder.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
using namespace incc;

namespace {

class Driver {
public:
  explicit Driver(const Options &options)
      : options(options),
        printer(&context, options.quiet     ? DiagnosticPrinter::Verbosity::quiet
                          : options.verbose ? DiagnosticPrinter::Verbosity::verbose
                                            : DiagnosticPrinter::Verbosity::normal) {
    context.printOpOnDiagnostic(false);
    timing.setEnabled(options.time);
    timing.setDisplayMode(DefaultTimingManager::DisplayMode::Tree);
    context.loadDialect<cnn::CnnDialect, plan::PlanDialect, func::FuncDialect>();
    registerCodegenDialects(context);
  }

  LogicalResult run() {
    TimingScope all = timing.getRootScope();
    {
      TimingScope scope = all.nest("import");
      module = importModel(context, options.modelPath, options.import);
    }
    if (!module)
      return failure();
    if (options.emit == EmitKind::Onnx)
      return writeText([&](llvm::raw_ostream &os) -> LogicalResult {
        if (llvm::Error error = exportOnnx(*module, os))
          return emitError(module->getLoc(), llvm::toString(std::move(error)));
        return success();
      });
    {
      TimingScope scope = all.nest("passes");
      if (failed(runPasses(scope)))
        return failure();
    }
    // Code generation uses weights up, so this comes before it.
    std::optional<llvm::json::Object> report;
    if (!options.reportFolder.empty())
      report = makeReport(program(),
                          {options.modelPath, options.target, options.threads, log->decisions()});
    TimingScope scope = all.nest("code");
    if (failed(emit()))
      return failure();
    if (report)
      if (llvm::Error error = writeReport(options.reportFolder, *report))
        return emitError(UnknownLoc::get(&context), llvm::toString(std::move(error)));
    return success();
  }

private:
  const Options &options;
  MLIRContext context;
  DiagnosticPrinter printer;
  DefaultTimingManager timing;
  OwningOpRef<ModuleOp> module;
  /// What passes decided, where somebody asked for it.
  std::optional<DecisionLog> log;

  plan::ProgramOp program() { return *module->getOps<plan::ProgramOp>().begin(); }

  /// The phase after which the pipeline ends.
  std::string lastPhase() const {
    if (options.emit == EmitKind::Cnn && options.compileTo.empty())
      return "import";
    return options.compileTo;
  }

  CodegenOptions codegenOptions() const {
    CodegenOptions codegen;
    codegen.target = options.target;
    codegen.codegenIsa = options.codegenIsa;
    codegen.optLevel = options.optLevel;
    return codegen;
  }

  GpuCodegenOptions gpuCodegenOptions() const {
    GpuCodegenOptions codegen;
    codegen.gpu = *options.gpu;
    codegen.optLevel = options.optLevel;
    codegen.ptxas = options.ptxasPath;
    return codegen;
  }

  LogicalResult setUpTuning(TuneOptions &tune, std::unique_ptr<KernelTimer> &timer) {
    auto created = KernelTimer::create(codegenOptions(), options.threads);
    if (!created)
      return emitError(module->getLoc(), "--tune: " + llvm::toString(created.takeError()));
    timer = std::move(*created);
    tune.time = [&timer = *timer](ArrayRef<StageList> runs, int64_t networkBytes) {
      return timer.time(runs, networkBytes);
    };
    tune.seconds = *options.tuneSeconds;
    tune.recordsPath = options.tuneRecordsPath;
    tune.details = options.verbose;
    if (!options.quiet && llvm::errs().is_displayed())
      tune.progress = [](size_t done, size_t count) {
        constexpr size_t kWidth = 40;
        size_t filled = count ? done * kWidth / count : kWidth;
        llvm::errs() << "\rtuning [" << std::string(filled, '#')
                     << std::string(kWidth - filled, '.') << "] " << done << "/" << count
                     << (done == count ? "\n" : "");
      };
    return success();
  }

  LogicalResult runPasses(TimingScope &scope) {
    bool isEither = options.backend == plan::kAutoBackend && !options.gpu &&
                    isHalideTarget(options.target.isa);
    if (options.backend == plan::kHalideBackend || isEither)
      (*module)->setAttr(plan::kBackendAttr, StringAttr::get(&context, options.backend));
    PassManager manager(&context);
    PipelineOptions pipeline;
    pipeline.optLevel = options.optLevel;
    pipeline.keepOutputs = options.import.outputs;
    pipeline.target = options.target;
    pipeline.gpu = options.gpu;
    pipeline.threads = options.threads;
    pipeline.accuracy = options.accuracy;
    pipeline.precision = options.precision;
    pipeline.scheduleBranches = options.scheduleBranches;
    pipeline.factorize = options.factorize;
    pipeline.maxError = options.maxError;
    pipeline.compileTo = lastPhase();
    if (!options.calibrationPath.empty()) {
      auto calibration = readCalibration(options.calibrationPath, *module, options.threads);
      if (!calibration)
        return emitError(module->getLoc(), llvm::toString(calibration.takeError()));
      pipeline.calibration = std::move(*calibration);
    }
    std::unique_ptr<KernelTimer> timer;
    if (options.tuneSeconds && failed(setUpTuning(pipeline.tune, timer)))
      return failure();
    buildCnnPipeline(manager, pipeline);
    manager.enableTiming(scope);
    bool prints = !options.printBefore.empty() || !options.printAfter.empty();
    if (prints) {
      // IR is printed as a whole, so passes must come one after the other.
      context.disableMultithreading();
      auto isIn = [](const std::vector<std::string> &names) {
        return [&names](Pass *pass, Operation *) {
          return llvm::is_contained(names, "all") || llvm::is_contained(names, pass->getArgument());
        };
      };
      manager.enableIRPrinting(
          isIn(options.printBefore), isIn(options.printAfter),
          /*printModuleScope=*/true, /*printAfterOnlyOnChange=*/false,
          /*printAfterOnlyOnFailure=*/false, llvm::errs(),
          OpPrintingFlags().elideLargeElementsAttrs(16).elideLargeResourceString(64));
    }
    if (options.verbose || !options.reportFolder.empty())
      log.emplace(context);
    LogicalResult result = manager.run(*module);
    if (prints)
      context.enableMultithreading();
    if (options.verbose)
      printDecisions(log->decisions());
    if (options.verbose && succeeded(result))
      printEstimate();
    return result;
  }

  /// The time that the model gives the stages one after the other.
  void printEstimate() {
    double cycles = 0;
    module->walk([&](plan::StageOp stage) {
      if (FloatAttr modelled = stage.getCyclesAttr())
        cycles += modelled.getValueAsDouble();
    });
    const Cpu &cpu = options.target.cpu;
    if (cycles > 0)
      emitRemark(program().getLoc())
          << llvm::formatv("estimate: {0:f2} ms a run on {1} threads of {2} at {3:f1} GHz",
                           cycles * 1e-6 / cpu.gigahertz, options.threads, cpu.name, cpu.gigahertz)
                 .str();
  }

  static void printDecisions(ArrayRef<Decision> decisions) {
    for (const Decision &decision : decisions)
      emitRemark(decision.loc) << decision.pass << ": " << decision.verdict();
  }

  /// Writes `outputPath` (standard output if empty or "-"), or nothing if `write` fails.
  LogicalResult writeText(llvm::function_ref<LogicalResult(llvm::raw_ostream &)> write) {
    std::string path = options.outputPath.empty() ? "-" : options.outputPath;
    std::string error;
    std::unique_ptr<llvm::ToolOutputFile> file = openOutputFile(path, &error);
    if (!file)
      return emitError(UnknownLoc::get(&context), error);
    if (failed(write(file->os())))
      return failure();
    file->os().flush();
    if (std::error_code code = file->os().error()) {
      file->os().clear_error();
      return emitError(UnknownLoc::get(&context), "can't write " + path + ": " + code.message());
    }
    file->keep();
    return success();
  }

  LogicalResult printModule() {
    // For reading, weights and locations would drown the network; a file must be complete, to be
    // compiled on.
    OpPrintingFlags flags;
    bool toFile = !options.outputPath.empty() && options.outputPath != "-";
    if (toFile || options.verbose)
      flags.enableDebugInfo();
    if (!toFile)
      flags.elideLargeElementsAttrs(16).elideLargeResourceString(64);
    return writeText([&](llvm::raw_ostream &os) {
      module->print(os, flags);
      os << "\n";
      return success();
    });
  }

  LogicalResult emit() {
    if (options.emit == EmitKind::Cnn || options.emit == EmitKind::Plan ||
        !options.compileTo.empty())
      return printModule();
    if (options.emit == EmitKind::Library)
      return options.gpu ? writeGpuLibrary(*module, gpuCodegenOptions(), libraryPath())
                         : writeModelLibrary(*module, codegenOptions(), libraryPath());
    return writeText([&](llvm::raw_ostream &os) { return printCode(os); });
  }

  LogicalResult printCode(llvm::raw_ostream &os) {
    CodeKind kind = options.emit == EmitKind::Llvm               ? CodeKind::LlvmIr
                    : options.emit == EmitKind::HalideStatements ? CodeKind::HalideStatements
                                                                 : CodeKind::Assembly;
    if (options.gpu) {
      GpuCodegenOptions codegen = gpuCodegenOptions();
      codegen.kind = kind;
      return printGpuKernels(program(), codegen, os);
    }
    CodegenOptions codegen = codegenOptions();
    codegen.kind = kind;
    return printKernels(program(), codegen, os);
  }

  /// -o, or the model's name with the extension that was asked for.
  std::string libraryPath() {
    StringRef path = options.outputPath;
    if (!path.empty() && path != ".o")
      return path.str();
    return (program().getSymName() + (path.empty() ? ".so" : path)).str();
  }
};

} // namespace

int incc::compileModel(const Options &options) { return succeeded(Driver(options).run()) ? 0 : 1; }
