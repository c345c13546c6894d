// "did you mean": the nearest of the names that would have been right.
#ifndef INCC_FRONTEND_NEARESTNAME_H
#define INCC_FRONTEND_NEARESTNAME_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace incc {

/// The entry of `known` nearest to `name` by edit distance, "" if none is near.
std::string nearestName(llvm::StringRef name, llvm::ArrayRef<std::string> known);

/// "; did you mean 'relu'?" or "".
std::string didYouMean(llvm::StringRef name, llvm::ArrayRef<std::string> known);

} // namespace incc

#endif // INCC_FRONTEND_NEARESTNAME_H
