// Ops that combine the channels of a pixel: softmax and local response normalisation.
#include "backends/llvm/Emitters.h"

using namespace mlir;
using namespace incc;

/// Three passes over the `count` elements of a vector: maximum, exponentials and their sum, scaling.
static void softmaxVector(KernelBuilder &b, Index inAt, Index outAt, int64_t count) {
  int64_t whole = count / b.lanes * b.lanes, rest = count - whole;
  float lowest = -std::numeric_limits<float>::infinity();
  KernelBuilder::Values largest = b.loop(
      0, whole, b.lanes, {b.splat(lowest)}, [&](Index i, KernelBuilder::Values v) {
        return KernelBuilder::Values{b.maxf(b.loadVector(b.input(0), b.add(inAt, i)), v[0])};
      });
  auto loadRest = [&] { return b.loadLanes(rest, lowest, b.input(0), b.add(inAt, whole)); };
  if (rest)
    largest[0] = b.maxf(loadRest(), largest[0]);
  Value shift = b.broadcast(b.reduceMax(largest[0]));
  KernelBuilder::Values sum = b.loop(
      0, whole, b.lanes, {b.splat(0)}, [&](Index i, KernelBuilder::Values v) {
        Value e = b.exp(b.subf(b.loadVector(b.input(0), b.add(inAt, i)), shift));
        b.storeVector(e, b.output(0), b.add(outAt, i));
        return KernelBuilder::Values{b.addf(v[0], e)};
      });
  Value total = b.reduceAdd(sum[0]);
  Value restValues;
  if (rest) {
    // Lanes that are not there must add nothing, but e^-inf is clamped to a tiny number: mask.
    Value e = b.exp(b.subf(loadRest(), shift));
    SmallVector<float> ones(b.lanes, 0.0f);
    std::fill_n(ones.begin(), rest, 1.0f);
    restValues = b.mulf(e, b.constant(ones));
    total = b.addf(total, b.reduceAdd(restValues));
  }
  Value scale = b.divf(b.splat(1), b.broadcast(total));
  b.loop(0, whole, b.lanes, [&](Index i) {
    Index at = b.add(outAt, i);
    b.storeVector(b.mulf(b.loadVector(b.output(0), at), scale), b.output(0), at);
  });
  if (rest)
    b.storeLanes(b.mulf(restValues, scale), rest, b.output(0), b.add(outAt, whole));
}

/// Softmax at every pixel of a blocked map; a row is a task.
static void softmaxMap(KernelBuilder &b) {
  plan::MapType in = b.inputMap(0), out = b.outputMap(0);
  int64_t blocks = out.channelBlocks();
  float lowest = -std::numeric_limits<float>::infinity();
  SmallVector<float> real(b.lanes, 1.0f), hidden(b.lanes, 0.0f);
  if (int64_t rest = out.c() % b.lanes)
    for (int64_t lane = rest; lane < b.lanes; ++lane)
      std::tie(real[lane], hidden[lane]) = std::pair(0.0f, lowest);
  b.forEachTask([&](Index task) {
    Index y = b.rem(task, out.h()), n = b.div(task, out.h());
    b.loop(0, out.w(), 1, [&](Index x) {
      auto load = [&](Index cb) { return b.loadVector(b.input(0), b.at(in, n, cb, y, x)); };
      // Lanes beyond the last channel hold anything: keep them from the maximum and the sum.
      KernelBuilder::Values largest = b.loop(
          0, blocks - 1, 1, {b.splat(lowest)}, [&](Index cb, KernelBuilder::Values v) {
            return KernelBuilder::Values{b.maxf(load(cb), v[0])};
          });
      Value last = b.addf(b.mulf(load(blocks - 1), b.constant(real)), b.constant(hidden));
      Value shift = b.broadcast(b.reduceMax(b.maxf(last, largest[0])));
      KernelBuilder::Values sum = b.loop(
          0, blocks - 1, 1, {b.splat(0)}, [&](Index cb, KernelBuilder::Values v) {
            Value e = b.exp(b.subf(load(cb), shift));
            b.storeVector(e, b.output(0), b.at(out, n, cb, y, x));
            return KernelBuilder::Values{b.addf(v[0], e)};
          });
      Value e = b.mulf(b.exp(b.subf(last, shift)), b.constant(real));
      b.storeVector(e, b.output(0), b.at(out, n, blocks - 1, y, x));
      Value scale =
          b.divf(b.splat(1), b.broadcast(b.reduceAdd(b.addf(sum[0], e))));
      b.loop(0, blocks, 1, [&](Index cb) {
        Index at = b.at(out, n, cb, y, x);
        b.storeVector(b.mulf(b.loadVector(b.output(0), at), scale), b.output(0), at);
      });
    });
    b.loop(0, blocks, 1,
           [&](Index cb) { b.zeroHalo(b.output(0), out, n, cb, y, b.add(y, 1)); });
  });
  b.finish();
}

void incc::emitSoftmax(KernelBuilder &b) {
  plan::MapType in = b.inputMap(0), out = b.outputMap(0);
  if (out.getBlock() != 1)
    return softmaxMap(b);
  b.forEachTask([&](Index n) {
    softmaxVector(b, b.at(in, n, 0, 0, 0), b.at(out, n, 0, 0, 0), out.c());
  });
  b.finish();
}

/// The window of channels slides over blocks by shifting lanes in from the neighbouring blocks.
void incc::emitLrn(KernelBuilder &b) {
  KernelParams params(b.kernel);
  plan::MapType in = b.inputMap(0), out = b.outputMap(0);
  int64_t size = params.integer("size"), below = (size - 1) / 2, above = size / 2;
  int64_t blocks = in.channelBlocks(), reach = (std::max(below, above) + b.lanes - 1) / b.lanes;
  float alpha = static_cast<float>(params.number("alpha") / static_cast<double>(size));
  float beta = static_cast<float>(params.number("beta")), k = static_cast<float>(params.number("k"));
  SmallVector<float> real(b.lanes, 1.0f);
  if (int64_t rest = in.c() % b.lanes)
    std::fill(real.begin() + rest, real.end(), 0.0f);

  b.forEachTask([&](Index task) {
    Index cb = b.rem(task, blocks), n = b.div(task, blocks);
    b.loop(0, in.h(), 1, [&](Index y) {
      b.loop(0, in.w(), 1, [&](Index x) {
        // Squares of blocks cb - reach .. cb + reach; zero beyond the first and last channel.
        KernelBuilder::Values squares;
        for (int64_t d = -reach; d <= reach; ++d) {
          Index block = b.max(b.min(b.add(cb, d), blocks - 1), 0);
          Value v = b.loadVector(b.input(0), b.at(in, n, block, y, x));
          v = b.mulf(v, v);
          Index there = b.add(cb, d);
          if (in.c() % b.lanes)
            v = b.select(b.isEqual(there, blocks - 1), b.mulf(v, b.constant(real)), v);
          if (d < 0)
            v = b.select(b.isLess(there, 0), b.splat(0), v);
          if (d > 0)
            v = b.select(b.isLess(blocks - 1, there), b.splat(0), v);
          squares.push_back(v);
        }
        Value sum = squares[reach];
        for (int64_t shift = -below; shift <= above; ++shift) {
          if (shift == 0)
            continue;
          // Lane i takes channel i + shift, which lies in blocks `first` and `first` + 1.
          int64_t first = reach + (shift >= 0 ? shift / b.lanes
                                              : -((-shift + b.lanes - 1) / b.lanes));
          int64_t offset = shift - (first - reach) * b.lanes;
          SmallVector<int64_t> selected;
          for (int64_t lane = 0; lane < b.lanes; ++lane)
            selected.push_back(lane + offset);
          Value next = first + 1 < static_cast<int64_t>(squares.size()) ? squares[first + 1]
                                                                        : squares[first];
          sum = b.addf(sum, b.shuffle(squares[first], next, selected));
        }
        Value base = b.fma(sum, b.splat(alpha), b.splat(k));
        // base^-beta; the usual 3/4 needs only square roots.
        Value power;
        if (beta == 0.75f) {
          Value root = b.sqrtf(base);
          power = b.divf(b.splat(1), b.mulf(root, b.sqrtf(root)));
        } else {
          power = b.exp(b.mulf(b.splat(-beta), b.log(base)));
        }
        Value v = b.loadVector(b.input(0), b.at(in, n, cb, y, x));
        b.storeVector(b.mulf(v, power), b.output(0), b.at(out, n, cb, y, x));
      });
    });
    b.zeroHalo(b.output(0), out, n, cb, 0, out.h());
  });
  b.finish();
}
