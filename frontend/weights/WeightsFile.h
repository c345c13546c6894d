// A file of named tensors: safetensors or npz.
#ifndef INCC_FRONTEND_WEIGHTS_WEIGHTSFILE_H
#define INCC_FRONTEND_WEIGHTS_WEIGHTSFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace incc::weights {

/// Element types that can be read as float32; little endian.
enum class FloatType { f16, bf16, f32, f64 };

struct TensorEntry {
  std::string name;
  /// The file's own name of the element type, for diagnostics.
  std::string dtype;
  /// Empty if it is no floating-point type.
  std::optional<FloatType> type;
  llvm::SmallVector<int64_t> shape;
  /// Where the values lie in the file; for npz the (possibly compressed) member.
  uint64_t offset = 0, numBytes = 0;

  int64_t numElements() const;
};

/// float32 values and what keeps them alive: the mapped file, or a buffer of their own.
struct TensorValues {
  llvm::ArrayRef<float> values;
  std::shared_ptr<void> owner;
};

class WeightsFile {
public:
  virtual ~WeightsFile() = default;

  /// Opens and checks `path`, by its first bytes a safetensors or npz file.
  static llvm::Expected<std::unique_ptr<WeightsFile>> open(llvm::StringRef path);
  /// Likewise from memory; `path` serves for diagnostics.
  static llvm::Expected<std::unique_ptr<WeightsFile>>
  open(std::shared_ptr<llvm::MemoryBuffer> buffer, llvm::StringRef path);

  /// In the order of the file; names are unique.
  llvm::ArrayRef<TensorEntry> tensors() const { return entries; }

  /// The values of an entry whose type is floating-point. May be called from several threads.
  virtual llvm::Expected<TensorValues> read(const TensorEntry &entry) const = 0;

protected:
  std::vector<TensorEntry> entries;
};

llvm::Expected<std::unique_ptr<WeightsFile>>
openSafetensors(std::shared_ptr<llvm::MemoryBuffer> buffer);
llvm::Expected<std::unique_ptr<WeightsFile>> openNpz(std::shared_ptr<llvm::MemoryBuffer> buffer);

/// `bytes` as float32, without a copy where they are aligned float32 already; `owner` keeps them
/// alive.
TensorValues toFloat32(llvm::ArrayRef<char> bytes, FloatType type, std::shared_ptr<void> owner);

/// Bytes of an element.
unsigned byteWidth(FloatType type);

/// The product of `shape`, empty on overflow or a negative dimension.
std::optional<uint64_t> checkedNumElements(llvm::ArrayRef<int64_t> shape);

} // namespace incc::weights

#endif // INCC_FRONTEND_WEIGHTS_WEIGHTSFILE_H
