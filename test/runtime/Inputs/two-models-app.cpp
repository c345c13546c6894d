// Two models, one from an archive and one from an object, in one program and on two threads.
#include "other.h"
#include "tiny.h"
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

template <typename Create, typename Run, typename Destroy>
static void use(Create create, Run run, Destroy destroy, float factor, bool &good) {
  std::vector<float> image(TINY_INPUT_0_ELEMENTS, 2.f), map(TINY_OUTPUT_0_ELEMENTS), sum(1);
  const float *inputs[] = {image.data()};
  float *outputs[] = {map.data(), sum.data()};
  incc_options options = INCC_OPTIONS_INIT;
  options.threads = 2;
  incc_ctx *ctx;
  good = create(&options, &ctx) == INCC_OK;
  for (int i = 0; good && i < 200; ++i)
    good = run(ctx, inputs, outputs) == INCC_OK && map[639] == 2 * factor * 4;
  destroy(ctx);
}

int main() {
  bool tinyGood = false, otherGood = false;
  std::thread first([&] { use(tiny_create, tiny_run, tiny_destroy, 3, tinyGood); });
  std::thread second([&] { use(other_create, other_run, other_destroy, 5, otherGood); });
  first.join();
  second.join();
  std::printf("tiny %d other %d\n", tinyGood, otherGood);

  // A context knows its model.
  incc_ctx *ctx;
  tiny_create(nullptr, &ctx);
  float image[TINY_INPUT_0_ELEMENTS] = {}, map[TINY_OUTPUT_0_ELEMENTS], sum[1];
  const float *inputs[] = {image};
  float *outputs[] = {map, sum};
  incc_status status = other_run(ctx, inputs, outputs);
  std::printf("%d: %s\n", status, other_last_error());
  tiny_destroy(ctx);
  std::printf("%s %s\n", tiny_model()->name, other_model()->name);
}
