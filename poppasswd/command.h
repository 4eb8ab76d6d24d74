/*
 * command - the subcommands of poppasswd(8), and what the command line says to them.
 */
#ifndef POPPASSWD_COMMAND_H
#define POPPASSWD_COMMAND_H

#include "span.h"

/* The exit codes, as poppasswd(8) documents them. */
enum ending {
	ENDING_DONE = 0,
	ENDING_NO = 1,        /* the answer is no: no such login, something was found or left */
	ENDING_USAGE = 2,     /* the command line is wrong */
	ENDING_TROUBLE = 111, /* nothing was changed: permission, disk, memory, lock */
};

/* Which options a command takes; --file, --wait and --help are everybody's. */
enum {
	OPTION_SCHEME = 1,
	OPTION_STDIN = 2,
	OPTION_GENERATE = 4,
	OPTION_FORCE = 8,
	OPTION_JSON = 16,
	OPTION_FORMAT = 32,
	OPTION_DOMAIN = 64,
};

struct options {
	const char *file; /* absolute */
	const char *scheme, *format, *domain;
	bool from_stdin, generate, force, json;
	unsigned wait; /* seconds, for the lock */
	char **arguments;
	size_t count; /* of arguments */
};

struct command {
	const char *name;
	unsigned options;   /* the bits above */
	size_t least, most; /* arguments */
	const char *arguments, *summary;
	enum ending (*run)(const struct options *options);
};

extern const struct command commands[]; /* ends with a NULL name */

enum ending command_add(const struct options *options);
enum ending command_passwd(const struct options *options);
enum ending command_del(const struct options *options);
enum ending command_lock(const struct options *options);
enum ending command_unlock(const struct options *options);
enum ending command_list(const struct options *options);
enum ending command_check(const struct options *options);
enum ending command_import(const struct options *options);
enum ending command_export(const struct options *options);
enum ending command_index(const struct options *options);
enum ending command_hash(const struct options *options);

#endif
