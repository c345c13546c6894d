// The page that shows a report, as one HTML file.
#include "backends/report/ReportPage.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

/// page/ as one text, by EmbedPage.cmake.
static constexpr StringLiteral kPage =
#include "backends/report/Page.inc"
    ;

/// `text` in HTML, between tags.
static std::string escapeHtml(StringRef text) {
  std::string escaped;
  raw_string_ostream os(escaped);
  printHTMLEscaped(text, os);
  return escaped;
}

std::string incc::renderReportPage(const json::Object &report) {
  // A "<" can only be in a string, where this stands for it: no "</script>" ends the data.
  std::string data = formatv("{0}", json::Value(json::Object(report))).str(), escaped;
  for (char c : data)
    if (c == '<')
      escaped += "\\u003c";
    else
      escaped += c;
  auto [head, tail] = StringRef(kPage).split("@REPORT@");
  auto [beforeTitle, afterTitle] = head.split("@TITLE@");
  std::string title = escapeHtml(report.getString("name").value_or(""));
  return (beforeTitle + title + afterTitle + escaped + tail).str();
}
