// The order in which an ONNX graph's nodes can be imported, after checks of its names.
#ifndef INCC_FRONTEND_ONNX_GRAPH_H
#define INCC_FRONTEND_ONNX_GRAPH_H

#include "frontend/onnx/onnx.pb.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>
#include <vector>

namespace incc::onnximport {

/// `text` as diagnostics show it: control characters escaped, and cut where it is very long.
std::string printable(llvm::StringRef text);

/// How diagnostics and profiles call a node: its name, else that of its first result, printable.
std::string nodeName(const onnx::NodeProto &node, int index);

/// Indices of the nodes that `outputs` depend on, each after those that it reads: in the graph's
/// own order where that will do. Calls `report` for every name that is defined twice, or read but
/// defined nowhere, and for a cycle; then the result is empty. Takes linear time.
std::optional<std::vector<int>> orderNodes(const onnx::GraphProto &graph,
                                           llvm::ArrayRef<std::string> outputs,
                                           llvm::function_ref<void(const std::string &)> report);

} // namespace incc::onnximport

#endif // INCC_FRONTEND_ONNX_GRAPH_H
