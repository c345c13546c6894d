// GPU kernels in which every element of the result depends on one element of each operand:
// elementwise functions, and moves of data.
#include "backends/halide/GpuEmitters.h"

using namespace mlir;
using namespace incc;
using namespace incc::halide_gpu;

using Compute = function_ref<Expr(const GpuElement &)>;

static void forElements(HalideGpuKernel &k, Compute compute) {
  forEachElement(k, [&](const GpuPlace &place) { return compute(elementAt(k, place)); });
}

static Expr loadSame(HalideGpuKernel &k, unsigned operand, const GpuElement &e) {
  return k.input(operand, e.in(k.inputMap(operand)));
}

/// The operand's element under `e`; axes of extent 1 are broadcast.
static Expr loadBroadcast(HalideGpuKernel &k, unsigned operand, const GpuElement &e) {
  plan::MapType map = k.inputMap(operand);
  if (map.getShape() == k.outputMap().getShape())
    return loadSame(k, operand, e);
  auto place = [](int64_t extent, Expr index) { return extent == 1 ? Expr(0) : index; };
  return k.input(operand, offsetIn(map, place(map.n(), e.n), place(map.c(), e.c()),
                                   place(map.h(), e.y()), place(map.w(), e.x())));
}

void halide_gpu::emitActivation(HalideGpuKernel &k) {
  forElements(k, [&](const GpuElement &e) { return activate(k.params.act(), loadSame(k, 0, e)); });
}

void halide_gpu::emitAdd(HalideGpuKernel &k) {
  forElements(k, [&](const GpuElement &e) {
    return activate(k.params.act(), loadSame(k, 0, e) + loadBroadcast(k, 1, e));
  });
}

void halide_gpu::emitMul(HalideGpuKernel &k) {
  forElements(k, [&](const GpuElement &e) {
    Expr product = loadSame(k, 0, e) * loadBroadcast(k, 1, e);
    // fuse-channel-scale: the third operand is added.
    if (k.kernel.getInputs().size() == 3)
      product += loadSame(k, 2, e);
    return activate(k.params.act(), product);
  });
}

void halide_gpu::emitScale(HalideGpuKernel &k) {
  auto factor = static_cast<float>(k.params.number("factor"));
  forElements(k, [&](const GpuElement &e) { return loadSame(k, 0, e) * factor; });
}

void halide_gpu::emitBinary(HalideGpuKernel &k) {
  auto kind = k.params.get<cnn::BinaryKindAttr>("kind").getValue();
  forElements(k, [&](const GpuElement &e) {
    return binary(kind, loadBroadcast(k, 0, e), loadBroadcast(k, 1, e));
  });
}

/// The same elements in the same order, whatever the shapes: layouts, flattening, reshaping.
void halide_gpu::emitCopy(HalideGpuKernel &k) {
  plan::MapType in = k.inputMap(0), out = k.outputMap();
  int64_t perOutput = out.c() * out.h() * out.w();
  forElements(k, [&](const GpuElement &e) {
    return k.input(0, GpuElement(in, e.n * int(perOutput) + e.inImage).in(in));
  });
}

void halide_gpu::emitConstant(HalideGpuKernel &k) {
  plan::MapType out = k.outputMap();
  int64_t perImage = out.c() * out.h() * out.w();
  forElements(k, [&](const GpuElement &e) {
    return k.weights(0, e.n * int(perImage) + e.inImage);
  });
}

/// Where the branches could not be written in place: each element finds its branch.
void halide_gpu::emitConcat(HalideGpuKernel &k) {
  plan::MapType out = k.outputMap();
  int64_t plane = out.h() * out.w();
  forElements(k, [&](const GpuElement &e) {
    Expr result;
    int64_t begin = 0;
    for (unsigned i = 0; i < k.kernel.getInputs().size(); ++i) {
      plan::MapType in = k.inputMap(i);
      // Elements of other branches read one of this one.
      Expr inBranch = e.inImage - int(begin * plane);
      Expr value = k.input(i, e.n * int(in.imageStride()) +
                                  Halide::clamp(inBranch, 0, int(in.c() * plane) - 1));
      result = result.defined() ? Halide::select(inBranch >= 0, value, result) : value;
      begin += in.c();
    }
    return result;
  });
}

void halide_gpu::emitSlice(HalideGpuKernel &k) {
  plan::MapType in = k.inputMap(0);
  int64_t offset = k.params.integer("offset") * in.planeStride();
  forElements(k, [&](const GpuElement &e) { return k.input(0, e.in(in) + int(offset)); });
}

void halide_gpu::emitTranspose(HalideGpuKernel &k) {
  ArrayRef<int64_t> permutation = k.params.list("permutation");
  forElements(k, [&](const GpuElement &e) {
    Expr place[4], from[] = {e.n, e.c(), e.y(), e.x()};
    for (unsigned axis = 0; axis < 4; ++axis)
      place[permutation[axis]] = from[axis];
    return k.input(0, offsetIn(k.inputMap(0), place[0], place[1], place[2], place[3]));
  });
}

/// Elements without an index read the first one and forget it.
void halide_gpu::emitTake(HalideGpuKernel &k) {
  auto fill = static_cast<float>(k.params.number("fill"));
  forElements(k, [&](const GpuElement &e) {
    Expr place[] = {e.n, e.c(), e.y(), e.x()}, isThere;
    int64_t table = 0;
    for (auto [axis, name] : llvm::enumerate(SmallVector<StringRef>{"n", "c", "h", "w"})) {
      auto length = static_cast<int64_t>(k.params.list(name).size());
      if (!length)
        continue;
      Expr entry = tableEntry(k.weights(0, place[axis] + int(table)));
      table += length;
      Expr isInput = entry >= 0;
      isThere = isThere.defined() ? isThere && isInput : isInput;
      place[axis] = Halide::max(entry, 0);
    }
    Expr value = k.input(0, offsetIn(k.inputMap(0), place[0], place[1], place[2], place[3]));
    return isThere.defined() ? Halide::select(isThere, value, fill) : value;
  });
}
