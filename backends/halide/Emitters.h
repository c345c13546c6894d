// The table of Halide emitters: one row per cnn op that becomes a kernel.
#ifndef INCC_BACKENDS_HALIDE_EMITTERS_H
#define INCC_BACKENDS_HALIDE_EMITTERS_H

#include "backends/halide/HalideKernel.h"

namespace incc {

struct HalideEmitter {
  /// Name of the cnn op.
  llvm::StringRef kind;
  /// Describes the kernel's tasks and pipelines.
  void (*emit)(HalideKernel &kernel);
};

/// Null if no row has that kind.
const HalideEmitter *findHalideEmitter(llvm::StringRef kind);

namespace halide {
/// How many equal chunks of whole blocks `channels` are cut into, near the most blocks that the plan
/// wants in one; one where there are no such.
int64_t equalChunks(int64_t channels, int64_t block, int64_t most);
} // namespace halide

/// The sum over a plane of the values that `value` gives, for each lane, plane and image (`place`).
class PlaneSum {
public:
  PlaneSum(HalideKernel &k, llvm::function_ref<Halide::Expr(Halide::Expr x, Halide::Expr y)> value,
           const std::vector<Halide::Var> &place, int64_t width, int64_t height);

  /// Computes it within loop `at` of `consumer`.
  void schedule(Halide::Func consumer, Halide::Var at);

private:
  Halide::Var lane, x{"x"};
  Halide::Func columns;

public:
  /// Of (lane, plane, image).
  Halide::Func total;

private:
  Halide::RDom rows, across;
};

namespace halide {
// What emitters are written in.
using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::RDom;
using Halide::RVar;
using Halide::Stage;
using Halide::Var;
using Dims = HalideKernel::Dims;

// By op family. Operands and packed weights lie as they do for the LLVM backend.
void emitConv2d(HalideKernel &k);
void emitWinograd(HalideKernel &k);
void emitLinear(HalideKernel &k);
void emitMaxPool(HalideKernel &k);
void emitAvgPool(HalideKernel &k);
void emitGlobalAvgPool(HalideKernel &k);
void emitActivation(HalideKernel &k);
void emitAdd(HalideKernel &k);
void emitMul(HalideKernel &k);
void emitScale(HalideKernel &k);
void emitSoftmax(HalideKernel &k);
void emitLrn(HalideKernel &k);
void emitMove(HalideKernel &k);
void emitConcat(HalideKernel &k);
void emitSlice(HalideKernel &k);
void emitBinary(HalideKernel &k);
void emitReshape(HalideKernel &k);
void emitTranspose(HalideKernel &k);
void emitTake(HalideKernel &k);
void emitPackFilter(HalideKernel &k);
void emitConstant(HalideKernel &k);
} // namespace halide

} // namespace incc

#endif // INCC_BACKENDS_HALIDE_EMITTERS_H
