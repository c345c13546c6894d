// A model file with what it extends and includes.
#ifndef INCC_FRONTEND_YAML_MODELFILE_H
#define INCC_FRONTEND_YAML_MODELFILE_H

#include "frontend/yaml/ModelBuilder.h"

namespace incc::yaml {

/// The parts of a model, wherever they stand. Null where there is none.
struct ModelFile {
  const Node *root = nullptr;
  const Node *name = nullptr, *input = nullptr, *outputs = nullptr, *preprocess = nullptr,
             *labels = nullptr, *layers = nullptr;
  llvm::MapVector<llvm::StringRef, const Node *> args;
  llvm::StringMap<Module> modules;
  /// Where a path among the labels starts.
  std::string labelsFolder;
  /// Keeps the nodes alive.
  std::vector<NodePtr> documents;

  /// Reads `path` with its `extends` and `include`; fails after diagnostics.
  mlir::LogicalResult load(ModelBuilder &builder, llvm::StringRef path);

private:
  mlir::LogicalResult loadFile(ModelBuilder &builder, llvm::StringRef path,
                               std::optional<mlir::Location> from, unsigned depth);
  mlir::LogicalResult loadIncludes(ModelBuilder &builder, const Node &include,
                                   llvm::StringRef folder, unsigned depth);
  void addModules(ModelBuilder &builder, const Node &node);
  void addArgs(ModelBuilder &builder, const Node &node);
};

/// The preprocessing of images as a dictionary, null after an error. The keys are
///   resize        i64 (rows and columns of the shorter side) or [rows, columns]
///   crop          [rows, columns], the centre
///   interpolation "bilinear", "bicubic" or "nearest"
///   channels      "rgb", "bgr" or "gray"
///   scale, mean, std: (pixel * scale - mean[c]) / std[c] with pixels from 0 to 255
mlir::DictionaryAttr readPreprocess(ModelBuilder &builder, const Node &node,
                                    llvm::ArrayRef<int64_t> inputShape);

/// The labels as an array of strings: a list, or a file of one per line. Null after an error.
mlir::ArrayAttr readLabels(ModelBuilder &builder, const Node &node, llvm::StringRef folder);

} // namespace incc::yaml

#endif // INCC_FRONTEND_YAML_MODELFILE_H
