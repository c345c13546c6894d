// Reads and writes arrays in NumPy's npy format.
#ifndef INCC_TOOLS_SUPPORT_NPY_H
#define INCC_TOOLS_SUPPORT_NPY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <vector>

namespace incc {

/// A dense float32 array in C order.
struct NpyArray {
  llvm::SmallVector<int64_t> shape;
  std::vector<float> values;
};

/// In a shape that is expected: any number.
constexpr int64_t kAnyDim = -1;

/// Reads an npy file of version 1, 2 or 3: little-endian float32, or float64 which is converted; C
/// or Fortran order. Its shape must be `expected`.
llvm::Expected<NpyArray> readNpy(llvm::StringRef path, llvm::ArrayRef<int64_t> expected);

/// Writes version 1 in C order. The file appears under its name only when it is complete.
llvm::Error writeNpy(llvm::StringRef path, llvm::ArrayRef<int64_t> shape,
                     llvm::ArrayRef<float> values);

} // namespace incc

#endif // INCC_TOOLS_SUPPORT_NPY_H
