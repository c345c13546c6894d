// Ops that move data: layout conversion, flattening, and concat and slice where they could not be
// done in place.
#include "backends/halide/Emitters.h"

using namespace mlir;
using namespace incc;
using namespace incc::halide;

/// `map` at any channel, which must be one of its own.
static Expr atChannel(ImageParam box, plan::MapType map, Expr channel, Expr x, Expr y, Expr n) {
  auto block = static_cast<int>(map.getBlock());
  return block == 1 ? box(0, x, y, channel, n) : box(channel % block, x, y, channel / block, n);
}

/// Into a blocked map: lanes beyond the last channel become zeros.
static void moveToBlocks(HalideKernel &k, plan::MapType in, plan::MapType out) {
  Dims dims = boxOf(out);
  dims[1] = {out.w(), out.getBlock()};
  dims[2] = {out.h(), out.rowStride()};
  dims[3] = {1, out.planeStride(), 0, static_cast<int>(k.addAxis(out.channelBlocks()))};
  dims[4] = {1, out.imageStride(), 0, static_cast<int>(k.addAxis(out.n()))};
  k.forEachVariant([&] {
    Var c("c"), x("x"), y("y"), p("p"), n("n");
    Func result = k.func("out");
    Expr channel = p * int(out.getBlock()) + c;
    Expr value = atChannel(k.inputBox(0), in, Halide::min(channel, int(in.c()) - 1), x, y, n);
    if (in.getBlock() == out.getBlock())
      value = k.inputBox(0)(c, x, y, p, n);
    else if (in.c() % out.getBlock())
      value = Halide::select(channel < int(in.c()), value, 0.0f);
    result(c, x, y, p, n) = value;
    k.output(0, result, dims, out.origin());
    result.vectorize(c);
  });
}

/// Into a planar map. A task is a block of channels of the input, or some rows of a plane.
static void moveToPlanes(HalideKernel &k, plan::MapType in, plan::MapType out) {
  int64_t block = in.getBlock();
  int64_t rows = ceilDiv(out.h(), k.kernel.getTasks() / (out.n() * in.channelBlocks()));
  auto rowAxis = static_cast<int>(k.addAxis({ceilDiv(out.h(), rows), rows, out.h()}));
  unsigned channelAxis = k.addAxis({in.channelBlocks(), block, in.c(), /*lastDiffers=*/true});
  int imageAxis = static_cast<int>(k.addAxis(out.n()));
  k.forEachVariant([&] {
    Var x("x"), y("y"), p("p"), n("n");
    Func result = k.func("out");
    result(x, y, p, n) = atChannel(k.inputBox(0), in, p, x, y, n);
    k.output(0, result,
             {{out.w(), 1},
              {rows, out.rowStride(), 0, rowAxis, rows, rows < out.h()},
              {k.stepOf(channelAxis), out.planeStride(), 0, static_cast<int>(channelAxis),
               block},
              {1, out.imageStride(), 0, imageAxis}},
             out.origin(), /*rowDim=*/1);
    auto lanes = static_cast<int>(std::min(k.lanes, out.w()));
    result.vectorize(x, lanes, Halide::TailStrategy::ShiftInwards);
  });
}

void halide::emitMove(HalideKernel &k) {
  plan::MapType in = k.inputMap(0), out = k.outputMap(0);
  if (k.kernel.getKind() != cnn::ToLayoutOp::getOperationName())
    // A vector of C*H*W features is the dense map of that shape.
    out = plan::MapType::get(in.getContext(), in.getShape(), /*block=*/1, {0, 0, 0, 0}, in.c());
  return out.getBlock() == 1 ? moveToPlanes(k, in, out) : moveToBlocks(k, in, out);
}

/// Joins inputs; a row of a blocked map is a task, an image of vectors.
void halide::emitConcat(HalideKernel &k) {
  plan::MapType out = k.outputMap(0);
  bool vector = out.getBlock() == 1;
  // Features lie as the lanes of one block.
  int64_t block = vector ? out.c() : out.getBlock();
  int rowAxis = vector ? -1 : static_cast<int>(k.addAxis(out.h()));
  int imageAxis = static_cast<int>(k.addAxis(out.n()));
  Dims dims = {{block, 1},
               {out.w(), out.getBlock()},
               {1, out.rowStride(), 0, rowAxis},
               {vector ? 1 : out.channelBlocks(), out.planeStride()},
               {1, out.imageStride(), 0, imageAxis}};
  k.forEachVariant([&] {
    Var c("c"), x("x"), y("y"), p("p"), n("n");
    Func result = k.func("out");
    Expr channel = p * int(block) + c, value = 0.0f;
    int64_t end = out.c();
    for (unsigned i = k.kernel.getInputs().size(); i-- > 0;) {
      plan::MapType in = k.inputMap(i);
      int64_t first = end - in.c();
      Expr own = Halide::clamp(channel - int(first), 0, int(in.c()) - 1);
      Expr from = atChannel(k.inputBox(i), in, own, x, y, n);
      value = Halide::select(channel >= int(end), value, from);
      end = first;
    }
    result(c, x, y, p, n) = value;
    k.output(0, result, dims, out.origin());
    auto lanes = static_cast<int>(std::min(k.lanes, block));
    result.vectorize(c, lanes, Halide::TailStrategy::ShiftInwards);
  });
}

/// Channels from `offset` on; a plane is a task, an image of vectors.
void halide::emitSlice(HalideKernel &k) {
  plan::MapType in = k.inputMap(0), out = k.outputMap(0);
  auto offset = static_cast<int>(k.params.integer("offset"));
  bool vector = out.getBlock() == 1;
  int64_t block = vector ? out.c() : out.getBlock();
  int planeAxis = vector ? -1 : static_cast<int>(k.addAxis(out.channelBlocks()));
  int imageAxis = static_cast<int>(k.addAxis(out.n()));
  Dims dims = {{block, 1},
               {out.w(), out.getBlock()},
               {out.h(), out.rowStride()},
               {1, out.planeStride(), 0, planeAxis},
               {1, out.imageStride(), 0, imageAxis}};
  k.forEachVariant([&] {
    Var c("c"), x("x"), y("y"), p("p"), n("n");
    Func result = k.func("out");
    Expr channel = Halide::min(p * int(block) + c + offset, int(in.c()) - 1);
    result(c, x, y, p, n) = atChannel(k.inputBox(0), in, channel, x, y, n);
    k.output(0, result, dims, out.origin());
    auto lanes = static_cast<int>(std::min(k.lanes, block));
    result.vectorize(c, lanes, Halide::TailStrategy::ShiftInwards);
  });
}
