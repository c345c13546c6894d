// Links a library with lld, which runs as a program of its own: it frees its memory when it ends.
#include "backends/llvm/LibraryParts.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/InterfaceStub/ELFObjHandler.h"
#include "llvm/InterfaceStub/IFSStub.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace incc;
using namespace llvm;

/// What LLVM and the emitters may call: memory functions for loops that copy, the rest of libm for
/// functions without an instruction.
static bool isLibc(StringRef symbol) {
  return is_contained({"bcmp", "memcmp", "memcpy", "memmove", "memset"}, symbol);
}
static bool isLibm(StringRef symbol) {
  static constexpr StringLiteral kFunctions[] = {
      "acos",  "asin",      "atan", "atan2", "cbrt",  "ceil",  "copysign",  "cos",  "cosh",
      "erf",   "exp",       "exp2", "expm1", "fabs",  "floor", "fma",       "fmax", "fmin",
      "fmod",  "ldexp",     "log",  "log10", "log1p", "log2",  "nearbyint", "pow",  "rint",
      "round", "roundeven", "sin",  "sinh",  "sqrt",  "tan",   "tanh",      "trunc"};
  return is_contained(kFunctions, symbol) ||
         (symbol.consume_back("f") && is_contained(kFunctions, symbol));
}

/// Adds an object's global symbols to what is defined and what is used.
static Error scanSymbols(MemoryBufferRef object, StringSet<> &defined, StringSet<> &used) {
  Expected<std::unique_ptr<object::ObjectFile>> file = object::ObjectFile::createObjectFile(object);
  if (!file)
    return file.takeError();
  for (const object::SymbolRef &symbol : (*file)->symbols()) {
    Expected<uint32_t> flags = symbol.getFlags();
    Expected<StringRef> name = symbol.getName();
    if (!flags || !name)
      return joinErrors(flags.takeError(), name.takeError());
    if (*flags & object::SymbolRef::SF_Undefined)
      used.insert(*name);
    else if (*flags & object::SymbolRef::SF_Global)
      defined.insert(*name);
  }
  return Error::success();
}

Expected<Imports> incc::findImports(const LibraryDesc &desc, MemoryBufferRef tables,
                                    ArrayRef<std::unique_ptr<MemoryBuffer>> kernels) {
  StringSet<> defined, usedByKernels, usedByTables;
  for (const std::unique_ptr<MemoryBuffer> &kernel : kernels)
    if (Error error = scanSymbols(*kernel, defined, usedByKernels))
      return error;
  for (StringRef symbol : desc.kernelSymbols)
    if (!desc.device && !defined.contains(symbol))
      return createStringError("no kernel object defines '" + symbol + "'");
  defined.insert(weightsSymbol(desc));
  if (Error error = scanSymbols(tables, defined, usedByTables))
    return error;
  Imports imports;
  for (StringRef symbol : usedByTables.keys())
    if (!defined.contains(symbol) && !symbol.empty())
      imports.libc.insert(symbol);
  for (StringRef symbol : usedByKernels.keys()) {
    if (defined.contains(symbol) || symbol.empty() || symbol == "_GLOBAL_OFFSET_TABLE_")
      continue;
    if (isLibc(symbol))
      imports.libc.insert(symbol);
    else if (isLibm(symbol))
      imports.libm.insert(symbol);
    else
      return createStringError("kernels use '" + symbol +
                               "', which neither they nor libc and libm define");
  }
  return imports;
}

static Expected<std::string> findLinker() {
  SmallString<128> bundled(INCC_LLVM_TOOLS_DIR);
  sys::path::append(bundled, "ld.lld");
  if (sys::fs::can_execute(bundled))
    return std::string(bundled);
  for (StringRef name : {"ld.lld-19", "ld.lld"})
    if (ErrorOr<std::string> path = sys::findProgramByName(name))
      return *path;
  return createStringError("no linker: expected " + bundled + ", ld.lld-19 or ld.lld on the PATH" +
                           " (Debian: apt-get install lld-19)");
}

/// The first error of a run of lld; a failure to write reads like one of our own.
static Error linkerError(StringRef text) {
  for (StringRef reason : {"No space left on device", "File too large", "Disk quota exceeded"})
    if (text.contains(reason))
      return createStringError(reason);
  auto [before, message] = text.split("error: ");
  if (message.empty())
    message = text.trim().empty() ? "it says nothing" : text;
  return createStringError("ld.lld: " + message.split('\n').first.trim());
}

static Error runLinker(ArrayRef<std::string> arguments) {
  Expected<std::string> linker = findLinker();
  if (!linker)
    return linker.takeError();
  // lld would write through a mapping, where a full disk is a bus error that leaves files behind.
  SmallVector<StringRef> argv = {*linker, "--no-mmap-output-file"};
  argv.append(arguments.begin(), arguments.end());
  // Where not even a small file can be made, the user reads lld's own words.
  SmallString<64> log;
  std::optional<StringRef> redirects[] = {std::nullopt, std::nullopt, std::nullopt};
  bool hasLog = !sys::fs::createTemporaryFile("incc-link", "log", log);
  FileRemover removeLog(log, /*deleteIt=*/hasLog);
  if (hasLog)
    redirects[2] = log;
  std::string message;
  if (sys::ExecuteAndWait(*linker, argv, std::nullopt, redirects, 0, 0, &message) == 0)
    return Error::success();
  if (hasLog)
    if (ErrorOr<std::unique_ptr<MemoryBuffer>> text = MemoryBuffer::getFile(log))
      message += (*text)->getBuffer();
  return linkerError(message);
}

static Error writeBuffer(ScratchFile &file, MemoryBufferRef buffer) {
  return file.write([&](raw_ostream &os) {
    os << buffer.getBuffer();
    return Error::success();
  });
}

/// All kernels in one archive: a short command line, however many there are.
static Error writeKernels(ScratchFile &file, ArrayRef<std::unique_ptr<MemoryBuffer>> kernels) {
  std::vector<NewArchiveMember> members;
  for (const std::unique_ptr<MemoryBuffer> &kernel : kernels)
    members.emplace_back(MemoryBufferRef(kernel->getBuffer(), "kernel.o"));
  return file.write([&](raw_ostream &os) {
    return writeArchiveToStream(os, members, SymtabWritingMode::NormalSymtab,
                                object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false);
  });
}

/// An empty library that stands for the one of the machine that will run the model. Linking so
/// needs no development files, and binds to no version of the symbols.
static Error writeStub(StringRef path, StringRef soname, const StringSet<> &symbols,
                       const Triple &triple) {
  ifs::IFSStub stub;
  stub.IfsVersion = VersionTuple(3, 0);
  stub.SoName = soname.str();
  stub.Target.Arch = triple.isAArch64() ? ELF::EM_AARCH64 : ELF::EM_X86_64;
  stub.Target.BitWidth = ifs::IFSBitWidthType::IFS64;
  stub.Target.Endianness = ifs::IFSEndiannessType::Little;
  for (StringRef name : symbols.keys()) {
    ifs::IFSSymbol symbol(name.str());
    symbol.Type = ifs::IFSSymbolType::Func;
    stub.Symbols.push_back(symbol);
  }
  sort(stub.Symbols);
  return ifs::writeBinaryStub(path, stub);
}

namespace {
/// The files that every kind of link takes.
struct LinkInputs {
  ScratchFile tables, kernels;
};
} // namespace

static Expected<LinkInputs> writeInputs(MemoryBufferRef tables,
                                        ArrayRef<std::unique_ptr<MemoryBuffer>> kernels,
                                        StringRef target) {
  Expected<ScratchFile> tablesFile = ScratchFile::create(target);
  if (!tablesFile)
    return tablesFile.takeError();
  Expected<ScratchFile> kernelsFile = ScratchFile::create(target);
  if (!kernelsFile)
    return kernelsFile.takeError();
  if (Error error = writeBuffer(*tablesFile, tables))
    return error;
  if (Error error = writeKernels(*kernelsFile, kernels))
    return error;
  return LinkInputs{std::move(*tablesFile), std::move(*kernelsFile)};
}

Error incc::linkSharedObject(const LibraryDesc &desc, const Imports &imports,
                             MemoryBufferRef tables,
                             ArrayRef<std::unique_ptr<MemoryBuffer>> kernels, StringRef weights,
                             StringRef target, StringRef output) {
  Triple triple(desc.triple);
  Expected<LinkInputs> inputs = writeInputs(tables, kernels, target);
  if (!inputs)
    return inputs.takeError();
  Expected<ScratchFile> libc = ScratchFile::create(target);
  if (!libc)
    return libc.takeError();
  Expected<ScratchFile> libm = ScratchFile::create(target);
  if (!libm)
    return libm.takeError();
  if (Error error = writeStub(libc->path(), "libc.so.6", imports.libc, triple))
    return error;
  if (Error error = writeStub(libm->path(), "libm.so.6", imports.libm, triple))
    return error;

  // No soname: it would make the bytes depend on the output's path. -Bsymbolic and --exclude-libs:
  // no library of another model can take a symbol's place.
  std::vector<std::string> arguments = {"-shared",
                                        "-Bsymbolic",
                                        "--exclude-libs=ALL",
                                        "--gc-sections",
                                        "--hash-style=gnu",
                                        "--build-id=none",
                                        "-z",
                                        "noexecstack",
                                        "-z",
                                        "relro",
                                        "-z",
                                        "now",
                                        "-z",
                                        "defs",
                                        "--no-as-needed",
                                        "-o",
                                        output.str(),
                                        inputs->tables.path().str(),
                                        "--whole-archive",
                                        inputs->kernels.path().str(),
                                        "--no-whole-archive"};
  if (!weights.empty())
    arguments.push_back(weights.str());
  arguments.push_back(libc->path().str());
  if (!imports.libm.empty())
    arguments.push_back(libm->path().str());
  return runLinker(arguments);
}

/// Makes every defined symbol local but the entry points.
static Error localize(const LibraryDesc &desc, MemoryBufferRef object, raw_ostream &os) {
  objcopy::ConfigManager config;
  std::vector<std::string> kept;
  for (StringRef entry : kEntryPoints)
    kept.push_back(desc.name + "_" + entry.str());
  for (StringRef name : kept)
    if (Error error = config.Common.SymbolsToKeepGlobal.addMatcher(objcopy::NameOrPattern::create(
            name, objcopy::MatchStyle::Literal, [](Error error) { return error; })))
      return error;
  Expected<std::unique_ptr<object::Binary>> binary = object::createBinary(object);
  if (!binary)
    return binary.takeError();
  return objcopy::executeObjcopyOnBinary(config, **binary, os);
}

Error incc::linkObject(const LibraryDesc &desc, MemoryBufferRef tables,
                       ArrayRef<std::unique_ptr<MemoryBuffer>> kernels, StringRef weights,
                       StringRef target, StringRef output) {
  Expected<LinkInputs> inputs = writeInputs(tables, kernels, target);
  if (!inputs)
    return inputs.takeError();
  Expected<ScratchFile> code = ScratchFile::create(target);
  if (!code)
    return code.takeError();
  Expected<ScratchFile> localCode = ScratchFile::create(target);
  if (!localCode)
    return localCode.takeError();
  // The weights join last, so that nothing here holds them in memory.
  if (Error error = runLinker({"-r", "-o", code->path().str(), inputs->tables.path().str(),
                               "--whole-archive", inputs->kernels.path().str()}))
    return error;
  ErrorOr<std::unique_ptr<MemoryBuffer>> linked = MemoryBuffer::getFile(code->path());
  if (!linked)
    return errorCodeToError(linked.getError());
  if (Error error = localCode->write([&](raw_ostream &os) { return localize(desc, **linked, os); }))
    return error;
  std::vector<std::string> arguments = {"-r", "-o", output.str(), localCode->path().str()};
  if (!weights.empty())
    arguments.push_back(weights.str());
  return runLinker(arguments);
}
