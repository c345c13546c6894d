// Two models in one program, each behind a class that owns its context.
#include "googlenet.h"
#include "resnet50.h"
#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// A context of any model: NAME_model() leads to all that it needs.
class Model {
public:
  explicit Model(const incc_model_desc *desc, int threads = 0) : desc(desc) {
    incc_options options = INCC_OPTIONS_INIT;
    options.threads = threads;
    check(desc->create(&options, &ctx));
  }
  ~Model() { desc->destroy(ctx); }
  Model(Model &&other) noexcept : desc(other.desc), ctx(std::exchange(other.ctx, nullptr)) {}
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;

  /// Runs on one input per entry; the result has one array per output.
  std::vector<std::vector<float>> operator()(const std::vector<std::vector<float>> &inputs) {
    if (inputs.size() != std::size_t(desc->num_inputs))
      throw std::invalid_argument(std::string(desc->name) + ": wrong number of inputs");
    std::vector<const float *> in;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].size() != std::size_t(desc->inputs[i].elements))
        throw std::invalid_argument(std::string(desc->name) + ": wrong size of input " +
                                    desc->inputs[i].name);
      in.push_back(inputs[i].data());
    }
    std::vector<std::vector<float>> outputs;
    std::vector<float *> out;
    for (std::int64_t i = 0; i < desc->num_outputs; ++i)
      outputs.emplace_back(desc->outputs[i].elements);
    for (std::vector<float> &output : outputs)
      out.push_back(output.data());
    check(desc->run(ctx, in.data(), out.data()));
    return outputs;
  }

private:
  void check(incc_status status) {
    if (status != INCC_OK)
      throw std::runtime_error(std::string(desc->name) + ": " + desc->last_error());
  }

  const incc_model_desc *desc;
  incc_ctx *ctx = nullptr;
};

int main() {
  try {
    for (const incc_model_desc *desc : {resnet50_model(), googlenet_model()}) {
      Model model(desc, 2);
      std::vector<float> image(desc->inputs[0].elements);
      for (std::size_t i = 0; i < image.size(); ++i)
        image[i] = float(i % 255) / 255 - 0.5f;
      std::vector<float> scores = model({image})[0];
      auto best = std::max_element(scores.begin(), scores.end());
      std::printf("%s: class %d, score %.4f\n", desc->name, int(best - scores.begin()), *best);
    }
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
