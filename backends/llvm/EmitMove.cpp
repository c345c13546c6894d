// Ops that move data: layout conversion, flattening, and concat and slice where they could not be
// done in place.
#include "backends/llvm/Emitters.h"

using namespace mlir;
using namespace incc;

/// Transposes a square of vectors by log2(lanes) rounds of perfect shuffles of halves: round by
/// round, vectors i and i + lanes/2 interleave into vectors 2i and 2i + 1.
static KernelBuilder::Values transpose(KernelBuilder &b, KernelBuilder::Values rows) {
  int64_t lanes = b.lanes;
  SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < lanes / 2; ++i) {
    low.append({i, lanes + i});
    high.append({lanes / 2 + i, lanes + lanes / 2 + i});
  }
  for (int64_t round = 1; round < lanes; round *= 2) {
    KernelBuilder::Values next;
    for (int64_t i = 0; i < lanes / 2; ++i) {
      next.push_back(b.shuffle(rows[i], rows[i + lanes / 2], low));
      next.push_back(b.shuffle(rows[i], rows[i + lanes / 2], high));
    }
    rows = std::move(next);
  }
  return rows;
}

/// A row of one plane of equal blocks: floats follow each other in both maps.
static void copyRow(KernelBuilder &b, Index from, Index to, int64_t count) {
  int64_t whole = count / b.lanes * b.lanes;
  b.loop(0, whole, b.lanes, [&](Index i) {
    b.storeVector(b.loadVector(b.input(0), b.add(from, i)), b.output(0), b.add(to, i));
  });
  b.storeLanes(b.loadLanes(count - whole, 0, b.input(0), b.add(from, whole)), count - whole,
               b.output(0), b.add(to, whole));
}

/// Copies between planar (block 1) and blocked maps of one logical shape. A task is a block of
/// channels of the blocked one, or some rows of a plane where both are planar.
static void emitMove(KernelBuilder &b, plan::MapType in, plan::MapType out) {
  bool fromPlanar = in.getBlock() == 1, toPlanar = out.getBlock() == 1;
  if (fromPlanar == toPlanar) {
    int64_t planes = out.channelBlocks(), parts = b.kernel.getTasks() / (out.n() * planes);
    int64_t rows = ceilDiv(out.h(), parts);
    b.forEachTask([&](Index task) {
      Index plane = b.div(task, parts), cb = b.rem(plane, planes), n = b.div(plane, planes);
      Index begin = b.mul(b.rem(task, parts), rows), end = b.min(b.add(begin, rows), out.h());
      b.loop(begin, end, 1, [&](Index y) {
        copyRow(b, b.at(in, n, cb, y, 0), b.at(out, n, cb, y, 0), out.w() * out.getBlock());
      });
      b.zeroHalo(b.output(0), out, n, cb, begin, end);
    });
    return b.finish();
  }

  int64_t blocks = fromPlanar ? out.channelBlocks() : in.channelBlocks();
  int64_t width = out.w(), restChannels = out.c() % b.lanes;
  // Squares of `lanes` channels x `lanes` pixels.
  auto square = [&](Index n, Index cb, Index y, Index x, int64_t pixels, int64_t channels) {
    Index channel = b.mul(cb, b.lanes);
    KernelBuilder::Values rows;
    for (int64_t i = 0; i < b.lanes; ++i) {
      if (fromPlanar)
        rows.push_back(i < channels ? b.loadLanes(pixels, 0, b.input(0),
                                                  b.at(in, n, b.add(channel, i), y, x))
                                    : b.splat(0));
      else
        rows.push_back(i < pixels ? b.loadVector(b.input(0), b.at(in, n, cb, y, b.add(x, i)))
                                  : b.splat(0));
    }
    rows = transpose(b, rows);
    for (int64_t i = 0; i < (fromPlanar ? pixels : channels); ++i) {
      if (fromPlanar)
        b.storeVector(rows[i], b.output(0), b.at(out, n, cb, y, b.add(x, i)));
      else
        b.storeLanes(rows[i], pixels, b.output(0), b.at(out, n, b.add(channel, i), y, x));
    }
  };
  auto block = [&](Index n, Index cb, int64_t channels) {
    b.loop(0, out.h(), 1, [&](Index y) {
      int64_t whole = width / b.lanes * b.lanes;
      b.loop(0, whole, b.lanes, [&](Index x) { square(n, cb, y, x, b.lanes, channels); });
      if (whole < width)
        square(n, cb, y, whole, width - whole, channels);
    });
    for (int64_t i = 0; i < (fromPlanar ? 1 : channels); ++i)
      b.zeroHalo(b.output(0), out, n, fromPlanar ? cb : b.add(b.mul(cb, b.lanes), i), 0, out.h());
  };
  b.forEachTask([&](Index task) {
    Index cb = b.rem(task, blocks), n = b.div(task, blocks);
    if (!restChannels)
      return block(n, cb, b.lanes);
    if (blocks == 1)
      return block(n, cb, restChannels);
    b.ifThenElse(
        b.isEqual(cb, blocks - 1), [&] { block(n, cb, restChannels); },
        [&] { block(n, cb, b.lanes); });
  });
  b.finish();
}

void incc::emitToLayout(KernelBuilder &b) { emitMove(b, b.inputMap(0), b.outputMap(0)); }

/// Of the vectors' floats, one after the other, those at j, j + n, ... for every j below n, the number
/// of vectors, a power of two.
static KernelBuilder::Values takeTurns(KernelBuilder &b, const KernelBuilder::Values &vectors) {
  if (vectors.size() == 1)
    return vectors;
  SmallVector<int64_t> even, odd;
  for (int64_t i = 0; i < b.lanes; ++i) {
    even.push_back(2 * i);
    odd.push_back(2 * i + 1);
  }
  KernelBuilder::Values evens, odds, result;
  for (size_t i = 0; i < vectors.size(); i += 2) {
    evens.push_back(b.shuffle(vectors[i], vectors[i + 1], even));
    odds.push_back(b.shuffle(vectors[i], vectors[i + 1], odd));
  }
  for (auto [x, y] : llvm::zip_equal(takeTurns(b, evens), takeTurns(b, odds)))
    result.append({x, y});
  return result;
}

/// From planes to blocks of channels. A task is a row of the output.
void incc::emitSpaceToDepth(KernelBuilder &b) {
  plan::MapType in = b.inputMap(0), out = b.outputMap(0);
  int64_t step = in.h() / out.h();
  // `pixels` neighbours of a block's channels.
  auto square = [&](Index n, int64_t cb, Index y, Index x, int64_t pixels) {
    KernelBuilder::Values rows;
    for (int64_t channel = cb * b.lanes; channel < (cb + 1) * b.lanes; channel += step) {
      Index from = b.at(in, n, channel / (step * step),
                        b.add(b.mul(y, step), channel / step % step), b.mul(x, step));
      KernelBuilder::Values vectors;
      for (int64_t i = 0; i < step; ++i) {
        int64_t count = channel < out.c() ? std::min(step * pixels - i * b.lanes, b.lanes) : 0;
        vectors.push_back(count > 0 ? b.loadLanes(count, 0, b.input(0), b.add(from, i * b.lanes))
                                    : b.splat(0));
      }
      rows.append(takeTurns(b, vectors));
    }
    rows = transpose(b, rows);
    for (int64_t i = 0; i < pixels; ++i)
      b.storeVector(rows[i], b.output(0), b.at(out, n, cb, y, b.add(x, i)));
  };
  b.forEachTask([&](Index task) {
    Index y = b.rem(task, out.h()), n = b.div(task, out.h());
    int64_t whole = out.w() / b.lanes * b.lanes;
    for (int64_t cb = 0; cb < out.channelBlocks(); ++cb) {
      b.loop(0, whole, b.lanes, [&](Index x) { square(n, cb, y, x, b.lanes); });
      if (whole < out.w())
        square(n, cb, y, whole, out.w() - whole);
      b.zeroHalo(b.output(0), out, n, cb, y, b.add(y, 1));
    }
  });
  b.finish();
}

void incc::emitFlatten(KernelBuilder &b) {
  // A vector of C*H*W features is the dense map of that shape.
  plan::MapType in = b.inputMap(0);
  emitMove(b, in,
           plan::MapType::get(in.getContext(), in.getShape(), /*block=*/1, {0, 0, 0, 0}, in.c()));
}

/// Vectors of features: one run of floats per input.
static void concatVectors(KernelBuilder &b) {
  plan::MapType out = b.outputMap(0);
  b.forEachTask([&](Index n) {
    int64_t offset = 0;
    for (unsigned i = 0; i < b.kernel.getInputs().size(); ++i) {
      plan::MapType in = b.inputMap(i);
      int64_t whole = in.c() / b.lanes * b.lanes, rest = in.c() - whole;
      Index from = b.at(in, n, 0, 0, 0), to = b.add(b.at(out, n, 0, 0, 0), offset);
      auto copy = [&](Index at, int64_t count) {
        b.storeLanes(b.loadLanes(count, 0, b.input(i), b.add(from, at)), count, b.output(0),
                     b.add(to, at));
      };
      b.loop(0, whole, b.lanes, [&](Index at) { copy(at, b.lanes); });
      if (rest)
        copy(whole, rest);
      offset += in.c();
    }
  });
  b.finish();
}

/// A block of an input that starts `shift` lanes into a block of the output is split over two: the
/// first keeps the lanes that earlier inputs have written. Inputs are written in order, so that
/// what a partial block writes beyond its channels is overwritten by the next input.
void incc::emitConcat(KernelBuilder &b) {
  plan::MapType out = b.outputMap(0);
  if (out.getBlock() == 1)
    return concatVectors(b);
  b.forEachTask([&](Index task) {
    Index y = b.rem(task, out.h()), n = b.div(task, out.h());
    int64_t offset = 0;
    for (unsigned i = 0; i < b.kernel.getInputs().size(); ++i) {
      plan::MapType in = b.inputMap(i);
      int64_t shift = offset % b.lanes, firstBlock = offset / b.lanes;
      SmallVector<int64_t> keepLow, carry;
      for (int64_t lane = 0; lane < b.lanes; ++lane) {
        keepLow.push_back(lane < shift ? lane : b.lanes + lane - shift);
        carry.push_back(lane < shift ? b.lanes - shift + lane : lane);
      }
      auto copyBlock = [&](Index cb, bool crosses) {
        b.loop(0, out.w(), 1, [&](Index x) {
          Value v = b.loadVector(b.input(i), b.at(in, n, cb, y, x));
          Index to = b.at(out, n, b.add(cb, firstBlock), y, x);
          if (!shift)
            return b.storeVector(v, b.output(0), to);
          b.storeVector(b.shuffle(b.loadVector(b.output(0), to), v, keepLow), b.output(0), to);
          if (crosses)
            b.storeVector(b.shuffle(v, v, carry), b.output(0), b.add(to, out.planeStride()));
        });
      };
      int64_t last = in.channelBlocks() - 1;
      b.loop(0, last, 1, [&](Index cb) { copyBlock(cb, true); });
      copyBlock(last, shift + in.c() - last * b.lanes > b.lanes);
      offset += in.c();
    }
    b.loop(0, out.channelBlocks(), 1,
           [&](Index cb) { b.zeroHalo(b.output(0), out, n, cb, y, b.add(y, 1)); });
  });
  b.finish();
}

void incc::emitSlice(KernelBuilder &b) {
  plan::MapType in = b.inputMap(0), out = b.outputMap(0);
  int64_t offset = KernelParams(b.kernel).integer("offset");
  if (out.getBlock() == 1) {
    b.forEachTask([&](Index n) {
      copyRow(b, b.add(b.at(in, n, 0, 0, 0), offset), b.at(out, n, 0, 0, 0), out.c());
    });
    return b.finish();
  }
  int64_t shift = offset % b.lanes, firstBlock = offset / b.lanes;
  SmallVector<int64_t> selected;
  for (int64_t lane = 0; lane < b.lanes; ++lane)
    selected.push_back(shift + lane);
  b.forEachTask([&](Index task) {
    Index cb = b.rem(task, out.channelBlocks()), n = b.div(task, out.channelBlocks());
    b.loop(0, out.h(), 1, [&](Index y) {
      b.loop(0, out.w(), 1, [&](Index x) {
        Index first = b.add(cb, firstBlock);
        Index second = b.min(b.add(first, 1), in.channelBlocks() - 1);
        Value low = b.loadVector(b.input(0), b.at(in, n, first, y, x));
        Value high = b.loadVector(b.input(0), b.at(in, n, second, y, x));
        b.storeVector(b.shuffle(low, high, selected), b.output(0), b.at(out, n, cb, y, x));
      });
    });
    b.zeroHalo(b.output(0), out, n, cb, 0, out.h());
  });
  b.finish();
}
