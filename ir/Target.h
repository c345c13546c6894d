// The architectures, instruction sets and CPUs that incc compiles for, as rows of data.
#ifndef INCC_IR_TARGET_H
#define INCC_IR_TARGET_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace llvm {
class raw_ostream;
}

namespace incc {

/// Floats in a cache line.
constexpr int64_t kLineFloats = 16;

/// What `--target` names.
struct Arch {
  llvm::StringRef name;
  /// Of the object files; its first part names the runtime's bitcode.
  llvm::StringRef triple;
  /// The CPU of a row in the table that code is for where `--mcpu` is not given and the machine that
  /// incc runs on is another.
  llvm::StringRef crossCpu;
};

/// What the kernels need to know of an instruction set.
struct Isa {
  llvm::StringRef name;
  llvm::StringRef arch;
  /// Floats in a vector register: also the channel block of feature maps.
  unsigned lanes;
  unsigned numRegisters;
  bool hasFma;
  /// A multiply-add takes one operand from a lane of a vector: inputs need no broadcast, and are
  /// loaded `lanes` at a time. Minimum and maximum are one instruction that passes NaNs on.
  bool isNeon;
  /// Blocks of output channels in a register tile of convolution, at most: wider tiles fit on paper
  /// but LLVM's scheduler then spills (measured: 7x4 on 32 registers runs at 62 to 86%).
  unsigned maxTileBlocks;
  /// Run LLVM's machine scheduler. Kernels come in a good order; with 32 registers it hoists
  /// broadcasts until they spill (218 spills in a loop of 224 FMAs), with 16 it saves some.
  bool machineScheduler;
  /// LLVM's features that code for this ISA may use beyond those of `mcpu`'s own row.
  llvm::StringRef llvmCpu;
  /// Bits of `incc_cpu_features` in the runtime that the CPU must report.
  uint32_t requiredFeatures;
  /// For people: how the tests check code for it.
  llvm::StringRef tests;
};

/// A CPU by the name that `--mcpu` takes.
struct Cpu {
  llvm::StringRef name;
  llvm::StringRef isa;
  /// LLVM's name for tuning and scheduling.
  llvm::StringRef llvmTune;
  /// Data caches of one core, in bytes, and the last level's share.
  unsigned l1Bytes, l2Bytes;
  /// Vector FMAs (or multiply + add pairs) and vector loads that start in a cycle.
  float fmasPerCycle, loadsPerCycle;
  /// Bytes a cycle that one core stores to lines that are in L2 but not in L1, gets from the last-level
  /// cache while it multiplies, and reads from memory.
  float l2StoreBytesPerCycle, l3BytesPerCycle, memoryBytesPerCycle;
  /// Clock under load of a common product: turns modelled cycles into time.
  float gigahertz;
  /// What is left of the speed of multiply-adds where weights come from L2 at every register tile.
  float speedFromL2 = 1;
  /// Starts instructions in the order of the program: LLVM's machine scheduler moves loads ahead
  /// (Cortex-A55: 80 to 88% of its FMAs in inner loops).
  bool inOrder = false;
};

/// The instruction set and CPU that a module is compiled for.
struct Target {
  Arch arch;
  Isa isa;
  Cpu cpu;

  /// Looks up the CPU `mcpu` of `arch`. An empty `arch` is the CPU's own; "native" is the machine
  /// that incc runs on, and so is an empty `mcpu` where that is of `arch`. Errors list what is
  /// supported.
  static llvm::Expected<Target> lookup(llvm::StringRef mcpu, llvm::StringRef arch = "");
};

llvm::ArrayRef<Arch> allArchs();
llvm::ArrayRef<Isa> allIsas();
llvm::ArrayRef<Cpu> allCpus();

/// Prints the tables as one, for `incc --list-targets`.
void printTargets(llvm::raw_ostream &os);

} // namespace incc

#endif // INCC_IR_TARGET_H
