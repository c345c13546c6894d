// Elementwise ops that were not fused into another kernel, on runs of floats.
#include "backends/halide/Emitters.h"

using namespace mlir;
using namespace incc;
using namespace incc::halide;

namespace {

/// A position in a map as runs of floats.
struct Place {
  Expr i, y, p, n;
};

} // namespace

/// `out = compute` everywhere; a plane is a task (of vectors, an image).
static void emitElementwise(HalideKernel &k, function_ref<Expr(const Place &at)> compute) {
  plan::MapType map = k.outputMap(0);
  bool vector = isVector(map);
  HalideKernel::Dims dims = runsOf(map);
  if (!vector) {
    dims[2].axis = static_cast<int>(k.addAxis(dims[2].extent));
    dims[2].extent = 1;
  }
  dims[3].axis = static_cast<int>(k.addAxis(map.n()));
  dims[3].extent = 1;
  k.forEachVariant([&] {
    // The algorithm.
    Var i("i"), y("y"), p("p"), n("n");
    Func out = k.func("out");
    out(i, y, p, n) = compute({i, y, p, n});
    k.output(0, out, dims, map.origin(), /*rowDim=*/1);

    // The schedule.
    auto lanes = static_cast<int>(std::min(k.lanes, dims[0].extent));
    out.vectorize(i, lanes, Halide::TailStrategy::ShiftInwards);
  });
}

static Expr load(ImageParam map, const Place &at) { return map(at.i, at.y, at.p, at.n); }

/// The right operand of a binary op, broadcast where its dimensions are 1.
static Expr loadBroadcast(HalideKernel &k, const Place &at) {
  plan::MapType out = k.outputMap(0), rhs = k.inputMap(1);
  ImageParam map = k.inputRuns(1);
  Expr n = rhs.n() == 1 ? Expr(0) : at.n;
  if (rhs.c() == 1 && out.c() != 1) // one value for all channels
    return map(0, 0, 0, n);
  if (rhs.h() != out.h() || rhs.w() != out.w())
    return map(at.i % int(rhs.getBlock()), 0, at.p, n);
  return map(at.i, at.y, at.p, n);
}

void halide::emitActivation(HalideKernel &k) {
  emitElementwise(k, [&](const Place &at) {
    return activate(k.params.act(), load(k.inputRuns(0), at));
  });
}

void halide::emitAdd(HalideKernel &k) {
  emitElementwise(k, [&](const Place &at) {
    return activate(k.params.act(), load(k.inputRuns(0), at) + loadBroadcast(k, at));
  });
}

void halide::emitMul(HalideKernel &k) {
  emitElementwise(k, [&](const Place &at) {
    Expr product = load(k.inputRuns(0), at) * loadBroadcast(k, at);
    // fuse-channel-scale: the third operand is added.
    if (k.kernel.getInputs().size() == 3)
      product += load(k.inputRuns(2), at);
    return activate(k.params.act(), product);
  });
}

void halide::emitScale(HalideKernel &k) {
  auto factor = static_cast<float>(k.params.number("factor"));
  emitElementwise(k, [&](const Place &at) { return load(k.inputRuns(0), at) * factor; });
}
