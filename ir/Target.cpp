// The tables of architectures, instruction sets and CPUs. A new CPU is a new row.
#include "ir/Target.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace incc;

static constexpr Arch kArchs[] = {
    {"x86-64", "x86_64-unknown-linux-gnu", "x86-64-v3"},
    {"aarch64", "aarch64-unknown-linux-gnu", "neoverse-n1"},
};

// Feature bits: SSE4.2 + POPCNT 1, AVX2 + FMA 2, AVX-512 F+CD+BW+DQ+VL 4 (runtime/incc.h). NEON is
// part of every AArch64 that runs Linux.
static constexpr Isa kIsas[] = {
    // name arch lanes registers fma neon tile-blocks scheduler code-generation required tests
    {"sse4.2", "x86-64", 4, 16, false, false, 2, true, "x86-64-v2", 1, "answers"},
    {"avx2", "x86-64", 8, 16, true, false, 4, true, "x86-64-v3", 1 | 2,
     "answers where the machine has it; inner loops"},
    {"avx512", "x86-64", 16, 32, true, false, 3, false, "x86-64-v4", 1 | 2 | 4,
     "answers where the machine has it, else in AVX2's instructions; inner loops"},
    {"neon", "aarch64", 4, 32, true, true, 5, false, "generic", 0,
     "answers under qemu-user; inner loops by llvm-mca"},
};

// x86: cache sizes and issue widths from vendors' optimization manuals. Zen 4 executes a 512-bit FMA
// in two halves, so it starts one a cycle. What a core reads from memory: measured on Zen 3 (13 GB/s
// at 3.4 GHz) and Zen 4 (27 GB/s at 3.7 GHz), guessed for the others. Stores to L2 and what L3 gives:
// measured on Emerald Rapids (46 and 27 GB/s at 2.9 GHz) and taken for all Intel servers with a mesh;
// L3 fitted on Zen 3 and taken for the others. While they multiply, prefetches of weights get half of
// what memory gives to plain reads there (16 GB/s). Products of transformed tiles, whose weights come
// from L2, miss its peak by a tenth: 1x1 convolutions of 17x17 and 14x14 maps by Strassen's algorithm
// took 1.08 to 1.2 times as long as direct ones.
//
// AArch64: Arm's Software Optimization Guides (Cortex-A55 EPM 128372, Cortex-A76 PJDOC-466751330-7215,
// Neoverse N1 PJDOC-466751330-9707, N2 PJDOC-466751330-18256, V1 PJDOC-466751330-9685, V2
// PJDOC-466751330-593177): "ASIMD FP multiply accumulate" and "Load vector reg", both of 128 bits; Apple's
// from Dougall Johnson's measurements of Firestorm. Caches and clocks of Graviton 2, 3 and 4, Cobalt
// 100, the Raspberry Pi 5 and Apple M1; memory bandwidth is guessed.
static constexpr Cpu kCpus[] = {
    // name isa tune L1-data L2 FMAs loads L2-store L3 memory GHz from-L2 in-order
    {"x86-64", "sse4.2", "generic", 32 << 10, 256 << 10, 1, 2, 32, 12, 3.5, 3},
    {"x86-64-v2", "sse4.2", "generic", 32 << 10, 256 << 10, 1, 2, 32, 12, 3.5, 3},
    {"nehalem", "sse4.2", "nehalem", 32 << 10, 256 << 10, 1, 1, 32, 12, 3.5, 2.8},
    {"sandybridge", "sse4.2", "sandybridge", 32 << 10, 256 << 10, 1, 2, 32, 12, 3.5, 3.2},
    {"x86-64-v3", "avx2", "haswell", 32 << 10, 256 << 10, 2, 2, 32, 12, 4, 3.2},
    {"haswell", "avx2", "haswell", 32 << 10, 256 << 10, 2, 2, 32, 12, 4, 3.2},
    {"broadwell", "avx2", "broadwell", 32 << 10, 256 << 10, 2, 2, 32, 12, 4, 3},
    {"skylake", "avx2", "skylake", 32 << 10, 256 << 10, 2, 2, 32, 12, 4, 3.6},
    {"alderlake", "avx2", "alderlake", 48 << 10, 1280 << 10, 2, 3, 32, 12, 7, 4.5},
    {"znver1", "avx2", "znver1", 32 << 10, 512 << 10, 1, 1, 32, 12, 4, 3},
    {"znver2", "avx2", "znver2", 32 << 10, 512 << 10, 2, 2, 32, 12, 4, 3.2},
    {"znver3", "avx2", "znver3", 32 << 10, 512 << 10, 2, 2, 32, 12, 4, 3.4},
    {"x86-64-v4", "avx512", "skylake-avx512", 32 << 10, 1 << 20, 2, 2, 16, 9, 4, 2.8, 0.9f},
    {"skylake-avx512", "avx512", "skylake-avx512", 32 << 10, 1 << 20, 2, 2, 16, 9, 4, 2.6, 0.9f},
    {"cascadelake", "avx512", "cascadelake", 32 << 10, 1 << 20, 2, 2, 16, 9, 4, 2.8, 0.9f},
    {"icelake-server", "avx512", "icelake-server", 48 << 10, 1280 << 10, 2, 2, 16, 9, 4, 2.8, 0.9f},
    {"sapphirerapids", "avx512", "sapphirerapids", 48 << 10, 2 << 20, 2, 2, 16, 9, 3, 2.8, 0.9f},
    {"znver4", "avx512", "znver4", 32 << 10, 1 << 20, 1, 1, 32, 12, 7.5, 3.7},
    {"znver5", "avx512", "znver4", 48 << 10, 1 << 20, 2, 2, 32, 12, 7.5, 4},
    {"armv8-a", "neon", "generic", 32 << 10, 512 << 10, 2, 2, 32, 12, 4, 2},
    {"cortex-a55", "neon", "cortex-a55", 32 << 10, 128 << 10, 1, 0.5, 32, 12, 2, 1.8, 1, true},
    {"cortex-a76", "neon", "cortex-a76", 64 << 10, 512 << 10, 2, 2, 32, 12, 4, 2.4},
    {"neoverse-n1", "neon", "neoverse-n1", 64 << 10, 1 << 20, 2, 2, 32, 12, 5, 2.5},
    {"neoverse-n2", "neon", "neoverse-n2", 64 << 10, 1 << 20, 2, 3, 32, 12, 6, 3.4},
    {"neoverse-v1", "neon", "neoverse-v1", 64 << 10, 1 << 20, 4, 3, 32, 12, 8, 2.6},
    {"neoverse-v2", "neon", "neoverse-v2", 64 << 10, 2 << 20, 4, 3, 32, 12, 8, 2.8},
    {"apple-m1", "neon", "apple-m1", 128 << 10, 3 << 20, 4, 3, 32, 12, 16, 3.2},
};

llvm::ArrayRef<Arch> incc::allArchs() { return kArchs; }
llvm::ArrayRef<Isa> incc::allIsas() { return kIsas; }
llvm::ArrayRef<Cpu> incc::allCpus() { return kCpus; }

/// The row of this name, or null.
template <typename Row, size_t N>
static const Row *find(const Row (&table)[N], llvm::StringRef name) {
  const Row *found = llvm::find_if(table, [&](const Row &row) { return row.name == name; });
  return found == std::end(table) ? nullptr : found;
}

static const Arch *archOf(const Cpu &cpu) { return find(kArchs, find(kIsas, cpu.isa)->arch); }

static llvm::StringRef hostArch() {
  llvm::Triple host(llvm::sys::getProcessTriple());
  for (const Arch &arch : kArchs)
    if (llvm::Triple(arch.triple).getArch() == host.getArch())
      return arch.name;
  return "";
}

/// The widest of the generic rows that the machine's features allow.
static llvm::StringRef genericHostCpu() {
  if (hostArch() == "aarch64")
    return "armv8-a";
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto has = [&](std::initializer_list<llvm::StringRef> names) {
    return llvm::all_of(names, [&](llvm::StringRef name) { return features.lookup(name); });
  };
  if (has({"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}))
    return "x86-64-v4";
  return has({"avx2", "fma"}) ? "x86-64-v3" : "x86-64-v2";
}

static const Cpu *hostCpu() {
  const Cpu *generic = find(kCpus, genericHostCpu());
  const Cpu *cpu = find(kCpus, llvm::sys::getHostCPUName());
  // A virtual machine may hide features that its CPU's name implies.
  return cpu && cpu->isa == generic->isa ? cpu : generic;
}

/// The names of all CPUs, or of those of one architecture.
static std::string cpuNames(const Arch *arch) {
  llvm::SmallVector<llvm::StringRef> names;
  if (!arch || arch->name == hostArch())
    names.push_back("native");
  for (const Cpu &cpu : kCpus)
    if (!arch || archOf(cpu) == arch)
      names.push_back(cpu.name);
  return llvm::join(names, ", ");
}

llvm::Expected<Target> Target::lookup(llvm::StringRef mcpu, llvm::StringRef archName) {
  const Arch *arch = nullptr;
  if (!archName.empty()) {
    arch = find(kArchs, archName == "x86_64" ? "x86-64" : archName);
    if (!arch)
      return llvm::createStringError(
          "unknown --target '" + archName + "'; supported are " +
          llvm::join(llvm::map_range(kArchs, [](const Arch &a) { return a.name; }), ", ") +
          ", cuda");
  }
  bool isHost = !arch || arch->name == hostArch();
  if (mcpu.empty())
    mcpu = isHost ? "native" : arch->crossCpu;
  const Cpu *cpu = mcpu == "native" ? hostCpu() : find(kCpus, mcpu);
  if (!cpu)
    return llvm::createStringError("unknown --mcpu '" + mcpu + "'; supported are " +
                                   cpuNames(arch));
  if (arch && archOf(*cpu) != arch)
    return llvm::createStringError("--mcpu '" + mcpu + "' is " + archOf(*cpu)->name +
                                   ", not --target " + arch->name + ", which has " +
                                   cpuNames(arch));
  return Target{*archOf(*cpu), *find(kIsas, cpu->isa), *cpu};
}

void incc::printTargets(llvm::raw_ostream &os) {
  os << "--target  --mcpu           instructions  floats  FMAs a cycle  GHz  tests\n";
  for (const Cpu &cpu : kCpus) {
    const Isa &isa = *find(kIsas, cpu.isa);
    os << llvm::formatv("{0,-9} {1,-16} {2,-12}  {3,6}  {4,12}  {5,3:f1}  {6}\n", isa.arch, cpu.name,
                        isa.name, isa.lanes, cpu.fmasPerCycle, cpu.gigahertz, isa.tests);
  }
}
