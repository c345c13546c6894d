// The attributes of operators that slide a window over a map: kernel, strides, padding, dilations.
#ifndef INCC_FRONTEND_ONNX_WINDOW_H
#define INCC_FRONTEND_ONNX_WINDOW_H

#include "frontend/onnx/Node.h"

namespace incc::onnximport {

/// Of one or two dimensions; one is the columns of a map of one row. Of three where the window
/// covers one element of the first or of the last two, which then are left out or are one. The
/// lists have the form of the cnn ops' once they are resolved.
class Window {
public:
  explicit Window(Node &node);

  /// Completes the lists for an input (N x C x [H x] W) and the `extent` of the kernel, or reports
  /// what is wrong. An empty extent is that of the attribute kernel_shape.
  bool resolve(Node &node, const Operand &input, llvm::ArrayRef<int64_t> extent = {});

  /// The map that an op on windows takes.
  mlir::Value map(NetworkBuilder &builder, const Operand &input) const;
  /// The result of an op on such maps, with its own axes.
  Operand wrap(mlir::Value result) const;

  llvm::SmallVector<int64_t, 2> kernel, strides, dilations;
  llvm::SmallVector<int64_t, 4> pads;
  bool ceilMode = false;

private:
  bool resolveVolume(Node &node, const Operand &input);

  std::string autoPad;
  bool isSequence = false;
  /// The axes of the result: those of its map, or given here where a volume was seen as a map; -1
  /// are the map's rows and columns.
  Shape mapShape;
  Shape resultShape;
};

} // namespace incc::onnximport

#endif // INCC_FRONTEND_ONNX_WINDOW_H
