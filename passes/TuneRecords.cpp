// What tuning found earlier, read and written.
#include "passes/TuneRecords.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace incc;

TuneRecords::TuneRecords(StringRef path) : path(path) {
  if (path.empty())
    return;
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!file)
    return;
  llvm::Expected<llvm::json::Value> value = llvm::json::parse((*file)->getBuffer());
  if (!value)
    llvm::consumeError(value.takeError());
  else if (llvm::json::Object *object = value->getAsObject())
    records = std::move(*object);
}

llvm::Error TuneRecords::write() const {
  if (path.empty())
    return llvm::Error::success();
  StringRef folder = llvm::sys::path::parent_path(path);
  if (std::error_code code =
          folder.empty() ? std::error_code() : llvm::sys::fs::create_directories(folder))
    return llvm::createStringError(code, "can't make the folder of " + path);
  return llvm::writeToOutput(path, [&](llvm::raw_ostream &os) {
    os << llvm::formatv("{0:2}\n", llvm::json::Value(llvm::json::Object(records)));
    return llvm::Error::success();
  });
}

int64_t incc::bytesOfWeights(plan::ProgramOp program) {
  int64_t bytes = 0;
  for (auto weights : program.getOps<plan::WeightsOp>())
    bytes += sizeof(float) * weights.getValue().getNumElements();
  return bytes;
}
