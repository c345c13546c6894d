// Ops on dense arrays that step through their operands in any order: binary functions with
// broadcasting, transposition, and taking elements by tables of indices.
#include "backends/llvm/Emitters.h"

using namespace mlir;
using namespace incc;

constexpr int64_t kFloatBytes = sizeof(float);

namespace {

/// An axis of the result, and how far a step along it moves in each operand. Where `table` is set,
/// the operand is at `table[i]` steps instead of `i`; -1 there stands for the fill value.
struct Axis {
  int64_t extent;
  SmallVector<int64_t, 2> strides;
  /// Offset of the axis' table in the kernel's weights, or -1.
  int64_t table = -1;
};

/// Walks a dense result. Axes that all operands step through evenly are joined, so that the
/// innermost one, along which vectors lie, is as long as can be.
class StridedWalk {
public:
  using Compute = function_ref<Value(ArrayRef<Value> operands)>;

  StridedWalk(KernelBuilder &b, ArrayRef<Axis> given, float fill = 0) : b(b), fill(fill) {
    for (const Axis &axis : given) {
      if (axis.extent == 1 && axis.table < 0)
        continue;
      if (axes.empty() || !join(axes.back(), axis))
        axes.push_back(axis);
    }
    if (axes.empty())
      axes.push_back({1, SmallVector<int64_t, 2>(given.front().strides.size(), 0)});
  }

  void emit(Compute compute) {
    // Long rows are cut into chunks, so that tasks are neither many nor long.
    constexpr int64_t kChunk = 4096;
    const Axis &inner = axes.back();
    int64_t chunks = ceilDiv(inner.extent, kChunk), units = chunks;
    for (const Axis &axis : ArrayRef(axes).drop_back())
      units *= axis.extent;
    int64_t tasks = b.kernel.getTasks(), unitsPerTask = ceilDiv(units, tasks);
    b.forEachTask([&](Index task) {
      Index first = b.mul(task, unitsPerTask);
      b.loop(first, b.min(b.add(first, unitsPerTask), units), 1,
             [&](Index unit) { emitUnit(unit, chunks, kChunk, compute); });
    });
    b.finish();
  }

private:
  KernelBuilder &b;
  float fill;
  SmallVector<Axis> axes;

  static bool join(Axis &outer, const Axis &inner) {
    if (outer.table >= 0 || inner.table >= 0)
      return false;
    for (auto [o, i] : llvm::zip_equal(outer.strides, inner.strides))
      if (o != i * inner.extent)
        return false;
    outer = {outer.extent * inner.extent, inner.strides};
    return true;
  }

  void emitUnit(Index unit, int64_t chunks, int64_t chunkLength, Compute compute) {
    const Axis &inner = axes.back();
    size_t numOperands = inner.strides.size();
    Index chunk = b.rem(unit, chunks), rest = b.div(unit, chunks);
    Index to = b.mul(rest, inner.extent);
    SmallVector<Index> bases(numOperands, Index(0));
    Value inside;
    for (const Axis &axis : llvm::reverse(ArrayRef(axes).drop_back())) {
      Index i = b.rem(rest, axis.extent);
      rest = b.div(rest, axis.extent);
      if (axis.table >= 0) {
        i = b.loadTableEntry(b.weights(0), b.add(i, axis.table));
        Value valid = b.isLess(-1, i);
        inside = inside ? b.logicalAnd(inside, valid) : valid;
      }
      for (size_t o = 0; o < numOperands; ++o)
        bases[o] = b.add(bases[o], b.mul(i, axis.strides[o]));
    }
    Index begin = b.mul(chunk, chunkLength), end = b.min(b.add(begin, chunkLength), inner.extent);
    auto run = [&](function_ref<Value(Index i, int64_t count)> valueAt) {
      auto store = [&](Index i, int64_t count) {
        b.storeLanes(valueAt(i, count), count, b.output(0), b.add(to, i));
      };
      int64_t tail = inner.extent % b.lanes, whole = inner.extent - tail;
      b.loop(begin, b.min(end, whole), b.lanes, [&](Index i) { store(i, b.lanes); });
      if (tail)
        b.ifThen(b.isEqual(chunk, chunks - 1), [&] { store(whole, tail); });
    };
    auto taken = [&](Index i, int64_t count) {
      SmallVector<Value> operands;
      for (size_t o = 0; o < numOperands; ++o)
        operands.push_back(load(o, inner, bases[o], i, count));
      return compute(operands);
    };
    if (!inside)
      return run(taken);
    b.ifThenElse(
        inside, [&] { run(taken); }, [&] { run([&](Index, int64_t) { return b.splat(fill); }); });
  }

  Value load(unsigned operand, const Axis &axis, Index base, Index i, int64_t count) {
    // A constant's values are its weights.
    Value array = b.kernel.getInputs().empty() ? b.weights(0) : b.input(operand);
    int64_t stride = axis.strides[operand];
    if (axis.table >= 0)
      return b.gatherByTable(array, base, stride, b.weights(0), b.add(i, axis.table), count, fill);
    if (stride == 0)
      return b.loadBroadcast(array, base);
    Index at = b.add(base, b.mul(i, stride));
    return stride == 1 ? b.loadLanes(count, 0, array, at) : b.gatherStrided(array, at, stride, count);
  }
};

/// Steps of a dense map in memory along each axis.
std::array<int64_t, 4> denseStrides(plan::MapType map) {
  return {map.c() * map.h() * map.w(), map.h() * map.w(), map.w(), 1};
}

} // namespace

void incc::emitBinary(KernelBuilder &b) {
  plan::MapType out = b.outputMap(0);
  SmallVector<Axis> axes;
  for (unsigned axis = 0; axis < 4; ++axis) {
    axes.push_back({out.getShape()[axis], {}});
    for (unsigned operand = 0; operand < 2; ++operand) {
      plan::MapType in = b.inputMap(operand);
      axes.back().strides.push_back(in.getShape()[axis] == 1 ? 0 : denseStrides(in)[axis]);
    }
  }
  auto kind = KernelParams(b.kernel).get<cnn::BinaryKindAttr>("kind").getValue();
  StridedWalk(b, axes).emit([&](ArrayRef<Value> v) { return b.binary(kind, v[0], v[1]); });
}

void incc::emitTranspose(KernelBuilder &b) {
  plan::MapType in = b.inputMap(0);
  SmallVector<Axis> axes;
  for (int64_t axis : KernelParams(b.kernel).list("permutation"))
    axes.push_back({in.getShape()[axis], {denseStrides(in)[axis]}});
  StridedWalk(b, axes).emit([](ArrayRef<Value> v) { return v[0]; });
}

/// Names of the index lists of `cnn.take`, in the order of the axes.
static constexpr const char *kTakeLists[] = {"n", "c", "h", "w"};

void incc::emitTake(KernelBuilder &b) {
  KernelParams params(b.kernel);
  plan::MapType in = b.inputMap(0), out = b.outputMap(0);
  SmallVector<Axis> axes;
  int64_t table = 0;
  for (auto [axis, name] : llvm::enumerate(kTakeLists)) {
    axes.push_back({out.getShape()[axis], {denseStrides(in)[axis]}});
    if (size_t length = params.list(name).size()) {
      axes.back().table = table;
      table += static_cast<int64_t>(length);
    }
  }
  StridedWalk(b, axes, static_cast<float>(params.number("fill"))).emit([](ArrayRef<Value> v) {
    return v[0];
  });
}

std::vector<float> incc::packTake(plan::KernelOp kernel, const Target &, unsigned,
                                  ArrayRef<float>) {
  std::vector<float> tables;
  for (const char *name : kTakeLists)
    for (int64_t index : KernelParams(kernel).list(name))
      tables.push_back(KernelBuilder::tableEntry(index));
  return tables;
}

void incc::emitReshape(KernelBuilder &b) {
  plan::MapType in = b.inputMap(0);
  if (in.getBlock() > 1)
    return emitFlatten(b);
  StridedWalk(b, Axis{in.byteSize() / kFloatBytes, {1}}).emit([](ArrayRef<Value> v) {
    return v[0];
  });
}

void incc::emitPackFilter(KernelBuilder &b) {
  StridedWalk(b, Axis{b.outputMap(0).w(), {1}, /*table=*/0}).emit([](ArrayRef<Value> v) {
    return v[0];
  });
}

std::vector<float> incc::packFilterTable(plan::KernelOp kernel, const Target &target, unsigned,
                                         ArrayRef<float>) {
  plan::KernelOp conv;
  for (Operation *user : kernel.getOutputs()[0].getUsers())
    if (user != kernel)
      conv = cast<plan::KernelOp>(user);
  // Packing only copies: packing the numbers of the elements tells where each element goes. In two
  // halves, which float32 holds exactly.
  constexpr int64_t kHalf = 1 << 12;
  auto map = cast<plan::MapType>(kernel.getInputs()[0].getType());
  std::vector<float> low, high;
  for (int64_t i = 0; i < map.n() * map.c() * map.h() * map.w(); ++i) {
    low.push_back(static_cast<float>((i + 1) % kHalf));
    high.push_back(static_cast<float>((i + 1) / kHalf));
  }
  low = packConv2d(conv, target, 0, low);
  high = packConv2d(conv, target, 0, high);
  std::vector<float> table;
  for (auto [l, h] : llvm::zip_equal(low, high))
    table.push_back(KernelBuilder::tableEntry(static_cast<int64_t>(h) * kHalf +
                                              static_cast<int64_t>(l) - 1));
  return table;
}

void incc::emitConstant(KernelBuilder &b) {
  plan::MapType out = b.outputMap(0);
  StridedWalk(b, Axis{out.byteSize() / kFloatBytes, {1}}).emit([](ArrayRef<Value> v) {
    return v[0];
  });
}

std::vector<float> incc::packConstant(plan::KernelOp kernel, const Target &, unsigned,
                                      ArrayRef<float> values) {
  auto map = cast<plan::MapType>(kernel.getOutputs()[0].getType());
  std::vector<float> laidOut(map.byteSize() / kFloatBytes);
  size_t next = 0;
  for (int64_t n = 0; n < map.n(); ++n)
    for (int64_t c = 0; c < map.c(); ++c)
      for (int64_t y = 0; y < map.h(); ++y)
        for (int64_t x = 0; x < map.w(); ++x)
          laidOut[map.origin() + n * map.imageStride() + c / map.getBlock() * map.planeStride() +
                  y * map.rowStride() + x * map.getBlock() + c % map.getBlock()] = values[next++];
  return laidOut;
}
