// A YAML file as a tree of nodes with locations.
#ifndef INCC_FRONTEND_YAML_DOCUMENT_H
#define INCC_FRONTEND_YAML_DOCUMENT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"

#include <memory>
#include <string>
#include <vector>

namespace incc::yaml {

struct Node;
using NodePtr = std::shared_ptr<const Node>;

/// Aliases share nodes, so a document is a tree whose subtrees may occur several times: small in
/// memory, but a walk over all of it needs a budget. A node never contains itself.
struct Node {
  enum class Kind { null, scalar, list, map };

  explicit Node(mlir::Location loc) : loc(loc) {}

  bool isNull() const { return kind == Kind::null; }
  bool isScalar() const { return kind == Kind::scalar; }
  bool isList() const { return kind == Kind::list; }
  bool isMap() const { return kind == Kind::map; }

  /// The value of `key` in a map, null if there is none.
  const Node *find(llvm::StringRef key) const;

  /// "a list", for diagnostics.
  llvm::StringRef describe() const;

  Kind kind = Kind::null;
  mlir::Location loc;
  /// A scalar's text; quoted ones are strings whatever they look like.
  std::string text;
  bool quoted = false;
  std::vector<NodePtr> items;
  /// Keys are scalars, each once.
  std::vector<std::pair<NodePtr, NodePtr>> entries;
};

/// Parses `path`. Emits an error and returns null if it can't be read or is no YAML; `includedAt`
/// is where another file asks for it.
NodePtr parseFile(mlir::MLIRContext *context, llvm::StringRef path,
                  std::optional<mlir::Location> includedAt = std::nullopt);

/// Parses `text` as the contents of `path`.
NodePtr parseText(mlir::MLIRContext *context, llvm::StringRef text, llvm::StringRef path);

} // namespace incc::yaml

#endif // INCC_FRONTEND_YAML_DOCUMENT_H
