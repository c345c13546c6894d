// What a report shows of a compiled network, as JSON that the page and scripts read.
#ifndef INCC_BACKENDS_REPORT_REPORT_H
#define INCC_BACKENDS_REPORT_REPORT_H

#include "ir/DecisionLog.h"
#include "ir/Plan.h"
#include "ir/Target.h"
#include "llvm/Support/JSON.h"

namespace incc {

/// What a plan does not say of itself.
struct ReportContext {
  llvm::StringRef modelPath;
  const Target &target;
  /// Threads that the plan is scheduled for.
  unsigned threads;
  llvm::ArrayRef<Decision> decisions;
};

/// The whole report on `program`, whose memory is planned. README.md describes its members.
llvm::json::Object makeReport(plan::ProgramOp program, const ReportContext &context);

} // namespace incc

#endif // INCC_BACKENDS_REPORT_REPORT_H
