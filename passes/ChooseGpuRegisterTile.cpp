// The tile of a direct convolution on a GPU whose threads read what they multiply themselves, by the
// cache: a thread sums a few channels at a few pixels in its registers.
#include "passes/GpuChoices.h"

using namespace mlir;
using namespace incc;

/// Sums of a thread that registers hold, with what they are made of.
static constexpr int64_t kMostSums = 64;
/// Channels that a thread reads weights of, by vectors where there are so many.
static constexpr int64_t kLeastThreadChannels = 4, kMostThreadChannels = 8;
static constexpr int64_t kMostThreadPixels = 8;
static constexpr int64_t kMostThreads = 256;

/// Cycles of the blocks of the busiest multiprocessor one after another.
static double modelCycles(const ConvShape &shape, const GpuConvConfig &config, const Gpu &gpu) {
  GpuConvTiles tiles(shape, config);
  auto sums = static_cast<double>(config.threadChannels * config.threadPixels);
  // Beside its multiply-adds a thread loads each pixel, tests whether it is there, and loads weights
  // by vectors; a few instructions are addresses and the loop's.
  constexpr double kLoop = 4, kInstructionsOfPixel = 2;
  constexpr int64_t kVector = 4;
  double others = kInstructionsOfPixel * static_cast<double>(config.threadPixels) +
                  static_cast<double>(ceilDiv(config.threadChannels, kVector)) + kLoop;
  int64_t perProcessor = ceilDiv(tiles.blocks, gpu.multiprocessors);
  int64_t warps = ceilDiv(config.threads(), kWarpThreads);
  // A scheduler's warps wait for what they loaded for a few steps, and fill each other's waiting. As many
  // are there as registers allow: for the sums, what is loaded, and others, as ptxas uses them.
  constexpr double kSchedulers = 4, kSteps = 4, kWaitCycles = 100, kOtherRegisters = 40;
  double registers = sums + kOtherRegisters +
                     kSteps * static_cast<double>(config.threadChannels + config.threadPixels);
  double resident = std::min(static_cast<double>(perProcessor * warps),
                             gpu.registers / (kWarpThreads * registers));
  double issued = kSteps * (sums + others);
  double busy = std::min(1.0, resident / kSchedulers * issued / (issued + kWaitCycles));
  double speed = gpu.fmasPerCycle * sums / (sums + others) * busy;
  double block = static_cast<double>(tiles.inChannels * tiles.taps * warps * kWarpThreads) * sums;
  // What a block costs before its first and after its last step.
  constexpr double kBlockCycles = 900;
  return static_cast<double>(perProcessor) * (block / speed + kBlockCycles);
}

GpuConvConfig incc::chooseRegisterTile(const ConvShape &shape, const Gpu &gpu) {
  GpuConvConfig best;
  double bestCycles = std::numeric_limits<double>::infinity();
  auto channels = static_cast<int64_t>(llvm::PowerOf2Ceil(shape.outChannelsPerGroup()));
  int64_t pixels = shape.out.h() * shape.out.w();
  // Neighbouring threads have neighbouring pixels, as many as a row of memory has floats.
  constexpr int64_t kLeastPixelThreads = 16;
  for (int64_t threadChannels = std::min(kMostThreadChannels, channels);
       threadChannels >= std::min(kLeastThreadChannels, channels); threadChannels /= 2)
    for (int64_t threadPixels = kMostThreadPixels; threadPixels >= 1; threadPixels /= 2)
      for (int64_t across = kLeastPixelThreads; across <= kMostThreads; across *= 2)
        for (int64_t down = 1; down * across <= kMostThreads; down *= 2) {
          if (threadChannels * threadPixels > kMostSums || down * threadChannels > channels ||
              down * across < kWarpThreads ||
              (across > kWarpThreads && across * threadPixels >= 2 * pixels))
            continue;
          GpuConvConfig config;
          config.algorithm = GpuConvAlgorithm::direct;
          config.threadChannels = threadChannels;
          config.threadPixels = threadPixels;
          config.tileChannels = threadChannels * down;
          config.tilePixels = threadPixels * across;
          double cycles = modelCycles(shape, config, gpu);
          if (cycles < bestCycles) {
            best = config;
            bestCycles = cycles;
          }
        }
  return best;
}
