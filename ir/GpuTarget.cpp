// The table of GPUs. A new one is a new row.
#include "ir/GpuTarget.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace incc;

// NVIDIA's whitepapers and the CUDA programming guide ("Compute Capabilities"): A100 SXM4, RTX
// 3090, RTX 4090, H100 SXM5.
static constexpr Gpu kGpus[] = {
    // name   PTX      SMs  FMAs: float32, tf32; shared: block, SM   registers   MHz   GB/s
    {"sm_80", "+ptx70", 108, 64, 512, 163 << 10, 164 << 10, 64 << 10, 1410, 1555},
    {"sm_86", "+ptx71", 82, 128, 128, 99 << 10, 100 << 10, 64 << 10, 1695, 936},
    {"sm_89", "+ptx78", 128, 128, 128, 99 << 10, 100 << 10, 64 << 10, 2520, 1008},
    // Of the data sheet's 1024 multiply-adds mma.sync reaches some 60% (Luo et al. 2024).
    {"sm_90", "+ptx78", 132, 128, 640, 227 << 10, 228 << 10, 64 << 10, 1830, 3350},
};

llvm::ArrayRef<Gpu> incc::allGpus() { return kGpus; }

llvm::Expected<Gpu> Gpu::lookup(llvm::StringRef mcpu) {
  const Gpu *gpu = llvm::find_if(kGpus, [&](const Gpu &row) { return row.name == mcpu; });
  if (gpu != std::end(kGpus))
    return *gpu;
  auto names = llvm::map_range(kGpus, [](const Gpu &row) { return row.name; });
  return llvm::createStringError((mcpu.empty()
                                      ? "--target cuda needs --mcpu"
                                      : "unknown --mcpu '" + mcpu.str() + "' for --target cuda") +
                                 "; supported are " + llvm::join(names, ", "));
}

void incc::printGpus(llvm::raw_ostream &os) {
  for (const Gpu &gpu : kGpus)
    os << llvm::formatv("{0,-9} {1,-16} {2,-12}  {3,6}  {4,12}  {5,3:f1}  {6}\n", "cuda", gpu.name,
                        gpu.ptxFeature.drop_front(), gpu.fmasPerCycle, gpu.multiprocessors,
                        gpu.clockMHz / 1e3, "a driver that runs kernels on the CPU");
}
