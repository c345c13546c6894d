// What incc-bench found out, as a Markdown table and as JSON.
#include "tools/incc-bench/Report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

#include <algorithm>

using namespace incc;
using namespace llvm;

double EngineResult::median() const {
  std::vector<double> sorted = times;
  llvm::sort(sorted);
  size_t half = sorted.size() / 2;
  return sorted.size() % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

double EngineResult::least() const { return *std::min_element(times.begin(), times.end()); }

/// Operations a second in 10^9.
static double gflops(const BenchResult &result, const EngineResult &engine) {
  return result.flops / engine.median() * 1e-6;
}

const EngineResult *BenchResult::fastestPeer() const {
  const EngineResult *fastest = nullptr;
  for (const EngineResult &engine : drop_begin(engines))
    if (engine.failure.empty() && (!fastest || engine.median() < fastest->median()))
      fastest = &engine;
  return fastest;
}

static std::string label(const EngineResult &engine) {
  return engine.version.empty() ? engine.name : engine.name + " " + engine.version;
}

static void printTimes(const BenchResult &result, raw_ostream &os) {
  const EngineResult &own = result.engines.front();
  os << "| engine | median ms | least ms | median / incc's | least / incc's | GFLOP/s | of peak | "
        "largest difference |\n"
     << "|---|---:|---:|---:|---:|---:|---:|---:|\n";
  for (const EngineResult &engine : result.engines) {
    os << "| " << label(engine);
    if (!engine.failure.empty()) {
      // A bar would end the cell.
      std::string reason = engine.failure;
      std::replace(reason.begin(), reason.end(), '|', '/');
      std::replace(reason.begin(), reason.end(), '\n', ' ');
      os << " | not supported: " << reason << " | | | | | | |\n";
      continue;
    }
    os << format(" | %.3f | %.3f | %.2f | %.2f | %.1f | %.0f%% | ", engine.median(), engine.least(),
                 engine.median() / own.median(), engine.least() / own.least(),
                 gflops(result, engine),
                 result.peak.gflops > 0 ? 100 * gflops(result, engine) / result.peak.gflops : 0.0);
    if (engine.difference)
      os << format("%.1e |\n", *engine.difference);
    else
      os << (engine.name == result.reference && result.engines.size() > 1 ? "reference |\n"
                                                                          : "- |\n");
  }
}

static void printColdStarts(const BenchResult &result, raw_ostream &os) {
  if (llvm::none_of(result.engines, [](auto &engine) { return engine.cold.has_value(); }))
    return;
  os << "\n| first answer of a fresh process | after ms | loading and a run ms | peak memory MB | "
        "model files MB |\n|---|---:|---:|---:|---:|\n";
  for (const EngineResult &engine : result.engines)
    if (engine.cold)
      os << "| " << label(engine)
         << format(" | %.0f | %.1f | %.1f | %.1f |\n", engine.cold->processMs, engine.cold->loadMs,
                   engine.cold->peakBytes * 1e-6, engine.cold->fileBytes * 1e-6);
  os << "\nAll in Python, least of three: the process's start and its memory include Python and "
        "the "
        "engine's library;\nthe files do not.\n";
}

void incc::printMarkdown(const BenchResult &result, raw_ostream &os) {
  os << result.model << " for " << result.target << ", batch " << result.batch << ", "
     << result.threads << (result.threads == 1 ? " thread, " : " threads, ") << "f32, "
     << result.rounds << " interleaved rounds on " << result.cpu << "\n\n";
  printTimes(result, os);
  if (const EngineResult *fastest = result.fastestPeer())
    os << "\nThe fastest other engine is " << fastest->name
       << format(": incc takes %.2f times as long.\n",
                 result.engines.front().median() / fastest->median());
  printColdStarts(result, os);
  os << format("\nThis machine in the same run: %.1f GFLOP/s of multiply-adds (",
               result.peak.gflops)
     << result.peak.isa << format("), %.1f GB/s read from memory.\n", result.gigabytesPerSecond);
  if (result.repeatedTurns)
    os << result.repeatedTurns << " of " << result.turns
       << " turns were repeated: the cores multiplied well below that peak right after them.\n";
  double megabytes = result.weightsBytes * 1e-6;
  if (result.gigabytesPerSecond > 0)
    os << format("A run multiplies %.3f GFLOP; reading its %.1f MB of weights takes %.2f ms.\n",
                 result.flops * 1e-9, megabytes, megabytes / result.gigabytesPerSecond);
  for (const EngineResult &engine : result.engines)
    if (!engine.settings.empty())
      os << engine.name << ": " << engine.settings << ".\n";
}

static json::Object toJson(const BenchResult &result, const EngineResult &engine) {
  json::Object object{
      {"name", engine.name}, {"version", engine.version}, {"settings", engine.settings}};
  if (engine.cold) {
    object["process_ms"] = engine.cold->processMs;
    object["load_ms"] = engine.cold->loadMs;
    object["peak_bytes"] = engine.cold->peakBytes;
    object["file_bytes"] = engine.cold->fileBytes;
  }
  if (engine.difference)
    object["largest_difference"] = *engine.difference;
  if (!engine.failure.empty()) {
    object["failure"] = engine.failure;
    return object;
  }
  object["median_ms"] = engine.median();
  object["least_ms"] = engine.least();
  object["gflops"] = gflops(result, engine);
  object["median_ratio"] = engine.median() / result.engines.front().median();
  object["least_ratio"] = engine.least() / result.engines.front().least();
  object["times_ms"] = json::Array(engine.times);
  return object;
}

json::Value incc::toJson(const BenchResult &result) {
  json::Array engines, layers;
  for (const EngineResult &engine : result.engines)
    engines.push_back(::toJson(result, engine));
  for (const LayerResult &layer : result.layers)
    layers.push_back(json::Object{{"layer", layer.name},
                                  {"kind", layer.kind},
                                  {"algorithm", layer.algorithm},
                                  {"kernel", json::Array(layer.kernel)},
                                  {"groups", layer.groups},
                                  {"least_ms", layer.leastMs},
                                  {"flops", layer.flops},
                                  {"bytes", layer.bytes},
                                  {"roofline_ms", layer.rooflineMs}});
  json::Object object{{"model", result.model},
                      {"target", result.target},
                      {"cpu", result.cpu},
                      {"cpus", json::Array(result.cpus)},
                      {"batch", result.batch},
                      {"threads", result.threads},
                      {"rounds", result.rounds},
                      {"turns", result.turns},
                      {"repeated_turns", result.repeatedTurns},
                      {"flops", result.flops},
                      {"weights_bytes", result.weightsBytes},
                      {"peak_gflops", result.peak.gflops},
                      {"peak_isa", result.peak.isa},
                      {"memory_gb_per_s", result.gigabytesPerSecond},
                      {"reference", result.reference},
                      {"engines", std::move(engines)}};
  if (const EngineResult *fastest = result.fastestPeer()) {
    object["fastest_peer"] = fastest->name;
    object["ratio_to_fastest_peer"] = result.engines.front().median() / fastest->median();
  }
  if (!layers.empty())
    object["layers"] = std::move(layers);
  return object;
}
