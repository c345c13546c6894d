// Dependences between kernels, from the memory that they name.
#include "passes/PlanGraph.h"

using namespace mlir;
using namespace incc;

namespace {
/// Channels of a buffer, input or output that a kernel reads or writes, whole blocks.
struct Access {
  Operation *memory;
  int64_t begin, end;
  bool isWrite;

  /// True if the order of the two matters: they name the same channels, and not both only read
  /// them.
  bool conflictsWith(const Access &other) const {
    return memory == other.memory && (isWrite || other.isWrite) && begin < other.end &&
           other.begin < end;
  }
};
} // namespace

static Access accessTo(Value map, bool isWrite) {
  auto type = cast<plan::MapType>(map.getType());
  int64_t channel = 0;
  while (auto view = map.getDefiningOp<plan::ViewOp>()) {
    channel += view.getChannel();
    map = view.getSource();
  }
  return {map.getDefiningOp(), channel, channel + type.channelBlocks() * type.getBlock(), isWrite};
}

static SmallVector<Access> accessesOf(plan::KernelOp kernel) {
  SmallVector<Access> list;
  for (Value input : kernel.getInputs())
    list.push_back(accessTo(input, /*isWrite=*/false));
  for (Value output : kernel.getOutputs())
    list.push_back(accessTo(output, /*isWrite=*/true));
  return list;
}

PlanGraph::PlanGraph(plan::ProgramOp program) {
  struct Use {
    unsigned kernel;
    Access access;
  };
  DenseMap<Operation *, SmallVector<Use>> uses;
  program.walk([&](plan::KernelOp kernel) {
    unsigned index = list.size();
    list.push_back(kernel);
    BitVector &needed = ancestors.emplace_back(index);
    SmallVector<Access> accesses = accessesOf(kernel);
    for (const Access &access : accesses)
      for (const Use &use : uses[access.memory])
        if (access.conflictsWith(use.access)) {
          needed |= ancestors[use.kernel];
          needed.set(use.kernel);
        }
    for (const Access &access : accesses)
      uses[access.memory].push_back({index, access});
  });
  for (BitVector &needed : ancestors)
    needed.resize(list.size());
}

SmallVector<unsigned> PlanGraph::blocks(unsigned mostKernels) const {
  unsigned count = list.size();
  // How many of the first kernels, without a gap, all kernels from i on depend on.
  SmallVector<unsigned> neededByRest(count + 1, count);
  for (unsigned i = count; i-- > 0;) {
    int gap = ancestors[i].find_first_unset();
    neededByRest[i] = std::min(neededByRest[i + 1], gap < 0 ? count : static_cast<unsigned>(gap));
  }
  SmallVector<unsigned> begins;
  for (unsigned i = 0; i < count; ++i)
    if (begins.empty() || neededByRest[i] >= i || i - begins.back() == mostKernels)
      begins.push_back(i);
  return begins;
}

plan::KernelOp incc::onlyReaderOf(plan::KernelOp kernel) {
  Value product = kernel.getOutputs()[0];
  if (!product.getDefiningOp<plan::BufferOp>())
    return {};
  plan::KernelOp reader;
  for (OpOperand &use : product.getUses()) {
    if (use.getOwner() == kernel)
      continue;
    auto user = dyn_cast<plan::KernelOp>(use.getOwner());
    if (!user || reader || use.getOperandNumber() >= user.getInputs().size())
      return {};
    reader = user;
  }
  return reader;
}
