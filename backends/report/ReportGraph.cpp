// Who reads whose result. A map that several steps write their slices of, and that is read across
// slices, is a node of its own: the concatenation that the network had there.
#include "backends/report/ReportParts.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace incc;

namespace {
class GraphReporter {
public:
  explicit GraphReporter(const PlanIndex &index) : index(index) {}

  llvm::json::Object run() {
    for (auto [map, number] : index.maps)
      if (auto input = map.getDefiningOp<plan::InputOp>())
        writersOf[map].push_back({addNode("input", input.getName()), MapSlice(map)});
    for (auto [number, step] : llvm::enumerate(index.steps))
      addStep(number, step.kernel);
    for (auto [map, number] : index.maps)
      if (auto output = map.getDefiningOp<plan::OutputOp>())
        connect(MapSlice(map), addNode("output", output.getName()), map);
    return llvm::json::Object{{"nodes", std::move(nodes)}, {"edges", std::move(edges)}};
  }

private:
  struct Writer {
    int64_t node;
    MapSlice slice;
  };

  const PlanIndex &index;
  llvm::json::Array nodes, edges;
  llvm::SetVector<std::pair<int64_t, int64_t>> connected;
  DenseMap<Value, SmallVector<Writer>> writersOf;
  /// The node of a concatenation, and how many writers it has taken in.
  DenseMap<Value, std::pair<int64_t, size_t>> joins;

  int64_t addNode(StringRef kind, StringRef name) {
    nodes.push_back(llvm::json::Object{{"kind", kind}, {"name", name}});
    return static_cast<int64_t>(nodes.size()) - 1;
  }

  void addStep(size_t number, plan::KernelOp kernel) {
    int64_t node = addNode("step", cnn::layerName(kernel.getLoc()));
    nodes.back().getAsObject()->insert({"step", static_cast<int64_t>(number)});
    for (Value map : kernel.getInputs())
      connect(MapSlice(map), node, map);
    for (const MapSlice &slice : slicesOf(kernel.getOutputs()))
      writersOf[slice.base].push_back({node, slice});
  }

  void addEdge(int64_t from, int64_t to, Value map) {
    if (connected.insert({from, to}))
      edges.push_back(
          llvm::json::Object{{"from", from}, {"to", to}, {"map", index.maps.lookup(map)}});
  }

  /// Leads what wrote `slice` to `reader`.
  void connect(const MapSlice &slice, int64_t reader, Value map) {
    SmallVector<Writer> writers;
    llvm::copy_if(writersOf[slice.base], std::back_inserter(writers),
                  [&](const Writer &writer) { return writer.slice.overlaps(slice); });
    if (writers.size() < 2) {
      for (const Writer &writer : writers)
        addEdge(writer.node, reader, map);
      return;
    }
    auto [join, isNew] = joins.try_emplace(slice.base, -1, 0);
    auto &[node, taken] = join->second;
    if (isNew)
      node = addNode("concat", cnn::layerName(slice.base.getLoc()));
    const SmallVector<Writer> &all = writersOf[slice.base];
    for (; taken < all.size(); ++taken)
      addEdge(all[taken].node, node, slice.base);
    addEdge(node, reader, map);
  }
};
} // namespace

llvm::json::Object incc::reportGraph(const PlanIndex &index) { return GraphReporter(index).run(); }
