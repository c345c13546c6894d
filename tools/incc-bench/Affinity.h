// Keeps a process, and those that it starts, on a few cores.
#ifndef INCC_TOOLS_BENCH_AFFINITY_H
#define INCC_TOOLS_BENCH_AFFINITY_H

#include "llvm/Support/Error.h"

#include <vector>

namespace incc {

/// Restricts this process, and all that it starts from now on, to `count` of the CPUs that it may
/// use, each of another core while there are that many. Returns them; all that it may use, if these
/// are fewer.
llvm::Expected<std::vector<int>> pinToCores(int count);

} // namespace incc

#endif // INCC_TOOLS_BENCH_AFFINITY_H
