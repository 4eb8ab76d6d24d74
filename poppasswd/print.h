/*
 * print - bytes of a file of users on a terminal, and as JSON (RFC 8259).
 *
 * They may be anything: a login with an escape sequence must not reach a terminal, nor one that is
 * no UTF-8 a reader of JSON.
 */
#ifndef POPPASSWD_PRINT_H
#define POPPASSWD_PRINT_H

#include "span.h"
#include "text.h"

/*
 * Pure. Sets `text` to the bytes as they are if they are UTF-8 without control characters, blanks
 * and what is not seen, or else quoted as in the log.
 */
void print_shown(struct text *text, struct span bytes);

/* Prints a string with its quotes. Bytes that are no UTF-8 become U+FFFD. */
void print_json(struct span bytes);

#endif
