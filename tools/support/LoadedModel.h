// A compiled model that a tool opened, and a context to run it in.
#ifndef INCC_TOOLS_SUPPORT_LOADEDMODEL_H
#define INCC_TOOLS_SUPPORT_LOADEDMODEL_H

#include "runtime/incc.h"
#include "tools/support/Errors.h"
#include "llvm/ADT/ArrayRef.h"

#include <memory>
#include <string>
#include <vector>

namespace incc {

inline llvm::ArrayRef<int64_t> dimsOf(const incc_tensor_desc &tensor) {
  return {tensor.dims, static_cast<size_t>(tensor.rank)};
}

/// A model library made by incc, opened with dlopen. It stays open as long as the process.
class LoadedModel {
public:
  /// Fails with a message that names the file and what is wrong with it.
  static llvm::Expected<LoadedModel> open(llvm::StringRef path);

  const incc_model_desc *operator->() const { return desc; }
  llvm::ArrayRef<incc_tensor_desc> inputs() const {
    return {desc->inputs, static_cast<size_t>(desc->num_inputs)};
  }
  llvm::ArrayRef<incc_tensor_desc> outputs() const {
    return {desc->outputs, static_cast<size_t>(desc->num_outputs)};
  }
  llvm::ArrayRef<incc_step_desc> steps() const {
    return {desc->steps, static_cast<size_t>(desc->num_steps)};
  }
  /// The first dimension of the first input.
  int64_t batch() const;

private:
  explicit LoadedModel(const incc_model_desc *desc) : desc(desc) {}
  const incc_model_desc *desc;
};

/// One context of a model with arrays for its outputs.
class RunningModel {
public:
  static llvm::Expected<RunningModel> create(const LoadedModel &model, int threads);

  /// Runs the model once. `inputs` has one array per input.
  llvm::Error run(llvm::ArrayRef<const float *> inputs);
  int numThreads() const { return model->num_threads(context.get()); }
  llvm::Error setProfile(bool on);
  /// Milliseconds of each step in a run, the mean over those since setProfile(true).
  llvm::Expected<std::vector<double>> profile() const;

  std::vector<std::vector<float>> outputs;

private:
  RunningModel(const LoadedModel &model, incc_ctx *context);
  llvm::Error failure(llvm::StringRef what) const;

  LoadedModel model;
  std::unique_ptr<incc_ctx, void (*)(incc_ctx *)> context;
};

} // namespace incc

#endif // INCC_TOOLS_SUPPORT_LOADEDMODEL_H
