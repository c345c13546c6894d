// Ops that combine the channels of a pixel: softmax and local response normalisation.
#include "backends/halide/Emitters.h"

using namespace mlir;
using namespace incc;
using namespace incc::halide;

/// Softmax at every pixel; a row of a blocked map is a task, an image of vectors.
void halide::emitSoftmax(HalideKernel &k) {
  plan::MapType in = k.inputMap(0), map = k.outputMap(0);
  // Features lie as the lanes of one block.
  bool vector = map.getBlock() == 1;
  int64_t lanes = vector ? map.c() : map.getBlock(), blocks = vector ? 1 : map.channelBlocks();
  int rowAxis = vector ? -1 : static_cast<int>(k.addAxis(map.h()));
  int imageAxis = static_cast<int>(k.addAxis(map.n()));
  Dims dims = {{lanes, 1},
               {map.w(), map.getBlock()},
               {1, map.rowStride(), 0, rowAxis},
               {blocks, map.planeStride()},
               {1, map.imageStride(), 0, imageAxis}};
  Dims source = {{lanes, 1},
                 {in.w(), in.getBlock()},
                 {in.h(), in.rowStride()},
                 {blocks, in.planeStride()},
                 {in.n(), in.imageStride()}};
  k.forEachVariant([&] {
    // The algorithm. Lanes beyond the last channel hold anything: they are kept out.
    Var c("c"), x("x"), y("y"), p("p"), n("n");
    ImageParam values = k.input(0, source, in.origin());
    RDom r = k.domain("r", {lanes, blocks}), s = k.domain("s", {lanes, blocks});
    auto isChannel = [&](RDom d) { return d[1] * int(lanes) + d[0] < int(map.c()); };
    r.where(isChannel(r));
    s.where(isChannel(s));
    Func largest = k.func("largest"), total = k.func("total"), out = k.func("out");
    largest(x, y, n) = -std::numeric_limits<float>::infinity();
    largest(x, y, n) = Halide::max(largest(x, y, n), values(r[0], x, y, r[1], n));
    total(x, y, n) = 0.0f;
    total(x, y, n) += Halide::exp(values(s[0], x, y, s[1], n) - largest(x, y, n));
    out(c, x, y, p, n) =
        Halide::exp(values(c, x, y, p, n) - largest(x, y, n)) * (1.0f / total(x, y, n));
    k.output(0, out, dims, map.origin());

    // The schedule: pixel by pixel.
    auto width = static_cast<int>(std::min(k.lanes, lanes));
    out.reorder(c, p, x, y, n).vectorize(c, width, Halide::TailStrategy::ShiftInwards);
    largest.compute_at(out, x).store_in(Halide::MemoryType::Stack);
    total.compute_at(out, x).store_in(Halide::MemoryType::Stack);
  });
}

/// A plane is a task. Channels count on from block to block.
void halide::emitLrn(HalideKernel &k) {
  plan::MapType in = k.inputMap(0), map = k.outputMap(0);
  int64_t size = k.params.integer("size"), below = (size - 1) / 2;
  auto alpha = static_cast<float>(k.params.number("alpha") / static_cast<double>(size));
  auto beta = static_cast<float>(k.params.number("beta"));
  auto bias = static_cast<float>(k.params.number("k"));
  Dims dims = boxOf(map);
  dims[1] = {map.w(), map.getBlock()};
  dims[2] = {map.h(), map.rowStride()};
  dims[3] = {1, map.planeStride(), 0, static_cast<int>(k.addAxis(map.channelBlocks()))};
  dims[4] = {1, map.imageStride(), 0, static_cast<int>(k.addAxis(map.n()))};
  k.forEachVariant([&] {
    // The algorithm.
    Var c("c"), x("x"), y("y"), p("p"), n("n"), channel("channel");
    auto lanes = static_cast<int>(k.lanes);
    ImageParam values = k.inputBox(0);
    Func squares = k.func("squares"), sum = k.func("sum"), out = k.func("out");
    Expr plane = Halide::clamp(channel / lanes, 0, int(in.channelBlocks()) - 1);
    Expr v = values(channel % lanes, x, y, plane, n);
    squares(channel, x, y, n) =
        Halide::select(channel >= 0 && channel < int(in.c()), v * v, 0.0f);
    RDom window = k.domain("window", {size});
    sum(channel, x, y, n) = 0.0f;
    sum(channel, x, y, n) += squares(channel + window - int(below), x, y, n);
    Expr base = sum(p * lanes + c, x, y, n) * alpha + bias;
    out(c, x, y, p, n) = values(c, x, y, p, n) * inverseRoot(base, beta);
    k.output(0, out, dims, map.origin());

    // The schedule: pixel by pixel, whole blocks of squares.
    out.vectorize(c);
    sum.compute_at(out, x).store_in(Halide::MemoryType::Stack).vectorize(channel, lanes);
    sum.update().reorder(channel, window).vectorize(channel, lanes).unroll(window);
    squares.compute_at(out, x)
        .store_in(Halide::MemoryType::Stack)
        .align_bounds(channel, lanes)
        .vectorize(channel, lanes);
  });
}
