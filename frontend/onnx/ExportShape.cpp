// Writes the ops that only move data as ONNX.
#include "frontend/onnx/Exporter.h"

using namespace mlir;
using namespace incc;

void Exporter::write(cnn::ConcatOp op) {
  Strings inputs;
  for (Value input : op.getInputs())
    inputs.push_back(name(input));
  writer.addNode("Concat", op, inputs, resultName(op)).set("axis", 1);
}

void Exporter::write(cnn::SliceOp op) {
  int64_t begin = op.getOffset(), end = begin + op.getCount();
  writer.addNode("Slice", op,
                 {name(op.getInput()), writer.addInts("starts", {begin}),
                  writer.addInts("ends", {end}), writer.addInts("axes", {1})},
                 resultName(op));
}

void Exporter::write(cnn::FlattenOp op) {
  writer.addNode("Flatten", op, {name(op.getInput())}, resultName(op)).set("axis", 1);
}

void Exporter::write(cnn::ReshapeOp op) {
  writer.addNode("Reshape", op,
                 {name(op.getInput()),
                  writer.addInts("shape", cnn::tensorType(op.getOutput()).getShape())},
                 resultName(op));
}

void Exporter::write(cnn::TransposeOp op) {
  writer.addNode("Transpose", op, {name(op.getInput())}, resultName(op))
      .set("perm", op.getPermutation());
}

void Exporter::write(cnn::ToLayoutOp op) {
  writer.addNode("Identity", op, {name(op.getInput())}, resultName(op));
}

namespace {
/// What `take` does to one axis: `before` and `after` times the fill around `inner`.
struct AxisTake {
  AxisTake(ArrayRef<int64_t> indices, int64_t extent) : inner(indices), extent(extent) {
    while (!inner.empty() && inner.front() == -1) {
      inner = inner.drop_front();
      ++before;
    }
    while (!inner.empty() && inner.back() == -1) {
      inner = inner.drop_back();
      ++after;
    }
    isWhole = indices.empty();
    isRange = !inner.empty();
    step = inner.size() > 1 ? inner[1] - inner[0] : 1;
    for (size_t i = 0; i < inner.size(); ++i)
      isRange &= step > 0 && inner[i] == inner[0] + static_cast<int64_t>(i) * step;
    isWhole |= isRange && step == 1 && static_cast<int64_t>(inner.size()) == extent;
    hasFill = llvm::is_contained(inner, -1);
  }

  ArrayRef<int64_t> inner;
  int64_t extent, before = 0, after = 0, step;
  /// `inner` takes everything; is a slice with a positive step; needs the fill in between.
  bool isWhole, isRange, hasFill;
};
} // namespace

/// Slices first, then gathers (from an axis with an element of fill at its end, where fill stands
/// between others or is all there is), then the border.
void Exporter::write(cnn::TakeOp op) {
  ArrayRef<int64_t> shape = cnn::tensorType(op.getInput()).getShape();
  double fill = op.getFill().convertToDouble();
  SmallVector<AxisTake, 4> axes;
  SmallVector<int64_t, 4> starts, ends, sliced, steps, none(4, 0), room(4, 0), before, after;
  for (unsigned axis = 0; axis < 4; ++axis) {
    AxisTake take(op.indices(axis), shape[axis]);
    if (!take.isWhole && take.inner.empty()) { // All of it is the element of fill.
      take.inner = op.indices(axis);
      take.before = take.after = 0;
      take.hasFill = true;
    }
    if (!take.isWhole && take.isRange) {
      starts.push_back(take.inner.front());
      ends.push_back(take.inner.back() + 1);
      sliced.push_back(axis);
      steps.push_back(take.step);
    }
    room[axis] = take.hasFill;
    before.push_back(take.before);
    after.push_back(take.after);
    axes.push_back(take);
  }

  std::string result = name(op.getInput());
  if (!sliced.empty())
    result = node("Slice", op,
                  {result, writer.addInts("starts", starts), writer.addInts("ends", ends),
                   writer.addInts("axes", sliced), writer.addInts("steps", steps)});
  if (room != none)
    result = pad(op, result, none, room, fill);
  for (auto [axis, take] : llvm::enumerate(axes)) {
    if (take.isWhole || take.isRange)
      continue;
    SmallVector<int64_t> indices(take.inner);
    std::replace(indices.begin(), indices.end(), int64_t(-1), take.extent);
    std::string gathered;
    writer.addNode("Gather", op, {result, writer.addInts("indices", indices)}, &gathered)
        .set("axis", static_cast<int64_t>(axis));
    result = gathered;
  }
  if (before != none || after != none)
    result = pad(op, result, before, after, fill);
  writer.finishLayer(op, result);
}
