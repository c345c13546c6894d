// Keeps a process, and those that it starts, on a few cores.
#include "tools/incc-bench/Affinity.h"
#include "tools/support/Errors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cerrno>
#include <cstring>
#include <set>
#include <string>

#include <sched.h>

using namespace incc;
using namespace llvm;

/// The CPUs that share a core with `cpu`, as Linux writes them; just `cpu` where it does not say.
static std::string coreOf(int cpu) {
  std::string path =
      "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list";
  ErrorOr<std::unique_ptr<MemoryBuffer>> list = MemoryBuffer::getFileAsStream(path);
  return list ? (*list)->getBuffer().trim().str() : std::to_string(cpu);
}

Expected<std::vector<int>> incc::pinToCores(int count) {
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof mask, &mask))
    return makeError("can't find the cores of this machine: " + StringRef(strerror(errno)));
  std::vector<int> firsts, siblings;
  std::set<std::string> cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &mask))
      (cores.insert(coreOf(cpu)).second ? firsts : siblings).push_back(cpu);
  llvm::append_range(firsts, siblings);
  if (firsts.size() > static_cast<size_t>(count))
    firsts.resize(count);
  CPU_ZERO(&mask);
  for (int cpu : firsts)
    CPU_SET(cpu, &mask);
  if (sched_setaffinity(0, sizeof mask, &mask))
    return makeError("can't stay on some cores: " + StringRef(strerror(errno)));
  llvm::sort(firsts);
  return firsts;
}
