/*
 * answer - what a checker's end means for the chain.
 *
 * Pure. A checker accepts by running its subprogram, which the gate notices, and in no other way:
 * whatever it ends with is a refusal or something temporary.
 */
#ifndef CHECKPW_CHAIN_ANSWER_H
#define CHECKPW_CHAIN_ANSWER_H

#include "span.h"
#include "text.h"

enum answer {
	ANSWER_TEMPORARY = 0,
	ANSWER_REFUSED,
	ANSWER_ACCEPTED,
};

/* The exit codes that refuse. */
struct answer_codes {
	bool refuses[256];
};

/*
 * Sets `codes` to 1 and those that `list` names, decimal numbers between blanks. 0 would be taken
 * for an acceptance and 111 is temporary everywhere: both, and what is no code, make it return
 * false with `why` set.
 */
bool answer_take_codes(struct answer_codes *codes, struct span list, struct text *why);

/* The answer of a checker whose end has the wait status `status`; `said` gets it in words. */
enum answer answer_of(int status, const struct answer_codes *codes, struct text *said);

#endif
