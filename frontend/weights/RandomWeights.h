// Seeded random weights for timing and tests.
#ifndef INCC_FRONTEND_WEIGHTS_RANDOMWEIGHTS_H
#define INCC_FRONTEND_WEIGHTS_RANDOMWEIGHTS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace incc::weights {

/// What a parameter is to its layer.
enum class ParameterKind { filter, bias, gamma, beta, mean, variance };

/// Fills `values` with what seed `seed` gives for the tensor `name`: a function of these and the
/// index alone, equal on all machines. `shape` gives a filter's fan-in.
void fillRandom(llvm::MutableArrayRef<float> values, ParameterKind kind, llvm::StringRef name,
                llvm::ArrayRef<int64_t> shape, uint64_t seed);

} // namespace incc::weights

#endif // INCC_FRONTEND_WEIGHTS_RANDOMWEIGHTS_H
