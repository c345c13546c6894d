// The page that shows a report, as one HTML file.
#ifndef INCC_BACKENDS_REPORT_REPORTPAGE_H
#define INCC_BACKENDS_REPORT_REPORTPAGE_H

#include "llvm/Support/JSON.h"

namespace incc {

/// A page that needs nothing but itself: styles, scripts and `report` are in it.
std::string renderReportPage(const llvm::json::Object &report);

} // namespace incc

#endif // INCC_BACKENDS_REPORT_REPORTPAGE_H
