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
        kernel(params.list("kernel")), strides(params.list("strides")), pads(params.list("pads")),
        dilations(params.list("dilations")) {
    countPad = kind == Kind::average && params.flag("count_include_pad");
  }

  KernelBuilder &b;
  Kind kind;
  KernelParams params;
  plan::MapType in, out;
  ArrayRef<int64_t> kernel, strides, pads, dilations;
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

  /// Taps of a window that begins at `start` (which may be negative) along `axis`: those from
  /// `first` to `end` lie in the input, and `counted` of them count for the mean.
  struct Taps {
    Index first, end, counted;
  };

  Taps tapsOf(Index start, unsigned axis) {
    int64_t extent = axis == 0 ? in.h() : in.w(), dilation = dilations[axis];
    // Taps before position `limit`.
    auto tapsBefore = [&](Index limit) {
      Index distance = b.max(b.sub(limit, start), 0);
      return b.min(b.div(b.add(distance, dilation - 1), dilation), kernel[axis]);
    };
    Index first = tapsBefore(0), end = tapsBefore(extent);
    // Padding counts, what rounding up added beyond it does not.
    return {first, end, countPad ? tapsBefore(extent + pads[2 + axis]) : b.sub(end, first)};
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
      int64_t inside = ceilDiv(pads[1], strides[1]);
      int64_t spare = in.w() + pads[1] - (kernel[1] - 1) * dilations[1] - 1;
      int64_t insideEnd = spare < 0 ? 0 : std::min(spare / strides[1] + 1, out.w());
      inside = std::min(inside, insideEnd);
      b.loop(0, out.h(), 1, [&](Index y) {
        Index top = b.sub(b.mul(y, strides[0]), pads[0]);
        Taps rows = tapsOf(top, 0);
        b.loop(0, inside, 1, [&](Index x) { border(n, cb, y, x, top, rows, bias); });
        if (insideEnd > inside) {
          Value reciprocal;
          if (kind == Kind::average)
            reciprocal = reciprocalOf(b.mul(rows.counted, kernel[1]));
          interior(n, cb, y, inside, insideEnd, top, rows, reciprocal, bias);
        }
        b.loop(insideEnd, out.w(), 1, [&](Index x) { border(n, cb, y, x, top, rows, bias); });
      });
      b.zeroHalo(b.output(0), out, n, cb, 0, out.h());
    });
    b.finish();
  }

  /// The input's row of a tap of the window that begins at `top`.
  Index rowOf(Index top, Index tap) { return b.add(top, b.mul(tap, dilations[0])); }

  void interior(Index n, Index cb, Index y, int64_t begin, int64_t end, Index top, Taps rows,
                Value reciprocal, Value bias) {
    // Several outputs at a time hide the latency of the chain of maxima or sums.
    constexpr int64_t kUnroll = 4;
    auto columns = [&](Index x, int64_t count) {
      KernelBuilder::Values acc(count, identity());
      acc = b.loop(rows.first, rows.end, 1, acc, [&](Index tap, KernelBuilder::Values values) {
        Index left = b.sub(b.mul(x, strides[1]), pads[1]);
        Index rowAt = b.at(in, n, cb, rowOf(top, tap), left);
        for (int64_t j = 0; j < kernel[1]; ++j)
          for (int64_t p = 0; p < count; ++p)
            values[p] = combine(
                values[p],
                b.loadVector(b.input(0), b.add(rowAt, (p * strides[1] + j * dilations[1]) *
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

  void border(Index n, Index cb, Index y, Index x, Index top, Taps rows, Value bias) {
    Index left = b.sub(b.mul(x, strides[1]), pads[1]);
    Taps columns = tapsOf(left, 1);
    KernelBuilder::Values acc = {identity()};
    acc = b.loop(rows.first, rows.end, 1, acc, [&](Index i, KernelBuilder::Values values) {
      Index row = rowOf(top, i);
      return b.loop(columns.first, columns.end, 1, values,
                    [&](Index j, KernelBuilder::Values inner) {
                      Index column = b.add(left, b.mul(j, dilations[1]));
                      Value v = b.loadVector(b.input(0), b.at(in, n, cb, row, column));
                      return KernelBuilder::Values{combine(inner[0], v)};
                    });
    });
    Value reciprocal;
    if (kind == Kind::average)
      reciprocal = reciprocalOf(b.mul(rows.counted, columns.counted));
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

// Four sums at a time hide the latency of addition, and halve rounding errors.
static constexpr int64_t kSums = 4;

KernelBuilder::Values incc::emptySums(KernelBuilder &b) {
  return KernelBuilder::Values(kSums, b.splat(0));
}

KernelBuilder::Values incc::addRow(KernelBuilder &b, Value array, plan::MapType map, Index rowAt,
                                   KernelBuilder::Values sums) {
  auto addPixels = [&](Index x, int64_t count, KernelBuilder::Values v) {
    for (int64_t p = 0; p < count; ++p)
      v[p] = b.addf(v[p], b.loadVector(array, b.add(rowAt, b.mul(b.add(x, p), map.getBlock()))));
    return v;
  };
  int64_t whole = map.w() / kSums * kSums;
  sums = b.loop(0, whole, kSums, sums,
                [&](Index x, KernelBuilder::Values v) { return addPixels(x, kSums, v); });
  return addPixels(whole, map.w() - whole, sums);
}

void incc::storeMean(KernelBuilder &b, plan::MapType map, ValueRange sums, Value array, Index at) {
  Value sum = b.addf(b.addf(sums[0], sums[1]), b.addf(sums[2], sums[3]));
  b.storeVector(b.mulf(sum, b.splat(1.0f / static_cast<float>(map.h() * map.w()))), array, at);
}

void incc::emitGlobalAvgPool(KernelBuilder &b) {
  plan::MapType in = b.inputMap(0), out = b.outputMap(0);
  int64_t blocks = out.channelBlocks();
  b.forEachTask([&](Index task) {
    Index cb = b.rem(task, blocks), n = b.div(task, blocks);
    KernelBuilder::Values sums =
        b.loop(0, in.h(), 1, emptySums(b), [&](Index y, KernelBuilder::Values v) {
          return addRow(b, b.input(0), in, b.at(in, n, cb, y, 0), v);
        });
    storeMean(b, in, sums, b.output(0), b.at(out, n, cb, 0, 0));
    b.zeroHalo(b.output(0), out, n, cb, 0, 1);
  });
  b.finish();
}
