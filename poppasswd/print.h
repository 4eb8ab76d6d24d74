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

/* Pure. Whether they are UTF-8 without control characters, blanks and what is not seen. */
bool print_is_plain(struct span bytes);

/* Pure. Sets `text` to the bytes as they are, or, if they are not plain, quoted as in the log. */
void print_shown(struct text *text, struct span bytes);

/* Prints a string with its quotes. Bytes that are no UTF-8 become U+FFFD. */
void print_json(struct span bytes);

/* Pure. How many bytes the UTF-8 character at the front has; 0 if there is none. */
size_t print_character(struct span bytes);

#endif
