// The command line of incc-bench.
#ifndef INCC_TOOLS_BENCH_OPTIONS_H
#define INCC_TOOLS_BENCH_OPTIONS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace incc {

/// An engine to compare with: engines/NAME.py.
struct PeerKind {
  llvm::StringRef name;
  /// The folder in the build directory of the Python that it runs in, and the file that says what
  /// to install there.
  llvm::StringRef environment, requirements;
};

struct Options {
  std::string model, onnx, weights, json, mcpu = "native";
  std::vector<const PeerKind *> peers;
  int threads = 1, batch = 1, rounds = 0;
  double seconds = 20;
  bool perLayer = false;

  bool isLibrary() const { return llvm::StringRef(model).ends_with(".so"); }
};

/// Prints the help and exits at --help.
llvm::Expected<Options> parseOptions(int argc, char **argv);

} // namespace incc

#endif // INCC_TOOLS_BENCH_OPTIONS_H
