// The least time that a layer can take on this machine.
#include "tools/incc-bench/Roofline.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

#include <algorithm>

using namespace incc;
using namespace llvm;

/// 4 * 1 * 64 * 7 * 7 for what begins with "1x64x7x7xf32>" or "1x64x7x7, c8".
static double bytesOfShape(StringRef text) {
  double bytes = sizeof(float);
  for (uint64_t dim; !text.consumeInteger(10, dim); text.consume_front("x"))
    bytes *= dim;
  return bytes;
}

/// Splits `(%3, %4)`, with which `text` begins.
static SmallVector<StringRef> readOperands(StringRef text) {
  SmallVector<StringRef> names;
  text.take_until([](char c) { return c == ')'; }).drop_front().split(names, ", ");
  return names;
}

Expected<std::vector<double>> incc::readStepBytes(StringRef plan, const LoadedModel &model) {
  // %3 = plan.weights dense_resource<conv1.weight> : tensor<64x3x7x7xf32> at 0
  // plan.kernel "cnn.conv2d"(%2) weights(%3, %4) into(%5) params {...} : (!plan.map<1x3x224x224,
  // ...
  StringMap<double> weights;
  std::vector<double> steps;
  SmallVector<StringRef> lines;
  plan.split(lines, '\n');
  for (StringRef line : lines) {
    line = line.trim();
    auto [name, definition] = line.split(" = ");
    if (definition.starts_with("plan.weights"))
      weights[name] = bytesOfShape(definition.rsplit(": tensor<").second);
    if (!line.starts_with("plan.kernel"))
      continue;
    double bytes = 0;
    SmallVector<StringRef> maps;
    line.split(maps, "!plan.map<");
    for (StringRef map : drop_begin(maps))
      bytes += bytesOfShape(map);
    StringRef operands = line.split(" weights").second;
    if (operands.starts_with("("))
      for (StringRef operand : readOperands(operands))
        bytes += weights.lookup(operand);
    steps.push_back(bytes);
  }
  if (steps.size() != model.steps().size())
    return makeError("the plan has " + Twine(steps.size()) + " steps, expected " +
                     Twine(model.steps().size()) + " as the library");
  return steps;
}

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
