// The plan dialect's C++ interface.
#ifndef INCC_IR_PLAN_H
#define INCC_IR_PLAN_H

#include "ir/Cnn.h"

#include "ir/PlanDialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "ir/PlanTypes.h.inc"
#define GET_OP_CLASSES
#include "ir/PlanOps.h.inc"

#endif // INCC_IR_PLAN_H
