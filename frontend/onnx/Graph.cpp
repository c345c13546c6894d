// Names, liveness and order of an ONNX graph's nodes.
#include "frontend/onnx/Graph.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/raw_ostream.h"

using namespace incc;
using namespace incc::onnximport;

namespace {
class GraphOrder {
public:
  GraphOrder(const onnx::GraphProto &graph, llvm::function_ref<void(const std::string &)> report)
      : graph(graph), report(report) {}

  void collectDefinitions();
  void checkUses(llvm::ArrayRef<std::string> outputs);
  /// The nodes that `outputs` depend on; the others are looked at for cycles alone.
  std::vector<int> sort(llvm::ArrayRef<std::string> outputs);
  bool hasErrors() const { return numErrors; }

private:
  /// What produces a value if it is no node.
  static constexpr int kInput = -1, kInitializer = -2;

  void define(llvm::StringRef name, int producer);
  std::string describe(int producer) const;
  void error(const llvm::Twine &message) {
    if (++numErrors <= kMaxReported)
      report(message.str());
  }
  bool visit(int root);
  /// What a node reads, and what graphs in its attributes read from outside.
  llvm::ArrayRef<const std::string *> inputsOf(int node) const { return inputs[node]; }
  void collectInputs(const onnx::NodeProto &node, std::vector<const std::string *> &list);
  void reportCycle(llvm::ArrayRef<int> path, int again);

  enum State : char { unseen, open, done };
  std::vector<State> states;
  std::vector<std::vector<const std::string *>> inputs;
  std::vector<int> order;
  bool isSorted = true;

  /// Enough to see what is wrong with a graph.
  static constexpr unsigned kMaxReported = 50;

  const onnx::GraphProto &graph;
  llvm::function_ref<void(const std::string &)> report;
  llvm::StringMap<int> producers;
  unsigned numErrors = 0;
};
} // namespace

std::string onnximport::printable(llvm::StringRef text) {
  constexpr size_t kMaxBytes = 200;
  std::string result;
  llvm::raw_string_ostream os(result);
  llvm::StringRef shown = text.take_front(kMaxBytes);
  // UTF-8 stays as it is; what is none is escaped byte by byte.
  const auto *bytes = reinterpret_cast<const llvm::UTF8 *>(shown.data());
  for (size_t i = 0; i < shown.size();) {
    unsigned length = llvm::getNumBytesForUTF8(bytes[i]);
    bool isCharacter = length > 1 && i + length <= shown.size() &&
                       llvm::isLegalUTF8Sequence(bytes + i, bytes + i + length);
    if (!isCharacter)
      length = 1;
    if (isCharacter || llvm::isPrint(shown[i]))
      os << shown.substr(i, length);
    else
      os << "\\x" << llvm::hexdigit(bytes[i] >> 4) << llvm::hexdigit(bytes[i] & 15);
    i += length;
  }
  return result + (text.size() > kMaxBytes ? "..." : "");
}

std::string onnximport::nodeName(const onnx::NodeProto &node, int index) {
  if (!node.name().empty())
    return printable(node.name());
  for (const std::string &output : node.output())
    if (!output.empty())
      return printable(output);
  return ("node " + llvm::Twine(index)).str();
}

std::string GraphOrder::describe(int producer) const {
  if (producer == kInput)
    return "an input";
  if (producer == kInitializer)
    return "an initializer";
  return "node '" + nodeName(graph.node(producer), producer) + "'";
}

void GraphOrder::define(llvm::StringRef name, int producer) {
  if (name.empty()) {
    if (producer < 0)
      error(describe(producer) + " has no name");
    return;
  }
  auto [it, isNew] = producers.try_emplace(name, producer);
  if (isNew)
    return;
  // An initializer gives an input its value.
  if (it->second == kInput && producer == kInitializer)
    it->second = kInitializer;
  else
    error("value '" + printable(name) + "' is defined twice: by " + describe(it->second) +
          " and by " + describe(producer));
}

void GraphOrder::collectDefinitions() {
  for (const onnx::ValueInfoProto &input : graph.input())
    define(input.name(), kInput);
  for (const onnx::TensorProto &tensor : graph.initializer())
    define(tensor.name(), kInitializer);
  for (const onnx::SparseTensorProto &tensor : graph.sparse_initializer())
    define(tensor.values().name(), kInitializer);
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string &output : graph.node(i).output())
      define(output, i);
}

void GraphOrder::collectInputs(const onnx::NodeProto &node,
                               std::vector<const std::string *> &list) {
  for (const std::string &input : node.input())
    if (producers.contains(input))
      list.push_back(&input);
  // What is named so inside can't be named so outside: names that are known here are captured. The
  // depth is bounded by protobuf's.
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (!attribute.has_g())
      continue;
    for (const onnx::NodeProto &inner : attribute.g().node())
      collectInputs(inner, list);
    for (const onnx::ValueInfoProto &output : attribute.g().output())
      if (producers.contains(output.name()))
        list.push_back(&output.name());
  }
}

void GraphOrder::checkUses(llvm::ArrayRef<std::string> outputs) {
  inputs.resize(graph.node_size());
  for (int i = 0; i < graph.node_size(); ++i)
    collectInputs(graph.node(i), inputs[i]);
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string &input : graph.node(i).input())
      if (!input.empty() && !producers.contains(input))
        error(describe(i) + " reads '" + printable(input) +
              "', which no node computes and which is no input or initializer");
  for (const std::string &output : outputs)
    if (!producers.contains(output))
      error("output '" + printable(output) +
            "' is computed by no node and is no input or initializer");
}

/// `path` leads to the node `again`, which is on it.
void GraphOrder::reportCycle(llvm::ArrayRef<int> path, int again) {
  constexpr size_t kMaxNames = 8;
  llvm::ArrayRef<int> cycle = path.drop_front(llvm::find(path, again) - path.begin());
  std::string text = "the graph has a cycle:";
  for (int node : cycle.take_front(kMaxNames))
    text += " '" + nodeName(graph.node(node), node) + "' ->";
  if (cycle.size() > kMaxNames)
    text += " (" + std::to_string(cycle.size() - kMaxNames) + " more) ->";
  error(text + " '" + nodeName(graph.node(again), again) + "'");
}

/// Appends `root` to the order after all that it depends on, depth first with a stack of its own:
/// graphs can be very deep. False after a cycle.
bool GraphOrder::visit(int root) {
  struct Visit {
    int node;
    size_t nextInput;
  };
  std::vector<Visit> stack;
  auto enter = [&](int node) {
    if (states[node] != unseen)
      return;
    states[node] = open;
    stack.push_back({node, 0});
  };
  enter(root);
  while (!stack.empty()) {
    Visit &top = stack.back();
    if (top.nextInput == inputsOf(top.node).size()) {
      states[top.node] = done;
      order.push_back(top.node);
      stack.pop_back();
      continue;
    }
    int producer = producers.lookup(*inputsOf(top.node)[top.nextInput++]);
    if (producer < 0)
      continue;
    isSorted &= producer < top.node;
    if (states[producer] == open) {
      std::vector<int> path;
      for (const Visit &entry : stack)
        path.push_back(entry.node);
      reportCycle(path, producer);
      return false;
    }
    enter(producer);
  }
  return true;
}

std::vector<int> GraphOrder::sort(llvm::ArrayRef<std::string> outputs) {
  states.assign(graph.node_size(), unseen);
  for (const std::string &output : outputs)
    if (int root = producers.lookup(output); root >= 0 && !visit(root))
      return {};
  std::vector<int> live = order;
  if (isSorted)
    llvm::sort(live);
  for (int node = 0; node < graph.node_size(); ++node)
    if (!visit(node))
      return {};
  return live;
}

std::optional<std::vector<int>>
onnximport::orderNodes(const onnx::GraphProto &graph, llvm::ArrayRef<std::string> outputs,
                       llvm::function_ref<void(const std::string &)> report) {
  GraphOrder order(graph, report);
  order.collectDefinitions();
  order.checkUses(outputs);
  if (order.hasErrors())
    return std::nullopt;
  std::vector<int> sorted = order.sort(outputs);
  if (order.hasErrors())
    return std::nullopt;
  return sorted;
}
