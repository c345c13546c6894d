// Elementwise ops that were not fused into another kernel.
#include "backends/llvm/Emitters.h"

using namespace mlir;
using namespace incc;

/// Visits every vector of the output, plane by plane; a plane is a task. Where no operand has a halo
/// rows join into one.
static void forEachVector(KernelBuilder &b, function_ref<Value(Index n, Index cb, Index y, Index x,
                                                               int64_t count)>
                                                compute) {
  plan::MapType out = b.outputMap(0);
  int64_t planes = out.channelBlocks();
  // A vector covers one pixel of a blocked map, `lanes` neighbours of a planar one.
  int64_t pixels = b.lanes / out.getBlock();
  // Vectors of features (N x K) lie along the channels.
  bool isVector = out.getBlock() == 1 && out.h() == 1 && out.w() == 1;
  if (isVector) {
    b.forEachTask([&](Index n) {
      int64_t whole = out.c() / b.lanes * b.lanes;
      auto store = [&](Index c, int64_t count) {
        b.storeLanes(compute(n, c, 0, 0, count), count, b.output(0), b.at(out, n, c, 0, 0));
      };
      b.loop(0, whole, b.lanes, [&](Index c) { store(c, b.lanes); });
      if (whole < out.c())
        store(whole, out.c() - whole);
    });
    return b.finish();
  }
  b.forEachTask([&](Index task) {
    Index cb = b.rem(task, planes), n = b.div(task, planes);
    b.loop(0, out.h(), 1, [&](Index y) {
      int64_t whole = out.w() / pixels * pixels;
      auto store = [&](Index x, int64_t count) {
        b.storeLanes(compute(n, cb, y, x, count), count, b.output(0), b.at(out, n, cb, y, x));
      };
      b.loop(0, whole, pixels, [&](Index x) { store(x, b.lanes); });
      if (whole < out.w())
        store(whole, (out.w() - whole) * out.getBlock());
    });
    b.zeroHalo(b.output(0), out, n, cb, 0, out.h());
  });
  b.finish();
}

static Value loadOperand(KernelBuilder &b, unsigned i, Index n, Index cb, Index y, Index x,
                         int64_t count) {
  return b.loadLanes(count, 0, b.input(i), b.at(b.inputMap(i), n, cb, y, x));
}

/// The right operand of a binary op, broadcast where its dimensions are 1.
static Value loadBroadcastOperand(KernelBuilder &b, Index n, Index cb, Index y, Index x,
                                  int64_t count) {
  plan::MapType out = b.outputMap(0), rhs = b.inputMap(1);
  if (rhs.n() == 1)
    n = 0;
  if (rhs.c() == 1 && out.c() != 1) // one value for all channels: lane 0 of its block
    return b.loadBroadcast(b.input(1), b.at(rhs, n, 0, 0, 0));
  if (rhs.h() != out.h() || rhs.w() != out.w()) {
    Index at = b.at(rhs, n, cb, 0, 0);
    return rhs.getBlock() == 1 ? b.loadBroadcast(b.input(1), at)
                               : b.loadVector(b.input(1), at);
  }
  return b.loadLanes(count, 0, b.input(1), b.at(rhs, n, cb, y, x));
}

static void emitFusable(KernelBuilder &b, Value (KernelBuilder::*op)(Value, Value)) {
  std::optional<cnn::ActivationAttr> act = KernelParams(b.kernel).act();
  forEachVector(b, [&](Index n, Index cb, Index y, Index x, int64_t count) {
    Value lhs = loadOperand(b, 0, n, cb, y, x, count);
    return b.activate(act, (b.*op)(lhs, loadBroadcastOperand(b, n, cb, y, x, count)));
  });
}

void incc::emitAdd(KernelBuilder &b) { emitFusable(b, &KernelBuilder::addf); }

void incc::emitMul(KernelBuilder &b) {
  if (b.kernel.getInputs().size() == 2)
    return emitFusable(b, &KernelBuilder::mulf);
  // fuse-channel-scale: the third operand is added.
  std::optional<cnn::ActivationAttr> act = KernelParams(b.kernel).act();
  forEachVector(b, [&](Index n, Index cb, Index y, Index x, int64_t count) {
    Value factor = loadBroadcastOperand(b, n, cb, y, x, count);
    return b.activate(act, b.fma(loadOperand(b, 0, n, cb, y, x, count), factor,
                                 loadOperand(b, 2, n, cb, y, x, count)));
  });
}

void incc::emitActivation(KernelBuilder &b) {
  std::optional<cnn::ActivationAttr> act = KernelParams(b.kernel).act();
  forEachVector(b, [&](Index n, Index cb, Index y, Index x, int64_t count) {
    return b.activate(act, loadOperand(b, 0, n, cb, y, x, count));
  });
}

void incc::emitScale(KernelBuilder &b) {
  float factor = static_cast<float>(KernelParams(b.kernel).number("factor"));
  forEachVector(b, [&](Index n, Index cb, Index y, Index x, int64_t count) {
    return b.mulf(loadOperand(b, 0, n, cb, y, x, count), b.splat(factor));
  });
}
