// An ONNX file and the external data beside it.
#ifndef INCC_FRONTEND_ONNX_MODELFILE_H
#define INCC_FRONTEND_ONNX_MODELFILE_H

#include "frontend/onnx/HostTensor.h"
#include "frontend/onnx/onnx.pb.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"

namespace incc::onnximport {

class ModelFile {
public:
  /// `path` names the model; its folder is where external data lies.
  explicit ModelFile(llvm::StringRef path) : path(path) {}

  /// Parses `bytes`, or says why they are no ONNX model of a supported version.
  llvm::Error parse(llvm::StringRef bytes);

  onnx::GraphProto &graph() { return *model.mutable_graph(); }
  /// The opset of a domain ("" is ONNX's own), 0 if the model does not import it.
  int64_t opset(llvm::StringRef domain) const;

  /// The elements of an initializer or attribute, taken out of the model or mapped from the file of
  /// external data that it names.
  llvm::Expected<HostTensor> load(onnx::TensorProto &proto);

private:
  using SharedBuffer = std::shared_ptr<llvm::MemoryBuffer>;
  llvm::Expected<HostTensor> loadExternal(const onnx::TensorProto &proto);
  /// Maps a file of the model's folder; refuses what lies or leads outside.
  llvm::Expected<SharedBuffer> openExternal(llvm::StringRef location);

  std::string path;
  onnx::ModelProto model;
  llvm::StringMap<SharedBuffer> externalFiles;
};

} // namespace incc::onnximport

#endif // INCC_FRONTEND_ONNX_MODELFILE_H
