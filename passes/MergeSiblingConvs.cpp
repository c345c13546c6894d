// merge-sibling-convs: computes convolutions that read the same tensor as one.
#include "ir/DecisionLog.h"
#include "passes/Constants.h"
#include "passes/ConvEstimate.h"
#include "passes/Passes.h"
#include "passes/Siblings.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace incc;
using namespace incc::cnn;

namespace incc {
#define GEN_PASS_DEF_MERGESIBLINGCONVSPASS
#include "passes/Passes.h.inc"
} // namespace incc

bool incc::haveSameGeometry(Conv2dOp lhs, Conv2dOp rhs) {
  auto kernel = [](Conv2dOp op) { return tensorType(op.getFilter()).getShape().drop_front(2); };
  return lhs.getInput() == rhs.getInput() && kernel(lhs) == kernel(rhs) &&
         lhs.getStrides() == rhs.getStrides() && lhs.getPads() == rhs.getPads() &&
         lhs.getDilations() == rhs.getDilations() && lhs.getGroups() == 1 &&
         rhs.getGroups() == 1 && !lhs.getResidual() && !rhs.getResidual() &&
         (lhs.getActAttr() == rhs.getActAttr() ||
          (activationKind(lhs.getAct()) == ActivationKind::none &&
           activationKind(rhs.getAct()) == ActivationKind::none));
}

bool incc::feedsConcat(Conv2dOp conv) {
  return llvm::any_of(conv->getUsers(), [](Operation *user) { return isa<ConcatOp>(user); });
}

static int64_t numFilters(Conv2dOp conv) { return tensorType(conv.getFilter()).getDimSize(0); }

/// Why `conv` can't be a part of a merged convolution at all; empty if it can.
static StringRef whyNotMerged(Conv2dOp conv) {
  if (conv->use_empty())
    return "nothing reads its result";
  if (feedsConcat(conv))
    return "writes straight into a concatenation";
  if (tensorType(conv.getOutput()).getEncoding())
    return "layouts are assigned already";
  if (!ConstantOperand(conv.getFilter()) || (conv.getBias() && !ConstantOperand(conv.getBias())))
    return "its weights are not constants";
  return "";
}

/// Tells why `conv` stays apart, if another convolution could be its sibling.
static void logApart(Conv2dOp conv, StringRef reason) {
  for (Operation *user : conv.getInput().getUsers())
    if (auto other = dyn_cast<Conv2dOp>(user); other && other != conv)
      if (haveSameGeometry(conv, other))
        return logDeclined(conv, "not computed with '" + layerName(other.getLoc()) +
                                     "', which reads the same: " + reason);
}

/// The convolutions of `block` that read `input`, grouped with their likes, in their order.
static SmallVector<SmallVector<Conv2dOp>> groupSiblings(Value input) {
  SmallVector<Conv2dOp> convs;
  for (Operation *user : input.getUsers())
    if (auto conv = dyn_cast<Conv2dOp>(user))
      if (conv.getInput() == input && !llvm::is_contained(convs, conv)) {
        if (StringRef reason = whyNotMerged(conv); reason.empty())
          convs.push_back(conv);
        else
          logApart(conv, reason);
      }
  SmallVector<SmallVector<Conv2dOp>> groups;
  for (Conv2dOp conv : convs) {
    auto *group = llvm::find_if(groups, [&](const SmallVector<Conv2dOp> &members) {
      return members.front()->getBlock() == conv->getBlock() &&
             haveSameGeometry(members.front(), conv);
    });
    if (group == groups.end())
      groups.push_back({conv});
    else
      group->push_back(conv);
  }
  for (SmallVector<Conv2dOp> &group : groups)
    llvm::sort(group, [](Conv2dOp a, Conv2dOp b) { return a->isBeforeInBlock(b); });
  return groups;
}

/// Puts first the convolutions that fill whole channel blocks and keeps one other at most, at the
/// end: any slice after it would start within a block.
static SmallVector<Conv2dOp> arrangeByBlocks(ArrayRef<Conv2dOp> group, int64_t channelBlock) {
  SmallVector<Conv2dOp> arranged, ragged;
  for (Conv2dOp conv : group)
    (numFilters(conv) % channelBlock ? ragged : arranged).push_back(conv);
  // The widest gains most; among equals the first.
  if (!ragged.empty())
    arranged.push_back(*std::max_element(ragged.begin(), ragged.end(), [](auto a, auto b) {
      return numFilters(a) < numFilters(b);
    }));
  return arranged;
}

/// conv(x, A), conv(x, B) -> c = conv(x, [A; B]), slice(c, 0, |A|), slice(c, |A|, |B|)
static void mergeConvs(RewriterBase &rewriter, ArrayRef<Conv2dOp> parts, Conv2dOp first) {
  ConstantsToErase constants;
  SmallVector<Location> locations;
  int64_t total = 0;
  bool hasBias = false;
  for (Conv2dOp part : parts) {
    constants.add(part.getFilter());
    constants.add(part.getBias());
    locations.push_back(part.getLoc());
    total += numFilters(part);
    hasBias |= part.getBias() != nullptr;
  }
  rewriter.setInsertionPoint(first);
  SmallVector<int64_t> filterShape(tensorType(first.getFilter()).getShape());
  filterShape[0] = total;
  Value filter = createConstant(
      rewriter, first.getFilter().getLoc(), {}, filterShape, [&](auto out) {
        float *to = out.data();
        for (Conv2dOp part : parts)
          to = llvm::copy(ConstantOperand(part.getFilter()).values(), to);
      });
  Value bias;
  if (hasBias)
    bias = createConstant(rewriter, filter.getLoc(), {}, {total}, [&](auto out) {
      float *to = out.data();
      for (Conv2dOp part : parts)
        to = part.getBias() ? llvm::copy(ConstantOperand(part.getBias()).values(), to)
                            : std::fill_n(to, numFilters(part), 0.0f);
    });
  SmallVector<int64_t> shape(tensorType(first.getOutput()).getShape());
  shape[1] = total;
  auto merged = rewriter.create<Conv2dOp>(
      rewriter.getFusedLoc(locations), first.getType().clone(shape), first.getInput(), filter,
      bias, /*residual=*/Value(), first.getStridesAttr(), first.getPadsAttr(),
      first.getDilationsAttr(), first.getGroupsAttr(), first.getActAttr());
  SmallVector<Value> slices;
  int64_t offset = 0;
  for (Conv2dOp part : parts) {
    int64_t count = numFilters(part);
    slices.push_back(
        rewriter.create<SliceOp>(part.getLoc(), part.getType(), merged, offset, count));
    offset += count;
  }
  // Only now: `first`, before which all of this was inserted, goes as well.
  for (auto [part, slice] : llvm::zip_equal(parts, slices))
    rewriter.replaceOp(part, slice);
  constants.eraseUnused(rewriter);
}

namespace {
struct MergeSiblingConvsPass : incc::impl::MergeSiblingConvsPassBase<MergeSiblingConvsPass> {
  using MergeSiblingConvsPassBase::MergeSiblingConvsPassBase;

  /// 1. For each tensor, in the order of the IR, group its convolutions that differ in filters only.
  /// 2. Leave out what would cost a copy: parts of a concatenation, slices that split a block.
  /// 3. Merge what is left of a group, if two or more, in the place of the first, unless the model
  ///    says that they are faster apart, one after the other or side by side.
  void runOnOperation() override {
    if (channelBlock < 1) {
      getOperation().emitError("channel-block must be positive, got ") << channelBlock;
      return signalPassFailure();
    }
    if (!mcpu.empty()) {
      goal = parseGoal(getOperation(), mcpu, threads, accuracy);
      if (!goal)
        return signalPassFailure();
    }
    SmallVector<Block *> blocks;
    getOperation().walk([&](Block *block) { blocks.push_back(block); });
    for (Block *block : blocks) {
      for (Value argument : block->getArguments())
        mergeReadersOf(argument);
      // A merge changes only what comes after the tensor: the loop sees the new ops in turn.
      for (Operation *op = block->empty() ? nullptr : &block->front(); op; op = op->getNextNode())
        for (Value result : op->getResults())
          mergeReadersOf(result);
    }
  }

private:
  /// What to choose for; without it siblings are always merged.
  std::optional<Goal> goal;

  /// What reading the input once is worth, which the model does not see.
  static constexpr double kReadOnce = 1.01;

  /// Cycles of the convolutions as one, and in the better of two schedules of their own.
  struct Estimate {
    double merged, apart;
  };

  Estimate estimate(ArrayRef<Conv2dOp> parts) {
    StageModel model{goal->threads};
    ConvGeometry whole(parts.front());
    whole.filter[0] = 0;
    SmallVector<KernelTasks> tasks;
    double sequential = 0;
    for (Conv2dOp part : parts) {
      whole.filter[0] += numFilters(part);
      tasks.push_back(estimateTasks(&getContext(), ConvGeometry(part), *goal));
      sequential += model.cycles(tasks.back());
    }
    return {model.cycles(estimateTasks(&getContext(), whole, *goal)),
            std::min(sequential, model.cycles(tasks))};
  }

  void mergeReadersOf(Value tensor) {
    IRRewriter rewriter(&getContext());
    for (const SmallVector<Conv2dOp> &group : groupSiblings(tensor)) {
      SmallVector<Conv2dOp> parts = arrangeByBlocks(group, channelBlock);
      for (Conv2dOp conv : group)
        if (!llvm::is_contained(parts, conv))
          logApart(conv, "its channels end within a block");
      if (parts.size() < 2)
        continue;
      Conv2dOp first = *std::min_element(parts.begin(), parts.end(), [](auto a, auto b) {
        return a->isBeforeInBlock(b);
      });
      if (goal)
        if (Estimate cycles = estimate(parts); kReadOnce * cycles.apart < cycles.merged) {
          logApart(first, llvm::formatv("apart they take {0:f0} cycles, as one {1:f0}",
                                        cycles.apart, cycles.merged)
                              .str());
          continue;
        }
      for (Conv2dOp part : parts)
        if (part != first)
          logDone(part, "computed with '" + layerName(first.getLoc()) + "', which reads the same");
      mergeConvs(rewriter, parts, first);
      numMerged += parts.size() - 1;
    }
  }
};
} // namespace
