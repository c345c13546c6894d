// A compiled model that a tool opened, and a context to run it in.
#include "tools/support/LoadedModel.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

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
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return makeError("can't read '" + path + "': " + file.getError().message());
  StringRef bytes = (*file)->getBuffer();
  ELF::Elf64_Ehdr header;
  if (bytes.size() < sizeof header || !bytes.starts_with(ELF::ElfMagic) ||
      bytes[ELF::EI_CLASS] != ELF::ELFCLASS64)
    return makeError("'" + path +
                     "' is no shared library, expected a model library made by incc "
                     "(incc MODEL.yaml -o MODEL.so)");
  memcpy(&header, bytes.data(), sizeof header);
  if (header.e_type != ELF::ET_DYN)
    return makeError("'" + path + "' is an object file, expected a shared library (.so)");
#ifdef __aarch64__
  constexpr unsigned expected = ELF::EM_AARCH64;
#else
  constexpr unsigned expected = ELF::EM_X86_64;
#endif
  if (header.e_machine != expected)
    return makeError("'" + path + "' was compiled for " +
                     ELF::convertEMachineToArchName(header.e_machine) + ", this machine is " +
                     ELF::convertEMachineToArchName(expected));
  // The section headers come last. dlopen would map a file that is cut off, and crash.
  if (header.e_shoff > bytes.size() ||
      uint64_t(header.e_shnum) * header.e_shentsize > bytes.size() - header.e_shoff)
    return makeError("'" + path + "' is cut off: expected " +
                     Twine(header.e_shoff + header.e_shnum * header.e_shentsize) + " bytes, got " +
                     Twine(bytes.size()));
  return Error::success();
}

Expected<LoadedModel> LoadedModel::open(StringRef path) {
  if (Error error = checkElf(path))
    return std::move(error);
  // A path without a slash would be searched for among the system's libraries.
  SmallString<128> absolute(path);
  sys::fs::make_absolute(absolute);
  void *library = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    StringRef reason = dlerror();
    reason.consume_front((absolute + ": ").str());
    return makeError("can't load '" + path + "': " + reason);
  }
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
