/*
 * newlogin - what a login must be that is to be added.
 *
 * Pure.
 */
#ifndef POPPASSWD_NEWLOGIN_H
#define POPPASSWD_NEWLOGIN_H

#include "span.h"

/* NULL, or why that login cannot be: the format cannot hold it, or no mail server can send it. */
const char *newlogin_fault(struct span login);

#endif
