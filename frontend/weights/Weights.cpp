// Matches a model's parameters with the tensors of a weights file, or fills them at random.
#include "frontend/weights/Weights.h"
#include "frontend/NearestName.h"
#include "frontend/weights/WeightsFile.h"
#include "ir/CnnInfer.h"

#include "mlir/IR/Threading.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace incc;
using namespace incc::weights;

/// PyTorch's counter of training steps, part of every batch normalisation's published state.
static bool isTrainingState(StringRef name) { return name.ends_with("num_batches_tracked"); }

static ArrayRef<int64_t> shapeOf(const Parameter &parameter) {
  return cast<RankedTensorType>(const_cast<cnn::ConstantOp &>(parameter.op).getType()).getShape();
}

/// Small values become literals, so that IR can be read; others map what `values` holds.
static void setValue(Parameter parameter, TensorValues values) {
  MLIRContext *context = parameter.op.getContext();
  ArrayRef<int64_t> shape = shapeOf(parameter);
  // As many as makeConstantAttr keeps as a literal.
  constexpr size_t maxLiteral = 64;
  parameter.op.setValueAttr(
      values.values.size() <= maxLiteral
          ? cnn::makeConstantAttr(context, shape, values.values.vec(), parameter.name)
          : cnn::makeMappedConstantAttr(context, shape, values.values, std::move(values.owner),
                                        parameter.name));
}

static void assignRandom(MLIRContext *context, ArrayRef<Parameter> parameters, uint64_t seed) {
  std::vector<TensorValues> values(parameters.size());
  parallelFor(context, 0, parameters.size(), [&](size_t i) {
    ArrayRef<int64_t> shape = shapeOf(parameters[i]);
    auto own = std::make_shared<std::vector<float>>(ShapedType::getNumElements(shape));
    fillRandom(*own, parameters[i].kind, parameters[i].name, shape, seed);
    values[i] = {*own, own};
  });
  for (auto [parameter, value] : llvm::zip_equal(parameters, values))
    setValue(parameter, std::move(value));
}

namespace {
/// How many values are NaN or infinite.
struct NonFinite {
  size_t nans = 0, infinities = 0;
};

/// A tensor of the file and the parameter that it is for.
struct Match {
  const TensorEntry *entry;
  Parameter parameter;
};
} // namespace

static NonFinite countNonFinite(ArrayRef<float> values) {
  auto *bits = reinterpret_cast<const uint32_t *>(values.data());
  // One branchless pass over all, as fast as memory; counting only where something was found.
  uint32_t found = 0;
  for (size_t i = 0; i < values.size(); ++i)
    found |= (bits[i] & 0x7f800000) == 0x7f800000;
  NonFinite result;
  for (size_t i = 0; found && i < values.size(); ++i) {
    if ((bits[i] & 0x7f800000) != 0x7f800000)
      continue;
    ++(bits[i] & 0x7fffff ? result.nans : result.infinities);
  }
  return result;
}

/// Pairs parameters with tensors; null if they do not fit, after one error that lists all.
static FailureOr<std::vector<Match>> match(Location fileLoc, const WeightsFile &file,
                                           ArrayRef<Parameter> parameters,
                                           ArrayRef<std::string> ignored) {
  llvm::StringMap<const TensorEntry *> unused;
  for (const TensorEntry &entry : file.tensors())
    unused[entry.name] = &entry;

  std::vector<Match> matches;
  std::vector<const Parameter *> missing, misshapen, mistyped;
  llvm::StringMap<const TensorEntry *> wrong;
  for (const Parameter &parameter : parameters) {
    auto it = unused.find(parameter.name);
    if (it == unused.end()) {
      missing.push_back(&parameter);
      continue;
    }
    const TensorEntry *entry = it->second;
    unused.erase(it);
    if (ArrayRef<int64_t>(entry->shape) != shapeOf(parameter)) {
      misshapen.push_back(&parameter);
      wrong[parameter.name] = entry;
    } else if (!entry->type) {
      mistyped.push_back(&parameter);
      wrong[parameter.name] = entry;
    } else {
      matches.push_back({entry, parameter});
    }
  }

  size_t passedOver = 0;
  for (const std::string &name : ignored)
    passedOver += unused.erase(name);
  std::vector<std::string> extra;
  size_t trainingState = 0;
  for (const TensorEntry &entry : file.tensors()) {
    if (!unused.contains(entry.name))
      continue;
    if (isTrainingState(entry.name))
      ++trainingState;
    else
      extra.push_back(entry.name);
  }

  if (missing.empty() && misshapen.empty() && mistyped.empty() && extra.empty()) {
    if (passedOver)
      emitRemark(fileLoc) << passedOver << " tensors of dropped heads passed over";
    if (trainingState)
      emitRemark(fileLoc) << trainingState << " num_batches_tracked tensors passed over";
    return matches;
  }

  InFlightDiagnostic error = emitError(fileLoc);
  error << "the tensors do not fit the model: " << missing.size() << " missing, "
        << misshapen.size() << " misshapen, ";
  if (!mistyped.empty())
    error << mistyped.size() << " of an unsupported type, ";
  error << extra.size() << " extra";
  // A suggestion costs an edit distance per pair; beyond a few, the file is for another model.
  constexpr size_t maxSuggestions = 50;
  bool suggest = missing.size() <= maxSuggestions;
  for (const Parameter *parameter : missing) {
    Diagnostic &note = error.attachNote(parameter->op->getLoc());
    note << "missing, expected " << cnn::formatShape(shapeOf(*parameter));
    std::string nearest = suggest ? nearestName(parameter->name, extra) : "";
    if (!nearest.empty())
      note << "; the file has '" << nearest << "'";
  }
  for (const Parameter *parameter : misshapen)
    error.attachNote(parameter->op->getLoc())
        << "misshapen, expected " << cnn::formatShape(shapeOf(*parameter)) << ", got "
        << (wrong[parameter->name]->shape.empty()
                ? "a scalar"
                : cnn::formatShape(wrong[parameter->name]->shape));
  for (const Parameter *parameter : mistyped)
    error.attachNote(parameter->op->getLoc())
        << "expected F32, F16, BF16 or F64 values, got " << wrong[parameter->name]->dtype;
  for (const std::string &name : extra)
    error.attachNote(fileLoc) << "extra tensor '" << name << "' of shape "
                              << cnn::formatShape(unused[name]->shape);
  return failure();
}

static LogicalResult assignFromFile(MLIRContext *context, ArrayRef<Parameter> parameters,
                                    ArrayRef<std::string> ignored, StringRef path) {
  Location fileLoc = FileLineColLoc::get(StringAttr::get(context, path), 0, 0);
  llvm::Expected<std::unique_ptr<WeightsFile>> file = WeightsFile::open(path);
  if (!file)
    return emitError(fileLoc) << llvm::toString(file.takeError());
  FailureOr<std::vector<Match>> matches = match(fileLoc, **file, parameters, ignored);
  if (failed(matches))
    return failure();

  size_t count = matches->size();
  std::vector<TensorValues> values(count);
  std::vector<std::string> errors(count);
  std::vector<NonFinite> nonFinite(count);
  parallelFor(context, 0, count, [&](size_t i) {
    llvm::Expected<TensorValues> read = (*file)->read(*(*matches)[i].entry);
    if (!read) {
      errors[i] = llvm::toString(read.takeError());
      return;
    }
    values[i] = std::move(*read);
    nonFinite[i] = countNonFinite(values[i].values);
  });

  LogicalResult result = success();
  for (size_t i = 0; i < count; ++i) {
    const std::string &name = (*matches)[i].entry->name;
    if (!errors[i].empty())
      result = emitError(fileLoc) << "tensor '" << name << "': " << errors[i];
    if (nonFinite[i].nans || nonFinite[i].infinities)
      emitWarning(fileLoc) << "tensor '" << name << "' has " << nonFinite[i].nans << " NaN and "
                           << nonFinite[i].infinities << " infinite values of "
                           << values[i].values.size();
    if (succeeded(result))
      setValue((*matches)[i].parameter, std::move(values[i]));
  }
  return result;
}

LogicalResult weights::assignWeights(ModuleOp module, ArrayRef<Parameter> parameters,
                                     ArrayRef<std::string> ignored, const ImportOptions &options) {
  MLIRContext *context = module.getContext();
  if (!options.fillWeights)
    return success();
  if (!options.weightsPath.empty())
    return assignFromFile(context, parameters, ignored, options.weightsPath);
  if (!options.randomSeed)
    emitRemark(module.getLoc()) << "no weights given: seeded random ones are used, for timing only";
  assignRandom(context, parameters, options.randomSeed.value_or(0));
  return success();
}
