// Which convolutions may be computed as one.
#ifndef INCC_PASSES_SIBLINGS_H
#define INCC_PASSES_SIBLINGS_H

#include "ir/Cnn.h"

namespace incc {

/// True if two convolutions that read the same tensor do the same but for their filters: equal
/// windows and activation. Groups and residuals tie output channels to other data, so neither may
/// have them.
bool haveSameGeometry(cnn::Conv2dOp lhs, cnn::Conv2dOp rhs);

/// True if `conv`'s result must stay where it is: `elide-concat` writes it straight into the
/// concatenation that reads it, while a slice of a merged result would have to be copied there.
bool feedsConcat(cnn::Conv2dOp conv);

} // namespace incc

#endif // INCC_PASSES_SIBLINGS_H
