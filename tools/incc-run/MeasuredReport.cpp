// Adds measured times to the report that incc wrote of a model.
#include "tools/incc-run/MeasuredReport.h"
#include "tools/support/ReportFolder.h"
#include "llvm/ADT/STLExtras.h"
#include <chrono>

using namespace incc;
using namespace llvm;

/// The clock of this core in GHz, by additions that wait for each other: one a cycle. The fastest
/// of many short tries, since others may want the core.
static double measureGigahertz() {
  constexpr int kTries = 100, kTurns = 2000, kAdditions = 16;
  double best = 0;
  uint64_t sum = 0, summand = 1;
  asm volatile("" : "+r"(summand));
  for (int i = 0; i < kTries; ++i) {
    auto start = std::chrono::steady_clock::now();
    for (int turn = 0; turn < kTurns; ++turn) {
#pragma clang loop unroll(full)
      for (int addition = 0; addition < kAdditions; ++addition) {
        sum += summand;
        asm volatile("" : "+r"(sum));
      }
    }
    std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    best = std::max(best, kTurns * kAdditions / elapsed.count());
  }
  return best;
}

/// True if the report's steps are the library's, by layers and kinds.
static bool isOf(const json::Object &report, const LoadedModel &model) {
  const json::Array &steps = *report.getArray("steps");
  if (report.getString("name") != StringRef(model->name) || steps.size() != model.steps().size())
    return false;
  return llvm::all_of(llvm::zip_equal(steps, model.steps()), [](auto both) {
    const json::Object *step = std::get<0>(both).getAsObject();
    const incc_step_desc &desc = std::get<1>(both);
    return step && step->getString("layer") == StringRef(desc.layer) &&
           step->getString("kind") == StringRef(desc.kind) &&
           step->getInteger("stage") == desc.stage;
  });
}

Error incc::addToReport(StringRef folder, const LoadedModel &model, const Measurements &measured) {
  Expected<json::Object> report = readReport(folder);
  if (!report)
    return report.takeError();
  if (!isOf(*report, model))
    return makeError(
        "the report in '" + folder + "' is of '" + report->getString("name").value_or("") +
        "' with " + Twine(report->getArray("steps")->size()) +
        " steps, and not of this library ('" + model->name + "', " + Twine(model.steps().size()) +
        " steps); write both by one incc MODEL --report " + folder);
  (*report)["measured"] = json::Object{{"step_ms", json::Array(measured.stepMs)},
                                       {"total_ms", measured.totalMs},
                                       {"threads", measured.threads},
                                       {"gigahertz", measureGigahertz()},
                                       {"runs", static_cast<int64_t>(measured.runs)}};
  return writeReport(folder, *report);
}
