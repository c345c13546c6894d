// Reads the head of a model file, and the files that it extends and includes.
#include "frontend/yaml/ModelFile.h"
#include "frontend/NearestName.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace incc;
using namespace incc::yaml;

/// Files that extend or include one another.
static constexpr unsigned kMaxFileDepth = 8;

/// Reports keys of a map that are not in `known`.
static void checkKeys(ModelBuilder &builder, const Node &map, ArrayRef<std::string> known,
                      StringRef what) {
  for (auto &[key, value] : map.entries)
    if (!llvm::is_contained(known, key->text))
      builder.error(*key, {},
                    "unknown key '" + key->text + "' in " + what + didYouMean(key->text, known) +
                        " (supported: " + llvm::join(known, ", ") + ")");
}

static std::string resolvePath(StringRef folder, StringRef path) {
  SmallString<128> result(path);
  if (!llvm::sys::path::is_absolute(path) && !folder.empty()) {
    result = folder;
    llvm::sys::path::append(result, path);
  }
  return result.str().str();
}

static bool isIdentifier(StringRef text) {
  return !text.empty() && (llvm::isAlpha(text[0]) || text[0] == '_') &&
         llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

void ModelFile::addArgs(ModelBuilder &builder, const Node &node) {
  if (!node.isMap()) {
    builder.error(node, {}, "expected a map of arguments and their values, got " + node.describe());
    return;
  }
  for (auto &[key, value] : node.entries) {
    if (!isIdentifier(key->text))
      builder.error(*key, {},
                    "expected a name of letters, digits and '_', got '" + key->text + "'");
    args[key->text] = value.get();
  }
}

void ModelFile::addModules(ModelBuilder &builder, const Node &node) {
  if (!node.isMap()) {
    builder.error(node, {}, "expected a map of modules, got " + node.describe());
    return;
  }
  for (auto &[key, value] : node.entries) {
    if (!value->isMap() || !value->find("layers")) {
      builder.error(*key, {}, "module '" + key->text + "' needs 'layers'");
      continue;
    }
    checkKeys(builder, *value, {"args", "layers"}, "a module");
    Module module = {value.get(), value->find("layers"), {}};
    const Node *list = value->find("args");
    bool valid = true;
    if (list && list->isMap())
      for (auto &[arg, otherwise] : list->entries)
        module.args[arg->text] = otherwise->isNull() ? nullptr : otherwise.get();
    else if (list && list->isList())
      for (const NodePtr &arg : list->items) {
        valid &= arg->isScalar();
        module.args[arg->text] = nullptr;
      }
    else
      valid = !list || list->isNull();
    for (auto &[arg, otherwise] : module.args)
      valid &= isIdentifier(arg) && arg != "name";
    if (!valid)
      builder.error(*list, {},
                    "expected a list of arguments, or a map of arguments and their defaults; the "
                    "argument 'name' is always there");
    if (builder.isLayer(key->text))
      builder.error(*key, {}, "'" + key->text + "' is a layer; a module needs another name");
    modules[key->text] = std::move(module);
  }
}

LogicalResult ModelFile::loadIncludes(ModelBuilder &builder, const Node &include, StringRef folder,
                                      unsigned depth) {
  SmallVector<const Node *> paths;
  if (include.isScalar())
    paths.push_back(&include);
  for (const NodePtr &item : include.items)
    paths.push_back(item.get());
  for (const Node *path : paths) {
    if (!path->isScalar()) {
      builder.error(*path, {}, "expected the path of a file, got " + path->describe());
      continue;
    }
    NodePtr shared =
        parseFile(builder.ops.getContext(), resolvePath(folder, path->text), path->loc);
    if (!shared)
      return failure();
    documents.push_back(shared);
    if (!shared->isMap()) {
      builder.error(*shared, {}, "expected a map with 'modules', got " + shared->describe());
      continue;
    }
    checkKeys(builder, *shared, {"modules"}, "an included file");
    if (const Node *node = shared->find("modules"))
      addModules(builder, *node);
  }
  return success();
}

LogicalResult ModelFile::loadFile(ModelBuilder &builder, StringRef path,
                                  std::optional<Location> from, unsigned depth) {
  NodePtr document = parseFile(builder.ops.getContext(), path, from);
  if (!document)
    return failure();
  documents.push_back(document);
  if (!document->isMap()) {
    builder.error(*document, {},
                  "expected a map with 'input' and 'layers', got " + document->describe());
    return failure();
  }
  checkKeys(builder, *document,
            {"name", "extends", "include", "args", "input", "inputs", "outputs", "preprocess",
             "labels", "modules", "layers"},
            "a model file");

  // What this file extends comes first, so that its own parts replace those.
  StringRef folder = llvm::sys::path::parent_path(path);
  if (const Node *extends = document->find("extends")) {
    if (!extends->isScalar() || depth + 1 >= kMaxFileDepth) {
      builder.error(*extends, {},
                    extends->isScalar() ? "files extend one another too deeply"
                                        : "expected the path of a file as 'extends'");
      return failure();
    }
    if (failed(loadFile(builder, resolvePath(folder, extends->text), extends->loc, depth + 1)))
      return failure();
  }
  if (const Node *include = document->find("include"))
    if (failed(loadIncludes(builder, *include, folder, depth)))
      return failure();

  root = document.get();
  name = nullptr; // another model has another name, if only its file's
  auto replace = [&](StringRef key, const Node *&part) {
    if (const Node *node = document->find(key))
      part = node;
  };
  replace("name", name);
  replace("input", input);
  replace("inputs", input);
  replace("outputs", outputs);
  replace("preprocess", preprocess);
  replace("labels", labels);
  replace("layers", layers);
  if (document->find("labels"))
    labelsFolder = folder.str();
  if (const Node *node = document->find("args"))
    addArgs(builder, *node);
  if (const Node *node = document->find("modules"))
    addModules(builder, *node);
  return success();
}

LogicalResult ModelFile::load(ModelBuilder &builder, StringRef path) {
  if (failed(loadFile(builder, path, std::nullopt, 0)))
    return failure();
  if (!input)
    builder.error(*root, {}, "the model needs 'input'");
  if (!layers)
    builder.error(*root, {}, "the model needs 'layers'");
  return success(input && layers);
}
