// Prints where the time of a run went.
#include "tools/support/ProfileTable.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/WithColor.h"

#include <numeric>
#include <tuple>

using namespace incc;
using namespace llvm;

namespace {
struct Row {
  StringRef name, kind;
  double milliseconds = 0, flops = 0, roofline = 0;
  size_t steps = 0;
  /// Its place in the network, which decides between equals.
  size_t index = 0;
};
} // namespace

static void printRow(const Row &row, double total, size_t nameWidth, size_t kindWidth,
                     bool hasRoofline, raw_ostream &os) {
  double share = total > 0 ? row.milliseconds / total : 0;
  os << "  " << left_justify(row.name, nameWidth) << "  " << left_justify(row.kind, kindWidth)
     << format("  %9.3f  %5.1f%%", row.milliseconds, 100 * share);
  if (row.flops > 0 && row.milliseconds > 0)
    os << format("  %8.1f", row.flops / row.milliseconds * 1e-6);
  else
    os << "         -";
  if (hasRoofline)
    os << format("  %11.3f  %5.0f%%", row.roofline,
                 row.milliseconds > 0 ? 100 * row.roofline / row.milliseconds : 0.0);
  // A bar of at most 20 characters; nothing for less than half of one.
  WithColor bar(os, raw_ostream::CYAN);
  if (unsigned length = static_cast<unsigned>(share * 20 + 0.5))
    bar << "  " << std::string(std::min(length, 20u), '#');
  bar << '\n';
}

static void printHead(StringRef first, StringRef second, size_t nameWidth, size_t kindWidth,
                      bool hasRoofline, raw_ostream &os) {
  WithColor(os, raw_ostream::SAVEDCOLOR, /*Bold=*/true)
      << "  " << left_justify(first, nameWidth) << "  " << left_justify(second, kindWidth)
      << "         ms   share   GFLOP/s" << (hasRoofline ? "  roofline ms  of it\n" : "\n");
}

void incc::printProfile(const LoadedModel &model, ArrayRef<double> milliseconds,
                        ArrayRef<double> roofline, bool slowestFirst, raw_ostream &os) {
  std::vector<Row> rows;
  MapVector<StringRef, Row> kinds;
  size_t nameWidth = 5, kindWidth = 5;
  for (auto [index, step] : enumerate(model.steps())) {
    double time = milliseconds[index], least = roofline.empty() ? 0 : roofline[index];
    rows.push_back({step.layer, step.kind, time, step.flops, least, 1, index});
    Row &kind = kinds.insert({step.kind, {step.kind, "", 0, 0, 0, 0, kinds.size()}}).first->second;
    kind.milliseconds += time;
    kind.flops += step.flops;
    kind.roofline += least;
    ++kind.steps;
    // Layers that were merged have long names: only their own lines become longer.
    nameWidth = std::min<size_t>(std::max(nameWidth, rows.back().name.size()), 48);
    kindWidth = std::max(kindWidth, rows.back().kind.size());
    nameWidth = std::max(nameWidth, rows.back().kind.size());
  }
  auto isSlower = [](const Row &a, const Row &b) {
    return std::tuple(b.milliseconds, a.index) < std::tuple(a.milliseconds, b.index);
  };
  if (slowestFirst)
    llvm::sort(rows, isSlower);
  double total = std::accumulate(milliseconds.begin(), milliseconds.end(), 0.0);

  bool hasRoofline = !roofline.empty();
  printHead("layer", "kind", nameWidth, kindWidth, hasRoofline, os);
  for (const Row &row : rows)
    printRow(row, total, nameWidth, kindWidth, hasRoofline, os);
  os << '\n';
  printHead("kind", "steps", nameWidth, kindWidth, hasRoofline, os);
  std::vector<Row> sums;
  Row all{"total", "", total};
  for (auto &[name, row] : kinds) {
    sums.push_back(row);
    all.flops += row.flops;
    all.roofline += row.roofline;
    all.steps += row.steps;
  }
  llvm::sort(sums, isSlower);
  sums.push_back(all);
  for (Row &row : sums) {
    std::string steps = std::to_string(row.steps);
    row.kind = steps;
    printRow(row, total, nameWidth, kindWidth, hasRoofline, os);
  }
}
