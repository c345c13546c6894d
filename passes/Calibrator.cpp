// Samples of what layers read, and errors of a network's outputs.
#include "passes/Calibrator.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace incc;

PatchSampler::PatchSampler(Value input, const ConvGeometry &geometry)
    : input(input), geometry(geometry), output(geometry.output()) {}

void PatchSampler::sample(ArrayRef<float> values, size_t numRuns) {
  // Half of them choose, the others measure: more than the largest layers have unknowns, in 40 MB.
  constexpr int64_t kPatches = 4096, kMostFloats = 10 << 20;
  int64_t patchFloats = geometry.filter[1] * geometry.filter[2] * geometry.filter[3];
  int64_t wanted = std::min(kPatches, kMostFloats / patchFloats);
  for (int64_t i = ceilDiv(wanted, static_cast<int64_t>(numRuns)); i > 0; --i) {
    int64_t n = random() % output[0], y = random() % output[2], x = random() % output[3];
    take(values, n, y, x);
  }
}

void PatchSampler::take(ArrayRef<float> values, int64_t n, int64_t y, int64_t x) {
  ArrayRef<int64_t> in = geometry.input, filter = geometry.filter;
  for (int64_t c = 0; c < in[1]; ++c)
    for (int64_t i = 0; i < filter[2]; ++i)
      for (int64_t j = 0; j < filter[3]; ++j) {
        int64_t row = y * geometry.strides[0] + i * geometry.dilations[0] - geometry.pads[0];
        int64_t column = x * geometry.strides[1] + j * geometry.dilations[1] - geometry.pads[1];
        bool isInside = row >= 0 && row < in[2] && column >= 0 && column < in[3];
        patches.push_back(isInside ? values[((n * in[1] + c) * in[2] + row) * in[3] + column]
                                   : 0.0f);
      }
}

/// Appends results to `function`, without names.
static void addResults(func::FuncOp function, ValueRange values) {
  auto returnOp = cast<func::ReturnOp>(function.getBody().front().getTerminator());
  returnOp.getOperandsMutable().append(values);
  // The new results have no attributes: names that others have would clash.
  function.removeResAttrsAttr();
  function.setFunctionType(FunctionType::get(function.getContext(), function.getArgumentTypes(),
                                             returnOp.getOperandTypes()));
}

LogicalResult Calibrator::observe(MutableArrayRef<PatchSampler> samplers) {
  IRMapping mapping;
  OwningOpRef<func::FuncOp> clone(cast<func::FuncOp>(function->clone(mapping)));
  addResults(*clone, llvm::map_to_vector(samplers, [&](const PatchSampler &sampler) {
    return mapping.lookup(sampler.input);
  }));
  size_t numResults = function.getNumResults();
  results.clear();
  return options.run(*clone, [&](ArrayRef<std::vector<float>> values) {
    results.emplace_back(values.begin(), values.begin() + numResults);
    for (auto [sampler, observed] : llvm::zip_equal(samplers, values.drop_front(numResults)))
      sampler.sample(observed, options.numRuns);
  });
}

FailureOr<double> Calibrator::errorOf(OwningOpRef<func::FuncOp> changed) {
  struct Sums {
    double differences = 0, squares = 0;
  };
  std::vector<Sums> sums(function.getNumResults());
  size_t run = 0;
  if (failed(options.run(*changed, [&](ArrayRef<std::vector<float>> values) {
        for (auto [sum, was, is] : llvm::zip_equal(sums, results[run], values))
          for (auto [a, b] : llvm::zip_equal(was, is)) {
            sum.differences += (double(a) - b) * (double(a) - b);
            sum.squares += double(a) * a;
          }
        ++run;
      })))
    return failure();
  double worst = 0;
  for (const Sums &sum : sums)
    worst = std::max(worst, sum.squares > 0 ? std::sqrt(sum.differences / sum.squares) : 0);
  return worst;
}
