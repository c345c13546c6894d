// The table of instruction sets and CPUs. A new CPU is a new row.
#include "ir/Target.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace incc;

// Feature bits: SSE4.2 + POPCNT 1, AVX2 + FMA 2, AVX-512 F+CD+BW+DQ+VL 4 (runtime/incc_internal.h).
static constexpr Isa kIsas[] = {
    // name lanes registers fma tile-blocks scheduler code-generation required
    {"sse4.2", 4, 16, false, 2, true, "x86-64-v2", 1},
    {"avx2", 8, 16, true, 4, true, "x86-64-v3", 1 | 2},
    {"avx512", 16, 32, true, 3, false, "x86-64-v4", 1 | 2 | 4},
};

// Cache sizes and issue widths: vendors' optimization manuals. Zen 4 executes a 512-bit FMA in two
// halves, so it starts one a cycle. What a core reads from memory: measured on Zen 3 (13 GB/s at 3.4
// GHz) and Zen 4 (27 GB/s at 3.7 GHz), guessed for the others.
static constexpr Cpu kCpus[] = {
    // name            isa       tune              L1 data    L2          FMAs loads memory
    {"x86-64", "sse4.2", "generic", 32 << 10, 256 << 10, 1, 2, 3.5},
    {"x86-64-v2", "sse4.2", "generic", 32 << 10, 256 << 10, 1, 2, 3.5},
    {"nehalem", "sse4.2", "nehalem", 32 << 10, 256 << 10, 1, 1, 3.5},
    {"sandybridge", "sse4.2", "sandybridge", 32 << 10, 256 << 10, 1, 2, 3.5},
    {"x86-64-v3", "avx2", "haswell", 32 << 10, 256 << 10, 2, 2, 4},
    {"haswell", "avx2", "haswell", 32 << 10, 256 << 10, 2, 2, 4},
    {"broadwell", "avx2", "broadwell", 32 << 10, 256 << 10, 2, 2, 4},
    {"skylake", "avx2", "skylake", 32 << 10, 256 << 10, 2, 2, 4},
    {"alderlake", "avx2", "alderlake", 48 << 10, 1280 << 10, 2, 3, 7},
    {"znver1", "avx2", "znver1", 32 << 10, 512 << 10, 1, 1, 4},
    {"znver2", "avx2", "znver2", 32 << 10, 512 << 10, 2, 2, 4},
    {"znver3", "avx2", "znver3", 32 << 10, 512 << 10, 2, 2, 4},
    {"x86-64-v4", "avx512", "skylake-avx512", 32 << 10, 1 << 20, 2, 2, 4},
    {"skylake-avx512", "avx512", "skylake-avx512", 32 << 10, 1 << 20, 2, 2, 4},
    {"cascadelake", "avx512", "cascadelake", 32 << 10, 1 << 20, 2, 2, 4},
    {"icelake-server", "avx512", "icelake-server", 48 << 10, 1280 << 10, 2, 2, 4},
    {"sapphirerapids", "avx512", "sapphirerapids", 48 << 10, 2 << 20, 2, 2, 4},
    {"znver4", "avx512", "znver4", 32 << 10, 1 << 20, 1, 1, 7.5},
    {"znver5", "avx512", "znver4", 48 << 10, 1 << 20, 2, 2, 7.5},
};

llvm::ArrayRef<Isa> incc::allIsas() { return kIsas; }
llvm::ArrayRef<Cpu> incc::allCpus() { return kCpus; }

static const Isa *findIsa(llvm::StringRef name) {
  return llvm::find_if(kIsas, [&](const Isa &isa) { return isa.name == name; });
}

static const Cpu *findCpu(llvm::StringRef name) {
  const Cpu *cpu = llvm::find_if(kCpus, [&](const Cpu &c) { return c.name == name; });
  return cpu == std::end(kCpus) ? nullptr : cpu;
}

/// The widest of the generic rows that the machine's features allow.
static llvm::StringRef genericHostCpu() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto has = [&](std::initializer_list<llvm::StringRef> names) {
    return llvm::all_of(names, [&](llvm::StringRef name) { return features.lookup(name); });
  };
  if (has({"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}))
    return "x86-64-v4";
  return has({"avx2", "fma"}) ? "x86-64-v3" : "x86-64-v2";
}

llvm::Expected<Target> Target::lookup(llvm::StringRef mcpu) {
  const Cpu *cpu = nullptr;
  if (mcpu == "native") {
    llvm::StringRef generic = genericHostCpu();
    cpu = findCpu(llvm::sys::getHostCPUName());
    // A virtual machine may hide features that its CPU's name implies.
    if (!cpu || cpu->isa != findCpu(generic)->isa)
      cpu = findCpu(generic);
  } else {
    cpu = findCpu(mcpu);
  }
  if (!cpu) {
    llvm::SmallVector<llvm::StringRef> names;
    for (const Cpu &row : kCpus)
      names.push_back(row.name);
    return llvm::createStringError("unknown --mcpu '" + mcpu.str() + "'; supported are native, " +
                                   llvm::join(names, ", "));
  }
  return Target{*findIsa(cpu->isa), *cpu};
}
