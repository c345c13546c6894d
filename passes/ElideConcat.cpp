// Replaces the buffers that a concat joins by views of its result.
//
//   plan.kernel "cnn.concat"(%a, %b) into(%c)   ->   %a = plan.view %c channel 0
//                                                    %b = plan.view %c channel C_a
//
// Legal where the view addresses exactly what the buffer did: equal blocks and halos, and a first
// channel on a block border. Concats are taken from the last to the first, so that the result of one
// that is itself a branch of a later one is a view already.
#include "ir/DecisionLog.h"
#include "passes/Passes.h"

namespace incc {
#define GEN_PASS_DEF_ELIDECONCATPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;

/// Why `input` can't be a view of `output`; empty if it can.
static StringRef whyNotInPlace(Value input, Value output) {
  auto from = cast<plan::MapType>(input.getType()), to = cast<plan::MapType>(output.getType());
  if (!input.getDefiningOp<plan::BufferOp>())
    return "the branch is not a buffer of its own";
  if (from.getBlock() != to.getBlock() || from.getHalo() != to.getHalo())
    return "layouts differ";
  return "";
}

namespace {
struct ElideConcatPass : incc::impl::ElideConcatPassBase<ElideConcatPass> {
  void runOnOperation() override {
    SmallVector<plan::KernelOp> concats;
    getOperation().walk([&](plan::KernelOp kernel) {
      if (kernel.getKind() == cnn::ConcatOp::getOperationName())
        concats.push_back(kernel);
    });
    for (plan::KernelOp concat : llvm::reverse(concats))
      elide(concat);
  }

  void elide(plan::KernelOp concat) {
    Value output = concat.getOutputs()[0];
    // A branch that starts inside a block shares it with its neighbour: then all are copied.
    int64_t block = cast<plan::MapType>(output.getType()).getBlock(), offset = 0;
    for (Value input : concat.getInputs()) {
      if (offset % block) {
        logDeclined(concat, "copied: channel " + Twine(offset) +
                                " is not a multiple of the block of " + Twine(block));
        return;
      }
      offset += cast<plan::MapType>(input.getType()).c();
    }
    // The views must be defined before the branches that write into them.
    hoist(output.getDefiningOp());
    SmallVector<std::pair<Value, int64_t>> copies;
    offset = 0;
    for (unsigned i = 0; i < concat.getInputs().size(); ++i) {
      Value input = concat.getInputs()[i];
      auto type = cast<plan::MapType>(input.getType());
      StringRef reason = whyNotInPlace(input, output);
      if (reason.empty()) {
        logDone(input.getDefiningOp(),
                "writes into its slice of '" + cnn::layerName(concat.getLoc()) + "'");
        replaceByView(input, output, offset);
        ++numElided;
      } else {
        logDeclined(concat, "branch " + Twine(i) + " is copied: " + reason);
        copies.push_back({input, offset});
      }
      offset += type.c();
    }
    splitIntoCopies(concat, output, copies);
  }

  /// Moves an op that defines a map to before all stages.
  void hoist(Operation *definition) {
    if (auto view = dyn_cast<plan::ViewOp>(definition))
      hoist(view.getSource().getDefiningOp());
    for (Operation &op : *definition->getBlock())
      if (isa<plan::StageOp>(op)) {
        if (op.isBeforeInBlock(definition))
          definition->moveBefore(&op);
        return;
      }
  }

  static Value createView(OpBuilder &builder, Location loc, plan::MapType type, Value output,
                          int64_t channel) {
    auto to = cast<plan::MapType>(output.getType());
    auto viewType = plan::MapType::get(to.getContext(), type.getShape(), to.getBlock(),
                                       to.getHalo(), to.getPlanes());
    return builder.create<plan::ViewOp>(loc, viewType, output, builder.getI64IntegerAttr(channel));
  }

  void replaceByView(Value input, Value output, int64_t channel) {
    Operation *buffer = input.getDefiningOp();
    OpBuilder builder(buffer->getContext());
    builder.setInsertionPointAfter(output.getDefiningOp());
    Value view = createView(builder, buffer->getLoc(), cast<plan::MapType>(input.getType()),
                            output, channel);
    input.replaceAllUsesWith(view);
    buffer->erase();
    updateViews(view);
  }

  /// Views of a buffer that has become a view itself have the planes of the outermost buffer.
  void updateViews(Value source) {
    for (Operation *user : source.getUsers())
      if (auto view = dyn_cast<plan::ViewOp>(user)) {
        plan::MapType old = view.getMap().getType();
        view.getMap().setType(
            plan::MapType::get(old.getContext(), old.getShape(), old.getBlock(), old.getHalo(),
                               cast<plan::MapType>(source.getType()).getPlanes()));
        updateViews(view.getMap());
      }
  }

  /// Branches that stay where they are become copies into their slices.
  void splitIntoCopies(plan::KernelOp concat, Value output,
                       ArrayRef<std::pair<Value, int64_t>> copies) {
    OpBuilder builder(concat);
    for (auto [input, channel] : copies) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointAfter(output.getDefiningOp());
      Value view = createView(builder, concat.getLoc(), cast<plan::MapType>(input.getType()),
                              output, channel);
      builder.setInsertionPoint(concat);
      builder.create<plan::KernelOp>(
          concat.getLoc(), builder.getStringAttr(cnn::ToLayoutOp::getOperationName()),
          ValueRange{input}, ValueRange{}, ValueRange{view}, builder.getDictionaryAttr({}),
          DictionaryAttr(), builder.getI64IntegerAttr(1), builder.getI64IntegerAttr(0), FloatAttr());
    }
    plan::eraseKernel(concat);
  }
};
} // namespace
