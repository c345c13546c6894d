// Measures what the machine can do, as a yardstick.
#include "tools/incc-bench/Machine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

using namespace incc;
using Clock = std::chrono::steady_clock;

/// Keeps the compiler from knowing `value`, or from dropping what leads to it.
template <typename T> static void hide(T &value) { asm volatile("" : "+m"(value)); }

// One loop for each instruction set: `kChains` chains of multiply-adds, enough to fill two pipes of
// four or five cycles. Each function returns the operations of `iterations` turns.

#define INCC_DEFINE_PEAK_LOOP(name, attributes, lanes, kChains)                                    \
  attributes static double name(int64_t iterations) {                                              \
    typedef float Vector __attribute__((vector_size(lanes * 4)));                                  \
    Vector factor = {}, summand = {}, chain[kChains];                                              \
    hide(factor), hide(summand);                                                                   \
    for (Vector & value : chain)                                                                   \
      value = summand;                                                                             \
    for (int64_t i = 0; i < iterations; ++i) {                                                     \
      _Pragma("clang fp contract(fast)");                                                          \
      _Pragma("clang loop unroll(full)") for (Vector & value : chain) value =                      \
          value * factor + summand;                                                                \
    }                                                                                              \
    for (Vector & value : chain)                                                                   \
      hide(value);                                                                                 \
    return 2.0 * lanes * kChains * iterations;                                                     \
  }

#ifdef __x86_64__
INCC_DEFINE_PEAK_LOOP(runAvx512, __attribute__((target("avx512f"))), 16, 16)
INCC_DEFINE_PEAK_LOOP(runAvx2, __attribute__((target("avx2,fma"))), 8, 12)
#endif
INCC_DEFINE_PEAK_LOOP(runGeneric, , 4, 12)

/// Calls `body(thread)` on that many threads at the same time and returns the seconds of the
/// slowest.
template <typename Body> static double timeOnThreads(int threads, Body body) {
  std::atomic<int> ready = 0;
  std::vector<double> seconds(threads);
  auto work = [&](int thread) {
    ++ready;
    while (ready < threads)
      ;
    auto start = Clock::now();
    body(thread);
    seconds[thread] = std::chrono::duration<double>(Clock::now() - start).count();
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; ++thread)
    others.emplace_back(work, thread);
  work(0);
  for (std::thread &other : others)
    other.join();
  return *std::max_element(seconds.begin(), seconds.end());
}

Peak incc::measurePeak(int threads) {
  double (*run)(int64_t) = runGeneric;
  Peak peak;
  peak.isa = "sse2";
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f")) {
    run = runAvx512;
    peak.isa = "avx512";
  } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    run = runAvx2;
    peak.isa = "avx2";
  }
#endif
  constexpr int64_t kIterations = 400000; // about 1 ms
  std::vector<double> trials(20);
  for (double &gflops : trials) {
    std::vector<double> operations(threads);
    double seconds =
        timeOnThreads(threads, [&](int thread) { operations[thread] = run(kIterations); });
    gflops = operations[0] * threads / seconds * 1e-9;
  }
  std::sort(trials.begin(), trials.end());
  peak.gflops = trials.back();
  peak.medianGflops = trials[trials.size() / 2];
  return peak;
}

/// Reads `count` vectors in eight streams of sums.
#define INCC_DEFINE_READ_LOOP(name, attributes, lanes)                                             \
  attributes static void name(const float *data, size_t numFloats) {                               \
    typedef float Vector __attribute__((vector_size(lanes * 4)));                                  \
    Vector sums[8] = {};                                                                           \
    auto *vectors = reinterpret_cast<const Vector *>(data);                                        \
    for (size_t i = 0; i < numFloats / lanes; i += 8)                                              \
      _Pragma("clang loop unroll(full)") for (int j = 0; j < 8; ++j) sums[j] += vectors[i + j];    \
    for (Vector & sum : sums)                                                                      \
      hide(sum);                                                                                   \
  }

#ifdef __x86_64__
INCC_DEFINE_READ_LOOP(readAvx2, __attribute__((target("avx2"))), 8)
#endif
INCC_DEFINE_READ_LOOP(readGeneric, , 4)

double incc::measureBandwidth(int threads) {
  void (*read)(const float *, size_t) = readGeneric;
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2"))
    read = readAvx2;
#endif
  // More than the largest last-level caches, all threads together.
  constexpr size_t kBytes = size_t(512) << 20;
  size_t numFloats = kBytes / sizeof(float) / threads & ~size_t(255);
  size_t numBytes = numFloats * sizeof(float);
  std::vector<std::unique_ptr<float, decltype(&free)>> buffers;
  for (int thread = 0; thread < threads; ++thread) {
    auto *buffer = static_cast<float *>(aligned_alloc(64, numBytes));
    if (!buffer)
      return 0;
    buffers.emplace_back(buffer, free);
  }
  timeOnThreads(threads, [&](int thread) { std::fill_n(buffers[thread].get(), numFloats, 1.0f); });
  double best = 0;
  for (int trial = 0; trial < 5; ++trial) {
    double seconds =
        timeOnThreads(threads, [&](int thread) { read(buffers[thread].get(), numFloats); });
    best = std::max(best, double(numBytes) * threads / seconds * 1e-9);
  }
  return best;
}
