// Runs networks that are being compiled on the inputs that --calibrate names.
#ifndef INCC_TOOLS_INCC_CALIBRATION_H
#define INCC_TOOLS_INCC_CALIBRATION_H

#include "mlir/IR/BuiltinOps.h"
#include "passes/Pipeline.h"
#include "llvm/Support/Error.h"

namespace incc {

/// Reads calibration inputs for `module`, a network with one input: at `path` is an npy file of any
/// number of rows, a picture, or a folder of pictures, which are prepared as the model says. Rows
/// are joined to the network's batches; the last one may take its rows from the first.
///
/// Networks run compiled for this machine, whatever they are compiled for in the end.
llvm::Expected<CalibrationOptions> readCalibration(llvm::StringRef path, mlir::ModuleOp module,
                                                   unsigned threads);

} // namespace incc

#endif // INCC_TOOLS_INCC_CALIBRATION_H
