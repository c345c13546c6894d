// Builds an ONNX graph: nodes, attributes, initializers and unique names.
#include "frontend/onnx/GraphWriter.h"
#include "llvm/ADT/Twine.h"

using namespace incc;
using namespace llvm;

/// protobuf cannot encode messages of 2 GiB and more; the rest is for nodes and names.
static constexpr int64_t kMaxInitializerBytes = (int64_t(1) << 31) - (16 << 20);

onnx::AttributeProto &NodeAttributes::add(const char *name,
                                          onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto &attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

NodeAttributes &NodeAttributes::set(const char *name, int64_t value) {
  add(name, onnx::AttributeProto::INT).set_i(value);
  return *this;
}

NodeAttributes &NodeAttributes::set(const char *name, ArrayRef<int64_t> values) {
  onnx::AttributeProto &attribute = add(name, onnx::AttributeProto::INTS);
  for (int64_t value : values)
    attribute.add_ints(value);
  return *this;
}

NodeAttributes &NodeAttributes::setFloat(const char *name, double value) {
  add(name, onnx::AttributeProto::FLOAT).set_f(static_cast<float>(value));
  return *this;
}

static std::string makeUnique(StringSet<> &taken, StringRef wanted) {
  std::string name = wanted.empty() ? "value" : wanted.str();
  for (int i = 1; !taken.insert(name).second; ++i)
    name = (Twine(wanted.empty() ? "value" : wanted) + "_" + Twine(i)).str();
  return name;
}

std::string GraphWriter::uniqueName(StringRef wanted) { return makeUnique(tensorNames, wanted); }

std::string GraphWriter::nameOf(mlir::Value value) {
  if (auto it = names.find(value); it != names.end())
    return it->second;
  StringRef published = cnn::layerName(value.getLoc());
  auto constant = value.getDefiningOp<cnn::ConstantOp>();
  std::string name = uniqueName(published.empty() && constant ? "weights" : published);
  if (constant) {
    std::vector<float> storage;
    ArrayRef<float> values = cnn::constantValues(value, storage);
    ArrayRef<int64_t> shape = cnn::tensorType(value).getShape();
    if (values.size() != static_cast<size_t>(cnn::tensorType(value).getNumElements())) {
      if (problem.empty())
        problem = "the values of '" + name + "' are not loaded";
    } else {
      addTensor(name, onnx::TensorProto::FLOAT, shape, values.data(),
                values.size() * sizeof(float));
    }
  }
  names[value] = name;
  return name;
}

NodeAttributes GraphWriter::addNode(const char *opType, mlir::Operation *layer,
                                    ArrayRef<std::string> inputs, StringRef result) {
  onnx::NodeProto &node = *graph.add_node();
  node.set_op_type(opType);
  StringRef name = cnn::layerName(layer->getLoc());
  node.set_name(makeUnique(nodeNames, name.empty() ? StringRef(opType) : name));
  for (const std::string &input : inputs)
    node.add_input(input);
  node.add_output(result.str());
  return NodeAttributes(node);
}

NodeAttributes GraphWriter::addNode(const char *opType, mlir::Operation *layer,
                                    ArrayRef<std::string> inputs, std::string *result) {
  StringRef name = cnn::layerName(layer->getLoc());
  *result = uniqueName((Twine(name.empty() ? "value" : name) + "/" + opType).str());
  intermediate = *result;
  return addNode(opType, layer, inputs, StringRef(*result));
}

void GraphWriter::finishLayer(mlir::Operation *layer, const std::string &result) {
  std::string name = nameOf(layer->getResult(0));
  if (result == intermediate)
    graph.mutable_node(graph.node_size() - 1)->set_output(0, name);
  else // The layer did nothing.
    addNode("Identity", layer, {result}, StringRef(name));
}

onnx::TensorProto &GraphWriter::addTensor(StringRef name, onnx::TensorProto::DataType type,
                                          ArrayRef<int64_t> dims, const void *data,
                                          size_t numBytes) {
  onnx::TensorProto &tensor = *graph.add_initializer();
  tensor.set_name(name.str());
  tensor.set_data_type(type);
  for (int64_t dim : dims)
    tensor.add_dims(dim);
  initializerBytes += numBytes;
  if (initializerBytes <= kMaxInitializerBytes)
    tensor.set_raw_data(data, numBytes);
  else if (problem.empty())
    problem = "the weights exceed the 2 GB that an ONNX file can hold";
  return tensor;
}

std::string GraphWriter::addFloats(StringRef wanted, ArrayRef<int64_t> dims,
                                   ArrayRef<float> values) {
  std::string name = uniqueName(wanted);
  addTensor(name, onnx::TensorProto::FLOAT, dims, values.data(), values.size() * sizeof(float));
  return name;
}

std::string GraphWriter::addInts(StringRef wanted, ArrayRef<int64_t> values) {
  std::string name = uniqueName(wanted);
  addTensor(name, onnx::TensorProto::INT64, {static_cast<int64_t>(values.size())}, values.data(),
            values.size() * sizeof(int64_t));
  return name;
}
