// Builds the tree of a YAML file from yaml-cpp's events. The only file that sees yaml-cpp and its
// exceptions.
#include "frontend/yaml/Document.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"

#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

using namespace mlir;
using namespace incc;
using namespace incc::yaml;

/// Model files are a few kilobytes; larger ones are something else.
static constexpr size_t kMaxFileBytes = 1 << 20;

const Node *Node::find(StringRef key) const {
  for (auto &[name, value] : entries)
    if (name->text == key)
      return value.get();
  return nullptr;
}

StringRef Node::describe() const {
  switch (kind) {
  case Kind::null:
    return "nothing";
  case Kind::scalar:
    return "a single value";
  case Kind::list:
    return "a list";
  case Kind::map:
    return "a map";
  }
  return "";
}

namespace {
/// A mistake that YAML allows but model files do not.
struct DocumentError {
  YAML::Mark mark;
  std::string message;
};

class TreeBuilder : public YAML::EventHandler {
public:
  TreeBuilder(MLIRContext *context, StringRef path) : file(StringAttr::get(context, path)) {}

  NodePtr root;

  Location locate(const YAML::Mark &mark) const {
    return FileLineColLoc::get(file, std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1);
  }

  void OnDocumentStart(const YAML::Mark &mark) override {
    if (root)
      throw DocumentError{mark, "expected one document in the file, got another"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark &mark, YAML::anchor_t anchor) override {
    complete(start(mark, "", Node::Kind::null), mark, anchor);
  }

  void OnAlias(const YAML::Mark &mark, YAML::anchor_t anchor) override {
    auto it = anchors.find(anchor);
    if (it == anchors.end())
      throw DocumentError{mark, "alias refers to a node that contains it"};
    attach(it->second, mark);
  }

  void OnScalar(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor,
                const std::string &value) override {
    auto node = start(mark, tag, Node::Kind::scalar);
    node->text = value;
    node->quoted = tag == "!";
    complete(std::move(node), mark, anchor);
  }

  void OnSequenceStart(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open.push_back({start(mark, tag, Node::Kind::list), mark, anchor, nullptr, {}});
  }
  void OnSequenceEnd() override { closeNode(); }

  void OnMapStart(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open.push_back({start(mark, tag, Node::Kind::map), mark, anchor, nullptr, {}});
  }
  void OnMapEnd() override { closeNode(); }

private:
  struct OpenNode {
    std::shared_ptr<Node> node;
    YAML::Mark mark;
    YAML::anchor_t anchor;
    /// The key whose value comes next, in a map.
    NodePtr key;
    llvm::StringSet<> keys;
  };

  std::shared_ptr<Node> start(const YAML::Mark &mark, StringRef tag, Node::Kind kind) {
    // "?" is yaml-cpp's tag of plain nodes, "!" that of quoted scalars.
    if (!tag.empty() && tag != "?" && tag != "!")
      throw DocumentError{mark, ("tags such as '" + tag + "' are not supported").str()};
    auto node = std::make_shared<Node>(locate(mark));
    node->kind = kind;
    return node;
  }

  void closeNode() {
    OpenNode done = std::move(open.back());
    open.pop_back();
    complete(std::move(done.node), done.mark, done.anchor);
  }

  void complete(NodePtr node, const YAML::Mark &mark, YAML::anchor_t anchor) {
    if (anchor)
      anchors[anchor] = node;
    attach(std::move(node), mark);
  }

  void attach(NodePtr node, const YAML::Mark &mark) {
    if (open.empty()) {
      root = std::move(node);
      return;
    }
    OpenNode &parent = open.back();
    if (parent.node->isList()) {
      parent.node->items.push_back(std::move(node));
      return;
    }
    if (parent.key) {
      parent.node->entries.emplace_back(std::move(parent.key), std::move(node));
      parent.key = nullptr;
      return;
    }
    if (!node->isScalar())
      throw DocumentError{mark, ("expected a name as key, got " + node->describe()).str()};
    if (!parent.keys.insert(node->text).second)
      throw DocumentError{mark, "key '" + node->text + "' occurs twice"};
    parent.key = std::move(node);
  }

  StringAttr file;
  std::vector<OpenNode> open;
  llvm::DenseMap<YAML::anchor_t, NodePtr> anchors;
};
} // namespace

NodePtr yaml::parseText(MLIRContext *context, StringRef text, StringRef path) {
  TreeBuilder builder(context, path);
  Location fileLoc = FileLineColLoc::get(StringAttr::get(context, path), 0, 0);
  if (text.size() > kMaxFileBytes) {
    emitError(fileLoc) << "expected a model file of at most " << kMaxFileBytes << " bytes, got "
                       << text.size();
    return nullptr;
  }
  try {
    std::istringstream stream(text.str());
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const DocumentError &error) {
    emitError(builder.locate(error.mark)) << error.message;
    return nullptr;
  } catch (const YAML::Exception &error) {
    emitError(builder.locate(error.mark)) << "not valid YAML: " << error.msg;
    return nullptr;
  }
  if (!builder.root)
    emitError(fileLoc) << "the file is empty";
  return builder.root;
}

NodePtr yaml::parseFile(MLIRContext *context, StringRef path, std::optional<Location> includedAt) {
  Location fileLoc = FileLineColLoc::get(StringAttr::get(context, path), 0, 0);
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer) {
    InFlightDiagnostic error = emitError(includedAt.value_or(fileLoc));
    error << "can't read " << (includedAt ? "'" + path.str() + "'" : std::string("the file"))
          << ": " << buffer.getError().message();
    return nullptr;
  }
  return parseText(context, (*buffer)->getBuffer(), path);
}
