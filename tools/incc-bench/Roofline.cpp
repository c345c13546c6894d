// The least time that a layer can take on this machine.
#include "tools/incc-bench/Roofline.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace incc;
using namespace llvm;

std::vector<double> incc::rooflineMs(const LoadedModel &model, ArrayRef<double> bytes,
                                     const Peak &peak, double gigabytesPerSecond) {
  std::vector<double> milliseconds;
  for (auto [index, step] : enumerate(model.steps())) {
    double computing = peak.gflops > 0 ? step.flops / peak.gflops * 1e-6 : 0;
    double moving =
        bytes.empty() || gigabytesPerSecond <= 0 ? 0 : bytes[index] / gigabytesPerSecond * 1e-6;
    milliseconds.push_back(std::max(computing, moving));
  }
  return milliseconds;
}
