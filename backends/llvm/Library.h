// Packs kernels, weights and tables with the runtime into NAME.so, NAME.o or NAME.a and NAME.h.
#ifndef INCC_BACKENDS_LLVM_LIBRARY_H
#define INCC_BACKENDS_LLVM_LIBRARY_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
}

namespace incc {

/// A dense float32 array that the application passes: C order, as the network's author knows it.
struct LibraryTensor {
  std::string name;
  llvm::SmallVector<int64_t, 4> shape;
};

/// Where an operand of a kernel lies: `offset` bytes into the arena, the weights, or the
/// `index`-th input or output.
struct LibraryOperand {
  enum Space : uint8_t { Arena, Weights, Input, Output };
  Space space = Arena;
  unsigned index = 0;
  uint64_t offset = 0;
};

/// One invocation of a kernel: `tasks` independent tasks that read and write `operands`.
struct LibraryStep {
  /// Index into LibraryDesc::kernelSymbols.
  unsigned kernel = 0;
  /// For people: the layer's name and what it computes ("conv2d", ...), shown by profiles.
  std::string layer, kind;
  llvm::SmallVector<LibraryOperand, 4> operands;
  int tasks = 1;
  /// Steps of equal stage are independent of each other; stages ascend from 0 without gaps.
  int stage = 0;
  /// Multiply-adds count twice.
  double flops = 0;
};

/// Code for a GPU, which the runtime gives to the GPU's driver.
struct LibraryDevice {
  /// Whose driver runs it: "cuda" or "opencl".
  std::string api;
  /// Kernels that are loaded together: as PTX or OpenCL C, and as machine code or empty.
  struct Image {
    std::string text, cubin;
  };
  std::vector<Image> images;
  /// The image of each of LibraryDesc::kernelSymbols.
  std::vector<unsigned> imageOfKernel;
  /// How each of LibraryDesc::steps is launched; its tasks are blocks.
  struct Launch {
    uint32_t threads, sharedBytes;
  };
  std::vector<Launch> launches;
  /// CUDA: what the GPU must have at least, 80 for 8.0.
  unsigned computeCapability = 0;
};

/// All that a library holds besides the kernels' code and the weights' bytes.
struct LibraryDesc {
  /// Prefix of every symbol: a C identifier, not "incc".
  std::string name;
  /// Of the objects; its architecture has a runtime.
  std::string triple;
  std::vector<LibraryTensor> inputs, outputs;
  uint64_t arenaBytes = 0, scratchBytes = 0, weightsBytes = 0;
  /// Symbols of `void k(const incc_args *args, int begin, int end)` in the kernels' objects. They
  /// need no prefix: no symbol of a kernel's object leaves the library.
  std::vector<std::string> kernelSymbols;
  /// Present if kernels run on a GPU: then their symbols are names in its images.
  std::optional<LibraryDevice> device;
  std::vector<LibraryStep> steps;
  /// Bits of INCC_CPU_* in runtime/incc.h: checked by create and run_in.
  uint32_t requiredCpuFeatures = 0;
  /// The --mcpu name, shown in errors and descriptions.
  std::string targetName;
  /// One JSON object, or empty.
  std::string preprocessJson;
  std::vector<std::string> labels;
};

enum class OutputKind { SharedObject, StaticArchive, Object };

/// The kind of library that a path's extension (.so, .a, .o) asks for.
llvm::Expected<OutputKind> outputKindOf(llvm::StringRef path);

/// Writes the library to `outputPath` and the header beside it, with extension .h.
///
/// \param kernelObjects  ELF relocatables that define `kernelSymbols`. Beside each other they may
///                       use functions of libc and libm.
/// \param writeWeights   streams exactly `weightsBytes` bytes; called once.
///
/// Both files appear complete or not at all. Equal arguments give equal bytes, whatever the path.
llvm::Error writeLibrary(const LibraryDesc &desc,
                         std::vector<std::unique_ptr<llvm::MemoryBuffer>> kernelObjects,
                         llvm::function_ref<llvm::Error(llvm::raw_ostream &)> writeWeights,
                         OutputKind kind, llvm::StringRef outputPath);

} // namespace incc

#endif // INCC_BACKENDS_LLVM_LIBRARY_H
