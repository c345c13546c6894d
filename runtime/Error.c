/* The text of a thread's last failure. */
#include "Runtime.h"
#include <stdarg.h>
#include <stdio.h>

static _Thread_local char error_text[320];

incc_status incc_fail(incc_status status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(error_text, sizeof error_text, format, args);
  va_end(args);
  return status;
}

const char *incc_error_text(void) { return error_text; }
