// incc-test-library DESCRIPTION.json OUT.{so,o,a} KERNELS.o...: a library whose contents the
// description gives, field by field as in LibraryDesc.
#include "backends/llvm/Library.h"
#include "llvm/Support/EndianStream.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace incc;
using namespace llvm;

static std::vector<LibraryTensor> readTensors(const json::Array *array) {
  std::vector<LibraryTensor> tensors;
  for (const json::Value &value : *array) {
    LibraryTensor tensor;
    tensor.name = value.getAsObject()->getString("name")->str();
    for (const json::Value &dim : *value.getAsObject()->getArray("shape"))
      tensor.shape.push_back(*dim.getAsInteger());
    tensors.push_back(tensor);
  }
  return tensors;
}

static LibraryStep readStep(const json::Object &object) {
  LibraryStep step;
  step.kernel = *object.getInteger("kernel");
  step.layer = object.getString("layer")->str();
  step.kind = object.getString("kind")->str();
  step.tasks = *object.getInteger("tasks");
  step.stage = *object.getInteger("stage");
  step.flops = object.getNumber("flops").value_or(0);
  for (const json::Value &value : *object.getArray("operands")) {
    const json::Array &fields = *value.getAsArray();
    StringRef space = *fields[0].getAsString();
    LibraryOperand operand;
    operand.space = space == "arena"     ? LibraryOperand::Arena
                    : space == "weights" ? LibraryOperand::Weights
                    : space == "input"   ? LibraryOperand::Input
                                         : LibraryOperand::Output;
    operand.index = *fields[1].getAsInteger();
    operand.offset = *fields[2].getAsInteger();
    step.operands.push_back(operand);
  }
  return step;
}

static LibraryDesc readDesc(const json::Object &object) {
  LibraryDesc desc;
  desc.name = object.getString("name")->str();
  desc.triple = object.getString("triple").value_or("x86_64-unknown-linux-gnu").str();
  desc.inputs = readTensors(object.getArray("inputs"));
  desc.outputs = readTensors(object.getArray("outputs"));
  desc.arenaBytes = *object.getInteger("arena_bytes");
  desc.weightsBytes = *object.getInteger("weights_bytes");
  for (const json::Value &symbol : *object.getArray("kernels"))
    desc.kernelSymbols.push_back(symbol.getAsString()->str());
  for (const json::Value &step : *object.getArray("steps"))
    desc.steps.push_back(readStep(*step.getAsObject()));
  desc.requiredCpuFeatures = object.getInteger("cpu_features").value_or(0);
  desc.targetName = object.getString("target").value_or("x86-64").str();
  desc.preprocessJson = object.getString("preprocess").value_or("").str();
  if (const json::Array *labels = object.getArray("labels"))
    for (const json::Value &label : *labels)
      desc.labels.push_back(label.getAsString()->str());
  return desc;
}

/// The weights given, again and again up to `weights_bytes`; or as many as `weights_written` says.
static Error writeWeights(const json::Object &object, raw_ostream &os) {
  int64_t bytes =
      object.getInteger("weights_written").value_or(*object.getInteger("weights_bytes"));
  const json::Array &weights = *object.getArray("weights");
  for (int64_t i = 0; i < bytes / 4; ++i)
    support::endian::write<float>(os, float(*weights[i % weights.size()].getAsNumber()),
                                  endianness::little);
  if (std::optional<StringRef> failure = object.getString("weights_failure"))
    return createStringError(*failure);
  return Error::success();
}

int main(int argc, char **argv) {
  ExitOnError exitOnError("incc-test-library: ");
  if (argc < 4)
    exitOnError(createStringError("expected DESCRIPTION.json OUT KERNELS.o..."));
  auto text = exitOnError(errorOrToExpected(MemoryBuffer::getFile(argv[1])));
  json::Value value = exitOnError(json::parse(text->getBuffer()));
  const json::Object &object = *value.getAsObject();
  std::vector<std::unique_ptr<MemoryBuffer>> kernels;
  for (int i = 3; i < argc; ++i)
    kernels.push_back(exitOnError(errorOrToExpected(MemoryBuffer::getFile(argv[i]))));
  OutputKind kind = exitOnError(outputKindOf(argv[2]));
  exitOnError(writeLibrary(
      readDesc(object), std::move(kernels),
      [&](raw_ostream &os) { return writeWeights(object, os); }, kind, argv[2]));
  return 0;
}
