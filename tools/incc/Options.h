// What incc's command line asks for.
#ifndef INCC_TOOLS_INCC_OPTIONS_H
#define INCC_TOOLS_INCC_OPTIONS_H

#include "frontend/Frontend.h"
#include "ir/GpuTarget.h"
#include "ir/Target.h"

namespace incc {

/// What is written: a library, or an intermediate form.
enum class EmitKind { Library, Cnn, Plan, Llvm, Assembly, HalideStatements, Onnx };

struct Options {
  std::string modelPath;
  /// "-" is standard output; empty until the model's name is known.
  std::string outputPath;
  ImportOptions import;
  Target target = {};
  /// The GPU to compile for, if any; then `target` is of no account.
  std::optional<Gpu> gpu;
  /// NVIDIA's assembler for the GPU's machine code; empty: only PTX goes into the library.
  std::string ptxasPath;
  /// Instruction set to generate code for if not the target's.
  std::optional<Isa> codegenIsa;
  unsigned optLevel = 3;
  unsigned threads = 1;
  std::string accuracy = "default", precision = "f32";
  bool scheduleBranches = true;
  /// As in PipelineOptions.
  std::string factorize = "exact";
  double maxError = 0.01;
  /// Inputs on which lowrank measures errors; empty: errors are the filters'.
  std::string calibrationPath;
  /// What compiles the kernels: "auto", "llvm" or "halide".
  std::string backend = "auto";
  /// Seconds to spend on measuring candidates of convolutions and schedules; none: the model chooses.
  std::optional<double> tuneSeconds;
  /// Where what was measured is kept.
  std::string tuneRecordsPath;
  EmitKind emit = EmitKind::Library;
  /// Passes around which IR is printed; "all" is every pass.
  std::vector<std::string> printBefore, printAfter;
  /// The last phase of the pipeline to run; empty: all.
  std::string compileTo;
  /// The folder that a report is written to; empty: none.
  std::string reportFolder;
  bool time = false, verbose = false, quiet = false;
};

/// Reads the command line. Ends the process after --help, --version or a mistake, which it reports.
Options parseOptions(int argc, char **argv);

} // namespace incc

#endif // INCC_TOOLS_INCC_OPTIONS_H
