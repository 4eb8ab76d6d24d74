/*
 * options - the command line, read as getopt_long(3) reads it.
 *
 * Options may stand before the command, behind it, and between its arguments; -- ends them.
 */
#ifndef POPPASSWD_OPTIONS_H
#define POPPASSWD_OPTIONS_H

#include "command.h"

#define OPTIONS_WAIT_SECONDS 60
#define OPTIONS_WAIT_MAX_SECONDS 86400

/*
 * The command that is to be run, with `options` set; NULL with the exit code set where there is
 * nothing to run, and then all has been said.
 */
const struct command *options_parse(int argc, char **argv, struct options *options,
				    enum ending *ending);

#endif
