// Adds measured times to the report that incc wrote of a model.
#include "tools/incc-run/MeasuredReport.h"
#include "tools/support/ReportFolder.h"
#include "llvm/ADT/STLExtras.h"

using namespace incc;
using namespace llvm;

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
                                       {"runs", static_cast<int64_t>(measured.runs)}};
  return writeReport(folder, *report);
}
