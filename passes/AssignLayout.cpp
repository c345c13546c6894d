// Chooses the memory layout of every feature map: channel blocks, and halos owned by the map.
//
//   1. Each map needs a halo as wide as the padding of the convolutions that read it.
//   2. Maps that concat or slice may place in one buffer form a class, which shares the widest halo.
//   3. Types get their encodings; `cnn.to_layout` is inserted where an op wants another layout than
//      its operand has: at the network's inputs and outputs, before a planar first convolution,
//      before flattening. Ops that step through memory in another order are dense on both sides.
#include "passes/Passes.h"
#include "passes/PlanarInput.h"
#include "llvm/ADT/EquivalenceClasses.h"

namespace incc {
#define GEN_PASS_DEF_ASSIGNLAYOUTPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;

/// An input of at most this many channels would waste most of a block: it stays planar, and its
/// convolution broadcasts one channel after the other.
static constexpr int64_t kMaxPlanarChannels = 4;

/// True for ops that are dense on both sides.
static bool isDenseOp(Operation *op) {
  return isa_and_nonnull<cnn::BinaryOp, cnn::ReshapeOp, cnn::TakeOp, cnn::TransposeOp>(op);
}

/// True for maps that come dense: the caller's arrays, constants, results of dense ops.
static bool isDense(Value value) {
  return isa<BlockArgument>(value) || value.getDefiningOp<cnn::ConstantOp>() ||
         isDenseOp(value.getDefiningOp());
}

bool incc::readsPlanar(cnn::Conv2dOp conv) {
  return cnn::tensorType(conv.getInput()).getDimSize(1) <= kMaxPlanarChannels &&
         conv.getGroups() == 1 && isDense(conv.getInput());
}

namespace {

using Halo = std::array<int64_t, 4>;

struct AssignLayoutPass : incc::impl::AssignLayoutPassBase<AssignLayoutPass> {
  using AssignLayoutPassBase::AssignLayoutPassBase;

  void runOnOperation() override {
    classes = {};
    halos.clear();
    func::FuncOp function = getOperation();
    function.walk([&](Operation *op) { collect(op); });
    function.walk([&](Operation *op) {
      if (isLayer(op))
        assign(op);
    });
    returnDense(function);
  }

private:
  llvm::EquivalenceClasses<void *> classes;
  DenseMap<void *, Halo> halos; // by the class's leader

  static bool isLayer(Operation *op) {
    return isa<cnn::CnnDialect>(op->getDialect()) && !isa<cnn::ConstantOp>(op);
  }

  static bool isMap(Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.getRank() == 4;
  }

  static Halo haloOf(cnn::Conv2dOp conv) {
    ArrayRef<int64_t> pads = conv.getPads();
    return {pads[0], pads[1], pads[2], pads[3]};
  }

  void widen(Value value, Halo halo) {
    void *leader = classes.getOrInsertLeaderValue(value.getAsOpaquePointer());
    Halo &have = halos[leader];
    for (int side = 0; side < 4; ++side)
      have[side] = std::max(have[side], halo[side]);
  }

  void unite(Value a, Value b) {
    void *leaderA = classes.getOrInsertLeaderValue(a.getAsOpaquePointer());
    void *leaderB = classes.getOrInsertLeaderValue(b.getAsOpaquePointer());
    if (leaderA == leaderB)
      return;
    Halo halo = halos.lookup(leaderA);
    for (auto [side, width] : llvm::enumerate(halos.lookup(leaderB)))
      halo[side] = std::max(halo[side], width);
    halos[*classes.unionSets(leaderA, leaderB)] = halo;
  }

  /// Steps 1 and 2.
  void collect(Operation *op) {
    if (auto conv = dyn_cast<cnn::Conv2dOp>(op)) {
      if (!readsPlanar(conv))
        widen(conv.getInput(), haloOf(conv));
    } else if (isa<cnn::ConcatOp, cnn::SliceOp>(op) && isMap(op->getResult(0))) {
      for (Value operand : op->getOperands())
        if (!isDense(operand))
          unite(op->getResult(0), operand);
    }
  }

  RankedTensorType withLayout(Value value, int64_t block, Halo halo) {
    RankedTensorType type = cnn::tensorType(value);
    return RankedTensorType::get(type.getShape(), type.getElementType(),
                                 cnn::LayoutAttr::get(&getContext(), block, halo));
  }

  RankedTensorType blocked(Value value) {
    void *leader = classes.getOrInsertLeaderValue(value.getAsOpaquePointer());
    return withLayout(value, channelBlock, halos.lookup(leader));
  }

  /// `value` in the layout of `type`, converted once however many ops want it.
  Value convert(Value value, RankedTensorType type, Operation *user) {
    if (value.getType() == type)
      return value;
    for (Operation *other : value.getUsers())
      if (isa<cnn::ToLayoutOp>(other) && other->getResult(0).getType() == type &&
          other->getBlock() == user->getBlock() && other->isBeforeInBlock(user))
        return other->getResult(0);
    OpBuilder builder(user);
    return builder.create<cnn::ToLayoutOp>(user->getLoc(), type, value);
  }

  static RankedTensorType dense(Value value) {
    RankedTensorType type = cnn::tensorType(value);
    return RankedTensorType::get(type.getShape(), type.getElementType());
  }

  /// Step 3: the layouts of an op's operands and results.
  void assign(Operation *op) {
    if (isa<cnn::ToLayoutOp>(op))
      return;
    for (OpOperand &operand : op->getOpOperands()) {
      Value value = operand.get();
      if (!isMap(value) || isWeights(op, operand))
        continue;
      operand.set(convert(value, operandType(op, operand), op));
    }
    for (Value result : op->getResults())
      if (isMap(result) && !isDenseOp(op))
        result.setType(blocked(result));
  }

  static bool isWeights(Operation *op, OpOperand &operand) {
    return operand.get().getDefiningOp<cnn::ConstantOp>() && isa<cnn::Conv2dOp, cnn::LinearOp>(op) &&
           operand.getOperandNumber() == 1;
  }

  RankedTensorType operandType(Operation *op, OpOperand &operand) {
    Value value = operand.get();
    auto conv = dyn_cast<cnn::Conv2dOp>(op);
    if (conv && operand.getOperandNumber() == 0 && readsPlanar(conv))
      return withLayout(value, /*block=*/1, haloOf(conv));
    if (conv && operand.get() == conv.getFilter())
      return dense(value);
    // Reshaping goes through whatever layout there is in order.
    if ((isDenseOp(op) && !isa<cnn::ReshapeOp>(op)) || isa<cnn::SpaceToDepthOp>(op))
      return dense(value);
    // The features of a map are its floats in their order in memory: no halo between them. The
    // caller's array is in order as it is.
    if (isa<cnn::LinearOp>(op) && operand.getOperandNumber() == 0)
      return isDense(value) ? dense(value)
                            : withLayout(value, channelBlock, {0, 0, 0, 0});
    if (isDense(value) && !isDenseOp(op))
      return blocked(value);
    return cnn::tensorType(value);
  }

  void returnDense(func::FuncOp function) {
    function.walk([&](func::ReturnOp op) {
      for (OpOperand &operand : op->getOpOperands())
        if (isMap(operand.get()))
          operand.set(convert(operand.get(), dense(operand.get()), op));
    });
  }
};

} // namespace
