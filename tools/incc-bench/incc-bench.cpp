// incc-bench: times a model against other engines, in turns within one run.
#include "tools/incc-bench/Machine.h"
#include "tools/incc-bench/Peer.h"
#include "tools/incc-bench/Report.h"
#include "tools/support/LoadedModel.h"
#include "tools/support/Npy.h"
#include "tools/support/OptionParser.h"
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

struct Options {
  std::string model, onnx, weights, json, mcpu = "native";
  std::vector<std::string> peers;
  bool peersGiven = false;
  int threads = 1, batch = 1, rounds = 0;
  double seconds = 20;

  bool isLibrary() const { return StringRef(model).ends_with(".so"); }
};

Expected<Options> parseOptions(int argc, char **argv) {
  Options options;
  std::string against = "?";
  OptionParser parser(
      "incc-bench MODEL.yaml|MODEL.so [options]",
      "A model file is compiled first, and exported for the other engines. They run in turns, a "
      "few\n"
      "runs each after one that is not timed, and are stopped while others run. All use float32.");
  parser.text("against", "ENGINES", against,
              "engines to compare with: onnxruntime,openvino (default: both for model files)");
  parser.number("threads", options.threads, 1, 1024, "threads of each engine (default 1)");
  parser.number("batch", options.batch, 1, 1 << 16, "images of a run (default 1)");
  parser.real("seconds", "S", options.seconds, "measure for about S seconds (default 20)");
  parser.number("rounds", options.rounds, 1, 1 << 20, "measure exactly N rounds instead");
  parser.text("onnx", "FILE", options.onnx, "the network of MODEL.so for the other engines");
  parser.text("weights", "FILE", options.weights, "weights of MODEL.yaml (default: random ones)");
  parser.text("mcpu", "CPU", options.mcpu, "CPU to compile MODEL.yaml for (default native)");
  parser.text("json", "FILE", options.json, "write the result as JSON as well");
  std::vector<std::string> arguments;
  if (Error error = parser.parse(argc, argv, arguments))
    return std::move(error);
  if (arguments.size() != 1)
    return makeError("expected one MODEL.yaml or MODEL.so, got " + Twine(arguments.size()) +
                     " arguments; see incc-bench --help");
  options.model = arguments.front();
  options.peersGiven = against != "?";
  bool hasOnnx = !options.isLibrary() || !options.onnx.empty();
  if (!options.peersGiven)
    against = hasOnnx ? "onnxruntime,openvino" : "";
  SmallVector<StringRef> names;
  StringRef(against).split(names, ',', -1, /*KeepEmpty=*/false);
  for (StringRef name : names) {
    if (name != "onnxruntime" && name != "openvino")
      return makeError("--against: unknown engine '" + name +
                       "'; supported are onnxruntime, openvino");
    options.peers.push_back(name.str());
  }
  if (!options.peers.empty() && !hasOnnx)
    return makeError("--against needs the network in ONNX for a compiled model: give --onnx FILE, "
                     "or MODEL.yaml instead of MODEL.so");
  return options;
}

/// Runs a program and shows what it prints.
Error runProgram(StringRef program, ArrayRef<StringRef> arguments) {
  SmallVector<StringRef> all = {program};
  all.append(arguments.begin(), arguments.end());
  std::string message;
  // What it prints goes to stderr: stdout is for the table.
  std::optional<StringRef> redirects[] = {std::nullopt, StringRef("/dev/stderr"), std::nullopt};
  int status = sys::ExecuteAndWait(program, all, std::nullopt, redirects, 0, 0, &message);
  if (status == 0)
    return Error::success();
  return makeError("'" + join(all, " ") + "' failed" + (message.empty() ? "" : ": ") + message);
}

/// The interpreter that the peers run in; installs it when it is missing or out of date.
Expected<std::string> findPython() {
  std::string script = INCC_BENCH_SCRIPTS "/install-peers.sh";
  if (Error error = runProgram("/bin/bash", {script, INCC_BENCH_VENV}))
    return makeError("can't install the other engines: " + toString(std::move(error)));
  return std::string(INCC_BENCH_VENV "/bin/python");
}

std::string cpuName() {
  if (ErrorOr<std::unique_ptr<MemoryBuffer>> info = MemoryBuffer::getFileAsStream("/proc/cpuinfo"))
    for (line_iterator line(**info); !line.is_at_end(); ++line)
      if (line->starts_with("model name"))
        return (line->split(':').second.trim() + " (" + sys::getHostCPUName() + ")").str();
  return sys::getHostCPUName().str();
}

class Bench {
public:
  Bench(const Options &options, StringRef folder) : options(options), folder(folder) {}

  Error run() {
    if (Error error = prepare())
      return error;
    if (Error error = startEngines())
      return error;
    if (Error error = compareOutputs())
      return error;
    if (Error error = measure())
      return error;
    printMarkdown(result, outs());
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
    errs() << "compiling " << options.model << '\n';
    if (Error error = runProgram(incc, compile))
      return error;
    if (options.peers.empty() || !onnx.empty())
      return Error::success();
    onnx = inFolder("model.onnx");
    exporting.append({"--emit=onnx", "-o", onnx});
    return runProgram(incc, exporting);
  }

  Error startEngines() {
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
    result.engines.push_back({"incc", "", "", {}, {}});
    if (options.peers.empty())
      return Error::success();
    Expected<std::string> python = findPython();
    if (!python)
      return python.takeError();
    for (const std::string &name : options.peers) {
      Expected<std::unique_ptr<Peer>> peer =
          Peer::start(*python, name, onnx, folder, options.threads);
      if (!peer)
        return peer.takeError();
      result.engines.push_back({name, (*peer)->version, (*peer)->settings, {}, {}});
      peers.push_back(std::move(*peer));
    }
    return Error::success();
  }

  /// A comparison of times means something only if the engines compute the same.
  Error compareOutputs() {
    for (auto [index, peer] : enumerate(peers)) {
      Expected<int64_t> count = peer->writeOutputs();
      if (!count)
        return count.takeError();
      if (*count != static_cast<int64_t>(model->outputs().size()))
        return makeError(peer->engine + " gave " + Twine(*count) + " outputs, expected " +
                         Twine(model->outputs().size()));
      double largest = 0;
      for (auto [i, desc] : enumerate(model->outputs())) {
        std::string path = inFolder(peer->engine + "_" + Twine(i) + ".npy");
        Expected<NpyArray> array = readNpy(path, dimsOf(desc));
        if (!array)
          return array.takeError();
        largest = std::max(largest, relativeDifference(running->outputs[i], array->values));
      }
      result.engines[index + 1].difference = largest;
      errs() << peer->engine << ' ' << peer->version
             << format(": outputs differ by %.1e of the largest\n", largest);
      if (!(largest <= kLargestDifference))
        return makeError(peer->engine + " computes something else" +
                         formatv(": its outputs differ by {0:f2}% of the largest", 100 * largest));
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
  /// second, but three times at least.
  Error measure() {
    Expected<std::vector<double>> first = runOwn(3);
    if (!first)
      return first.takeError();
    double once = *std::min_element(first->begin(), first->end());
    int perTurn = std::clamp(static_cast<int>(100 / std::max(once, 1e-3)), 3, 200);
    result.gigabytesPerSecond = measureBandwidth(options.threads);
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
        Expected<std::vector<double>> times =
            engine ? peers[engine - 1]->run(perTurn + 1) : runOwn(perTurn + 1);
        if (!times)
          return times.takeError();
        std::vector<double> &all = result.engines[engine].times;
        all.insert(all.end(), times->begin() + 1, times->end());
      }
      Peak peak = measurePeak(options.threads);
      if (peak.gflops > result.peak.gflops)
        result.peak = peak;
    }
    return Error::success();
  }

  const Options &options;
  StringRef folder;
  std::string library, onnx;
  std::optional<LoadedModel> model;
  std::optional<RunningModel> running;
  std::vector<std::vector<float>> inputs;
  std::vector<const float *> pointers;
  std::vector<std::unique_ptr<Peer>> peers;
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
