// Builds cnn IR from the layers of a model file.
#ifndef INCC_FRONTEND_YAML_MODELBUILDER_H
#define INCC_FRONTEND_YAML_MODELBUILDER_H

#include "frontend/weights/Weights.h"
#include "frontend/yaml/Document.h"
#include "frontend/yaml/Expression.h"
#include "ir/Cnn.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

#include <map>

namespace incc::yaml {

class ModelBuilder;

/// A reusable list of layers with parameters.
struct Module {
  const Node *node;
  const Node *layers;
  /// Arguments in order; a null default makes one required.
  llvm::MapVector<llvm::StringRef, const Node *> args;
};

/// Where in the model a layer is built.
struct Frame {
  /// Names of the enclosing layers, joined by dots.
  std::string path;
  const Scope *scope;
  /// The calls of modules around, innermost first; null at the top.
  mlir::LocationAttr caller;
  /// Modules that are being built, to tell recursion.
  llvm::SmallVector<const Module *, 4> modules;
};

/// The parameters of one layer, by name. Every parameter that the layer knows is asked for before
/// `finish`, which thereby can tell and list them.
class Params {
public:
  /// `value` is what stands after the layer's key: a map of parameters, the `main` one alone, or
  /// nothing.
  Params(ModelBuilder &builder, const Frame &frame, const Node &layer, llvm::StringRef key,
         const Node *value, llvm::StringRef main);

  /// The node of a parameter, null if it is not given.
  const Node *node(llvm::StringRef name);
  int64_t integer(llvm::StringRef name, int64_t least, int64_t most,
                  std::optional<int64_t> otherwise = std::nullopt);
  /// `n` or `[h, w]`.
  llvm::SmallVector<int64_t, 2> pair(llvm::StringRef name, int64_t least,
                                     llvm::ArrayRef<int64_t> otherwise = {});
  /// One integer or a list of some; empty after an error, or if not given. Instead of integers one
  /// of `words` may be given, which then sets `word`.
  std::optional<llvm::SmallVector<int64_t, 4>> integers(llvm::StringRef name, int64_t least,
                                                        int64_t most,
                                                        llvm::ArrayRef<llvm::StringRef> words = {},
                                                        llvm::StringRef *word = nullptr);
  double number(llvm::StringRef name, std::optional<double> otherwise = std::nullopt);
  /// One number or a list of some; `otherwise` if not given, or after an error.
  llvm::SmallVector<double> numbers(llvm::StringRef name, double otherwise);
  bool boolean(llvm::StringRef name, bool otherwise);
  std::string text(llvm::StringRef name, llvm::StringRef otherwise);
  /// The name of an activation function, as an attribute; null if there is none.
  cnn::ActivationAttr activation(llvm::StringRef name);

  /// Reports parameters that nothing asked for; fails if there were any errors.
  mlir::LogicalResult finish();

  void error(const Node &at, const llvm::Twine &message);
  const Node &layer() const { return layerNode; }
  bool isFailed() const { return hasFailed; }

private:
  std::optional<Datum> value(llvm::StringRef name, bool required);

  ModelBuilder &builder;
  const Frame &frame;
  const Node &layerNode;
  llvm::StringRef layerKey;
  struct Given {
    llvm::StringRef name;
    /// Where the name stands; the value itself if it stands alone.
    const Node *key, *value;
  };
  llvm::SmallVector<Given, 8> given;
  std::vector<std::string> asked;
  bool hasFailed = false;
};

/// What a layer is built from.
struct LayerContext {
  ModelBuilder &builder;
  Params &params;
  /// The path includes the layer's own name.
  const Frame &frame;
  /// Null after an error: then a layer checks its parameters and returns null.
  mlir::Value input;
  mlir::Location loc;
};

/// An op of the model language. Returns the layer's value, null after an error.
struct LayerKind {
  mlir::Value (*build)(LayerContext &context);
  /// The parameter that may stand alone.
  llvm::StringRef main;
  /// The name it has if none is given.
  llvm::StringRef defaultName;
  /// Made of layers: then only a given name becomes part of their path.
  bool hasLayers = false;
};

using LayerTable = llvm::StringMap<LayerKind>;
void addConvLayers(LayerTable &table);
void addElementwiseLayers(LayerTable &table);
void addPoolLayers(LayerTable &table);
void addStructureLayers(LayerTable &table);

/// An activation by the name it has in model files, with its default parameters; null if unknown.
cnn::ActivationAttr lookupActivation(mlir::MLIRContext *context, llvm::StringRef name);
std::vector<std::string> activationNames();

/// The padding of a window operation, given as `same`, `valid`, `n`, `[h, w]` or `[t, l, b, r]`.
class Padding {
public:
  explicit Padding(Params &params);
  /// Top, left, bottom, right for an input of the given rows and columns.
  llvm::SmallVector<int64_t, 4> resolve(llvm::ArrayRef<int64_t> extent,
                                        llvm::ArrayRef<int64_t> kernel,
                                        llvm::ArrayRef<int64_t> strides,
                                        llvm::ArrayRef<int64_t> dilations) const;

private:
  bool same = false;
  llvm::SmallVector<int64_t, 4> pads = {0, 0, 0, 0};
};

class ModelBuilder {
public:
  ModelBuilder(mlir::MLIRContext *context, const ImportOptions &options);

  mlir::OpBuilder ops;
  const ImportOptions &options;
  /// The model's arguments.
  Scope globals;
  llvm::StringMap<Module> modules;
  std::map<std::string, mlir::Value> inputs;
  std::vector<weights::Parameter> parameters;
  /// Tensors that a file may hold though the model has no use for them.
  std::vector<std::string> ignoredTensors;
  /// Extra outputs in the order of their taps: name, value (null if not kept or after an error).
  llvm::MapVector<llvm::StringRef, mlir::Value> heads;

  /// Builds `layers` one after the other. Null after an error.
  mlir::Value buildChain(const Node &layers, mlir::Value input, const Frame &frame);
  mlir::Value buildModule(LayerContext &context, const Module &module, const Node *arguments,
                          const Node &call);

  /// Counts one step of building; false, after one error, when a model is far too large.
  bool countStep(const Node &at);

  /// The location of a layer: its path around its place in the file and the calls that led there.
  mlir::Location locate(const Node &at, const Frame &frame) const;
  /// Reports an error; the same one at the same place only once, whatever the layer.
  void error(const Node &at, const Frame &frame, const llvm::Twine &message);

  /// Evaluates a scalar or a list of scalars. Empty after an error.
  std::optional<Datum> evaluate(const Node &node, const Frame &frame);
  /// Joins path components.
  static std::string join(llvm::StringRef path, llvm::StringRef name);

  /// A parameter tensor PATH.name. Null after an error.
  mlir::Value parameter(LayerContext &context, llvm::StringRef name, weights::ParameterKind kind,
                        llvm::ArrayRef<int64_t> shape);

  /// Creates an op of the layer, with bounds on its size. Null after an error.
  template <typename OpT>
  mlir::Value create(LayerContext &context, mlir::ValueRange operands,
                     llvm::ArrayRef<mlir::NamedAttribute> attributes = {},
                     llvm::ArrayRef<int32_t> segments = {}) {
    return checkResult(context,
                       cnn::createChecked<OpT>(ops, context.loc, operands, attributes, segments));
  }

  bool hasErrors() const { return numErrors; }
  bool isLayer(llvm::StringRef name) const { return table.contains(name); }

private:
  mlir::Value buildLayer(const Node &layer, mlir::Value input, const Frame &frame);
  mlir::Value checkResult(LayerContext &context, mlir::Operation *op);
  std::string layerName(const Node *value, const Frame &frame, const Module *module);

  LayerTable table;
  llvm::StringSet<> reported;
  llvm::StringMap<mlir::Location> parameterLocs;
  uint64_t numParameterValues = 0;
  unsigned numErrors = 0, numSteps = 0;
};

} // namespace incc::yaml

#endif // INCC_FRONTEND_YAML_MODELBUILDER_H
