// Emission of the register-tiled reduction.
#include "backends/llvm/MicroKernel.h"

using namespace mlir;
using namespace incc;

/// Steps unrolled in the innermost loop at most: enough to hide its overhead, few enough that the
/// loop's code stays in the decoded-instruction cache.
static constexpr int64_t kMaxUnroll = 8;

void incc::forEachChunk(KernelBuilder &b, int64_t total, int64_t count,
                        llvm::function_ref<void(const Chunk &)> body) {
  if (count >= total)
    return body({0, total, true, true});
  body({0, count, true, false});
  int64_t lastFirst = (total - 1) / count * count;
  b.loop(count, lastFirst, count, [&](Index first) { body({first, count, false, false}); });
  body({lastFirst, total - lastFirst, false, true});
}

int64_t MicroKernel::numRuns() const {
  int64_t n = 0;
  for (const Part &part : parts)
    n += part.numSteps() / std::max<int64_t>(part.steps.count, 1);
  return n;
}

int64_t MicroKernel::numSteps() const {
  int64_t n = 0;
  for (const Part &part : parts)
    n += part.numSteps();
  return n;
}

void MicroKernel::streamLines(KernelBuilder &b, Value array, Index at, int64_t numLines, Index tile,
                              int64_t numTiles) {
  // More would wait for each other. Where that is not enough, hardware prefetchers follow the reads
  // better alone than beside some of the lines (measured on Zen 4: 3x3 on 14x14 14% faster).
  constexpr int64_t kMaxLinesPerRun = 16;
  int64_t runs = numRuns();
  int64_t linesPerRun = ceilDiv(numLines, numTiles * runs);
  if (linesPerRun > kMaxLinesPerRun)
    return;
  stream = {array, at, b.mul(tile, runs), linesPerRun};
}

namespace {
/// The inputs of a run of unrolled steps, each in all lanes of a vector. Where a multiply-add can take
/// a lane of its operand, several come with one load: a lane that is only broadcast to be
/// multiplied costs nothing.
class BroadcastInputs {
public:
  /// `offsets` are what will be asked for, relative to `at`.
  BroadcastInputs(KernelBuilder &b, Value array, Index at, SmallVector<int64_t> offsets)
      : b(b), array(array), at(at) {
    llvm::sort(offsets);
    // Vectors end with the last input at the latest: behind it there may be no memory.
    int64_t lastFirst = offsets.back() - b.lanes + 1;
    if (!b.target.isa.isNeon || lastFirst < offsets.front())
      return;
    for (int64_t offset : offsets)
      if (firsts.empty() || offset >= firsts.back() + b.lanes)
        firsts.push_back(std::min(offset, lastFirst));
    vectors.resize(firsts.size());
  }

  Value get(int64_t offset) {
    if (firsts.empty())
      return b.loadBroadcast(array, b.add(at, offset));
    size_t i = llvm::upper_bound(firsts, offset) - firsts.begin() - 1;
    if (!vectors[i])
      vectors[i] = b.loadVector(array, b.add(at, firsts[i]));
    return b.broadcastLane(vectors[i], offset - firsts[i]);
  }

private:
  KernelBuilder &b;
  Value array;
  Index at;
  /// The first offset of each vector, ascending; none: inputs are loaded one by one.
  SmallVector<int64_t> firsts;
  /// Loaded when they are first asked for.
  KernelBuilder::Values vectors;
};

/// The state that the nested loops of one part pass down.
struct PartEmitter {
  KernelBuilder &b;
  const MicroKernel &kernel;
  const MicroKernel::Part &part;
  Value input, weights;

  using Values = KernelBuilder::Values;

  int64_t blockStride() const {
    return kernel.weightsBlockStride ? kernel.weightsBlockStride : b.lanes;
  }

  /// One step: every pixel times every block. The operand with fewer values stays in registers; that
  /// is the inputs where they are lanes of vectors.
  void step(BroadcastInputs &inputs, int64_t inputOffset, Index weightsAt, Values &acc) {
    int64_t numPixels = kernel.pixelOffsets.size(), numBlocks = kernel.numBlocks;
    auto block = [&](int64_t j) {
      return b.loadVector(weights, b.add(weightsAt, j * blockStride()));
    };
    auto pixel = [&](int64_t p) {
      return inputs.get(kernel.pixelOffsets[p] + inputOffset);
    };
    auto multiply = [&](int64_t p, int64_t j, Value x, Value w) {
      Value &a = acc[p * numBlocks + j];
      a = b.fma(x, w, a);
    };
    if (numBlocks <= numPixels && !b.target.isa.isNeon) {
      Values held;
      for (int64_t j = 0; j < numBlocks; ++j)
        held.push_back(block(j));
      for (int64_t p = 0; p < numPixels; ++p) {
        Value x = pixel(p);
        for (int64_t j = 0; j < numBlocks; ++j)
          multiply(p, j, x, held[j]);
      }
      return;
    }
    Values held;
    for (int64_t p = 0; p < numPixels; ++p)
      held.push_back(pixel(p));
    for (int64_t j = 0; j < numBlocks; ++j) {
      Value w = block(j);
      for (int64_t p = 0; p < numPixels; ++p)
        multiply(p, j, held[p], w);
    }
  }

  /// Steps [0, count) from the given places on.
  Values steps(Index inputAt, Index weightsAt, Values acc) {
    const MicroKernel::Part::Loop &s = part.steps;
    int64_t stepWidth = kernel.stepWidth(b.lanes);
    auto unrolled = [&](Index first, int64_t count, Values values) {
      Index in = b.add(inputAt, b.mul(first, s.inputStride));
      Index w = b.add(weightsAt, b.mul(first, stepWidth));
      SmallVector<int64_t> offsets;
      for (int64_t i = 0; i < count; ++i)
        for (int64_t pixel : kernel.pixelOffsets)
          offsets.push_back(pixel + i * s.inputStride);
      BroadcastInputs inputs(b, input, in, offsets);
      for (int64_t i = 0; i < count; ++i) {
        step(inputs, i * s.inputStride, b.add(w, i * stepWidth), values);
      }
      return values;
    };
    int64_t whole = s.count / kMaxUnroll * kMaxUnroll;
    if (s.count <= kMaxUnroll + kMaxUnroll / 2) // a short loop is unrolled whole
      whole = 0;
    acc = b.loop(0, whole, kMaxUnroll, acc,
                 [&](Index i, Values values) { return unrolled(i, kMaxUnroll, values); });
    return whole < s.count ? unrolled(whole, s.count - whole, acc) : acc;
  }

  /// What the run that starts here prefetches for later.
  void prefetchAhead(Index inputAt, Index run) {
    if (kernel.stream) {
      Index first = b.mul(b.add(kernel.stream->run, run), kernel.stream->linesPerRun);
      for (int64_t i = 0; i < kernel.stream->linesPerRun; ++i)
        b.prefetch(kernel.stream->array,
                   b.add(kernel.stream->at, b.mul(b.add(first, i), kLineFloats)), /*toL1=*/false);
    }
    for (int64_t offset : kernel.inputAhead)
      b.prefetch(input, b.add(inputAt, offset), /*toL1=*/false);
  }

  /// `run` counts the runs of steps before this place.
  Values nest(unsigned depth, Index inputAt, Index weightsAt, Index run, Values acc) {
    if (depth == part.loops.size()) {
      prefetchAhead(inputAt, run);
      return steps(inputAt, weightsAt, acc);
    }
    int64_t runsInside = 1;
    for (unsigned d = depth + 1; d < part.loops.size(); ++d)
      runsInside *= part.loops[d].count;
    int64_t weightsStride = runsInside * part.steps.count * kernel.stepWidth(b.lanes);
    return b.loop(0, part.loops[depth].count, 1, acc, [&](Index i, Values values) {
      return nest(depth + 1, b.add(inputAt, b.mul(i, part.loops[depth].inputStride)),
                  b.add(weightsAt, b.mul(i, weightsStride)), b.add(run, b.mul(i, runsInside)),
                  values);
    });
  }
};
} // namespace

KernelBuilder::Values MicroKernel::emit(KernelBuilder &b, Value input, Index inputAt, Value weights,
                                        Index weightsAt, KernelBuilder::Values acc) const {
  int64_t run = 0;
  for (const Part &part : parts) {
    if (part.numSteps() == 0)
      continue;
    acc = PartEmitter{b, *this, part, input, weights}.nest(0, b.add(inputAt, part.inputOffset),
                                                           weightsAt, run, acc);
    weightsAt = b.add(weightsAt, part.numSteps() * stepWidth(b.lanes));
    run += part.numSteps() / part.steps.count;
  }
  return acc;
}
