// A compiled model that a tool opened, and a context to run it in.
#include "tools/support/LoadedModel.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/FileSystem.h"

#include <dlfcn.h>

using namespace incc;
using namespace llvm;

/// Says what `path` is if it is no shared library for this machine. dlopen would too, but in words
/// that differ between systems and do not say what to do.
static Error checkElf(StringRef path) {
  sys::fs::file_status status;
  if (std::error_code error = sys::fs::status(path, status))
    return makeError("can't open '" + path + "': " + error.message());
  if (sys::fs::is_directory(status))
    return makeError("'" + path + "' is a directory, expected a model library made by incc (.so)");
  std::array<char, 20> header;
  Expected<sys::fs::file_t> file = sys::fs::openNativeFileForRead(path);
  if (!file)
    return makeError("can't open '" + path + "': " + toString(file.takeError()));
  Expected<size_t> numRead = sys::fs::readNativeFile(*file, header);
  sys::fs::closeFile(*file);
  if (!numRead)
    return makeError("can't read '" + path + "': " + toString(numRead.takeError()));
  StringRef bytes(header.data(), *numRead);
  if (bytes.size() < header.size() || !bytes.starts_with(ELF::ElfMagic))
    return makeError("'" + path +
                     "' is no shared library, expected a model library made by incc "
                     "(incc MODEL.yaml -o MODEL.so)");
  auto half = [&](size_t at) { // e_type and e_machine
    return static_cast<uint8_t>(bytes[at]) | static_cast<uint8_t>(bytes[at + 1]) << 8;
  };
  if (half(16) != ELF::ET_DYN)
    return makeError("'" + path + "' is an object file, expected a shared library (.so)");
#ifdef __aarch64__
  constexpr int expected = ELF::EM_AARCH64;
#else
  constexpr int expected = ELF::EM_X86_64;
#endif
  if (half(18) != expected)
    return makeError("'" + path + "' was compiled for " + ELF::convertEMachineToArchName(half(18)) +
                     ", this machine is " + ELF::convertEMachineToArchName(expected));
  return Error::success();
}

Expected<LoadedModel> LoadedModel::open(StringRef path) {
  if (Error error = checkElf(path))
    return std::move(error);
  // A path without a slash would be searched for among the system's libraries.
  SmallString<128> absolute(path);
  sys::fs::make_absolute(absolute);
  void *library = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return makeError("can't load '" + path + "': " + dlerror());
  using ModelFunction = const incc_model_desc *(*)();
  auto model = reinterpret_cast<ModelFunction>(dlsym(library, "incc_model"));
  if (!model)
    return makeError("'" + path + "' was not made by incc: it does not define incc_model");
  const incc_model_desc *desc = model();
  if (!desc || desc->abi_version != INCC_ABI_VERSION ||
      desc->struct_bytes < sizeof(incc_model_desc))
    return makeError("'" + path + "' was made by another version of incc: expected interface " +
                     Twine(INCC_ABI_VERSION) + ", got " + Twine(desc ? desc->abi_version : 0) +
                     "; compile the model anew");
  return LoadedModel(desc);
}

int64_t LoadedModel::batch() const {
  return desc->num_inputs && desc->inputs[0].rank ? desc->inputs[0].dims[0] : 1;
}

Expected<RunningModel> RunningModel::create(const LoadedModel &model, int threads) {
  incc_options options = INCC_OPTIONS_INIT;
  options.threads = threads;
  incc_ctx *context = nullptr;
  if (model->create(&options, &context) != INCC_OK)
    return makeError("can't create a context: " + StringRef(model->last_error()));
  return RunningModel(model, context);
}

RunningModel::RunningModel(const LoadedModel &model, incc_ctx *context)
    : model(model), context(context, model->destroy) {
  for (const incc_tensor_desc &output : model.outputs())
    outputs.emplace_back(output.elements);
}

Error RunningModel::failure(StringRef what) const {
  return makeError("can't " + what + ": " + model->last_error());
}

Error RunningModel::run(ArrayRef<const float *> inputs) {
  std::vector<float *> results;
  for (std::vector<float> &output : outputs)
    results.push_back(output.data());
  return model->run(context.get(), inputs.data(), results.data()) == INCC_OK ? Error::success()
                                                                             : failure("run");
}

Error RunningModel::setProfile(bool on) {
  return model->set_profile(context.get(), on) == INCC_OK ? Error::success() : failure("profile");
}

Expected<std::vector<double>> RunningModel::profile() const {
  std::vector<uint64_t> nanoseconds(model->num_steps);
  uint64_t runs = 0;
  if (model->profile(context.get(), nanoseconds.data(), &runs) != INCC_OK)
    return failure("read the profile");
  std::vector<double> milliseconds;
  for (uint64_t value : nanoseconds)
    milliseconds.push_back(value * 1e-6 / std::max<uint64_t>(runs, 1));
  return milliseconds;
}
