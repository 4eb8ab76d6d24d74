/*
 * scan - taking a text apart from its front.
 *
 * Pure. Each function returns false and leaves `rest` as it was if it does not find what it
 * looks for, and else cuts that off `rest`.
 */
#ifndef COMMON_SCAN_H
#define COMMON_SCAN_H

#include "span.h"

#include <stdint.h>

bool scan_literal(struct span *rest, const char *literal);

/* What stands before `separator`, which is cut off too. */
bool scan_until(struct span *rest, char separator, struct span *part);

/* A decimal number, at least one digit, not above `maximum` (below 2^63). */
bool scan_number(struct span *rest, uint64_t maximum, uint64_t *number);

#endif
