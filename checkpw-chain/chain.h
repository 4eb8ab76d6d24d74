/*
 * chain - several checkers, one after the other, as one.
 *
 * 1. Each checker gets the bytes of descriptor 3 unchanged.
 * 2. A checker accepts by running its subprogram, and in no other way; that ends the search.
 * 3. It refuses with exit 1, or a code that is configured; then the next one is asked.
 * 4. All else is temporary, and is remembered: the next one is asked, or, with on-temporary = stop,
 *    nobody.
 * 5. If nobody accepted, the answer is 111 where anything was temporary, else 1.
 * 6. What the subprogram does is no answer: its end is reported as it is.
 */
#ifndef CHECKPW_CHAIN_CHAIN_H
#define CHECKPW_CHAIN_CHAIN_H

/* All of main. `arguments` are those behind its name. */
int chain_run(char **arguments);

#endif
