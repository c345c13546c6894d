// incc-run: runs a compiled model on arrays or pictures.
#include "tools/incc-run/MeasuredReport.h"
#include "tools/support/Image.h"
#include "tools/support/LoadedModel.h"
#include "tools/support/Npy.h"
#include "tools/support/OptionParser.h"
#include "tools/support/Preprocess.h"
#include "tools/support/ProfileTable.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/WithColor.h"

#include <chrono>
#include <climits>
#include <cmath>
#include <numeric>

using namespace incc;
using namespace llvm;

namespace {

struct Options {
  std::string model;
  std::vector<std::string> arrays, images;
  std::string output;
  /// The folder of a report to complete.
  std::string report;
  /// Not given: 5, or none where an output file is written.
  int top = -1;
  int threads = 0, repeat = 1;
  bool profile = false, slowestFirst = false;

  /// True if steps are measured.
  bool measuresSteps() const { return profile || !report.empty(); }
  unsigned topCount() const { return top < 0 ? 5 : top; }
};

Expected<Options> parseOptions(int argc, char **argv) {
  Options options;
  OptionParser parser(
      "incc-run MODEL.so [IMAGE.png|IMAGE.jpg|INPUT.npy]... [options]",
      "Pictures are prepared as the model file says and classified one by one. Without input the\n"
      "model runs on noise, to be timed.");
  parser.list("input", "F.npy", options.arrays,
              "an input array of float32 or float64; once per input of the model, in its order");
  parser.text("output", "F.npy", options.output, "write the outputs to F.npy, F_1.npy, ...");
  parser.number("top", options.top, 0, INT_MAX, "print the N best classes (default 5; 0: none)");
  parser.number("threads", options.threads, 0, 1024, "threads of a run (default 0: all cores)");
  parser.number("repeat", options.repeat, 1, INT_MAX,
                "run N times after a warm-up and print the least and the median time");
  parser.flag("profile", options.profile, "print where the time went, layer by layer");
  parser.flag("slowest-first", options.slowestFirst, "sort the profile by time");
  parser.text("report", "DIR", options.report,
              "measure every layer and add the times to the report that incc --report DIR wrote");
  std::vector<std::string> arguments;
  if (Error error = parser.parse(argc, argv, arguments))
    return std::move(error);
  if (arguments.empty())
    return makeError("expected a model library made by incc (.so); see incc-run --help");
  options.model = arguments.front();
  for (const std::string &file : llvm::drop_begin(arguments)) {
    // By content: a picture may be called anything.
    ErrorOr<std::unique_ptr<MemoryBuffer>> start = MemoryBuffer::getFileSlice(file, 6, 0);
    bool isArray = start && (*start)->getBuffer().starts_with("\x93NUMPY");
    (isArray ? options.arrays : options.images).push_back(file);
  }
  if (!options.arrays.empty() && !options.images.empty())
    return makeError("expected either arrays or images, got '" + options.arrays.front() +
                     "' and '" + options.images.front() + "'");
  return options;
}

double median(std::vector<double> values) {
  size_t half = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + half, values.end());
  double upper = values[half];
  if (values.size() % 2)
    return upper;
  return (upper + *std::max_element(values.begin(), values.begin() + half)) / 2;
}

/// Runs the model as often as the options say and keeps the times.
class Runner {
public:
  Runner(const Options &options, RunningModel &running) : options(options), running(running) {}

  Error run(ArrayRef<const float *> inputs) {
    // What the first run pays once (page faults, sleeping threads) is not the model's time.
    bool warmUp = times.empty() && (options.repeat > 1 || options.measuresSteps());
    if (warmUp)
      if (Error error = running.run(inputs))
        return error;
    if (warmUp && options.measuresSteps())
      if (Error error = running.setProfile(true))
        return error;
    for (int i = 0; i < options.repeat; ++i) {
      auto start = std::chrono::steady_clock::now();
      if (Error error = running.run(inputs))
        return error;
      std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
      times.push_back(elapsed.count());
    }
    return Error::success();
  }

  std::vector<double> times;

private:
  const Options &options;
  RunningModel &running;
};

/// Prints the best classes of one row of scores.
void printTop(const LoadedModel &model, ArrayRef<float> scores, unsigned count, raw_ostream &os) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  count = std::min<size_t>(count, scores.size());
  // NaN would break the order's rules: it counts as the least.
  auto key = [&](size_t i) { return std::isnan(scores[i]) ? -INFINITY : scores[i]; };
  std::partial_sort(order.begin(), order.begin() + count, order.end(),
                    [&](size_t a, size_t b) { return key(a) != key(b) ? key(a) > key(b) : a < b; });
  double least = 0, most = 0;
  for (float score : scores) {
    least = std::min<double>(least, score);
    most = std::max<double>(most, score);
  }
  // Sigmoid outputs are probabilities as well, but of independent labels: they need no softmax.
  bool isProbability = least >= 0 && most <= 1;
  double exponentials = 0;
  for (float score : scores)
    exponentials += std::exp(score - key(order.front()));
  for (unsigned i = 0; i < count; ++i) {
    size_t index = order[i];
    std::string label = static_cast<int64_t>(index) < model->num_labels
                            ? model->labels[index]
                            : "class " + std::to_string(index);
    os << "  ";
    if (isProbability)
      os << format("%6.2f%%  ", 100.0 * scores[index]);
    else
      os << format("%6.2f%%  (score %.4g)  ",
                   100 * std::exp(scores[index] - key(order.front())) / exponentials,
                   scores[index]);
    WithColor(os, i ? raw_ostream::SAVEDCOLOR : raw_ostream::GREEN) << label << '\n';
  }
}

/// An output whose rows are scores of classes: N x K, or N x K x 1 x 1.
bool isScores(const incc_tensor_desc &output) {
  return output.rank >= 2 && output.dims[0] > 0 && output.dims[1] > 1 &&
         output.elements == output.dims[0] * output.dims[1];
}

void printSummary(const incc_tensor_desc &desc, ArrayRef<float> values, raw_ostream &os) {
  double least = INFINITY, most = -INFINITY, sum = 0;
  for (float value : values) {
    least = std::min<double>(least, value);
    most = std::max<double>(most, value);
    sum += value;
  }
  os << desc.name << ": " << formatDims(dimsOf(desc))
     << format(", least %.6g, mean %.6g, largest %.6g\n", least, sum / values.size(), most);
}

/// F.npy for the first output, F_1.npy, F_2.npy, ... for the others.
std::string outputPath(StringRef path, size_t index) {
  if (index == 0)
    return path.str();
  StringRef extension = sys::path::extension(path);
  return (path.drop_back(extension.size()) + "_" + Twine(index) + extension).str();
}

class Tool {
public:
  Tool(Options options, LoadedModel model, RunningModel running)
      : options(std::move(options)), model(model), running(std::move(running)),
        runner(this->options, this->running), collected(model.outputs().size()) {}

  Error run() {
    if (Error error = options.images.empty() ? runArrays() : runImages())
      return error;
    if (!options.output.empty())
      if (Error error = writeOutputs())
        return error;
    printTimes();
    if (!options.measuresSteps())
      return Error::success();
    Expected<std::vector<double>> profile = running.profile();
    if (!profile)
      return profile.takeError();
    if (options.profile) {
      outs() << '\n';
      printProfile(model, *profile, /*roofline=*/{}, options.slowestFirst, outs());
    }
    if (options.report.empty())
      return Error::success();
    if (Error error = addToReport(
            options.report, model,
            {*profile, median(runner.times), running.numThreads(), runner.times.size()}))
      return error;
    outs() << "added the times to " << options.report << "/report.html\n";
    return Error::success();
  }

private:
  Error runArrays() {
    ArrayRef<incc_tensor_desc> inputs = model.inputs();
    std::vector<std::vector<float>> arrays;
    std::vector<const float *> pointers;
    if (!options.arrays.empty() && options.arrays.size() != inputs.size())
      return makeError("the model expects " + Twine(inputs.size()) + " inputs, got " +
                       Twine(options.arrays.size()));
    for (auto [index, input] : enumerate(inputs)) {
      if (options.arrays.empty()) {
        arrays.push_back(makeNoise(input.elements));
      } else {
        Expected<NpyArray> array = readNpy(options.arrays[index], dimsOf(input));
        if (!array)
          return array.takeError();
        arrays.push_back(std::move(array->values));
      }
      pointers.push_back(arrays.back().data());
    }
    if (Error error = runner.run(pointers))
      return error;
    collect(model.batch());
    if (options.arrays.empty())
      outs() << "no input given: the model ran on noise\n";
    if (!options.output.empty() && options.top < 0)
      return Error::success();
    for (auto [desc, values] : zip_equal(model.outputs(), running.outputs))
      printSummary(desc, values, outs());
    const incc_tensor_desc &first = model.outputs().front();
    for (int64_t row = 0; options.topCount() && isScores(first) && row < first.dims[0]; ++row) {
      if (first.dims[0] > 1)
        outs() << "image " << row << ":\n";
      printTop(model, scoresOf(row), options.topCount(), outs());
    }
    return Error::success();
  }

  /// Classifies the images, a batch at a time; what is missing of the last batch repeats its first.
  Error runImages() {
    if (model.inputs().size() != 1)
      return makeError("images can only be given to a model with one input, got " +
                       Twine(model.inputs().size()));
    const incc_tensor_desc &input = model.inputs().front(), &first = model.outputs().front();
    Expected<Preprocess> preprocess = Preprocess::parse(model->preprocess_json, dimsOf(input));
    if (!preprocess)
      return preprocess.takeError();
    int64_t batch = input.dims[0], imageElements = input.elements / batch;
    std::vector<float> array(input.elements);
    for (size_t start = 0; start < options.images.size(); start += batch) {
      auto names = ArrayRef(options.images).drop_front(start);
      names = names.take_front(std::min<size_t>(names.size(), batch));
      for (auto [row, name] : enumerate(names)) {
        Expected<Image> image = readImage(name);
        if (!image)
          return image.takeError();
        if (Error error = preprocess->apply(std::move(*image), dimsOf(input),
                                            array.data() + row * imageElements))
          return makeError("'" + name + "': " + toString(std::move(error)));
      }
      for (int64_t row = names.size(); row < batch; ++row)
        std::copy_n(array.data(), imageElements, array.data() + row * imageElements);
      const float *pointer = array.data();
      if (Error error = runner.run(pointer))
        return error;
      collect(names.size());
      for (auto [row, name] : enumerate(names)) {
        WithColor(outs(), raw_ostream::SAVEDCOLOR, /*Bold=*/true) << name << '\n';
        if (isScores(first) && first.dims[0] == batch)
          printTop(model, scoresOf(row), options.topCount(), outs());
        else
          printSummary(first, running.outputs.front(), outs());
      }
    }
    return Error::success();
  }

  ArrayRef<float> scoresOf(int64_t row) const {
    int64_t count = model.outputs().front().dims[1];
    return ArrayRef(running.outputs.front()).slice(row * count, count);
  }

  /// Keeps the first `rows` rows of what a run gave.
  void collect(int64_t rows) {
    if (options.output.empty())
      return;
    for (auto [desc, values, all] : zip_equal(model.outputs(), running.outputs, collected)) {
      int64_t count = desc.rank && desc.dims[0] == model.batch()
                          ? desc.elements / desc.dims[0] * rows
                          : desc.elements;
      all.insert(all.end(), values.begin(), values.begin() + count);
    }
  }

  Error writeOutputs() {
    for (auto [index, desc] : enumerate(model.outputs())) {
      std::string path = outputPath(options.output, index);
      SmallVector<int64_t> shape(dimsOf(desc));
      // Images beyond a batch add rows.
      if (!shape.empty() && desc.elements)
        shape[0] = collected[index].size() / (desc.elements / shape[0]);
      if (Error error = writeNpy(path, shape, collected[index]))
        return error;
      outs() << "wrote " << path << ": " << desc.name << ", " << formatDims(shape) << '\n';
    }
    return Error::success();
  }

  void printTimes() {
    double least = *std::min_element(runner.times.begin(), runner.times.end());
    int threads = running.numThreads();
    outs() << format("%.3f ms", median(runner.times));
    if (runner.times.size() > 1)
      outs() << format(" (median of %zu runs, least %.3f ms)", runner.times.size(), least);
    outs() << ", " << threads << (threads == 1 ? " thread, " : " threads, ") << model->name
           << " for " << model->target << '\n';
  }

  static std::vector<float> makeNoise(int64_t count) {
    std::vector<float> values(count);
    uint32_t state = 1; // a linear congruential generator: the same noise everywhere
    for (float &value : values) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<float>(state >> 8) / (1 << 23) - 1;
    }
    return values;
  }

  Options options;
  LoadedModel model;
  RunningModel running;
  Runner runner;
  std::vector<std::vector<float>> collected;
};

} // namespace

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  Expected<Options> options = parseOptions(argc, argv);
  if (!options)
    return report("incc-run", options.takeError());
  Expected<LoadedModel> model = LoadedModel::open(options->model);
  if (!model)
    return report("incc-run", model.takeError());
  Expected<RunningModel> running = RunningModel::create(*model, options->threads);
  if (!running)
    return report("incc-run", running.takeError());
  Tool tool(std::move(*options), *model, std::move(*running));
  if (Error error = tool.run())
    return report("incc-run", std::move(error));
  outs().flush();
  if (outs().has_error()) {
    outs().clear_error();
    return report("incc-run", makeError("can't write the results: the disk or pipe is full"));
  }
  return 0;
}
