// factorize-conv: computes a convolution as two smaller ones in a row.
//
//   conv(x, W: K x C x KH x KW) + b  ->  conv(conv(x, A: R x C x KH x 1), B: K x R x 1 x KW) + b
//
// or rows first, or a 5x5 filter as two of 3x3. Padding of an axis goes with the filter along it:
// what the first convolution makes of zeros is zero. Two 3x3 filters need what lies beyond the
// border as well, so there the first one takes all padding. Bias, residual and activation stay at
// the end.
//
//   1. Every convolution with two dimensions is considered, if its filter is known and not in
//      groups.
//   2. With calibration inputs, the network runs on them: each layer keeps patches that it reads.
//   3. The ways to factorize each layer, by rank, with their errors (SeparableFilter) and their
//      cycles by the model that chooses algorithms later: the rival is the best algorithm for the
//      layer as it is.
//   4. exact: the cheapest way whose error is that of rounding. lowrank: the ways that take the
//      fewest cycles in all, with the error of each, and the root of the sum of their squares, in
//      the budget.
//   5. With calibration inputs it is the network's outputs that must err by no more in all: it runs
//      again as it would be, and step 4 is done with a smaller sum until they do.
#include "ir/DecisionLog.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Threading.h"
#include "passes/Calibrator.h"
#include "passes/Constants.h"
#include "passes/Passes.h"
#include "passes/SeparableFilter.h"
#include "llvm/Support/FormatVariadic.h"

namespace incc {
#define GEN_PASS_DEF_FACTORIZECONVPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;
using namespace incc::cnn;

namespace {
/// A way to factorize a convolution.
struct Way {
  FilterSplit split;
  int64_t rank;
  /// Relative, of the filter or of outputs.
  double error;
  double cycles;
};

/// A convolution that may be factorized.
struct Layer {
  explicit Layer(Conv2dOp conv) : conv(conv), geometry(conv) {}

  Conv2dOp conv;
  ConvGeometry geometry;
  /// What the layer read of calibration inputs.
  std::vector<float> patches;
  /// The decompositions that `ways` refer to.
  std::optional<SeparableFilter> columnsFirst, rowsFirst;
  std::optional<NestedFilter> nested;
  /// The best candidate without factorizing.
  ConvCandidate rival;
  SmallVector<Way> ways;
  /// Index into `ways`.
  std::optional<size_t> chosen;

  std::optional<SeparableFilter> &separable(FilterSplit split) {
    return split == FilterSplit::columnsFirst ? columnsFirst : rowsFirst;
  }
  FilterShape shape() const {
    ArrayRef<int64_t> filter = geometry.filter;
    return {filter[0], filter[1], filter[2], filter[3]};
  }
  double cycles() const { return chosen ? ways[*chosen].cycles : rival.cycles; }
  double error() const { return chosen ? ways[*chosen].error : 0; }
};
} // namespace

/// The two convolutions that a split makes.
static std::pair<ConvGeometry, ConvGeometry> splitConv(const ConvGeometry &conv, FilterSplit split,
                                                       int64_t rank) {
  auto [k, c, kh, kw] =
      std::array<int64_t, 4>{conv.filter[0], conv.filter[1], conv.filter[2], conv.filter[3]};
  auto [firstShape, secondShape] = splitShapes({k, c, kh, kw}, split, rank);
  ConvGeometry first = conv, second = conv;
  first.filter = {firstShape.k, firstShape.c, firstShape.kh, firstShape.kw};
  second.filter = {secondShape.k, secondShape.c, secondShape.kh, secondShape.kw};
  if (split == FilterSplit::nested) {
    first.strides = {1, 1};
    second.pads = {0, 0, 0, 0};
  } else {
    // Axis 0 or 1 is the first one's.
    int axis = split == FilterSplit::columnsFirst ? 0 : 1;
    for (auto [geometry, other] : {std::pair{&first, 1 - axis}, {&second, axis}}) {
      geometry->strides[other] = 1;
      geometry->dilations[other] = 1;
      geometry->pads[other] = geometry->pads[2 + other] = 0;
    }
  }
  second.input = first.output();
  second.isPlanar = false;
  return {first, second};
}

/// The largest rank that leaves fewer multiplications than there are.
static int64_t mostUsefulRank(const ConvGeometry &conv, FilterSplit split) {
  auto [first, second] = splitConv(conv, split, 1);
  return static_cast<int64_t>(std::ceil(conv.macs() / (first.macs() + second.macs()))) - 1;
}

static std::string describe(const ConvGeometry &conv, FilterSplit split, int64_t rank) {
  auto [first, second] = splitConv(conv, split, rank);
  return llvm::formatv("{0}x{1} as {2}x{3} and {4}x{5} through {6} channels", conv.filter[2],
                       conv.filter[3], first.filter[2], first.filter[3], second.filter[2],
                       second.filter[3], rank);
}

/// Why `conv` can't be factorized, or nothing.
static std::optional<StringRef> whyNot(Conv2dOp conv) {
  ArrayRef<int64_t> filter = tensorType(conv.getFilter()).getShape();
  if (filter[2] == 1 || filter[3] == 1)
    return "the filter has one dimension already";
  if (conv.getGroups() != 1)
    return "the filter is in groups: each group would need a factorization of its own";
  if (tensorType(conv.getOutput()).getEncoding())
    return "layouts are assigned already";
  if (!ConstantOperand(conv.getFilter()))
    return "the filter is known only when the network runs";
  return std::nullopt;
}

namespace {
struct FactorizeConvPass : incc::impl::FactorizeConvPassBase<FactorizeConvPass> {
  using FactorizeConvPassBase::FactorizeConvPassBase;
  TuneOptions tune;
  CalibrationOptions calibration;

  void runOnOperation() override {
    std::optional<Goal> goal = readOptions();
    if (!goal)
      return signalPassFailure();
    if (mode == "off")
      return;
    measuredError.reset();
    std::vector<Layer> layers = findLayers();
    Calibrator calibrator(calibration, getOperation());
    if (isCalibrated() && failed(observe(calibrator, layers)))
      return signalPassFailure();
    decompose(layers, *goal);
    if (failed(choose(calibrator, layers)))
      return signalPassFailure();
    if (tune.time)
      keepFaster(layers, *goal);
    report(layers);
    IRRewriter rewriter(&getContext());
    for (Layer &layer : layers)
      if (layer.chosen)
        factorize(rewriter, layer, layer.conv);
  }

private:
  bool isExact() const { return mode == "exact"; }
  bool isCalibrated() const { return !isExact() && calibration.run; }

  std::optional<Goal> readOptions() {
    if (mode != "off" && mode != "exact" && mode != "lowrank")
      getOperation().emitError("mode must be off, exact or lowrank, got '") << mode << "'";
    else if (!(maxError > 0 && maxError < 1))
      getOperation().emitError("max-error must be between 0 and 1, got ") << maxError.getValue();
    else
      return parseGoal(getOperation(), mcpu, threads, accuracy);
    return std::nullopt;
  }

  /// Step 1.
  std::vector<Layer> findLayers() {
    std::vector<Layer> layers;
    getOperation().walk([&](Conv2dOp conv) {
      ArrayRef<int64_t> filter = tensorType(conv.getFilter()).getShape();
      if (filter[2] == 1 && filter[3] == 1)
        return;
      if (std::optional<StringRef> reason = whyNot(conv))
        logDeclined(conv, *reason);
      else
        layers.emplace_back(conv);
    });
    return layers;
  }

  /// Step 2.
  LogicalResult observe(Calibrator &calibrator, MutableArrayRef<Layer> layers) {
    std::vector<PatchSampler> samplers;
    for (Layer &layer : layers)
      samplers.emplace_back(layer.conv.getInput(), layer.geometry);
    if (failed(calibrator.observe(samplers)))
      return failure();
    for (auto [layer, sampler] : llvm::zip_equal(layers, samplers))
      layer.patches = std::move(sampler.patches);
    return success();
  }

  /// Step 3.
  void decompose(MutableArrayRef<Layer> layers, const Goal &goal) {
    // Decompositions take long, and run side by side; the model's plans are made one after the
    // other.
    parallelForEach(&getContext(), layers, [&](Layer &layer) { decompose(layer, goal); });
    for (Layer &layer : layers) {
      layer.rival = estimateConv(&getContext(), layer.geometry, goal);
      for (Way &way : layer.ways) {
        auto [first, second] = splitConv(layer.geometry, way.split, way.rank);
        way.cycles = estimateConv(&getContext(), first, goal).cycles +
                     estimateConv(&getContext(), second, goal).cycles;
      }
    }
  }

  void decompose(Layer &layer, const Goal &goal) {
    ConstantOperand filter(layer.conv.getFilter());
    FilterShape shape = layer.shape();
    layer.nested = findNestedFilter(filter.values(), shape);
    if (layer.nested)
      layer.ways.push_back({FilterSplit::nested, layer.nested->rank, kRoundingError, 0});
    for (FilterSplit split : {FilterSplit::columnsFirst, FilterSplit::rowsFirst}) {
      // Channels come in blocks, so ranks between them would save nothing; a few dozen are enough.
      constexpr int64_t kMostRanks = 24;
      int64_t most = mostUsefulRank(layer.geometry, split), step = 1;
      if (!isExact()) {
        step = goal.target.isa.lanes * ceilDiv(most, goal.target.isa.lanes * kMostRanks);
        most -= most % step;
      } else {
        most = step = findRank(filter.values(), shape, split, most).value_or(0);
      }
      if (most < 1)
        continue;
      SeparableFilter separable(filter.values(), shape, split, most, step, layer.patches);
      for (auto [i, error] : llvm::enumerate(separable.errors())) {
        bool isEnough = error <= (isExact() ? kRoundingError : maxError);
        if (i == 0 || !isEnough)
          continue;
        layer.ways.push_back({split, static_cast<int64_t>(i) * step, error, 0});
        // More would only be slower.
        if (error <= kRoundingError)
          break;
      }
      layer.separable(split).emplace(std::move(separable));
    }
  }

  /// Steps 4 and 5.
  LogicalResult choose(Calibrator &calibrator, MutableArrayRef<Layer> layers) {
    double total = isExact() ? kRoundingError : maxError;
    if (isCalibrated())
      total *= std::sqrt(static_cast<double>(layers.size()));
    for (int round = 0;; ++round) {
      chooseWithin(layers, total);
      bool any = llvm::any_of(layers, [](const Layer &layer) { return layer.chosen.has_value(); });
      if (!isCalibrated() || !any)
        return success();
      FailureOr<double> error = calibrator.errorOf(factorizedClone(layers));
      if (failed(error))
        return failure();
      measuredError = *error;
      if (*error <= maxError)
        return success();
      // Errors grow with the sum, not quite in proportion.
      constexpr int kRounds = 6;
      total = round < kRounds ? 0.9 * total * maxError / *error : 0;
    }
  }

  /// The fewest cycles in all with `total` at most as the root of the sum of the errors' squares:
  /// what a cycle is worth in squares of errors is found by halving.
  void chooseWithin(MutableArrayRef<Layer> layers, double total) {
    auto chooseAt = [&](double cyclesPerSquare) {
      double squares = 0;
      for (Layer &layer : layers) {
        layer.chosen.reset();
        // Ways that are not clearly cheaper are not worth their rounding errors and memory.
        double best = 0.97 * layer.rival.cycles;
        for (auto [i, way] : llvm::enumerate(layer.ways)) {
          double cost = way.cycles + cyclesPerSquare * way.error * way.error;
          if (cost < best) {
            best = cost;
            layer.chosen = i;
          }
        }
        if (layer.error() > kRoundingError)
          squares += layer.error() * layer.error();
      }
      return std::sqrt(squares) <= total;
    };
    if (chooseAt(0))
      return;
    // From nothing to more than any network takes.
    double low = 0, high = 80;
    for (int step = 0; step < 50; ++step) {
      double middle = (low + high) / 2;
      (chooseAt(std::exp(middle)) ? high : low) = middle;
    }
    chooseAt(std::exp(high));
  }

  /// With --tune: drops what is not faster on this machine.
  void keepFaster(MutableArrayRef<Layer> layers, const Goal &goal) {
    int64_t networkBytes = 0;
    getOperation().walk([&](ConstantOp constant) {
      networkBytes += sizeof(float) * constant.getValue().getNumElements();
    });
    for (Layer &layer : layers) {
      if (!layer.chosen)
        continue;
      const Way &way = layer.ways[*layer.chosen];
      auto [first, second] = splitConv(layer.geometry, way.split, way.rank);
      std::vector<double> seconds =
          measureConvs(&getContext(), {layer.geometry, first, second}, goal, tune, networkBytes);
      double before = 1e3 * seconds[0], after = 1e3 * (seconds[1] + seconds[2]);
      auto text = llvm::formatv("{0}: measured {1:f3} -> {2:f3} ms",
                                describe(layer.geometry, way.split, way.rank), before, after);
      if (after < before) {
        logDone(layer.conv, text.str(), {{"ms before", before}, {"ms after", after}});
        continue;
      }
      logDeclined(layer.conv, text.str(), {{"ms before", before}, {"ms after", after}});
      layer.chosen.reset();
    }
  }

  void report(ArrayRef<Layer> layers) {
    double before = 0, after = 0, squares = 0;
    unsigned count = 0;
    for (const Layer &layer : layers) {
      before += layer.rival.cycles;
      after += layer.cycles();
      squares += layer.error() * layer.error();
      count += layer.chosen.has_value();
      logChoice(layer);
    }
    numFactorized += count;
    if (isExact() && count == 0)
      return;
    std::string text =
        llvm::formatv("factorized {0} of {1} convolutions: modelled {2:f2} -> "
                      "{3:f2} Mcycles for these; error {4:e1} by {5}",
                      count, layers.size(), before * 1e-6, after * 1e-6, std::sqrt(squares),
                      isCalibrated() ? "layers' outputs" : "filters");
    if (measuredError)
      text += llvm::formatv(", {0:e1} of the network's outputs", *measuredError);
    emitRemark(getOperation().getLoc(), text);
  }

  void logChoice(const Layer &layer) {
    const Way *way = layer.chosen ? &layer.ways[*layer.chosen] : nullptr;
    // Of those that were not chosen, the cheapest says most.
    if (!way && !layer.ways.empty())
      way = &*llvm::min_element(layer.ways,
                                [](const Way &a, const Way &b) { return a.cycles < b.cycles; });
    if (!way) {
      logDeclined(layer.conv, isExact() ? "the filter is no product of smaller ones"
                                        : "no rank that saves multiplications is within the error");
      return;
    }
    std::string text =
        llvm::formatv("{0} instead of {1}", describe(layer.geometry, way->split, way->rank),
                      incc::describe(layer.rival.config));
    if (!layer.chosen)
      text += isExact() ? " would not be faster" : " is not worth its error";
    auto [first, second] = splitConv(layer.geometry, way->split, way->rank);
    auto log = [&](auto function) {
      function(layer.conv, text,
               {{"rank", static_cast<double>(way->rank)},
                {"error", way->error},
                {"cycles before", layer.rival.cycles},
                {"cycles after", way->cycles},
                {"macs before", layer.geometry.macs()},
                {"macs after", first.macs() + second.macs()}});
    };
    layer.chosen ? log(logDone) : log(logDeclined);
  }

  /// A copy of the function as it would be.
  OwningOpRef<func::FuncOp> factorizedClone(MutableArrayRef<Layer> layers) {
    IRMapping mapping;
    OwningOpRef<func::FuncOp> clone(cast<func::FuncOp>(getOperation()->clone(mapping)));
    IRRewriter rewriter(&getContext());
    for (Layer &layer : layers)
      if (layer.chosen)
        factorize(rewriter, layer, cast<Conv2dOp>(mapping.lookup(layer.conv.getOperation())),
                  /*keepsFilter=*/true);
    return clone;
  }

  /// Replaces `conv`, the layer's or its copy.
  void factorize(RewriterBase &rewriter, Layer &layer, Conv2dOp conv, bool keepsFilter = false) {
    const Way &way = layer.ways[*layer.chosen];
    FilterPair pair = way.split == FilterSplit::nested ? layer.nested->pair
                                                       : layer.separable(way.split)->pair(way.rank);
    auto [first, second] = splitConv(layer.geometry, way.split, way.rank);
    rewriter.setInsertionPoint(conv);
    auto constantOf = [&](const ConvGeometry &geometry, ArrayRef<float> values) {
      return createConstant(rewriter, conv.getLoc(), conv.getFilter(), geometry.filter,
                            [&](MutableArrayRef<float> out) { llvm::copy(values, out.begin()); });
    };
    auto create = [&](const ConvGeometry &geometry, Value input, Value filter, Value bias,
                      Value residual, ActivationAttr act) {
      // Both keep the layer's name, and say which part they are.
      Location loc = NameLoc::get(rewriter.getStringAttr(layerName(conv.getLoc()) + "." +
                                                         Twine(geometry.filter[2]) + "x" +
                                                         Twine(geometry.filter[3])),
                                  conv.getLoc());
      auto type = tensorType(conv.getOutput()).clone(geometry.output());
      return rewriter.create<Conv2dOp>(
          loc, type, input, filter, bias, residual, rewriter.getDenseI64ArrayAttr(geometry.strides),
          rewriter.getDenseI64ArrayAttr(geometry.pads),
          rewriter.getDenseI64ArrayAttr(geometry.dilations), conv.getGroupsAttr(), act);
    };
    Value between = create(first, conv.getInput(), constantOf(first, pair.first), Value(), Value(),
                           ActivationAttr());
    auto last = create(second, between, constantOf(second, pair.second), conv.getBias(),
                       conv.getResidual(), conv.getActAttr());
    ConstantsToErase constants;
    if (!keepsFilter)
      constants.add(conv.getFilter());
    rewriter.replaceOp(conv, last);
    constants.eraseUnused(rewriter);
  }

  std::optional<double> measuredError;
};
} // namespace

std::unique_ptr<Pass> incc::createFactorizeConvPass(const FactorizeConvPassOptions &options,
                                                    const TuneOptions &tune,
                                                    const CalibrationOptions &calibration) {
  auto pass = std::make_unique<FactorizeConvPass>(options);
  pass->tune = tune;
  pass->calibration = calibration;
  return pass;
}
