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

void incc::printMarkdown(const BenchResult &result, raw_ostream &os) {
  const EngineResult &own = result.engines.front();
  os << result.model << " for " << result.target << ", batch " << result.batch << ", "
     << result.threads << (result.threads == 1 ? " thread, " : " threads, ") << "f32, "
     << result.rounds << " interleaved rounds on " << result.cpu << "\n\n"
     << "| engine | median ms | least ms | median / incc's | least / incc's | GFLOP/s | of peak | "
        "largest difference |\n"
     << "|---|---:|---:|---:|---:|---:|---:|---:|\n";
  for (const EngineResult &engine : result.engines) {
    os << "| " << engine.name << (engine.version.empty() ? "" : " ") << engine.version
       << format(" | %.3f | %.3f | %.2f | %.2f | %.1f | %.0f%% | ", engine.median(), engine.least(),
                 engine.median() / own.median(), engine.least() / own.least(),
                 gflops(result, engine),
                 result.peak.gflops > 0 ? 100 * gflops(result, engine) / result.peak.gflops : 0.0);
    if (engine.difference)
      os << format("%.1e |\n", *engine.difference);
    else
      os << "- |\n";
  }
  os << format("\nThis machine in the same run: %.1f GFLOP/s of multiply-adds (",
               result.peak.gflops)
     << result.peak.isa << format("), %.1f GB/s read from memory.\n", result.gigabytesPerSecond);
  double megabytes = result.weightsBytes * 1e-6;
  if (result.gigabytesPerSecond > 0)
    os << format("A run multiplies %.3f GFLOP; reading its %.1f MB of weights takes %.2f ms.\n",
                 result.flops * 1e-9, megabytes, megabytes / result.gigabytesPerSecond);
  for (const EngineResult &engine : result.engines)
    if (!engine.settings.empty())
      os << engine.name << ": " << engine.settings << ".\n";
}

json::Value incc::toJson(const BenchResult &result) {
  json::Array engines;
  for (const EngineResult &engine : result.engines) {
    json::Object object{{"name", engine.name},
                        {"version", engine.version},
                        {"settings", engine.settings},
                        {"median_ms", engine.median()},
                        {"least_ms", engine.least()},
                        {"gflops", gflops(result, engine)},
                        {"median_ratio", engine.median() / result.engines.front().median()},
                        {"least_ratio", engine.least() / result.engines.front().least()},
                        {"times_ms", json::Array(engine.times)}};
    if (engine.difference)
      object["largest_difference"] = *engine.difference;
    engines.push_back(std::move(object));
  }
  return json::Object{{"model", result.model},
                      {"target", result.target},
                      {"cpu", result.cpu},
                      {"batch", result.batch},
                      {"threads", result.threads},
                      {"rounds", result.rounds},
                      {"flops", result.flops},
                      {"weights_bytes", result.weightsBytes},
                      {"peak_gflops", result.peak.gflops},
                      {"peak_isa", result.peak.isa},
                      {"memory_gb_per_s", result.gigabytesPerSecond},
                      {"engines", std::move(engines)}};
}
