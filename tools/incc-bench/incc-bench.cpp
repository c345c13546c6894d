// incc-bench: times a model against other engines, in turns within one run.
#include "tools/incc-bench/Affinity.h"
#include "tools/incc-bench/Machine.h"
#include "tools/incc-bench/Options.h"
#include "tools/incc-bench/Peer.h"
#include "tools/incc-bench/Report.h"
#include "tools/incc-bench/Roofline.h"
#include "tools/support/LoadedModel.h"
#include "tools/support/Npy.h"
#include "tools/support/ProfileTable.h"
#include "tools/support/ReportFolder.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/LineIterator.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/WithColor.h"
#include "llvm/TargetParser/Host.h"

#include <chrono>
#include <cmath>
#include <random>

#include <signal.h>

using namespace incc;
using namespace llvm;
using Clock = std::chrono::steady_clock;

namespace {

/// Rounding errors stay far below; outputs that differ more come from different networks.
constexpr double kLargestDifference = 1e-2;
/// Fresh processes of each engine. The first may wait for the disk: the least counts.
constexpr int kColdStarts = 3;
constexpr int kLayerRuns = 20;

/// Runs a program. What it prints is shown on stderr, as stdout is for the table.
Error runProgram(StringRef program, ArrayRef<StringRef> arguments) {
  SmallVector<StringRef> all = {program};
  all.append(arguments.begin(), arguments.end());
  std::string message;
  std::optional<StringRef> redirects[] = {std::nullopt, "/dev/stderr", std::nullopt};
  int status = sys::ExecuteAndWait(program, all, std::nullopt, redirects, 0, 0, &message);
  if (status == 0)
    return Error::success();
  return makeError("'" + join(all, " ") + "' failed" + (message.empty() ? "" : ": ") + message);
}

/// The interpreter that a peer runs in; installs it when it is missing or out of date.
Expected<std::string> findPython(const PeerKind &kind) {
  std::string venv = (INCC_BENCH_BUILD "/" + kind.environment).str();
  std::string requirements = (INCC_BENCH_SOURCE "/" + kind.requirements).str();
  if (Error error = runProgram("/bin/bash", {INCC_BENCH_SOURCE "/tools/incc-bench/install-peers.sh",
                                             venv, requirements}))
    return makeError("can't install " + kind.name + ": " + toString(std::move(error)));
  return venv + "/bin/python";
}

std::string cpuName() {
  if (ErrorOr<std::unique_ptr<MemoryBuffer>> info = MemoryBuffer::getFileAsStream("/proc/cpuinfo"))
    for (line_iterator line(**info); !line.is_at_end(); ++line)
      if (line->starts_with("model name"))
        return (line->split(':').second.trim() + " (" + sys::getHostCPUName() + ")").str();
  return sys::getHostCPUName().str();
}

/// How an engine is run.
struct Engine {
  std::string name, python;
  std::vector<std::string> files;
  std::unique_ptr<Peer> peer;
};

class Bench {
public:
  Bench(const Options &options, StringRef folder) : options(options), folder(folder) {}

  Error run() {
    if (Error error = prepare())
      return error;
    if (Error error = convertForPeers())
      return error;
    // Last, so that compiling and converting may use all cores.
    if (Error error = takeCores())
      return error;
    if (Error error = startOwn())
      return error;
    startPeers();
    if (Error error = compareOutputs())
      return error;
    if (Error error = measure())
      return error;
    printMarkdown(result, outs());
    if (options.perLayer)
      if (Error error = measureLayers())
        return error;
    if (options.json.empty())
      return Error::success();
    return writeFile(options.json, formatv("{0:2}\n", toJson(result)).str());
  }

private:
  std::string inFolder(const Twine &name) const { return (folder + "/" + name).str(); }

  /// Compiles and exports MODEL.yaml with the same weights.
  Error prepare() {
    library = options.model;
    onnx = options.onnx;
    if (options.isLibrary())
      return Error::success();
    if (!sys::fs::exists(options.model))
      return makeError("can't open '" + options.model + "': no such file");
    SmallString<128> incc(sys::fs::getMainExecutable(nullptr, nullptr));
    sys::path::remove_filename(incc);
    sys::path::append(incc, "incc");
    library = inFolder("model.so");
    std::string batch = std::to_string(options.batch), threads = std::to_string(options.threads);
    std::string mcpu = "--mcpu=" + options.mcpu, seed = "1";
    SmallVector<StringRef> common = {options.model, "-q", "--batch", batch};
    common.append(options.weights.empty()
                      ? std::initializer_list<StringRef>{"--random-weights", seed}
                      : std::initializer_list<StringRef>{"--weights", options.weights});
    SmallVector<StringRef> compile = common, exporting = common;
    compile.append({mcpu, "--threads", threads, "-o", library});
    if (options.perLayer) {
      reportFolder = inFolder("report");
      compile.append({"--report", reportFolder});
    }
    errs() << "compiling " << options.model << '\n';
    if (Error error = runProgram(incc, compile))
      return error;
    if (options.peers.empty() || !onnx.empty())
      return Error::success();
    onnx = inFolder("model.onnx");
    exporting.append({"--emit=onnx", "-o", onnx});
    return runProgram(incc, exporting);
  }

  /// Each engine reads files of its own, or the ONNX file.
  Error convertForPeers() {
    engines.resize(1 + options.peers.size());
    result.engines.resize(engines.size());
    result.engines.front().name = engines.front().name = "incc";
    engines.front().files = {library};
    for (auto [index, kind] : enumerate(options.peers)) {
      Expected<std::string> python = findPython(*kind);
      if (!python)
        return python.takeError();
      Engine &engine = engines[index + 1];
      engine.python = *python;
      engine.name = result.engines[index + 1].name = kind->name.str();
      std::string own = inFolder(kind->name);
      if (std::error_code code = sys::fs::create_directory(own))
        return makeError("can't make a folder for files: " + code.message());
      Expected<std::vector<std::string>> files =
          Peer::convert(engine.python, engine.name, onnx, own);
      if (files)
        engine.files = *files;
      else
        leaveOut(index + 1, files.takeError());
    }
    // incc's answer from a fresh process comes by way of Python, too, so that all are measured
    // alike.
    if (engines.size() > 1)
      engines.front().python = engines[1].python;
    return Error::success();
  }

  /// The engine gets its reason in the table instead of times.
  void leaveOut(size_t index, Error error) {
    result.engines[index].failure = toString(std::move(error));
    result.engines[index].times.clear();
    engines[index].peer.reset();
    WithColor::warning(errs(), "incc-bench")
        << engines[index].name << ": " << result.engines[index].failure << '\n';
  }

  Error takeCores() {
    Expected<std::vector<int>> cpus = pinToCores(options.threads);
    if (!cpus)
      return cpus.takeError();
    if (cpus->size() < static_cast<size_t>(options.threads))
      WithColor::warning(errs(), "incc-bench")
          << options.threads << " threads share " << cpus->size() << " CPUs\n";
    result.cpus = *cpus;
    return Error::success();
  }

  Error startOwn() {
    Expected<LoadedModel> loaded = LoadedModel::open(library);
    if (!loaded)
      return loaded.takeError();
    model = *loaded;
    if (options.isLibrary() && options.batch != 1 && options.batch != model->batch())
      return makeError("--batch " + Twine(options.batch) + ": the library was compiled for " +
                       Twine(model->batch()) + " images");
    Expected<RunningModel> context = RunningModel::create(*model, options.threads);
    if (!context)
      return context.takeError();
    running.emplace(std::move(*context));
    std::mt19937 random(1);
    for (auto [index, input] : enumerate(model->inputs())) {
      std::vector<float> values(input.elements);
      // In [-2, 2), by the generator alone: distributions differ between libraries.
      for (float &value : values)
        value = static_cast<float>(random() >> 8) / (1 << 22) - 2;
      if (Error error = writeNpy(inFolder("input_" + Twine(index) + ".npy"), dimsOf(input), values))
        return error;
      inputs.push_back(std::move(values));
    }
    for (const std::vector<float> &values : inputs)
      pointers.push_back(values.data());
    if (Error error = running->run(pointers))
      return error;

    result.model = (*model)->name;
    result.target = (*model)->target;
    result.cpu = cpuName();
    result.batch = model->batch();
    result.weightsBytes = (*model)->weights_bytes;
    result.threads = options.threads;
    for (const incc_step_desc &step : model->steps())
      result.flops += step.flops;
    return Error::success();
  }

  /// Starts every engine a few times in turns, for the times of fresh processes, and keeps the last
  /// process of each peer.
  void startPeers() {
    for (int trial = 0; trial < kColdStarts; ++trial)
      for (auto [index, engine] : enumerate(engines)) {
        EngineResult &row = result.engines[index];
        if (engine.python.empty() || !row.failure.empty())
          continue;
        engine.peer.reset();
        Expected<std::unique_ptr<Peer>> peer =
            Peer::start(engine.python, engine.name, engine.files, folder, options.threads);
        if (!peer) {
          leaveOut(index, peer.takeError());
          continue;
        }
        engine.peer = std::move(*peer);
        row.version = engine.peer->version;
        row.settings = engine.peer->settings;
        ColdStart cold = engine.peer->cold;
        if (row.cold) {
          cold.processMs = std::min(cold.processMs, row.cold->processMs);
          cold.loadMs = std::min(cold.loadMs, row.cold->loadMs);
          cold.peakBytes = std::min(cold.peakBytes, row.cold->peakBytes);
        }
        row.cold = cold;
      }
    // From now on incc runs in this process.
    engines.front().peer.reset();
  }

  Expected<std::vector<std::vector<float>>> readOutputs(Peer &peer) {
    Expected<int64_t> count = peer.writeOutputs();
    if (!count)
      return count.takeError();
    if (*count != static_cast<int64_t>(model->outputs().size()))
      return makeError("it gave " + Twine(*count) + " outputs, expected " +
                       Twine(model->outputs().size()));
    std::vector<std::vector<float>> outputs;
    for (auto [i, desc] : enumerate(model->outputs())) {
      Expected<NpyArray> array =
          readNpy(inFolder(peer.engine + "_" + Twine(i) + ".npy"), dimsOf(desc));
      if (!array)
        return array.takeError();
      outputs.push_back(std::move(array->values));
    }
    return outputs;
  }

  /// A comparison of times means something only if the engines compute the same. ONNX Runtime,
  /// where it takes part, decides what; else incc.
  Error compareOutputs() {
    std::vector<std::vector<std::vector<float>>> outputs(engines.size());
    outputs.front() = running->outputs;
    size_t reference = 0;
    for (size_t index = 1; index < engines.size(); ++index) {
      if (!engines[index].peer)
        continue;
      Expected<std::vector<std::vector<float>>> read = readOutputs(*engines[index].peer);
      if (!read) {
        leaveOut(index, read.takeError());
        continue;
      }
      outputs[index] = std::move(*read);
      if (engines[index].name == "onnxruntime")
        reference = index;
    }
    result.reference = engines[reference].name;
    for (size_t index = 0; index < engines.size(); ++index) {
      if (index == reference || outputs[index].empty())
        continue;
      double largest = 0;
      for (auto [own, other] : zip_equal(outputs[index], outputs[reference]))
        largest = std::max(largest, relativeDifference(own, other));
      result.engines[index].difference = largest;
      errs() << engines[index].name << ": outputs differ from " << result.reference
             << format("'s by %.1e of the largest\n", largest);
      if (largest <= kLargestDifference)
        continue;
      Error error = makeError("computes something else" +
                              formatv(": its outputs differ from {0}'s by {1:f2}% of the largest",
                                      result.reference, 100 * largest));
      if (index == 0)
        return makeError("incc " + toString(std::move(error)));
      leaveOut(index, std::move(error));
    }
    return Error::success();
  }

  static double relativeDifference(ArrayRef<float> own, ArrayRef<float> other) {
    double difference = 0, largest = 1e-30;
    for (auto [a, b] : zip_equal(own, other)) {
      if (std::isnan(a) || std::isnan(b))
        return std::isnan(a) && std::isnan(b) ? 0 : INFINITY;
      difference = std::max<double>(difference, std::fabs(double(a) - b));
      largest = std::max<double>(largest, std::fabs(b));
    }
    return difference / largest;
  }

  Expected<std::vector<double>> runOwn(int count) {
    std::vector<double> times;
    for (int i = 0; i < count; ++i) {
      auto start = Clock::now();
      if (Error error = running->run(pointers))
        return std::move(error);
      times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    }
    return times;
  }

  /// Rounds of turns: each engine runs once untimed, then as often as fills about a tenth of a
  /// second, but three times at least. A turn after which the cores don't reach their peak was
  /// disturbed (by other programs, or other guests of the machine's host): it is repeated.
  Error measure() {
    Expected<std::vector<double>> first = runOwn(3);
    if (!first)
      return first.takeError();
    double once = *std::min_element(first->begin(), first->end());
    int perTurn = std::clamp(static_cast<int>(100 / std::max(once, 1e-3)), 3, 200);
    result.gigabytesPerSecond = measureBandwidth(options.threads);
    result.peak = measurePeak(options.threads);
    auto start = Clock::now();
    auto isOver = [&] {
      if (options.rounds)
        return result.rounds >= options.rounds;
      std::chrono::duration<double> elapsed = Clock::now() - start;
      return result.rounds > 0 && elapsed.count() >= options.seconds;
    };
    for (; !isOver(); ++result.rounds) {
      for (size_t i = 0; i < result.engines.size(); ++i) {
        // Whoever begins the round has the coolest machine: they take turns at it.
        size_t engine = (i + result.rounds) % result.engines.size();
        if (!result.engines[engine].failure.empty())
          continue;
        auto takeTurn = [&] {
          ++result.turns;
          return engine ? engines[engine].peer->run(perTurn + 1) : runOwn(perTurn + 1);
        };
        Expected<std::vector<double>> times = takeTurn();
        constexpr int kMostRepeats = 4;
        for (int i = 0; times && isDisturbed() && i < kMostRepeats; ++i) {
          ++result.repeatedTurns;
          times = takeTurn();
        }
        if (!times && engine == 0)
          return times.takeError();
        if (!times) {
          leaveOut(engine, times.takeError());
          continue;
        }
        std::vector<double> &all = result.engines[engine].times;
        all.insert(all.end(), times->begin() + 1, times->end());
      }
    }
    return Error::success();
  }

  /// Whether the cores multiply well below their peak, the best seen so far.
  bool isDisturbed() {
    constexpr double kUndisturbed = 0.9;
    Peak peak = measurePeak(options.threads);
    if (peak.gflops > result.peak.gflops)
      result.peak = peak;
    return peak.medianGflops < kUndisturbed * result.peak.gflops;
  }

  /// The least time of every step in runs of their own: measuring costs a little.
  Error measureLayers() {
    std::vector<LayerResult> layers(model->steps().size());
    for (auto [layer, step] : zip_equal(layers, model->steps())) {
      layer.name = step.layer;
      layer.kind = step.kind;
      layer.flops = step.flops;
    }
    if (!reportFolder.empty()) {
      Expected<json::Object> report = readReport(reportFolder);
      if (!report)
        return report.takeError();
      for (auto [layer, step] : zip_equal(layers, *report->getArray("steps")))
        readStep(layer, *step.getAsObject());
    }
    std::vector<double> least;
    for (int i = 0; i < kLayerRuns; ++i) {
      // Switched on anew: the profile is a mean of the runs since.
      if (Error error = running->setProfile(true))
        return error;
      if (Error error = running->run(pointers))
        return error;
      Expected<std::vector<double>> times = running->profile();
      if (!times)
        return times.takeError();
      if (least.empty())
        least = *times;
      for (auto [time, other] : zip_equal(least, *times))
        time = std::min(time, other);
    }
    std::vector<double> roofline;
    for (auto [layer, time] : zip_equal(layers, least)) {
      layer.leastMs = time;
      layer.rooflineMs =
          rooflineMs(layer.flops, layer.bytes, result.peak, result.gigabytesPerSecond);
      roofline.push_back(layer.rooflineMs);
    }
    result.layers = std::move(layers);
    outs()
        << "\nLayers, the least of " << kLayerRuns << " runs. The roofline is "
        << (reportFolder.empty()
                ? "the time at the peak of multiply-adds; bytes are known for model files only"
                : "the longer of multiplying at the peak and of reading\nand writing each tensor "
                  "once at the bandwidth of memory")
        << ". More than 100% of it is possible: Winograd\nconvolutions multiply less than the "
           "direct ones that are counted, and caches are faster than memory.\n\n```\n";
    printProfile(*model, least, roofline, /*slowestFirst=*/false, outs());
    outs() << "```\n";
    return Error::success();
  }

  /// How a step of incc's report computes.
  static void readStep(LayerResult &layer, const json::Object &step) {
    layer.bytes = step.getNumber("bytes").value_or(0);
    if (const json::Object *config = step.getObject("config"))
      layer.algorithm = config->getString("algorithm").value_or("").str();
    const json::Object *params = step.getObject("params");
    if (!params)
      return;
    layer.groups = params->getInteger("groups").value_or(1);
    if (const json::Array *kernel = params->getArray("kernel"))
      for (const json::Value &extent : *kernel)
        layer.kernel.push_back(extent.getAsInteger().value_or(0));
  }

  const Options &options;
  StringRef folder;
  std::string library, onnx, reportFolder;
  std::optional<LoadedModel> model;
  std::optional<RunningModel> running;
  std::vector<std::vector<float>> inputs;
  std::vector<const float *> pointers;
  /// incc first, as in the result.
  std::vector<Engine> engines;
  BenchResult result;
};

} // namespace

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  // A peer that dies is an error of its own, not the end of this process.
  signal(SIGPIPE, SIG_IGN);
  Expected<Options> options = parseOptions(argc, argv);
  if (!options)
    return report("incc-bench", options.takeError());
  SmallString<128> folder;
  if (std::error_code code = sys::fs::createUniqueDirectory("incc-bench", folder))
    return report("incc-bench", makeError("can't make a folder for files: " + code.message()));
  auto cleanUp = make_scope_exit([&] { sys::fs::remove_directories(folder); });
  double load[1];
  if (getloadavg(load, 1) == 1 && load[0] > 0.5)
    WithColor::warning(errs(), "incc-bench")
        << format("other programs keep %.1f cores of this machine busy\n", load[0]);
  if (Error error = Bench(*options, folder).run())
    return report("incc-bench", std::move(error));
  return 0;
}
