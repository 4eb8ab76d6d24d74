/*
 * links - the checkers of a chain, and the words they are run with.
 *
 * Pure. A checker is written as `PATH [ARG...]`, in the configuration or as one word of the command
 * line: words between blanks, without any quoting.
 */
#ifndef CHECKPW_CHAIN_LINKS_H
#define CHECKPW_CHAIN_LINKS_H

#include "text.h"

#define LINKS_MAX 16
#define LINKS_WORDS_MAX                                                                            \
	1024 /* of a command: the checker's, the chain's own and the subprogram's                  \
	      */

/* What the command line says. */
struct links_command {
	char **checkers; /* each is one word */
	int checker_count;
	char **subprogram; /* ends with NULL; *subprogram is NULL where none is named */
};

/*
 * Takes the command line apart: `CHECKER... -- SUBPROGRAM...`, or `SUBPROGRAM...` or
 * `-- SUBPROGRAM...` without checkers.
 */
struct links_command links_split(char **arguments);

/* A checker and what follows it on its command line. */
struct link {
	const char *name; /* the last part of its path, for the log */
	char **words;     /* ends with NULL; points into a static array */
};

/*
 * Cuts `checker` into words, which it does in place, and puts `gate` and `subprogram` behind them.
 * The words are good until the next call. False with `why` set where there are too many or none.
 */
bool links_compose(struct link *link, char *checker, char *const *gate, char *const *subprogram,
		   struct text *why);

#endif
