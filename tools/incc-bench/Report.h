// What incc-bench found out, as a Markdown table and as JSON.
#ifndef INCC_TOOLS_BENCH_REPORT_H
#define INCC_TOOLS_BENCH_REPORT_H

#include "tools/incc-bench/Machine.h"
#include "tools/incc-bench/Peer.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>
#include <vector>

namespace incc {

struct EngineResult {
  std::string name, version, settings;
  /// Why there are no times, if there are none.
  std::string failure;
  /// Milliseconds of each run, all rounds together.
  std::vector<double> times;
  /// Largest difference of any output from the reference's, relative to the largest output.
  std::optional<double> difference;
  std::optional<ColdStart> cold;

  double median() const;
  double least() const;
};

struct LayerResult {
  std::string name, kind;
  double leastMs = 0, flops = 0, rooflineMs = 0;
  /// Of the report that incc wrote; nothing where a library was given.
  double bytes = 0;
  std::string algorithm;
  std::vector<int64_t> kernel;
  int64_t groups = 1;
};

struct BenchResult {
  std::string model, target, cpu;
  int64_t batch = 1, weightsBytes = 0;
  int threads = 1, rounds = 0;
  /// Turns of engines, and how many of them were repeated because the machine was disturbed.
  int turns = 0, repeatedTurns = 0;
  /// Operations of a run, a multiply-add counted twice.
  double flops = 0;
  Peak peak;
  double gigabytesPerSecond = 0;
  /// incc first.
  std::vector<EngineResult> engines;
  /// The engine that the outputs of the others are compared with.
  std::string reference;
  /// The CPUs that all of them ran on.
  std::vector<int> cpus;
  std::vector<LayerResult> layers;

  /// The least median of the peers; null if none was timed.
  const EngineResult *fastestPeer() const;
};

void printMarkdown(const BenchResult &result, llvm::raw_ostream &os);
llvm::json::Value toJson(const BenchResult &result);

} // namespace incc

#endif // INCC_TOOLS_BENCH_REPORT_H
