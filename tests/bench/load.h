/* How many logins a second a program does, where several are done at the same time. */
#ifndef LOAD_H
#define LOAD_H

#include "message.h"

#define LOAD_PARALLEL_MAX 64

/*
 * Each of `parallel` processes runs the program again and again, until `seconds` have passed.
 * Returns the logins a second, or a negative number if one ended otherwise than with
 * `wanted_status`, or nothing could be started.
 */
double load_measure(char **argv, const struct message *message, int wanted_status,
		    unsigned parallel, double seconds);

#endif
