// Counter-based random weights under which activations stay moderate at any depth.
#include "frontend/weights/RandomWeights.h"

#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"

#include <cmath>

using namespace llvm;
using namespace incc;
using namespace incc::weights;

/// The output function of SplitMix64 (Steele, Lea, Flood 2014).
static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

namespace {
struct Distribution {
  double mean, deviation;
};
} // namespace

/// Filters are He-normal (2 / fan-in). With batch normalisation's gamma near 0.6 a residual block
/// of three convolutions adds 2 * 0.6^6 = 0.09 of its input's variance, so that fifty of them grow
/// it by less than a hundred; beta at 0.3 keeps plain chains, where each layer passes on 0.36 of
/// it, from fading.
static Distribution distribution(ParameterKind kind, ArrayRef<int64_t> shape) {
  switch (kind) {
  case ParameterKind::filter: {
    int64_t fanIn = 1;
    for (int64_t dim : shape.drop_front())
      fanIn *= dim;
    return {0, std::sqrt(2.0 / static_cast<double>(std::max<int64_t>(fanIn, 1)))};
  }
  case ParameterKind::bias:
    return {0, 0.1};
  case ParameterKind::gamma:
    return {0.6, 0.05};
  case ParameterKind::beta:
    return {0.3, 0.1};
  case ParameterKind::mean:
    return {0, 0.1};
  case ParameterKind::variance:
    return {1, 0.05};
  }
  llvm_unreachable("unknown kind of parameter");
}

void weights::fillRandom(MutableArrayRef<float> values, ParameterKind kind, StringRef name,
                         ArrayRef<int64_t> shape, uint64_t seed) {
  Distribution normal = distribution(kind, shape);
  // The sum of four uniform 16-bit integers: mean 2 * 65535, variance 4 * (2^32 - 1) / 12. Near
  // enough to normal, with tails cut at 3.46 deviations, and exact in float32: 24 bits suffice.
  float scale = static_cast<float>(normal.deviation / std::sqrt((0x1p32 - 1) / 3));
  float mean = static_cast<float>(normal.mean);
  uint64_t key = mix(seed ^ xxHash64(name));
  for (size_t i = 0; i < values.size(); ++i) {
    uint64_t bits = mix(key + i * 0x9e3779b97f4a7c15);
    int sum = static_cast<int>(bits & 0xffff) + static_cast<int>(bits >> 16 & 0xffff) +
              static_cast<int>(bits >> 32 & 0xffff) + static_cast<int>(bits >> 48);
    values[i] = mean + static_cast<float>(sum - 2 * 65535) * scale;
  }
}
