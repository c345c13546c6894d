// The CPUs that incc compiles for, as rows of data.
#ifndef INCC_IR_TARGET_H
#define INCC_IR_TARGET_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace incc {

/// Floats in a cache line.
constexpr int64_t kLineFloats = 16;

/// What the kernels need to know of an instruction set.
struct Isa {
  llvm::StringRef name;
  /// Floats in a vector register: also the channel block of feature maps.
  unsigned lanes;
  unsigned numRegisters;
  bool hasFma;
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
  /// Bytes a cycle that one core reads from memory.
  float memoryBytesPerCycle;
};

/// The instruction set and CPU that a module is compiled for.
struct Target {
  Isa isa;
  Cpu cpu;

  /// Looks up `mcpu`; "native" is the machine that incc runs on. The error lists what is supported.
  static llvm::Expected<Target> lookup(llvm::StringRef mcpu);
};

llvm::ArrayRef<Isa> allIsas();
llvm::ArrayRef<Cpu> allCpus();

} // namespace incc

#endif // INCC_IR_TARGET_H
