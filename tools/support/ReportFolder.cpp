// The folder that `incc --report` writes and `incc-run --report` completes.
#include "tools/support/ReportFolder.h"
#include "backends/report/ReportPage.h"
#include "tools/support/Errors.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace incc;
using namespace llvm;

static std::string pathIn(StringRef folder, StringRef name) {
  SmallString<128> path = folder;
  sys::path::append(path, name);
  return std::string(path);
}

Error incc::writeReport(StringRef folder, const json::Object &report) {
  if (std::error_code code = sys::fs::create_directories(folder, /*IgnoreExisting=*/true,
                                                         sys::fs::all_all)) // less the umask
    return makeError("can't make the folder '" + folder + "': " + code.message());
  std::string text = formatv("{0:2}\n", json::Value(json::Object(report)));
  if (Error error = writeFile(pathIn(folder, "report.json"), text))
    return error;
  return writeFile(pathIn(folder, "report.html"), renderReportPage(report));
}

Expected<json::Object> incc::readReport(StringRef folder) {
  std::string path = pathIn(folder, "report.json");
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(path);
  if (!file)
    return makeError("can't read '" + path + "': " + file.getError().message() +
                     "; incc MODEL --report " + folder + " writes it");
  Expected<json::Value> value = json::parse((*file)->getBuffer());
  if (!value)
    return makeError("'" + path + "' is no JSON: " + toString(value.takeError()));
  json::Object *report = value->getAsObject();
  if (!report || !report->getArray("steps"))
    return makeError("'" + path + "' is no report of incc: expected an object with 'steps'");
  return std::move(*report);
}
