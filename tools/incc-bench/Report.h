// What incc-bench found out, as a Markdown table and as JSON.
#ifndef INCC_TOOLS_BENCH_REPORT_H
#define INCC_TOOLS_BENCH_REPORT_H

#include "tools/incc-bench/Machine.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>
#include <vector>

namespace incc {

struct EngineResult {
  std::string name, version, settings;
  /// Milliseconds of each run, all rounds together.
  std::vector<double> times;
  /// Largest difference of any output from incc's, relative to the largest output.
  std::optional<double> difference;

  double median() const;
  double least() const;
};

struct BenchResult {
  std::string model, target, cpu;
  int64_t batch = 1, weightsBytes = 0;
  int threads = 1, rounds = 0;
  /// Operations of a run, a multiply-add counted twice.
  double flops = 0;
  Peak peak;
  double gigabytesPerSecond = 0;
  /// incc first.
  std::vector<EngineResult> engines;
};

void printMarkdown(const BenchResult &result, llvm::raw_ostream &os);
llvm::json::Value toJson(const BenchResult &result);

} // namespace incc

#endif // INCC_TOOLS_BENCH_REPORT_H
