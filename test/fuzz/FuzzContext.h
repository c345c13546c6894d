// The MLIR context of fuzz targets.
#ifndef INCC_TEST_FUZZ_FUZZCONTEXT_H
#define INCC_TEST_FUZZ_FUZZCONTEXT_H

#include "mlir/IR/MLIRContext.h"

#include <memory>

/// A context that is new now and then: making one takes longer than importing a small model, and
/// what models leave in one must not pile up.
inline mlir::MLIRContext &fuzzContext() {
  constexpr unsigned kNumUses = 200;
  static std::unique_ptr<mlir::MLIRContext> context;
  static unsigned numUses = 0;
  if (numUses++ % kNumUses == 0)
    context = std::make_unique<mlir::MLIRContext>(mlir::MLIRContext::Threading::DISABLED);
  return *context;
}

#endif // INCC_TEST_FUZZ_FUZZCONTEXT_H
