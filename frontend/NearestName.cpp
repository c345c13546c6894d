// "did you mean": the nearest of the names that would have been right.
#include "frontend/NearestName.h"

using namespace incc;

std::string incc::nearestName(llvm::StringRef name, llvm::ArrayRef<std::string> known) {
  // A third of the letters may differ, or one of two: more and the suggestion is noise.
  if (name.size() < 2)
    return "";
  unsigned best = std::max<unsigned>(1, name.size() / 3) + 1;
  std::string nearest;
  for (const std::string &candidate : known) {
    unsigned distance = name.edit_distance(candidate, /*AllowReplacements=*/true, best);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string incc::didYouMean(llvm::StringRef name, llvm::ArrayRef<std::string> known) {
  std::string nearest = nearestName(name, known);
  return nearest.empty() ? "" : "; did you mean '" + nearest + "'?";
}
