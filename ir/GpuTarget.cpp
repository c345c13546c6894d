// The table of GPUs. A new one is a new row.
#include "ir/GpuTarget.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace incc;

// NVIDIA's whitepapers and the CUDA programming guide ("Compute Capabilities"): A100 SXM4, RTX
// 3090, RTX 4090, H100 SXM5. OpenCL's devices are any: the limits are those that all of today's GPUs
// keep (AMD's work-groups are of 256, Intel's and ARM's local memory is 32 KiB and more), the rest is
// that of a GPU in the middle.
static constexpr Gpu kGpus[] = {
    // name           PTX    SMs  FMAs: float32, tf32; shared: block, SM   registers   MHz   GB/s
    {"cuda", "sm_80", "+ptx70", 108, 64, 512, 163 << 10, 164 << 10, 64 << 10, 1410, 1555},
    {"cuda", "sm_86", "+ptx71", 82, 128, 128, 99 << 10, 100 << 10, 64 << 10, 1695, 936},
    {"cuda", "sm_89", "+ptx78", 128, 128, 128, 99 << 10, 100 << 10, 64 << 10, 2520, 1008},
    // Of the data sheet's 1024 multiply-adds mma.sync reaches some 60% (Luo et al. 2024).
    {"cuda", "sm_90", "+ptx78", 132, 128, 640, 227 << 10, 228 << 10, 64 << 10, 1830, 3350},
    {"opencl", "generic", "", 32, 64, 0, 32 << 10, 64 << 10, 64 << 10, 1500, 400},
};

llvm::ArrayRef<Gpu> incc::allGpus() { return kGpus; }

llvm::Expected<Gpu> Gpu::lookup(llvm::StringRef mcpu, llvm::StringRef api) {
  llvm::SmallVector<Gpu> ofApi(
      llvm::make_filter_range(kGpus, [&](const Gpu &row) { return row.api == api; }));
  if (mcpu.empty() && ofApi.size() == 1)
    return ofApi.front();
  const Gpu *gpu = llvm::find_if(ofApi, [&](const Gpu &row) { return row.name == mcpu; });
  if (gpu != ofApi.end())
    return *gpu;
  auto names = llvm::map_range(ofApi, [](const Gpu &row) { return row.name; });
  std::string target = ("--target " + api).str();
  return llvm::createStringError((mcpu.empty() ? target + " needs --mcpu"
                                               : "unknown --mcpu '" + mcpu.str() + "' for " + target) +
                                 "; supported are " + llvm::join(names, ", "));
}

void incc::printGpus(llvm::raw_ostream &os) {
  for (const Gpu &gpu : kGpus)
    os << llvm::formatv("{0,-9} {1,-16} {2,-12}  {3,6}  {4,12}  {5,3:f1}  {6}\n", gpu.api, gpu.name,
                        gpu.isOpenCl() ? "OpenCL C 1.2" : gpu.ptxFeature.drop_front(),
                        gpu.fmasPerCycle, gpu.multiprocessors, gpu.clockMHz / 1e3,
                        gpu.isOpenCl() ? "PoCL, which runs kernels on the CPU"
                                       : "a driver that runs kernels on the CPU");
}
