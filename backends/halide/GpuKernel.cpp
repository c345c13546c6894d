// Operands, threads and elements of a GPU kernel in Halide's terms.
#include "backends/halide/GpuKernel.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace incc;
using Halide::Expr;

HalideGpuKernel::HalideGpuKernel(plan::KernelOp kernel, StringRef symbol)
    : kernel(kernel), params(kernel), numThreads(GpuLaunch::of(kernel).threads),
      numBlocks(static_cast<int64_t>(kernel.getTasks())), symbol(symbol) {
  // Halide passes operands in the order of their names.
  auto name = [&](unsigned i) { return llvm::formatv("{0}_operand{1,0+2}", symbol, i).str(); };
  unsigned numOperands = kernel->getNumOperands(), numInputs = kernel.getInputs().size();
  for (unsigned i = 0; i + 1 < numOperands; ++i) {
    Halide::ImageParam param(Halide::Float(32), 1, name(i));
    param.dim(0).set_min(0).set_stride(1);
    operands.push_back(param);
    if (i >= numInputs)
      alignOperand(i);
    arguments.push_back(param);
  }
  out = Halide::Func(name(numOperands - 1));
}

plan::MapType HalideGpuKernel::inputMap(unsigned i) {
  return cast<plan::MapType>(kernel.getInputs()[i].getType());
}

plan::MapType HalideGpuKernel::outputMap() {
  return cast<plan::MapType>(kernel.getOutputs()[0].getType());
}

/// Halide wants bounds, and finds none behind unsigned numbers and tables.
static Expr within(plan::MapType map, Expr at) {
  auto floats = static_cast<int>(map.byteSize() / int64_t(sizeof(float)));
  return Halide::unsafe_promise_clamped(at, 0, floats - 1);
}

Expr HalideGpuKernel::input(unsigned i, Expr at) { return operands[i](within(inputMap(i), at)); }

Expr HalideGpuKernel::weights(unsigned i, Expr at) {
  return operands[kernel.getInputs().size() + i](at);
}

void HalideGpuKernel::alignOperand(unsigned i) {
  constexpr int kAlignment = 16;
  operands[i].set_host_alignment(kAlignment);
}

Halide::Func HalideGpuKernel::func(StringRef name) {
  return Halide::Func((symbol + "_" + name + "_" + Twine(numNames++)).str());
}

Halide::RDom HalideGpuKernel::domain(StringRef name, ArrayRef<int64_t> extents) {
  Halide::Region region;
  for (int64_t extent : extents)
    region.emplace_back(0, static_cast<int>(extent));
  return Halide::RDom(region, (symbol + "_" + name + "_" + Twine(numNames++)).str());
}

Halide::RDom HalideGpuKernel::points(ArrayRef<int64_t> ofThread, int64_t threads) {
  SmallVector<int64_t> extents(ofThread);
  extents.append({threads, numBlocks});
  return domain("points", extents);
}

void HalideGpuKernel::store(const Halide::RDom &points, Expr at, Expr value) {
  // The algorithm. Nothing is stored between the points.
  Halide::Var offset("offset");
  out(offset) = Halide::undef<float>();
  out(within(outputMap(), at)) = value;
  out.output_buffer().dim(0).set_min(0).set_stride(1);

  // The schedule.
  int blockDim = points.dimensions() - 1, threadDim = blockDim - 1;
  Halide::RVar thread = points[threadDim], block = points[blockDim];
  threads = thread.name();
  blocks = block.name();
  Halide::Stage stage = out.update();
  // No two points have the same place.
  stage.allow_race_conditions();
  constexpr int64_t kMostWrittenOut = 64;
  for (int d = 0; d < threadDim; ++d)
    if (Halide::Internal::as_const_int(points[d].extent()) &&
        *Halide::Internal::as_const_int(points[d].extent()) <= kMostWrittenOut)
      stage.unroll(points[d]);
  stage.gpu_blocks(block).gpu_threads(thread);
}

void HalideGpuKernel::perThread(Halide::Func func) {
  func.compute_at(out, Halide::RVar(threads)).store_in(Halide::MemoryType::Stack);
}

void HalideGpuKernel::perBlock(Halide::Func func, Halide::Var thread) {
  func.compute_at(out, Halide::RVar(blocks)).store_in(Halide::MemoryType::GPUShared);
  func.gpu_threads(thread);
}

Expr incc::isBelow(Expr a, int64_t b) {
  return Halide::cast<uint32_t>(a) < Halide::cast<uint32_t>(static_cast<int>(b));
}

static Expr inUnsigned(Expr a, int64_t b, bool isRemainder) {
  Expr x = Halide::cast<uint32_t>(a), y = Halide::cast<uint32_t>(static_cast<int>(b));
  return Halide::cast<int>(isRemainder ? x % y : x / y);
}

Expr incc::divide(Expr a, int64_t b) { return b == 1 ? a : inUnsigned(a, b, false); }

Expr incc::remainder(Expr a, int64_t b) { return b == 1 ? Expr(0) : inUnsigned(a, b, true); }

GpuElement::GpuElement(plan::MapType map, Expr number) : map(map) {
  int64_t floats = map.c() * map.h() * map.w();
  // A network of one image has no other.
  n = map.n() == 1 ? Expr(0) : divide(number, floats);
  inImage = map.n() == 1 ? number : remainder(number, floats);
}

Expr GpuElement::in(plan::MapType other) const { return n * int(other.imageStride()) + inImage; }

Expr incc::offsetIn(plan::MapType map, Expr n, Expr c, Expr y, Expr x) {
  return n * int(map.imageStride()) + c * int(map.planeStride()) + y * int(map.rowStride()) + x;
}

static int64_t elementsOf(plan::MapType map) { return map.n() * map.c() * map.h() * map.w(); }

static Expr numberOf(HalideGpuKernel &k, const GpuPlace &place) {
  return place.block * int(k.numThreads * kElementsPerThread) + place.i * int(k.numThreads) +
         place.thread;
}

GpuElement incc::elementAt(HalideGpuKernel &k, const GpuPlace &place) {
  plan::MapType map = k.outputMap();
  return GpuElement(map, Halide::min(numberOf(k, place), int(elementsOf(map)) - 1));
}

void incc::forEachElement(HalideGpuKernel &k, function_ref<Expr(const GpuPlace &)> compute) {
  Halide::RDom points = k.points(kElementsPerThread, k.numThreads);
  GpuPlace place = {points[0], points[1], points[2]};
  points.where(isBelow(numberOf(k, place), elementsOf(k.outputMap())));
  k.store(points, elementAt(k, place).in(k.outputMap()), compute(place));
}
