// Attributes, inputs and results of a node, with their errors.
#include "frontend/onnx/Node.h"
#include "frontend/onnx/Graph.h"
#include "frontend/onnx/ModelFile.h"

#include "llvm/ADT/StringExtras.h"

using namespace incc;
using namespace incc::onnximport;
using Attribute = onnx::AttributeProto;

void Node::fail(const llvm::Twine &message) {
  hasFailed = true;
  builder.fail(message);
}

onnx::AttributeProto *Node::find(llvm::StringRef name, Attribute::AttributeType type,
                                 const char *what) {
  asked.insert(name);
  for (onnx::AttributeProto &attribute : *proto.mutable_attribute()) {
    if (attribute.name() != name)
      continue;
    if (!attribute.ref_attr_name().empty()) {
      fail("attribute '" + name + "' refers to an attribute of a function, which is not supported");
      return nullptr;
    }
    // Files of IR version 1 leave the type out.
    bool fits = attribute.type() == type || attribute.type() == Attribute::UNDEFINED;
    if (fits)
      return &attribute;
    fail("attribute '" + name + "': expected " + what);
    return nullptr;
  }
  return nullptr;
}

bool Node::hasAttribute(llvm::StringRef name) {
  return llvm::any_of(proto.attribute(), [&](const onnx::AttributeProto &attribute) {
    return attribute.name() == name;
  });
}

int64_t Node::integer(llvm::StringRef name, int64_t otherwise) {
  const onnx::AttributeProto *attribute = find(name, Attribute::INT, "an integer");
  return attribute ? attribute->i() : otherwise;
}

double Node::number(llvm::StringRef name, double otherwise) {
  const onnx::AttributeProto *attribute = find(name, Attribute::FLOAT, "a float");
  return attribute ? attribute->f() : otherwise;
}

std::string Node::text(llvm::StringRef name, llvm::StringRef otherwise) {
  const onnx::AttributeProto *attribute = find(name, Attribute::STRING, "a string");
  return attribute ? attribute->s() : otherwise.str();
}

std::optional<llvm::SmallVector<int64_t>> Node::integers(llvm::StringRef name) {
  const onnx::AttributeProto *attribute = find(name, Attribute::INTS, "a list of integers");
  if (!attribute)
    return std::nullopt;
  return llvm::SmallVector<int64_t>(attribute->ints().begin(), attribute->ints().end());
}

std::optional<std::vector<float>> Node::numbers(llvm::StringRef name) {
  const onnx::AttributeProto *attribute = find(name, Attribute::FLOATS, "a list of floats");
  if (!attribute)
    return std::nullopt;
  return std::vector<float>(attribute->floats().begin(), attribute->floats().end());
}

Operand Node::tensor(llvm::StringRef name) {
  onnx::AttributeProto *attribute = find(name, Attribute::TENSOR, "a tensor");
  if (!attribute)
    return {};
  Shape shape(attribute->t().dims().begin(), attribute->t().dims().end());
  llvm::Expected<HostTensor> elements = file.load(*attribute->mutable_t());
  if (!elements) {
    fail("attribute '" + name + "' " + llvm::toString(elements.takeError()));
    return {};
  }
  return builder.constant(std::move(*elements), shape);
}

std::string Node::word(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> words) {
  std::string given = text(name, words.front());
  if (!llvm::is_contained(words, given))
    fail("attribute '" + name + "' is '" + printable(given) +
         "'; supported: " + llvm::join(words, ", "));
  return given;
}

bool Node::ready() {
  bool isPoisoned = false;
  for (int i = 0; i < numInputs(); ++i)
    isPoisoned |= hasInput(i) && !inputs[i];
  return ok() && !isPoisoned;
}

const Operand &Node::input(int i) const {
  static const Operand kNone;
  return i < numInputs() ? inputs[i] : kNone;
}

std::optional<llvm::SmallVector<int64_t>> Node::constantIntegers(int i, llvm::StringRef what) {
  const Operand &operand = input(i);
  if (!operand)
    return std::nullopt;
  if (!operand.isConstant())
    fail("its " + what + " ('" + printable(proto.input(i)) + "') must be a constant");
  else if (operand.constant.storage() != HostTensor::Storage::i64)
    fail("its " + what + " ('" + printable(proto.input(i)) + "'): expected integers, got " +
         typeName(operand.constant.type()));
  else if (operand.rank() > 1)
    fail("its " + what + " ('" + printable(proto.input(i)) +
         "'): expected a list, got a tensor of " + formatShape(operand.shape));
  else
    return llvm::SmallVector<int64_t>(operand.constant.values<int64_t>());
  return std::nullopt;
}

std::optional<double> Node::constantNumber(int i, llvm::StringRef what) {
  const Operand &operand = input(i);
  if (!operand)
    return std::nullopt;
  if (operand.isConstant() && operand.numElements() == 1)
    return operand.constant.number(0);
  fail("its " + what + " ('" + printable(proto.input(i)) + "') must be a constant number");
  return std::nullopt;
}

std::optional<llvm::SmallVector<int64_t>> Node::integersSince(int64_t since, llvm::StringRef name,
                                                              int i) {
  if (opset < since)
    return integers(name);
  return hasInput(i) ? constantIntegers(i, name) : std::nullopt;
}

std::optional<int64_t> Node::normalizeAxis(int64_t axis, int64_t rank) {
  if (axis >= -rank && axis < rank)
    return axis < 0 ? axis + rank : axis;
  fail("axis " + llvm::Twine(axis) + " is outside a tensor of rank " + llvm::Twine(rank));
  return std::nullopt;
}

llvm::ArrayRef<Operand> Node::finish() {
  for (const onnx::AttributeProto &attribute : proto.attribute())
    if (!asked.contains(attribute.name()))
      fail("attribute '" + printable(attribute.name()) + "' is not supported");
  if (ready())
    for (auto [i, result] : llvm::enumerate(results))
      if (!result && hasOutput(i) && results.front())
        fail("output '" + printable(proto.output(i)) + "' (number " + llvm::Twine(i) +
             ") is not supported");
  return results;
}
