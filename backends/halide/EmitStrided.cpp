// Ops on dense arrays that step through their operands in any order: binary functions with
// broadcasting, transposition, and taking elements by tables of indices.
#include "backends/halide/Emitters.h"

using namespace mlir;
using namespace incc;
using namespace incc::halide;

namespace {

int64_t floatsOf(plan::MapType map) { return map.byteSize() / int64_t(sizeof(float)); }

/// An axis of the result, and how far a step along it moves in each operand. Where `table` is set,
/// the operand is at `table[i]` steps instead of `i`; -1 there stands for the fill value.
struct Axis {
  int64_t extent;
  SmallVector<int64_t, 2> strides;
  /// Offset of the axis' table in the kernel's weights, or -1; how many steps its entries choose from.
  int64_t table = -1, choices = 0;
};

/// Walks a dense result by rows of its last axis, some of which are a task; an only row in pieces.
class StridedWalk {
public:
  StridedWalk(HalideKernel &k, ArrayRef<Axis> axes, float fill = 0) : k(k), axes(axes), fill(fill) {}

  void emit(function_ref<Expr(ArrayRef<Expr> operands)> compute) {
    int64_t width = axes.back().extent, rows = 1;
    for (const Axis &axis : axes.drop_back())
      rows *= axis.extent;
    auto tasks = static_cast<int64_t>(k.kernel.getTasks());
    Dims dims = {{width, 1}, {rows, width}};
    HalideDim &cut = dims[axes.size() > 1];
    int64_t unit = axes.size() > 1 ? 1 : k.lanes;
    int64_t step = ceilDiv(ceilDiv(cut.extent, tasks), unit) * unit;
    cut.axis = static_cast<int>(k.addAxis({ceilDiv(cut.extent, step), step, cut.extent}));
    cut.step = cut.extent = step;
    cut.extentVaries = true;
    k.forEachVariant([&] {
      // The algorithm.
      Var x("x"), row("row");
      SmallVector<Expr> operands = operandsAt(x, row);
      Func out = k.func("out");
      out(x, row) = compute(operands);
      k.output(0, out, dims, 0);

      // The schedule.
      auto lanes = static_cast<int>(std::min(k.lanes, width));
      out.vectorize(x, lanes,
                    dims[0].extentVaries ? Halide::TailStrategy::GuardWithIf
                                         : Halide::TailStrategy::ShiftInwards);
    });
  }

private:
  HalideKernel &k;
  ArrayRef<Axis> axes;
  float fill;

  SmallVector<Expr> operandsAt(Expr x, Expr row) {
    size_t numOperands = axes.front().strides.size();
    SmallVector<Expr> places(numOperands, Expr(0));
    Expr inside, rest = row;
    ImageParam tables = needsTables() ? tableOf() : ImageParam();
    for (auto [a, axis] : llvm::enumerate(llvm::reverse(axes))) {
      Expr i = a == 0 ? x : a + 1 == axes.size() ? rest : rest % int(axis.extent);
      if (a > 0)
        rest = rest / int(axis.extent);
      if (axis.table >= 0) {
        i = tableEntry(tables(i + int(axis.table)));
        inside = inside.defined() ? inside && i >= 0 : i >= 0;
        i = Halide::unsafe_promise_clamped(Halide::max(i, 0), 0, int(axis.choices) - 1);
      }
      for (size_t o = 0; o < numOperands; ++o)
        places[o] += i * int(axis.strides[o]);
    }
    SmallVector<Expr> values;
    for (size_t o = 0; o < numOperands; ++o) {
      Expr value = operand(o)(places[o]);
      values.push_back(inside.defined() ? Halide::select(inside, value, fill) : value);
    }
    return values;
  }

  bool needsTables() const {
    return llvm::any_of(axes, [](const Axis &axis) { return axis.table >= 0; });
  }
  ImageParam tableOf() {
    int64_t length = 0;
    for (const Axis &axis : axes)
      if (axis.table >= 0)
        length = std::max(length, axis.table + axis.extent);
    return k.weights(0, {{length, 1}}, 0);
  }

  /// An operand as one run of floats; a constant's values are its weights.
  ImageParam operand(unsigned i) {
    if (k.kernel.getInputs().empty())
      return k.weights(0, {{floatsOf(k.outputMap(0)), 1}});
    return k.input(i, {{floatsOf(k.inputMap(i)), 1}}, 0);
  }
};

/// Steps of a dense map in memory along each axis.
std::array<int64_t, 4> denseStrides(plan::MapType map) {
  return {map.c() * map.h() * map.w(), map.h() * map.w(), map.w(), 1};
}

/// Copies from end to end, in pieces.
void emitCopy(HalideKernel &k, bool byTable = false) {
  int64_t floats = floatsOf(k.outputMap(0));
  Axis axis{floats, {1}};
  if (byTable) {
    axis.table = 0;
    axis.choices = floatsOf(k.inputMap(0));
  }
  StridedWalk(k, axis).emit([](ArrayRef<Expr> v) { return v[0]; });
}

} // namespace

void halide::emitBinary(HalideKernel &k) {
  plan::MapType out = k.outputMap(0);
  SmallVector<Axis> axes;
  for (unsigned axis = 0; axis < 4; ++axis) {
    axes.push_back({out.getShape()[axis], {}});
    for (unsigned operand = 0; operand < 2; ++operand) {
      plan::MapType in = k.inputMap(operand);
      axes.back().strides.push_back(in.getShape()[axis] == 1 ? 0 : denseStrides(in)[axis]);
    }
  }
  auto kind = k.params.get<cnn::BinaryKindAttr>("kind").getValue();
  StridedWalk(k, axes).emit([&](ArrayRef<Expr> v) { return binary(kind, v[0], v[1]); });
}

void halide::emitTranspose(HalideKernel &k) {
  plan::MapType in = k.inputMap(0);
  SmallVector<Axis> axes;
  for (int64_t axis : k.params.list("permutation"))
    axes.push_back({in.getShape()[axis], {denseStrides(in)[axis]}});
  StridedWalk(k, axes).emit([](ArrayRef<Expr> v) { return v[0]; });
}

void halide::emitTake(HalideKernel &k) {
  plan::MapType in = k.inputMap(0), out = k.outputMap(0);
  SmallVector<Axis> axes;
  int64_t table = 0;
  for (auto [axis, name] : llvm::enumerate(SmallVector<StringRef>{"n", "c", "h", "w"})) {
    axes.push_back({out.getShape()[axis], {denseStrides(in)[axis]}});
    if (size_t length = k.params.list(name).size()) {
      axes.back().table = table;
      axes.back().choices = in.getShape()[axis];
      table += static_cast<int64_t>(length);
    }
  }
  StridedWalk(k, axes, static_cast<float>(k.params.number("fill"))).emit([](ArrayRef<Expr> v) {
    return v[0];
  });
}

void halide::emitReshape(HalideKernel &k) {
  if (k.inputMap(0).getBlock() > 1)
    return emitMove(k);
  emitCopy(k);
}

void halide::emitPackFilter(HalideKernel &k) { emitCopy(k, /*byTable=*/true); }
void halide::emitConstant(HalideKernel &k) { emitCopy(k); }
