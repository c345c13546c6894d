// The steps of writing a library, for Library.cpp.
#ifndef INCC_BACKENDS_LLVM_LIBRARYPARTS_H
#define INCC_BACKENDS_LLVM_LIBRARYPARTS_H

#include "backends/llvm/Library.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/TargetParser/Triple.h"

namespace incc {

/// Functions that every model exports: NAME_ followed by one of these.
inline constexpr llvm::StringLiteral kEntryPoints[] = {"create",  "run",        "run_in",
                                                       "destroy", "last_error", "model"};

/// The hidden symbol of the weights' first byte.
inline std::string weightsSymbol(const LibraryDesc &desc) { return desc.name + "_incc_weights"; }

/// The arena of `run_in` with the list of operands behind it.
struct WorkspaceLayout {
  uint64_t arenaBytes = 0, scratchBytes = 0, totalBytes = 0;
  uint32_t maxStepOperands = 0;
};
WorkspaceLayout layOutWorkspace(const LibraryDesc &desc);

/// LibraryTables.cpp: an object with the runtime and the model's tables.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> compileTables(const LibraryDesc &desc,
                                                                  OutputKind kind);

/// LibraryHeader.cpp
void writeHeader(const LibraryDesc &desc, bool needsLibm, llvm::raw_ostream &os);

/// LibraryWeights.cpp: an ELF object whose section `.incc.weights` holds what `writeWeights`
/// writes.
llvm::Error writeWeightsObject(const LibraryDesc &desc,
                               llvm::function_ref<llvm::Error(llvm::raw_ostream &)> writeWeights,
                               llvm::raw_ostream &os);

/// A file that vanishes unless it is kept, also when a signal ends the process.
class ScratchFile {
public:
  /// Creates it beside `target`, so that keeping it is a rename.
  static llvm::Expected<ScratchFile> create(llvm::StringRef target);
  ScratchFile(ScratchFile &&) = default;
  ScratchFile &operator=(ScratchFile &&) = delete;
  ~ScratchFile();

  llvm::StringRef path() const { return file->TmpName; }
  /// Writes the file through a stream; fails if any byte could not be written.
  llvm::Error write(llvm::function_ref<llvm::Error(llvm::raw_ostream &)> writer);
  /// Renames it to `target`.
  llvm::Error keepAs(llvm::StringRef target);

private:
  explicit ScratchFile(llvm::sys::fs::TempFile file) : file(std::move(file)) {}
  std::optional<llvm::sys::fs::TempFile> file;
};

/// What objects use but do not define.
struct Imports {
  llvm::StringSet<> libc, libm;
};

/// LibraryLink.cpp: collects what the runtime and the kernels import; anything beyond libc and
/// libm, and any kernel symbol that is not defined, is an error.
llvm::Expected<Imports> findImports(const LibraryDesc &desc, llvm::MemoryBufferRef tables,
                                    llvm::ArrayRef<std::unique_ptr<llvm::MemoryBuffer>> kernels);

/// Links tables, kernels and weights (a path, or empty) into a file at `output`; scratch files lie
/// beside `target`.
llvm::Error linkSharedObject(const LibraryDesc &desc, const Imports &imports,
                             llvm::MemoryBufferRef tables,
                             llvm::ArrayRef<std::unique_ptr<llvm::MemoryBuffer>> kernels,
                             llvm::StringRef weights, llvm::StringRef target,
                             llvm::StringRef output);
llvm::Error linkObject(const LibraryDesc &desc, llvm::MemoryBufferRef tables,
                       llvm::ArrayRef<std::unique_ptr<llvm::MemoryBuffer>> kernels,
                       llvm::StringRef weights, llvm::StringRef target, llvm::StringRef output);

} // namespace incc

#endif // INCC_BACKENDS_LLVM_LIBRARYPARTS_H
