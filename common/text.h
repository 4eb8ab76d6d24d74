/*
 * text - a short message built piece by piece, for the log and for explaining a fault.
 *
 * Pure and async-signal-safe: no allocation, no stdio, no locale. What does not fit into
 * TEXT_MAX_BYTES is cut; the text always ends in a NUL. Secrets do not belong here.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include "span.h"

#define TEXT_MAX_BYTES                                                                             \
	1024 /* with the NUL; RFC 3164 section 4.1 allows a syslog packet that long */

struct text {
	char bytes[TEXT_MAX_BYTES];
	size_t length;
};

void text_clear(struct text *text);
void text_add(struct text *text, const char *piece);
void text_add_number(struct text *text, long long number);
void text_add_octal(struct text *text, unsigned number);

/*
 * Adds what a stranger may have written as "...": printable ASCII as it is, a quote, a
 * backslash and every other byte as \xHH, so that no line can be forged. At most `limit`
 * bytes of `raw` are shown; three dots after the closing quote tell that there was more.
 */
void text_add_quoted(struct text *text, struct span raw, size_t limit);

/* text_join(text, piece, ...): clears `text` and adds the pieces, which are strings. */
#define text_join(text, ...) text_join_pieces(text, (const char *const[]){ __VA_ARGS__, NULL })
void text_join_pieces(struct text *text, const char *const *pieces);

/* The English text of an errno value, whatever the locale. */
const char *text_of_errno(int number);

#endif
