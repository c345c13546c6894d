// All ops of the cnn dialect, by family.
#ifndef INCC_IR_CNNOPS_TD
#define INCC_IR_CNNOPS_TD

include "ir/CnnConvOps.td"
include "ir/CnnElementwiseOps.td"
include "ir/CnnPoolOps.td"
include "ir/CnnShapeOps.td"

#endif // INCC_IR_CNNOPS_TD
