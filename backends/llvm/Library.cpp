// Writes libraries: checks what they shall hold, makes the parts, puts the results in place.
#include "backends/llvm/Library.h"
#include "backends/llvm/LibraryParts.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace incc;
using namespace llvm;

Expected<OutputKind> incc::outputKindOf(StringRef path) {
  StringRef extension = sys::path::extension(path);
  if (extension == ".so")
    return OutputKind::SharedObject;
  if (extension == ".a")
    return OutputKind::StaticArchive;
  if (extension == ".o")
    return OutputKind::Object;
  return createStringError("expected an output that ends in .so, .a or .o, got '" + path + "'");
}

static Error checkName(StringRef name) {
  if (name.empty() || !(isAlpha(name.front())) ||
      !all_of(name, [](char c) { return isAlnum(c) || c == '_'; }))
    return createStringError("expected a model name of letters, digits and _ that begins with a "
                             "letter, got '" +
                             name + "'");
  if (name.lower() == "incc")
    return createStringError("the model name 'incc' is reserved");
  return Error::success();
}

static Error checkOperand(const LibraryDesc &desc, const LibraryOperand &operand) {
  auto bytesOf = [](const LibraryTensor &tensor) {
    uint64_t bytes = sizeof(float);
    for (int64_t dim : tensor.shape)
      bytes *= dim;
    return bytes;
  };
  uint64_t limit = 0;
  switch (operand.space) {
  case LibraryOperand::Arena:
    limit = desc.arenaBytes;
    break;
  case LibraryOperand::Weights:
    limit = desc.weightsBytes;
    break;
  case LibraryOperand::Input:
  case LibraryOperand::Output: {
    const auto &tensors = operand.space == LibraryOperand::Input ? desc.inputs : desc.outputs;
    if (operand.index >= tensors.size())
      return createStringError("expected one of " + Twine(tensors.size()) + " arrays, got number " +
                               Twine(operand.index));
    limit = bytesOf(tensors[operand.index]);
    break;
  }
  }
  if (operand.offset > limit)
    return createStringError("expected an offset of at most " + Twine(limit) + " bytes, got " +
                             Twine(operand.offset));
  return Error::success();
}

/// The runtime trusts its tables, so they are checked here.
static Error checkSteps(const LibraryDesc &desc) {
  int stage = -1;
  uint64_t stageTasks = 0;
  for (const LibraryStep &step : desc.steps) {
    auto fail = [&](const Twine &problem) {
      return createStringError("step '" + step.layer + "': " + problem);
    };
    if (step.kernel >= desc.kernelSymbols.size())
      return fail("expected one of " + Twine(desc.kernelSymbols.size()) + " kernels, got number " +
                  Twine(step.kernel));
    if (step.stage != stage && step.stage != stage + 1)
      return fail("expected stage " + Twine(std::max(stage, 0)) + " or " + Twine(stage + 1) +
                  ", got " + Twine(step.stage));
    stageTasks = step.stage == stage ? stageTasks : 0;
    stage = step.stage;
    if (step.tasks < 1)
      return fail("expected at least one task, got " + Twine(step.tasks));
    stageTasks += step.tasks;
    if (stageTasks > uint64_t(INT32_MAX))
      return fail("expected at most " + Twine(INT32_MAX) + " tasks in a stage");
    for (const LibraryOperand &operand : step.operands)
      if (Error error = checkOperand(desc, operand))
        return fail("operand: " + toString(std::move(error)));
  }
  return Error::success();
}

static Error checkDesc(const LibraryDesc &desc) {
  if (Error error = checkName(desc.name))
    return error;
  for (ArrayRef<LibraryTensor> tensors : {ArrayRef(desc.inputs), ArrayRef(desc.outputs)})
    for (const LibraryTensor &tensor : tensors)
      if (any_of(tensor.shape, [](int64_t dim) { return dim <= 0; }))
        return createStringError("'" + tensor.name + "': expected positive dimensions");
  return checkSteps(desc);
}

Expected<ScratchFile> ScratchFile::create(StringRef target) {
  SmallString<128> model(sys::path::parent_path(target));
  sys::path::append(model, "." + sys::path::filename(target) + ".%%%%%%%%");
  Expected<sys::fs::TempFile> file = sys::fs::TempFile::create(model);
  if (!file)
    return file.takeError();
  return ScratchFile(std::move(*file));
}

ScratchFile::~ScratchFile() {
  if (file)
    consumeError(file->discard());
}

Error ScratchFile::write(function_ref<Error(raw_ostream &)> writer) {
  raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  os.SetBufferSize(1 << 20);
  Error error = writer(os);
  os.flush();
  if (!os.has_error())
    return error;
  std::error_code failure = os.error();
  os.clear_error();
  consumeError(std::move(error)); // most likely the same failure, seen from further away
  return errorCodeToError(failure);
}

Error ScratchFile::keepAs(StringRef target) {
  Error error = file->keep(target);
  if (!error)
    file.reset();
  return error;
}

/// An archive of the object at `object`, under the model's name.
static Error writeArchiveOf(const LibraryDesc &desc, StringRef object, ScratchFile &archive) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> linked =
      MemoryBuffer::getFile(object, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!linked)
    return errorCodeToError(linked.getError());
  std::string memberName = desc.name + ".o";
  std::vector<NewArchiveMember> members;
  members.emplace_back(MemoryBufferRef((*linked)->getBuffer(), memberName));
  return archive.write([&](raw_ostream &os) {
    return writeArchiveToStream(os, members, SymtabWritingMode::NormalSymtab,
                                object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false);
  });
}

static Error writeParts(const LibraryDesc &desc, ArrayRef<std::unique_ptr<MemoryBuffer>> kernels,
                        function_ref<Error(raw_ostream &)> writeWeights, OutputKind kind,
                        StringRef target, ScratchFile &output, ScratchFile &header) {
  if (Error error = checkDesc(desc))
    return error;
  Expected<std::unique_ptr<MemoryBuffer>> tables = compileTables(desc, kind);
  if (!tables)
    return tables.takeError();
  Expected<Imports> imports = findImports(desc, **tables, kernels);
  if (!imports)
    return imports.takeError();
  if (Error error = header.write([&](raw_ostream &os) {
        writeHeader(desc, !imports->libm.empty(), os);
        return Error::success();
      }))
    return error;

  std::optional<ScratchFile> weights;
  if (desc.weightsBytes) {
    Expected<ScratchFile> created = ScratchFile::create(target);
    if (!created)
      return created.takeError();
    weights.emplace(std::move(*created));
    if (Error error = weights->write(
            [&](raw_ostream &os) { return writeWeightsObject(desc, writeWeights, os); }))
      return error;
  }
  StringRef weightsPath = weights ? weights->path() : "";
  if (kind == OutputKind::SharedObject)
    return linkSharedObject(desc, *imports, **tables, kernels, weightsPath, target, output.path());
  if (kind == OutputKind::Object)
    return linkObject(desc, **tables, kernels, weightsPath, target, output.path());
  Expected<ScratchFile> object = ScratchFile::create(target);
  if (!object)
    return object.takeError();
  if (Error error = linkObject(desc, **tables, kernels, weightsPath, target, object->path()))
    return error;
  weights.reset(); // frees the disk for the archive
  return writeArchiveOf(desc, object->path(), output);
}

Error incc::writeLibrary(const LibraryDesc &desc,
                         std::vector<std::unique_ptr<MemoryBuffer>> kernelObjects,
                         function_ref<Error(raw_ostream &)> writeWeights, OutputKind kind,
                         StringRef outputPath) {
  SmallString<128> headerPath(outputPath);
  sys::path::replace_extension(headerPath, "h");
  auto fail = [](StringRef path, Error error) {
    return createStringError("can't write " + path + ": " + toString(std::move(error)));
  };
  if (sys::fs::is_directory(outputPath))
    return fail(outputPath, createStringError("it is a directory"));
  Expected<ScratchFile> output = ScratchFile::create(outputPath);
  if (!output)
    return fail(outputPath, output.takeError());
  Expected<ScratchFile> header = ScratchFile::create(outputPath);
  if (!header)
    return fail(outputPath, header.takeError());
  if (Error error =
          writeParts(desc, kernelObjects, writeWeights, kind, outputPath, *output, *header))
    return fail(outputPath, std::move(error));
  if (Error error = header->keepAs(headerPath))
    return fail(headerPath, std::move(error));
  if (Error error = output->keepAs(outputPath)) {
    sys::fs::remove(headerPath);
    return fail(outputPath, std::move(error));
  }
  return Error::success();
}
