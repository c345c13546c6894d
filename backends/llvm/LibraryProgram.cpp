// Describes a plan to the library writer: steps and their operands, weights in the order of the
// file.
#include "backends/llvm/LibraryProgram.h"
#include "ir/AttributeJson.h"
#include "llvm/Support/Parallel.h"

using namespace mlir;
using namespace incc;

/// Where the corner of a map's first plane lies.
static LibraryOperand locate(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto weights = dyn_cast<plan::WeightsOp>(op))
    return {LibraryOperand::Weights, 0, static_cast<uint64_t>(*weights.getOffset())};
  if (auto input = dyn_cast<plan::InputOp>(op))
    return {LibraryOperand::Input, static_cast<unsigned>(input.getIndex()), 0};
  if (auto output = dyn_cast<plan::OutputOp>(op))
    return {LibraryOperand::Output, static_cast<unsigned>(output.getIndex()), 0};
  if (auto buffer = dyn_cast<plan::BufferOp>(op))
    return {LibraryOperand::Arena, 0, static_cast<uint64_t>(*buffer.getOffset())};
  auto view = cast<plan::ViewOp>(op);
  LibraryOperand operand = locate(view.getSource());
  plan::MapType map = view.getSource().getType();
  operand.offset += sizeof(float) * (view.getChannel() / map.getBlock()) * map.planeStride();
  return operand;
}

LibraryDesc incc::describeProgram(ModuleOp module, plan::ProgramOp program,
                                  const DenseMap<Operation *, unsigned> &kernelOf) {
  LibraryDesc desc;
  desc.name = program.getSymName().str();
  desc.arenaBytes = program.getArenaBytes().value_or(0);
  desc.scratchBytes = program.getScratchBytes().value_or(0);
  desc.weightsBytes = program.getWeightsBytes().value_or(0);
  if (auto preprocess = module->getAttrOfType<DictionaryAttr>(cnn::kPreprocessAttr))
    desc.preprocessJson = llvm::formatv("{0}", toJson(preprocess)).str();
  if (auto labels = module->getAttrOfType<ArrayAttr>(cnn::kLabelsAttr))
    for (auto label : labels.getAsRange<StringAttr>())
      desc.labels.push_back(label.str());
  int stage = 0;
  for (Operation &op : program.getBody().front()) {
    if (auto input = dyn_cast<plan::InputOp>(op))
      desc.inputs.push_back({input.getName().str(), SmallVector<int64_t, 4>(input.getDims())});
    else if (auto output = dyn_cast<plan::OutputOp>(op))
      desc.outputs.push_back({output.getName().str(), SmallVector<int64_t, 4>(output.getDims())});
    auto stageOp = dyn_cast<plan::StageOp>(op);
    if (!stageOp)
      continue;
    for (auto kernel : stageOp.getBody().getOps<plan::KernelOp>()) {
      LibraryStep step;
      step.kernel = kernelOf.lookup(kernel);
      step.layer = cnn::layerName(kernel.getLoc()).str();
      StringRef kind = kernel.getKind();
      kind.consume_front("cnn.");
      step.kind = kind.str();
      for (Value operand : kernel->getOperands())
        step.operands.push_back(locate(operand));
      step.tasks = static_cast<int>(kernel.getTasks());
      step.stage = stage;
      step.flops = static_cast<double>(kernel.getFlops());
      desc.steps.push_back(std::move(step));
    }
    ++stage;
  }
  return desc;
}

namespace {
/// Packed weights, streamed in the order of their offsets.
class WeightsWriter {
public:
  WeightsWriter(plan::ProgramOp program, PackWeights packWeights) : packWeights(packWeights) {
    program.walk([&](plan::WeightsOp op) {
      if (!op.use_empty())
        items.push_back(op);
    });
    llvm::sort(items, [](plan::WeightsOp a, plan::WeightsOp b) {
      return *a.getOffset() < *b.getOffset();
    });
    // Equal weights that are read alike were given one place: write them once.
    items.erase(std::unique(items.begin(), items.end(),
                            [](plan::WeightsOp a, plan::WeightsOp b) {
                              return *a.getOffset() == *b.getOffset();
                            }),
                items.end());
    for (plan::WeightsOp op : items)
      ++numReaders[op.getValue()];
    total = program.getWeightsBytes().value_or(0);
  }

  llvm::Error write(llvm::raw_ostream &os) {
    int64_t position = 0;
    // A few at a time in parallel: memory stays bounded by the largest ones.
    constexpr size_t kAtOnce = 4;
    for (size_t first = 0; first < items.size(); first += kAtOnce) {
      size_t count = std::min(kAtOnce, items.size() - first);
      std::vector<std::vector<float>> packed(count);
      llvm::parallelFor(0, count, [&](size_t i) { packed[i] = pack(items[first + i]); });
      for (size_t i = 0; i < count; ++i) {
        plan::WeightsOp op = items[first + i];
        int64_t offset = static_cast<int64_t>(*op.getOffset());
        os.write_zeros(static_cast<unsigned>(offset - position));
        os.write(reinterpret_cast<const char *>(packed[i].data()),
                 packed[i].size() * sizeof(float));
        position = offset + static_cast<int64_t>(packed[i].size() * sizeof(float));
        if (--numReaders[op.getValue()] == 0)
          cnn::releaseConstant(op.getValue());
      }
    }
    os.write_zeros(static_cast<unsigned>(total - position));
    return llvm::Error::success();
  }

private:
  PackWeights packWeights;
  std::vector<plan::WeightsOp> items;
  DenseMap<Attribute, int> numReaders;
  int64_t total;

  std::vector<float> pack(plan::WeightsOp op) {
    OpOperand &use = *op->getUses().begin();
    auto kernel = cast<plan::KernelOp>(use.getOwner());
    unsigned index = use.getOperandNumber() - kernel.getInputs().size();
    std::vector<float> storage;
    ArrayRef<float> values = cnn::constantValues(op.getValue(), storage);
    std::vector<float> packed = packWeights(kernel, index, values);
    // Denormals would be slow to multiply on some CPUs, and are nothing beside other weights.
    for (float &value : packed)
      if (std::fpclassify(value) == FP_SUBNORMAL)
        value = 0;
    return packed;
  }
};
} // namespace

llvm::Error incc::writeWeights(plan::ProgramOp program, PackWeights pack, llvm::raw_ostream &os) {
  return WeightsWriter(program, pack).write(os);
}

plan::ProgramOp incc::findProgram(ModuleOp module) {
  auto programs = module.getOps<plan::ProgramOp>();
  if (llvm::hasSingleElement(programs))
    return *programs.begin();
  module.emitError("expected one plan.program in the module");
  return nullptr;
}
