// Runs networks that are being compiled on the inputs that --calibrate names.
#include "tools/incc/Calibration.h"
#include "backends/llvm/Backend.h"
#include "ir/AttributeJson.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "tools/support/LoadedModel.h"
#include "tools/support/Npy.h"
#include "tools/support/Preprocess.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace incc;

using llvm::Error;
using llvm::Expected;

namespace {
/// Rows of inputs, C x H x W each, one after the other.
struct Rows {
  SmallVector<int64_t> dims; // of a batch
  std::vector<float> values;
  int64_t rowElements() const { return ShapedType::getNumElements(dims) / dims[0]; }
};

/// A folder for one library, which goes with it.
class ScratchFolder {
public:
  ScratchFolder() { code = llvm::sys::fs::createUniqueDirectory("incc-calibration", path); }
  ~ScratchFolder() {
    if (!code)
      llvm::sys::fs::remove_directories(path);
  }
  std::error_code code;
  SmallString<128> path;
};
} // namespace

static Error readPicture(StringRef path, const Preprocess &preprocess, Rows &rows) {
  Expected<Image> image = readImage(path);
  if (!image)
    return image.takeError();
  size_t start = rows.values.size();
  rows.values.resize(start + rows.rowElements());
  if (Error error = preprocess.apply(std::move(*image), rows.dims, rows.values.data() + start))
    return makeError("'" + path + "': " + llvm::toString(std::move(error)));
  return Error::success();
}

/// The pictures of a folder in the order of their names.
static Expected<std::vector<std::string>> listPictures(StringRef folder) {
  std::vector<std::string> pictures;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator entry(folder, code), end; !code && entry != end;
       entry.increment(code)) {
    auto start = llvm::MemoryBuffer::getFileSlice(entry->path(), 8, 0);
    if (start && looksLikeImage((*start)->getBuffer()))
      pictures.push_back(entry->path());
  }
  if (code)
    return makeError("can't list '" + folder + "': " + code.message());
  if (pictures.empty())
    return makeError("'" + folder + "' holds no PNG or JPEG pictures");
  llvm::sort(pictures);
  return pictures;
}

static Error readRows(StringRef path, ModuleOp module, Rows &rows) {
  auto file = llvm::MemoryBuffer::getFileSlice(path, 8, 0);
  bool isFolder = llvm::sys::fs::is_directory(path);
  if (!isFolder && !file)
    return makeError("can't open '" + path + "': " + file.getError().message());
  if (!isFolder && (*file)->getBuffer().starts_with("\x93NUMPY")) {
    SmallVector<int64_t> expected = rows.dims;
    expected[0] = kAnyDim;
    Expected<NpyArray> array = readNpy(path, expected);
    if (!array)
      return array.takeError();
    rows.values = std::move(array->values);
    if (rows.values.empty())
      return makeError("'" + path + "' has no rows");
    return Error::success();
  }
  std::string json;
  if (auto attr = module->getAttrOfType<DictionaryAttr>(cnn::kPreprocessAttr))
    json = llvm::formatv("{0}", toJson(attr));
  Expected<Preprocess> preprocess = Preprocess::parse(json, rows.dims);
  if (!preprocess)
    return preprocess.takeError();
  std::vector<std::string> pictures = {path.str()};
  if (isFolder) {
    Expected<std::vector<std::string>> listed = listPictures(path);
    if (!listed)
      return listed.takeError();
    pictures = std::move(*listed);
  }
  for (const std::string &picture : pictures)
    if (Error error = readPicture(picture, *preprocess, rows))
      return error;
  return Error::success();
}

/// Compiles `function` for this machine into a library at `path`. Emits diagnostics on failure.
static LogicalResult compile(func::FuncOp function, StringRef path, unsigned threads) {
  MLIRContext *context = function.getContext();
  OwningOpRef<ModuleOp> module = ModuleOp::create(function.getLoc());
  module->push_back(function.clone());
  // Writing a library releases the weights that it wrote.
  module->walk([](cnn::ConstantOp constant) {
    std::vector<float> storage;
    ArrayRef<float> values = cnn::constantValues(constant.getValue(), storage);
    constant.setValueAttr(cnn::makeConstantAttr(constant.getContext(),
                                                constant.getValue().getShapedType().getShape(),
                                                std::vector<float>(values), "calibration"));
  });
  Expected<Target> target = Target::lookup("native");
  if (!target)
    return emitError(function.getLoc(), llvm::toString(target.takeError()));
  PipelineOptions pipeline;
  pipeline.target = *target;
  pipeline.threads = threads;
  pipeline.factorize = "off";
  PassManager manager(context);
  buildCnnPipeline(manager, pipeline);
  CodegenOptions codegen;
  codegen.target = *target;
  // What passes say of a network that is only looked at is of no interest.
  ScopedDiagnosticHandler handler(context, [](Diagnostic &diagnostic) {
    return success(diagnostic.getSeverity() == DiagnosticSeverity::Remark);
  });
  return success(succeeded(manager.run(*module)) &&
                 succeeded(writeModelLibrary(*module, codegen, path)));
}

/// Runs the library at `path` on all rows.
static Error runLibrary(StringRef path, const Rows &rows, unsigned threads,
                        llvm::function_ref<void(ArrayRef<std::vector<float>>)> visit) {
  Expected<LoadedModel> model = LoadedModel::open(path);
  if (!model)
    return model.takeError();
  Expected<RunningModel> running = RunningModel::create(*model, static_cast<int>(threads));
  if (!running)
    return running.takeError();
  size_t count = ShapedType::getNumElements(rows.dims);
  std::vector<float> batch(count);
  for (size_t start = 0; start < rows.values.size(); start += count) {
    for (size_t i = 0; i < count; ++i)
      batch[i] = rows.values[(start + i) % rows.values.size()];
    const float *pointer = batch.data();
    if (Error error = running->run(pointer))
      return error;
    visit(running->outputs);
  }
  return Error::success();
}

Expected<CalibrationOptions> incc::readCalibration(StringRef path, ModuleOp module,
                                                   unsigned threads) {
  auto function = *module.getOps<func::FuncOp>().begin();
  if (function.getNumArguments() != 1)
    return makeError("--calibrate needs a network with one input, this one has " +
                     Twine(function.getNumArguments()));
  auto rows = std::make_shared<Rows>();
  rows->dims = SmallVector<int64_t>(cnn::tensorType(function.getArgument(0)).getShape());
  if (Error error = readRows(path, module, *rows))
    return makeError("--calibrate: " + llvm::toString(std::move(error)));
  CalibrationOptions options;
  int64_t count = ShapedType::getNumElements(rows->dims);
  options.numRuns = llvm::divideCeil(rows->values.size(), count);
  options.run = [rows, threads](func::FuncOp function, auto visit) -> LogicalResult {
    ScratchFolder folder;
    if (folder.code)
      return emitError(function.getLoc(), "can't make a folder for calibration: ")
             << folder.code.message();
    SmallString<128> library(folder.path);
    llvm::sys::path::append(library, "network.so");
    if (failed(compile(function, library, threads)))
      return failure();
    if (Error error = runLibrary(library, *rows, threads, visit))
      return emitError(function.getLoc(), "--calibrate: ") << llvm::toString(std::move(error));
    return success();
  };
  return options;
}
