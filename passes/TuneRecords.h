// What tuning found earlier, in a file.
#ifndef INCC_PASSES_TUNERECORDS_H
#define INCC_PASSES_TUNERECORDS_H

#include "ir/Plan.h"
#include "llvm/Support/JSON.h"
#include <optional>

namespace incc {

/// The best found so far, by what it was found for: a JSON object of texts. A file that can't be
/// read, or that something else wrote, counts as empty.
class TuneRecords {
public:
  /// An empty path is no file.
  explicit TuneRecords(llvm::StringRef path);

  std::optional<llvm::StringRef> find(llvm::StringRef key) const { return records.getString(key); }
  void set(llvm::StringRef key, llvm::StringRef found) { records[key.str()] = found.str(); }

  /// Other processes may write at the same time: the last one wins.
  llvm::Error write() const;

private:
  std::string path;
  llvm::json::Object records;
};

/// Bytes of a program's weights as the network gives them.
int64_t bytesOfWeights(plan::ProgramOp program);

} // namespace incc

#endif // INCC_PASSES_TUNERECORDS_H
