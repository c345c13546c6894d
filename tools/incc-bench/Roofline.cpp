// The least time that a layer can take on this machine.
#include "tools/incc-bench/Roofline.h"

#include <algorithm>

double incc::rooflineMs(double flops, double bytes, const Peak &peak, double gigabytesPerSecond) {
  double computing = peak.gflops > 0 ? flops / peak.gflops * 1e-6 : 0;
  double moving = gigabytesPerSecond > 0 ? bytes / gigabytesPerSecond * 1e-6 : 0;
  return std::max(computing, moving);
}
