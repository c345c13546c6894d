// Kernels in which every element of the result depends on one element of each operand: elementwise
// functions, and moves of data.
#include "backends/gpu/Emitters.h"
#include "backends/llvm/KernelBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace incc;

void gpu::forEachElement(GpuBuilder &b, function_ref<Value(const Element &)> compute) {
  plan::MapType out = b.outputMap(0);
  int64_t count = out.n() * out.c() * out.h() * out.w();
  Index first = b.add(b.mul(b.block(), b.numThreads * kElementsPerThread), b.thread());
  for (int64_t i = 0; i < kElementsPerThread; ++i) {
    Index number = b.add(first, i * b.numThreads);
    b.ifThen(b.isBelow(number, count), [&] {
      Element element(b, out, number);
      b.store(compute(element), b.output(0), element.in(out));
    });
  }
  b.finish();
}

static Value loadSame(GpuBuilder &b, unsigned operand, const gpu::Element &element) {
  return b.load(b.input(operand), element.in(b.inputMap(operand)));
}

/// The operand's element under `element`; axes of extent 1 are broadcast.
static Value loadBroadcast(GpuBuilder &b, unsigned operand, const gpu::Element &element) {
  plan::MapType map = b.inputMap(operand);
  if (map.getShape() == b.outputMap(0).getShape())
    return loadSame(b, operand, element);
  auto place = [](int64_t extent, auto index) { return extent == 1 ? Index(0) : index(); };
  return b.load(b.input(operand), b.at(map, place(map.n(), [&] { return element.n; }),
                                       place(map.c(), [&] { return element.c(); }),
                                       place(map.h(), [&] { return element.y(); }),
                                       place(map.w(), [&] { return element.x(); })));
}

void gpu::emitActivation(GpuBuilder &b) {
  auto act = KernelParams(b.kernel).act();
  forEachElement(b, [&](const Element &e) { return b.activate(act, loadSame(b, 0, e)); });
}

void gpu::emitAdd(GpuBuilder &b) {
  auto act = KernelParams(b.kernel).act();
  forEachElement(b, [&](const Element &e) {
    return b.activate(act, b.addf(loadSame(b, 0, e), loadBroadcast(b, 1, e)));
  });
}

void gpu::emitMul(GpuBuilder &b) {
  auto act = KernelParams(b.kernel).act();
  // fuse-channel-scale: a third operand is added.
  bool adds = b.kernel.getInputs().size() > 2;
  forEachElement(b, [&](const Element &e) {
    Value x = loadSame(b, 0, e), factor = loadBroadcast(b, 1, e);
    return b.activate(act, adds ? b.fma(x, factor, loadSame(b, 2, e)) : b.mulf(x, factor));
  });
}

void gpu::emitScale(GpuBuilder &b) {
  auto factor = static_cast<float>(KernelParams(b.kernel).number("factor"));
  forEachElement(b,
                 [&](const Element &e) { return b.mulf(loadSame(b, 0, e), b.constant(factor)); });
}

void gpu::emitBinary(GpuBuilder &b) {
  auto kind = KernelParams(b.kernel).get<cnn::BinaryKindAttr>("kind").getValue();
  forEachElement(b, [&](const Element &e) {
    return b.binary(kind, loadBroadcast(b, 0, e), loadBroadcast(b, 1, e));
  });
}

/// The same elements in the same order, whatever the shapes: layouts, flattening, reshaping.
void gpu::emitCopy(GpuBuilder &b) {
  plan::MapType in = b.inputMap(0), out = b.outputMap(0);
  int64_t perOutput = out.c() * out.h() * out.w();
  forEachElement(b, [&](const Element &e) {
    Index number = b.add(b.mul(e.n, perOutput), e.inImage);
    return b.load(b.input(0), Element(b, in, number).in(in));
  });
}

void gpu::emitConstant(GpuBuilder &b) {
  plan::MapType out = b.outputMap(0);
  int64_t perImage = out.c() * out.h() * out.w();
  forEachElement(b, [&](const Element &e) {
    return b.load(b.weights(0), b.add(b.mul(e.n, perImage), e.inImage));
  });
}

/// Where the branches could not be written in place: each element finds its branch.
void gpu::emitConcat(GpuBuilder &b) {
  plan::MapType out = b.outputMap(0);
  forEachElement(b, [&](const Element &e) {
    Value result;
    int64_t begin = 0, plane = out.h() * out.w();
    for (unsigned i = 0; i < b.kernel.getInputs().size(); ++i) {
      plan::MapType in = b.inputMap(i);
      // Elements of other branches read the first of this one.
      Index inBranch = b.sub(e.inImage, begin * plane);
      Value isHere = b.isBelow(inBranch, in.c() * plane);
      Value value = b.load(
          b.input(i), b.add(b.mul(e.n, in.imageStride()), b.select(isHere, inBranch, Index(0))));
      result = result ? b.select(isHere, value, result) : value;
      begin += in.c();
    }
    return result;
  });
}

void gpu::emitSlice(GpuBuilder &b) {
  plan::MapType in = b.inputMap(0);
  int64_t offset = KernelParams(b.kernel).integer("offset") * in.planeStride();
  forEachElement(b, [&](const Element &e) { return b.load(b.input(0), e.in(in), offset); });
}

void gpu::emitTranspose(GpuBuilder &b) {
  ArrayRef<int64_t> permutation = KernelParams(b.kernel).list("permutation");
  forEachElement(b, [&](const Element &e) {
    Index place[] = {0, 0, 0, 0}, from[] = {e.n, e.c(), e.y(), e.x()};
    for (unsigned axis = 0; axis < 4; ++axis)
      place[permutation[axis]] = from[axis];
    return b.load(b.input(0), b.at(b.inputMap(0), place[0], place[1], place[2], place[3]));
  });
}

/// Names of the index lists of `cnn.take`, in the order of the axes.
static constexpr const char *kTakeLists[] = {"n", "c", "h", "w"};

/// Elements without an index read the first one and forget it.
void gpu::emitTake(GpuBuilder &b) {
  KernelParams params(b.kernel);
  Value fill = b.constant(static_cast<float>(params.number("fill")));
  forEachElement(b, [&](const Element &e) {
    Index place[] = {e.n, e.c(), e.y(), e.x()};
    Value isThere;
    int64_t table = 0;
    for (auto [axis, name] : llvm::enumerate(kTakeLists)) {
      auto length = static_cast<int64_t>(params.list(name).size());
      if (!length)
        continue;
      Index entry = KernelBuilder::tableIndex(b, b.load(b.weights(0), place[axis], table));
      table += length;
      Value isInput = b.isLess(-1, entry);
      isThere = isThere ? b.logicalAnd(isThere, isInput) : isInput;
      place[axis] = b.max(entry, 0);
    }
    Value value = b.load(b.input(0), b.at(b.inputMap(0), place[0], place[1], place[2], place[3]));
    return isThere ? b.select(isThere, value, fill) : value;
  });
}

std::vector<float> gpu::packTake(plan::KernelOp kernel, unsigned, ArrayRef<float>) {
  std::vector<float> tables;
  for (const char *name : kTakeLists)
    for (int64_t index : KernelParams(kernel).list(name))
      tables.push_back(KernelBuilder::tableEntry(index));
  return tables;
}

/// Adds the partial sums of a convolution in their order, so that the result is always the same.
void gpu::emitSumSplits(GpuBuilder &b) {
  KernelParams params(b.kernel);
  plan::MapType out = b.outputMap(0);
  // [split][channel][pixel of all images]
  int64_t splits = params.integer("splits"), plane = out.h() * out.w(), pixels = out.n() * plane;
  forEachElement(b, [&](const Element &e) {
    Index pixel = b.add(b.mul(e.n, plane), b.rem(e.inImage, plane));
    Index at = b.add(b.mul(e.c(), pixels), pixel);
    Value sum = b.load(b.input(0), at);
    for (int64_t i = 1; i < splits; ++i)
      sum = b.addf(sum, b.load(b.input(0), at, i * out.c() * pixels));
    if (!b.kernel.getWeights().empty())
      sum = b.addf(sum, b.load(b.weights(0), e.c()));
    if (b.kernel.getInputs().size() > 1)
      sum = b.addf(sum, loadSame(b, 1, e));
    return b.activate(params.act(), sum);
  });
}
