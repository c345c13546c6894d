// Pooling: windows are clipped at the borders, so that halos are never read.
#include "backends/llvm/Emitters.h"

using namespace mlir;
using namespace incc;

namespace {

/// Walks the outputs of a pooling window op. Columns whose windows lie inside the input take a
/// path with fixed taps; rows and border columns loop over the taps that exist.
struct WindowPool {
  enum class Kind { max, average };

  WindowPool(KernelBuilder &b, Kind kind)
      : b(b), kind(kind), params(b.kernel), in(b.inputMap(0)), out(b.outputMap(0)),
        kernel(params.list("kernel")), strides(params.list("strides")), pads(params.list("pads")) {
    countPad = kind == Kind::average && params.flag("count_include_pad");
  }

  KernelBuilder &b;
  Kind kind;
  KernelParams params;
  plan::MapType in, out;
  ArrayRef<int64_t> kernel, strides, pads;
  bool countPad;

  Value combine(Value a, Value v) { return kind == Kind::max ? b.maxf(v, a) : b.addf(a, v); }
  Value identity() {
    return b.splat(kind == Kind::max ? -std::numeric_limits<float>::infinity() : 0.0f);
  }

  /// Divides sums by the number of counted taps, adds the bias and applies the activation.
  Value finish(Value sum, Value reciprocal, Value bias) {
    if (kind == Kind::max)
      return sum;
    sum = b.mulf(sum, reciprocal);
    if (bias)
      sum = b.addf(sum, bias);
    return b.activate(params.act(), sum);
  }

  /// Counted extent of the window that starts at `start` (which may be negative) along `axis`.
  Index counted(Index start, unsigned axis) {
    int64_t extent = axis == 0 ? in.h() : in.w();
    if (countPad) // padding counts, what rounding up added beyond it does not
      return b.sub(b.min(b.add(start, kernel[axis]), extent + pads[2 + axis]), start);
    return b.sub(b.min(b.add(start, kernel[axis]), extent), b.max(start, 0));
  }

  Value reciprocalOf(Index count);

  void emit() {
    int64_t blocks = out.channelBlocks();
    b.forEachTask([&](Index task) {
      Index cb = b.rem(task, blocks), n = b.div(task, blocks);
      Value bias;
      if (!b.kernel.getWeights().empty())
        bias = b.loadVector(b.weights(0), b.mul(cb, b.lanes));
      // Columns [inside, insideEnd) have all their taps in the input.
      int64_t inside = (pads[1] + strides[1] - 1) / strides[1];
      int64_t insideEnd = in.w() + pads[1] - kernel[1] < 0
                              ? 0
                              : (in.w() + pads[1] - kernel[1]) / strides[1] + 1;
      insideEnd = std::clamp<int64_t>(insideEnd, 0, out.w());
      inside = std::min(inside, insideEnd);
      b.loop(0, out.h(), 1, [&](Index y) {
        Index top = b.sub(b.mul(y, strides[0]), pads[0]);
        Index firstRow = b.max(top, 0), endRow = b.min(b.add(top, kernel[0]), in.h());
        Index countedRows = counted(top, 0);
        b.loop(0, inside, 1, [&](Index x) { border(n, cb, y, x, firstRow, endRow, countedRows, bias); });
        if (insideEnd > inside) {
          Value reciprocal;
          if (kind == Kind::average)
            reciprocal = reciprocalOf(b.mul(countedRows, kernel[1]));
          interior(n, cb, y, inside, insideEnd, firstRow, endRow, reciprocal, bias);
        }
        b.loop(insideEnd, out.w(), 1,
               [&](Index x) { border(n, cb, y, x, firstRow, endRow, countedRows, bias); });
      });
      b.zeroHalo(b.output(0), out, n, cb, 0, out.h());
    });
    b.finish();
  }

  void interior(Index n, Index cb, Index y, int64_t begin, int64_t end, Index firstRow,
                Index endRow, Value reciprocal, Value bias) {
    // Several outputs at a time hide the latency of the chain of maxima or sums.
    constexpr int64_t kUnroll = 4;
    auto columns = [&](Index x, int64_t count) {
      KernelBuilder::Values acc(count, identity());
      acc = b.loop(firstRow, endRow, 1, acc, [&](Index row, KernelBuilder::Values values) {
        Index left = b.sub(b.mul(x, strides[1]), pads[1]);
        Index rowAt = b.at(in, n, cb, row, left);
        for (int64_t j = 0; j < kernel[1]; ++j)
          for (int64_t p = 0; p < count; ++p)
            values[p] = combine(values[p],
                                b.loadVector(b.input(0), b.add(rowAt, (p * strides[1] + j) *
                                                                          in.getBlock())));
        return values;
      });
      for (int64_t p = 0; p < count; ++p)
        b.storeVector(finish(acc[p], reciprocal, bias), b.output(0),
                      b.at(out, n, cb, y, b.add(x, p)));
    };
    int64_t whole = begin + (end - begin) / kUnroll * kUnroll;
    b.loop(begin, whole, kUnroll, [&](Index x) { columns(x, kUnroll); });
    if (whole < end)
      columns(whole, end - whole);
  }

  void border(Index n, Index cb, Index y, Index x, Index firstRow, Index endRow,
              Index countedRows, Value bias) {
    Index left = b.sub(b.mul(x, strides[1]), pads[1]);
    Index first = b.max(left, 0), end = b.min(b.add(left, kernel[1]), in.w());
    KernelBuilder::Values acc = {identity()};
    acc = b.loop(firstRow, endRow, 1, acc, [&](Index row, KernelBuilder::Values values) {
      return b.loop(first, end, 1, values, [&](Index column, KernelBuilder::Values inner) {
        Value v = b.loadVector(b.input(0), b.at(in, n, cb, row, column));
        return KernelBuilder::Values{combine(inner[0], v)};
      });
    });
    Value reciprocal;
    if (kind == Kind::average)
      reciprocal = reciprocalOf(b.mul(countedRows, counted(left, 1)));
    b.storeVector(finish(acc[0], reciprocal, bias), b.output(0), b.at(out, n, cb, y, x));
  }
};

Value WindowPool::reciprocalOf(Index count) {
  if (count.isConstant())
    return b.splat(1.0f / static_cast<float>(count.getConstant()));
  return b.divf(b.splat(1), b.broadcast(b.toFloat(count)));
}

} // namespace

void incc::emitMaxPool(KernelBuilder &b) { WindowPool(b, WindowPool::Kind::max).emit(); }
void incc::emitAvgPool(KernelBuilder &b) { WindowPool(b, WindowPool::Kind::average).emit(); }

void incc::emitGlobalAvgPool(KernelBuilder &b) {
  plan::MapType in = b.inputMap(0), out = b.outputMap(0);
  int64_t blocks = out.channelBlocks();
  b.forEachTask([&](Index task) {
    Index cb = b.rem(task, blocks), n = b.div(task, blocks);
    // Four sums at a time hide the latency of addition, and halve rounding errors.
    constexpr int64_t kSums = 4;
    KernelBuilder::Values sums(kSums, b.splat(0));
    sums = b.loop(0, in.h(), 1, sums, [&](Index y, KernelBuilder::Values values) {
      Index row = b.at(in, n, cb, y, 0);
      auto addPixels = [&](Index x, int64_t count, KernelBuilder::Values v) {
        for (int64_t p = 0; p < count; ++p)
          v[p] = b.addf(v[p], b.loadVector(b.input(0),
                                           b.add(row, b.mul(b.add(x, p), in.getBlock()))));
        return v;
      };
      int64_t whole = in.w() / kSums * kSums;
      values = b.loop(0, whole, kSums, values, [&](Index x, KernelBuilder::Values v) {
        return addPixels(x, kSums, v);
      });
      return addPixels(whole, in.w() - whole, values);
    });
    Value sum = b.addf(b.addf(sums[0], sums[1]), b.addf(sums[2], sums[3]));
    b.storeVector(b.mulf(sum, b.splat(1.0f / static_cast<float>(in.h() * in.w()))), b.output(0),
                  b.at(out, n, cb, 0, 0));
    b.zeroHalo(b.output(0), out, n, cb, 0, 1);
  });
  b.finish();
}
