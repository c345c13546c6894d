// Picks the importer by the file's extension.
#include "frontend/Frontend.h"
#include "frontend/onnx/Import.h"
#include "frontend/yaml/ImportYaml.h"
#include "ir/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace incc;

/// True if `module` has one network and nothing else.
static bool isNetwork(ModuleOp module) {
  if (!llvm::hasSingleElement(*module.getBody()))
    return false;
  Operation &op = module.getBody()->front();
  auto function = dyn_cast<func::FuncOp>(op);
  return isa<plan::ProgramOp>(op) || (function && !function.isExternal());
}

/// IR holds its weights, batch and outputs: options that ask for others are mistakes.
static OwningOpRef<ModuleOp> importMlir(MLIRContext &context, StringRef path, Location fileLoc,
                                        const ImportOptions &options) {
  bool hasOptions = !options.weightsPath.empty() || options.randomSeed || options.batch != 1 ||
                    !options.settings.empty() || !options.outputs.empty();
  if (hasOptions) {
    emitError(fileLoc) << "weights, batch, outputs and arguments of a .mlir file are fixed: they "
                          "can't be given";
    return nullptr;
  }
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(path, ParserConfig(&context));
  if (module && !isNetwork(*module)) {
    emitError(fileLoc) << "expected one network: a func.func with a body, or a plan.program";
    return nullptr;
  }
  return module;
}

OwningOpRef<ModuleOp> incc::importModel(MLIRContext &context, StringRef path,
                                        const ImportOptions &options) {
  context.loadDialect<cnn::CnnDialect, plan::PlanDialect, func::FuncDialect>();
  Location fileLoc = FileLineColLoc::get(StringAttr::get(&context, path), 0, 0);
  StringRef extension = llvm::sys::path::extension(path);
  if (extension == ".yaml" || extension == ".yml")
    return yaml::importYaml(context, path, options);
  if (extension == ".onnx")
    return onnximport::importOnnx(context, path, options);
  if (extension == ".mlir")
    return importMlir(context, path, fileLoc, options);
  emitError(fileLoc) << "unknown kind of model '" << extension
                     << "'; expected a .yaml, .yml, .onnx or .mlir file";
  return nullptr;
}
