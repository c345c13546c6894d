// One ONNX node while it is imported, and the table of operators.
#ifndef INCC_FRONTEND_ONNX_NODE_H
#define INCC_FRONTEND_ONNX_NODE_H

#include "frontend/onnx/NetworkBuilder.h"
#include "frontend/onnx/onnx.pb.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace incc::onnximport {

class ModelFile;

/// An operator's importer first reads all its attributes, then asks `ready`, then reads inputs and
/// sets results. So a node behind an unsupported one is checked as far as can be.
class Node {
public:
  Node(NetworkBuilder &builder, ModelFile &file, onnx::NodeProto &proto, int64_t opset,
       llvm::ArrayRef<Operand> inputs)
      : builder(builder), opset(opset), file(file), proto(proto), inputs(inputs),
        results(proto.output_size()) {}

  NetworkBuilder &builder;
  const int64_t opset;

  // Attributes. One of the wrong type is an error.
  bool hasAttribute(llvm::StringRef name);
  int64_t integer(llvm::StringRef name, int64_t otherwise);
  double number(llvm::StringRef name, double otherwise);
  std::string text(llvm::StringRef name, llvm::StringRef otherwise);
  /// Empty if not given.
  std::optional<llvm::SmallVector<int64_t>> integers(llvm::StringRef name);
  std::optional<std::vector<float>> numbers(llvm::StringRef name);
  Operand tensor(llvm::StringRef name);
  /// One of `words`, of which the first is the default.
  std::string word(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> words);
  /// Marks an attribute as known that makes no difference here.
  void ignore(llvm::StringRef name) { asked.insert(name); }

  /// True if there are no errors so far, neither here nor in what the node reads.
  bool ready();

  int numInputs() const { return static_cast<int>(inputs.size()); }
  bool hasInput(int i) const { return i < proto.input_size() && !proto.input(i).empty(); }
  /// Poisoned if the input is left out.
  const Operand &input(int i) const;
  /// Integers that must be known now: axes, a shape. Empty after an error.
  std::optional<llvm::SmallVector<int64_t>> constantIntegers(int i, llvm::StringRef what);
  std::optional<double> constantNumber(int i, llvm::StringRef what);
  /// The integers of an attribute, or since opset `since` of input `i`; empty if left out. Errors
  /// are seen by `ok`.
  std::optional<llvm::SmallVector<int64_t>> integersSince(int64_t since, llvm::StringRef name,
                                                          int i);

  bool hasOutput(int i) const { return i < proto.output_size() && !proto.output(i).empty(); }
  int numOutputs() const { return proto.output_size(); }
  void set(int i, Operand result) {
    if (i < static_cast<int>(results.size()))
      results[i] = std::move(result);
  }
  void set(Operand result) { set(0, std::move(result)); }

  /// Reports an error of the node.
  void fail(const llvm::Twine &message);
  bool ok() const { return !hasFailed; }

  /// `axis` counted from the front of `rank` axes; reports one that is not among them.
  std::optional<int64_t> normalizeAxis(int64_t axis, int64_t rank);

  /// Reports attributes that nothing asked for, and results that were not set.
  llvm::ArrayRef<Operand> finish();

private:
  onnx::AttributeProto *find(llvm::StringRef name, onnx::AttributeProto::AttributeType type,
                             const char *what);

  ModelFile &file;
  onnx::NodeProto &proto;
  llvm::ArrayRef<Operand> inputs;
  std::vector<Operand> results;
  llvm::StringSet<> asked;
  bool hasFailed = false;
};

/// How an operator is imported.
struct OperatorRow {
  void (*import)(Node &node);
  int minInputs, maxInputs;
  /// The opsets that have it.
  int64_t since = 1, until = INT64_MAX;
};

constexpr int kAnyNumber = INT_MAX;

using OperatorTable = llvm::StringMap<OperatorRow>;
void addConstantOperators(OperatorTable &table);
void addConvOperators(OperatorTable &table);
void addElementwiseOperators(OperatorTable &table);
void addMatrixOperators(OperatorTable &table);
void addMoveOperators(OperatorTable &table);
void addNormOperators(OperatorTable &table);
void addPoolOperators(OperatorTable &table);
void addReduceOperators(OperatorTable &table);
void addResizeOperators(OperatorTable &table);
void addShapeOperators(OperatorTable &table);

} // namespace incc::onnximport

#endif // INCC_FRONTEND_ONNX_NODE_H
