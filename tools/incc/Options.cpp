// The command line of incc.
#include "tools/incc/Options.h"
#include "passes/Pipeline.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Threading.h"
#include "llvm/Support/WithColor.h"

using namespace incc;
namespace cl = llvm::cl;

/// Prints a mistake and ends the process.
[[noreturn]] static void fail(const llvm::Twine &message) {
  llvm::WithColor::error(llvm::errs(), "incc") << message << "\n";
  std::exit(1);
}

/// The options of --target cuda and opencl.
static void readGpu(const std::string &mcpu, llvm::StringRef api, const std::string &ptxas,
                    Options &options) {
  llvm::Expected<Gpu> found = Gpu::lookup(mcpu, api);
  if (!found)
    fail(llvm::toString(found.takeError()));
  options.gpu = *found;
  if (ptxas == "none" || options.gpu->isOpenCl())
    return;
  llvm::ErrorOr<std::string> path = llvm::sys::findProgramByName(ptxas.empty() ? "ptxas" : ptxas);
  if (path && llvm::sys::fs::can_execute(*path))
    options.ptxasPath = *path;
  else if (!ptxas.empty())
    fail("--ptxas expects a program, or none, got '" + ptxas + "'");
}

Options incc::parseOptions(int argc, char **argv) {
  // LLVM registers options of its own, some by the same names.
  cl::ResetCommandLineParser();
  cl::OptionCategory general("General options"), model("Model and weights"),
      code("Code generation"), inspect("Looking inside");

  cl::opt<std::string> modelPath(cl::Positional, cl::desc("MODEL.{yaml,onnx,mlir}"), cl::Required,
                                 cl::cat(general));
  cl::opt<std::string> output(
      "o",
      cl::desc("Library to write: .so, .a or .o (default: the model's name and .so); NAME.h is "
               "written beside it. With --emit, the file to write (default: standard output)"),
      cl::value_desc("FILE"), cl::cat(general));
  cl::opt<bool> verbose("v",
                        cl::desc("Print remarks in full, and what each pass did with which "
                                 "layer, or why it left it alone"),
                        cl::cat(general));
  cl::opt<bool> quiet("q", cl::desc("Print errors only"), cl::cat(general));

  cl::opt<std::string> weights("weights", cl::desc("Trained weights (.safetensors or .npz)"),
                               cl::value_desc("FILE"), cl::cat(model));
  cl::opt<std::string> randomWeights("random-weights",
                                     cl::desc("Seeded random weights, for timing and tests"),
                                     cl::value_desc("SEED"), cl::cat(model));
  cl::list<std::string> settings("set", cl::desc("Set an argument of the model file"),
                                 cl::value_desc("KEY=VALUE"), cl::cat(model));
  cl::list<std::string> outputs("outputs", cl::desc("Keep these outputs only, by name"),
                                cl::value_desc("NAMES"), cl::CommaSeparated, cl::cat(model));
  cl::opt<int64_t> batch(
      "batch",
      cl::desc("Images of a run (default 1); replaces an ONNX model's symbolic first dimension"),
      cl::init(1), cl::value_desc("N"), cl::cat(model));

  cl::opt<std::string> target(
      "target", cl::desc("Architecture, of those in --list-targets (default: that of --mcpu)"),
      cl::value_desc("ARCH"), cl::cat(code));
  cl::opt<std::string> mcpu(
      "mcpu",
      cl::desc("CPU to compile for, of those in --list-targets (default native: this machine's; "
               "of another architecture: a common one)"),
      cl::value_desc("CPU"), cl::cat(code));
  // Like --help it needs no model.
  cl::opt<bool> listTargets("list-targets", cl::desc("Print what can be compiled for, and end"),
                            cl::cat(code), cl::callback([](const bool &) {
                              printTargets(llvm::outs());
                              printGpus(llvm::outs());
                              std::exit(0);
                            }));
  cl::opt<std::string> ptxas(
      "ptxas",
      cl::desc("With --target cuda: NVIDIA's assembler, which saves the driver's work when the "
               "library is loaded (default: ptxas if the PATH has it; none: PTX only)"),
      cl::value_desc("FILE"), cl::cat(code));
  cl::opt<std::string> codegenIsa(
      "codegen-isa",
      cl::desc("Plan for --mcpu but generate code for this instruction set, to test the plan"),
      cl::value_desc("ISA"), cl::cat(code), cl::Hidden);
  cl::opt<std::string> backend("backend", cl::desc("Code generator: llvm, halide or auto (default): for each "
                                                  "kernel the one that is faster, by a model or --tune"),
                               cl::init("auto"), cl::value_desc("NAME"), cl::cat(code));
  cl::opt<unsigned> threads(
      "threads",
      cl::desc("Threads to schedule for (default: this machine's cores); a run may use any number"),
      cl::value_desc("N"), cl::cat(code));
  cl::opt<unsigned> optLevel(
      "O", cl::desc("0: no fusion, little optimization; 1: fuse; 2, 3: everything (default 3)"),
      cl::Prefix, cl::init(3), cl::value_desc("LEVEL"), cl::cat(code));

  cl::opt<std::string> accuracy(
      "accuracy",
      cl::desc("Rounding errors of fast convolution (Winograd, Strassen): strict (those of a "
               "direct one: 1e-6 of the largest output), default (some 4e-6) or fast (some 1e-5)"),
      cl::init("default"), cl::value_desc("LEVEL"), cl::cat(code));

  cl::opt<std::string> precision(
      "precision",
      cl::desc("With --target cuda, how convolutions may multiply: f32 (default), or also on "
               "tensor cores where that is faster: 3xtf32 (each factor in two parts: errors near "
               "f32's) or tf32 (factors rounded to 11 bits: some 3e-4 of the largest output)"),
      cl::init("f32"), cl::value_desc("KIND"), cl::cat(code));

  cl::opt<std::string> scheduleBranches(
      "schedule-branches",
      cl::desc(
          "Run independent layers side by side where the model says that it pays: on (default, "
          "from -O2) or off"),
      cl::init("on"), cl::value_desc("on|off"), cl::cat(code));

  cl::opt<std::string> factorize(
      "factorize",
      cl::desc(
          "Compute convolutions by two smaller ones where that is faster: off, exact (where the "
          "filter is such a product; default) or lowrank (approximately)"),
      cl::init("exact"), cl::value_desc("MODE"), cl::cat(code));
  cl::opt<double> maxError(
      "max-error",
      cl::desc("Relative error that --factorize=lowrank may cost, of each convolution and in all "
               "(default 0.01)"),
      cl::init(0.01), cl::value_desc("E"), cl::cat(code));
  cl::opt<std::string> calibrate(
      "calibrate",
      cl::desc("A folder of pictures, a picture or an .npy file of inputs on which "
               "--factorize=lowrank measures errors, of layers and of the outputs (default: errors "
               "are the filters')"),
      cl::value_desc("PATH"), cl::cat(code));
  cl::opt<std::string> tune(
      "tune",
      cl::desc("Choose algorithms, tiles and schedules by measuring them on this machine, for about SECONDS "
               "(default 30), instead of by a model; -v prints every measurement"),
      cl::ValueOptional, cl::value_desc("SECONDS"), cl::cat(code));
  cl::opt<std::string> tuneRecords(
      "tune-records",
      cl::desc(
          "File that keeps what --tune measures (default ~/.cache/incc/tuned.json; empty: none)"),
      cl::value_desc("FILE"), cl::cat(code));

  cl::opt<EmitKind> emit(
      "emit", cl::desc("Write an intermediate form instead of a library"),
      cl::values(clEnumValN(EmitKind::Cnn, "cnn",
                            "the network, after the passes that --compile-to "
                            "asks for (default: as imported)"),
                 clEnumValN(EmitKind::Plan, "plan", "the execution plan"),
                 clEnumValN(EmitKind::Llvm, "llvm", "LLVM IR of the kernels"),
                 clEnumValN(EmitKind::Assembly, "asm", "assembly of the kernels"),
                 clEnumValN(EmitKind::HalideStatements, "halide-stmt",
                            "Halide's statements of the kernels that it compiles"),
                 clEnumValN(EmitKind::Library, "obj", "an object file, as -o NAME.o"),
                 clEnumValN(EmitKind::Onnx, "onnx", "the network as imported, in ONNX")),
      cl::init(EmitKind::Library), cl::cat(inspect));
  cl::list<std::string> printBefore("print-ir-before",
                                    cl::desc("Print the IR before these passes, or all"),
                                    cl::value_desc("PASSES"), cl::CommaSeparated, cl::cat(inspect));
  cl::list<std::string> printAfter("print-ir-after",
                                   cl::desc("Print the IR after these passes, or all"),
                                   cl::value_desc("PASSES"), cl::CommaSeparated, cl::cat(inspect));
  // cl::desc keeps no copy of its text.
  std::string phases = "Stop after a phase and print the IR: " + llvm::join(phaseNames(), ", ");
  cl::opt<std::string> compileTo("compile-to", cl::desc(phases), cl::value_desc("PHASE"),
                                 cl::cat(inspect));
  cl::opt<std::string> report(
      "report",
      cl::desc("Also write a page that shows the network, its schedule, memory and times, "
               "DIR/report.html, and its data, DIR/report.json; incc-run --report DIR adds what it "
               "measures"),
      cl::value_desc("DIR"), cl::cat(inspect));
  cl::opt<bool> time("time", cl::desc("Print where the compiler's time went"), cl::cat(inspect));

  cl::HideUnrelatedOptions({&general, &model, &code, &inspect});
  cl::SetVersionPrinter([](llvm::raw_ostream &os) { os << "incc 0.1.0\n"; });
  cl::ParseCommandLineOptions(
      argc, argv,
      "compiles convolutional networks to native libraries\n\n"
      "  incc models/resnet50.yaml --weights resnet50.safetensors -o resnet50.so\n");

  Options options;
  options.modelPath = modelPath;
  options.outputPath = output;
  options.import.weightsPath = weights;
  if (!randomWeights.empty()) {
    uint64_t seed;
    if (llvm::StringRef(randomWeights).getAsInteger(10, seed))
      fail("--random-weights expects a seed, a non-negative integer, got '" + randomWeights + "'");
    if (!weights.empty())
      fail("--weights and --random-weights exclude each other");
    options.import.randomSeed = seed;
  }
  for (const std::string &setting : settings) {
    auto [key, value] = llvm::StringRef(setting).split('=');
    if (key.empty() || key.size() == setting.size())
      fail("--set expects KEY=VALUE, got '" + setting + "'");
    options.import.settings.push_back({key.str(), value.str()});
  }
  options.import.outputs.assign(outputs.begin(), outputs.end());
  if (batch < 1)
    fail("--batch must be at least 1, got " + llvm::Twine(batch));
  options.import.batch = batch;
  if (backend != "auto" && backend != "llvm" && backend != "halide")
    fail("unknown --backend '" + backend + "'; supported are auto, llvm, halide");
  options.backend = backend;
  bool isCuda = target == "cuda" || (target.empty() && llvm::StringRef(mcpu).starts_with("sm_"));
  if (!isCuda && ptxas.getNumOccurrences())
    fail("--ptxas is for --target cuda");
  bool usesTensorCores = precision == "tf32" || precision == "3xtf32";
  if (!isCuda && usesTensorCores)
    fail("--precision=" + precision + " is for --target cuda");
  if (isCuda || target == "opencl") {
    std::string api = isCuda ? "cuda" : "opencl";
    readGpu(mcpu, api, ptxas, options);
    if (tune.getNumOccurrences())
      fail("--tune is not supported for " + api + ", whose kernels are chosen by a model");
    if (factorize.getNumOccurrences())
      fail("--factorize is not supported for " + api + ": it weighs kernels of CPUs");
    if (report.getNumOccurrences())
      fail("--report is not supported for " + api + ": it shows times on CPUs");
    if (!isCuda && backend == "llvm")
      fail("--backend=llvm is not supported for opencl, whose kernels Halide makes");
    if (!isCuda)
      options.backend = "halide";
    bool byHalide = options.backend == "halide";
    if (byHalide && usesTensorCores)
      fail("--precision=" + precision + " is not supported by --backend=halide");
    if (byHalide && emit == EmitKind::Llvm)
      fail("--emit=llvm is not supported by --backend=halide for a GPU; supported are halide-stmt, asm");
    if (!byHalide && emit == EmitKind::HalideStatements)
      fail("--emit=halide-stmt for cuda needs --backend=halide");
  } else {
    llvm::Expected<Target> found = Target::lookup(mcpu, target);
    if (!found)
      fail(llvm::toString(found.takeError()));
    options.target = *found;
  }
  if (!codegenIsa.empty()) {
    const Isa *isa =
        llvm::find_if(allIsas(), [&](const Isa &row) { return row.name == codegenIsa; });
    if (isa == allIsas().end())
      fail("unknown --codegen-isa '" + codegenIsa + "'");
    options.codegenIsa = *isa;
  }
  if (threads.getNumOccurrences() && (threads < 1 || threads > 1024))
    fail("--threads must be from 1 to 1024, got " + llvm::Twine(threads));
  options.threads =
      threads.getNumOccurrences() ? threads : llvm::hardware_concurrency().compute_thread_count();
  if (accuracy != "strict" && accuracy != "default" && accuracy != "fast")
    fail("unknown --accuracy '" + accuracy + "'; supported are strict, default, fast");
  options.accuracy = accuracy;
  if (precision != "f32" && precision != "tf32" && precision != "3xtf32")
    fail("unknown --precision '" + precision + "'; supported are f32, tf32, 3xtf32");
  options.precision = precision;
  if (scheduleBranches != "on" && scheduleBranches != "off")
    fail("unknown --schedule-branches '" + scheduleBranches + "'; supported are on, off");
  options.scheduleBranches = scheduleBranches == "on";
  if (factorize != "off" && factorize != "exact" && factorize != "lowrank")
    fail("unknown --factorize '" + factorize + "'; supported are off, exact, lowrank");
  options.factorize = factorize;
  for (const cl::Option *option :
       {static_cast<cl::Option *>(&maxError), static_cast<cl::Option *>(&calibrate)})
    if (option->getNumOccurrences() && factorize != "lowrank")
      fail("--" + option->ArgStr + " needs --factorize=lowrank");
  options.maxError = maxError;
  if (!(options.maxError > 0 && options.maxError < 1))
    fail(llvm::formatv("--max-error must be between 0 and 1, got {0}", options.maxError).str());
  options.calibrationPath = calibrate;
  if (tune.getNumOccurrences()) {
    double seconds = 30;
    if (!tune.empty() && (llvm::StringRef(tune).getAsDouble(seconds) || !(seconds > 0)))
      fail("--tune expects seconds, a positive number, got '" + tune + "'");
    options.tuneSeconds = seconds;
    llvm::SmallString<128> path;
    if (!tuneRecords.getNumOccurrences() && llvm::sys::path::cache_directory(path))
      llvm::sys::path::append(path, "incc", "tuned.json");
    options.tuneRecordsPath =
        tuneRecords.getNumOccurrences() ? tuneRecords.getValue() : std::string(path);
  }
  if (optLevel > 3)
    fail("-O takes a level from 0 to 3, got " + llvm::Twine(optLevel));
  options.optLevel = optLevel;
  options.emit = emit;
  options.printBefore.assign(printBefore.begin(), printBefore.end());
  options.printAfter.assign(printAfter.begin(), printAfter.end());
  std::vector<std::string> passes = passNames();
  for (const auto *list : {&options.printBefore, &options.printAfter})
    for (const std::string &name : *list)
      if (name != "all" && !llvm::is_contained(passes, name))
        fail("unknown pass '" + name + "'; passes are all, " + llvm::join(passes, ", "));
  options.compileTo = compileTo;
  if (!compileTo.empty() && !llvm::is_contained(phaseNames(), compileTo))
    fail("unknown --compile-to '" + compileTo + "'; phases are " + llvm::join(phaseNames(), ", "));
  if (report.getNumOccurrences() && report.empty())
    fail("--report expects a folder");
  if (llvm::sys::fs::exists(report) && !llvm::sys::fs::is_directory(report))
    fail("--report expects a folder, '" + report + "' is a file");
  if (!report.empty() && (emit == EmitKind::Cnn || emit == EmitKind::Onnx || !compileTo.empty()))
    fail("--report shows the whole plan: it excludes --emit=cnn, --emit=onnx and --compile-to");
  options.reportFolder = report;
  options.time = time;
  options.verbose = verbose;
  options.quiet = quiet;
  if (emit.getNumOccurrences() && emit == EmitKind::Library && !output.empty() &&
      !llvm::StringRef(output).ends_with(".o"))
    fail("--emit=obj writes a .o file, got -o '" + output + "'");
  if (emit.getNumOccurrences() && emit == EmitKind::Library && output.empty())
    options.outputPath = ".o"; // completed with the model's name
  return options;
}
