// Another engine, in a process of its own.
#ifndef INCC_TOOLS_BENCH_PEER_H
#define INCC_TOOLS_BENCH_PEER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

namespace incc {

/// What it takes a process to come to its first answer.
struct ColdStart {
  /// From the start of the process, and without that of Python and of the engine's library.
  double processMs = 0, loadMs = 0;
  /// The most memory that the process had until then, Python included.
  int64_t peakBytes = 0;
  /// The files of the model, the engine itself not included.
  int64_t fileBytes = 0;
};

/// Runs peers.py with one engine. The process is stopped (SIGSTOP) except while it answers, so that
/// threads that spin between runs take nothing from the engine whose turn it is.
class Peer {
public:
  /// Converts an ONNX model to what the engine reads, in `folder`; returns the files.
  static llvm::Expected<std::vector<std::string>> convert(llvm::StringRef python,
                                                          llvm::StringRef engine,
                                                          llvm::StringRef onnxPath,
                                                          llvm::StringRef folder);
  /// Starts the engine on these files, with the inputs that lie in `folder`, and runs it once.
  static llvm::Expected<std::unique_ptr<Peer>> start(llvm::StringRef python, llvm::StringRef engine,
                                                     llvm::ArrayRef<std::string> files,
                                                     llvm::StringRef folder, int threads);
  ~Peer();
  Peer(const Peer &) = delete;

  /// Milliseconds of `count` runs.
  llvm::Expected<std::vector<double>> run(int count);
  /// Writes the last run's outputs to FOLDER/ENGINE_0.npy, ...; returns their number.
  llvm::Expected<int64_t> writeOutputs();

  std::string engine, version, settings;
  ColdStart cold;

private:
  Peer() = default;
  static llvm::Expected<std::unique_ptr<Peer>> launch(llvm::StringRef engine,
                                                      std::vector<std::string> arguments);
  llvm::Expected<llvm::json::Value> ask(const llvm::Twine &question);
  llvm::Expected<llvm::json::Value> readAnswer();

  pid_t process = -1;
  FILE *questions = nullptr, *answers = nullptr;
};

} // namespace incc

#endif // INCC_TOOLS_BENCH_PEER_H
