// Which convolutions read planes.
#ifndef INCC_PASSES_PLANARINPUT_H
#define INCC_PASSES_PLANARINPUT_H

#include "ir/Cnn.h"

namespace incc {

/// True if `assign-layout` leaves the input of `conv` in planes, not in blocks of channels.
bool readsPlanar(cnn::Conv2dOp conv);

} // namespace incc

#endif // INCC_PASSES_PLANARINPUT_H
