// A lowering pass that adds prefetches to loops.
#include "backends/halide/Prefetch.h"
#include "ir/Target.h"
#include <algorithm>

using namespace incc;
using Halide::Expr;
namespace ir = Halide::Internal;

namespace {
class PrefetchMutator : public ir::IRMutator {
public:
  explicit PrefetchMutator(std::vector<PrefetchStream> list)
      : streams(std::move(list)), numWritten(streams.size()) {}

private:
  std::vector<PrefetchStream> streams;
  /// Loops so far that have the prefetches of each stream.
  std::vector<unsigned> numWritten;
  /// Loops around the current place.
  std::vector<std::string> open;

  using ir::IRMutator::visit;

  ir::Stmt visit(const ir::For *loop) override {
    open.push_back(loop->name);
    std::vector<unsigned> before = numWritten;
    ir::Stmt body = mutate(loop->body);
    for (size_t i = 0; i < streams.size(); ++i)
      // Otherwise a loop inside has them.
      if (isOf(streams[i], loop) && numWritten[i] == before[i]) {
        body = ir::Block::make(prefetches(streams[i]), body);
        ++numWritten[i];
      }
    open.pop_back();
    if (body.same_as(loop->body))
      return loop;
    return ir::For::make(loop->name, loop->min, loop->extent, loop->for_type,
                         loop->partition_policy, loop->device_api, body);
  }

  static bool isOf(const PrefetchStream &stream, const ir::For *loop) {
    return std::any_of(stream.loops.begin(), stream.loops.end(),
                       [&](const PrefetchStream::Loop &l) { return l.name == loop->name; });
  }

  /// The variable of the loop that has this name or, where it is fused with others, ends in it; 0
  /// where there is none: it had one iteration.
  Expr counter(const std::string &name) const {
    auto found = std::find_if(open.rbegin(), open.rend(), [&](const std::string &loop) {
      return !name.empty() && loop.size() >= name.size() &&
             loop.compare(loop.size() - name.size(), name.size(), name) == 0;
    });
    return found == open.rend() ? Expr(0) : ir::Variable::make(Halide::Int(32), *found);
  }

  ir::Stmt prefetches(const PrefetchStream &stream) const {
    Expr run = static_cast<int>(stream.firstRun);
    for (const PrefetchStream::Loop &loop : stream.loops)
      run += counter(loop.name) * static_cast<int>(loop.stride);
    constexpr int kLine = static_cast<int>(kLineFloats);
    Expr at = run * (static_cast<int>(stream.linesPerRun) * kLine);
    for (const PrefetchStream::Loop &loop : stream.chunks)
      at = counter(loop.name) * static_cast<int>(loop.stride) + at;
    at += static_cast<int>(stream.firstFloat);
    ir::Stmt all;
    for (int64_t i = 0; i < stream.linesPerRun; ++i) {
      Expr base = ir::Variable::make(Halide::Handle(), stream.array);
      ir::Stmt one = ir::Evaluate::make(ir::Call::make(
          Halide::Float(32), ir::Call::prefetch,
          {base, ir::simplify(at + static_cast<int>(i) * kLine), 1, 1}, ir::Call::Intrinsic));
      all = all.defined() ? ir::Block::make(all, one) : one;
    }
    return all;
  }
};
} // namespace

void incc::addPrefetches(Halide::Pipeline &pipeline, std::vector<PrefetchStream> streams) {
  if (!streams.empty())
    pipeline.add_custom_lowering_pass(new PrefetchMutator(std::move(streams)));
}
