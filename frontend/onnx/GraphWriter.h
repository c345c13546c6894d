// Builds an ONNX graph: nodes, attributes, initializers and unique names.
#ifndef INCC_FRONTEND_ONNX_GRAPHWRITER_H
#define INCC_FRONTEND_ONNX_GRAPHWRITER_H

#include "frontend/onnx/onnx.pb.h"
#include "ir/Cnn.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"

namespace incc {

/// Attributes of a node: integers, lists of integers, floats and strings as ONNX stores them.
class NodeAttributes {
public:
  explicit NodeAttributes(onnx::NodeProto &node) : node(node) {}
  NodeAttributes &set(const char *name, int64_t value);
  NodeAttributes &set(const char *name, llvm::ArrayRef<int64_t> values);
  NodeAttributes &setFloat(const char *name, double value);

private:
  onnx::AttributeProto &add(const char *name, onnx::AttributeProto::AttributeType type);
  onnx::NodeProto &node;
};

class GraphWriter {
public:
  explicit GraphWriter(onnx::GraphProto &graph) : graph(graph) {}

  /// `wanted`, or with "_1", "_2"... appended where it is taken.
  std::string uniqueName(llvm::StringRef wanted);

  /// Takes names that must come out as they are before any other is made.
  void reserve(llvm::StringRef name) { tensorNames.insert(name); }

  /// Reserves the name that `value` will have: outputs of the graph are known by theirs.
  void bind(mlir::Value value, std::string name) { names[value] = std::move(name); }
  bool isBound(mlir::Value value) const { return names.contains(value); }

  /// The tensor that holds `value`; writes constants as initializers at their first use.
  std::string nameOf(mlir::Value value);

  /// Adds a node for `layer`. `result` is its output's name.
  NodeAttributes addNode(const char *opType, mlir::Operation *layer,
                         llvm::ArrayRef<std::string> inputs, llvm::StringRef result);
  /// The same for one of several nodes of a layer: `result` receives a fresh name.
  NodeAttributes addNode(const char *opType, mlir::Operation *layer,
                         llvm::ArrayRef<std::string> inputs, std::string *result);

  /// Closes the nodes of a layer: `result` becomes the tensor of the layer's value.
  void finishLayer(mlir::Operation *layer, const std::string &result);

  /// Small initializers made here; return their names.
  std::string addFloats(llvm::StringRef wanted, llvm::ArrayRef<int64_t> dims,
                        llvm::ArrayRef<float> values);
  std::string addInts(llvm::StringRef wanted, llvm::ArrayRef<int64_t> values);

  /// What went wrong with the weights, empty if nothing.
  std::string problem;

private:
  onnx::TensorProto &addTensor(llvm::StringRef name, onnx::TensorProto::DataType type,
                               llvm::ArrayRef<int64_t> dims, const void *data, size_t numBytes);

  onnx::GraphProto &graph;
  llvm::StringSet<> tensorNames, nodeNames;
  llvm::DenseMap<mlir::Value, std::string> names;
  /// The result of the last node that is not known by a layer's name.
  std::string intermediate;
  int64_t initializerBytes = 0;
};

} // namespace incc

#endif // INCC_FRONTEND_ONNX_GRAPHWRITER_H
