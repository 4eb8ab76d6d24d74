/* The table of commands. */
#include "command.h"

#include <stdint.h>

#define PASSWORD_OPTIONS (OPTION_SCHEME | OPTION_STDIN | OPTION_GENERATE)

const struct command commands[] = {
	{ "add", PASSWORD_OPTIONS | OPTION_FORCE, 1, 1, "LOGIN", "add a login", command_add },
	{ "passwd", PASSWORD_OPTIONS, 1, 1, "LOGIN", "give a login another password",
	  command_passwd },
	{ "del", OPTION_FORCE, 1, SIZE_MAX, "LOGIN ...", "delete logins", command_del },
	{ "lock", 0, 1, SIZE_MAX, "LOGIN ...", "lock logins, and keep their passwords",
	  command_lock },
	{ "unlock", 0, 1, SIZE_MAX, "LOGIN ...", "unlock logins", command_unlock },
	{ "list", OPTION_JSON, 0, SIZE_MAX, "[LOGIN ...]",
	  "show schemes, mechanisms and locks, never secrets", command_list },
	{ "check", OPTION_JSON, 0, 0, "", "look for faults; exit 1 if there are any",
	  command_check },
	{ "import", OPTION_SCHEME | OPTION_FORCE | OPTION_FORMAT | OPTION_DOMAIN, 1, 1, "SOURCE",
	  "take over the users of another file, - for standard input", command_import },
	{ "export", OPTION_FORMAT, 0, 0, "", "print all users for another program",
	  command_export },
	{ "index", 0, 0, 0, "", "write FILE.cdb, for files of very many users", command_index },
	{ "hash", PASSWORD_OPTIONS, 0, 1, "[LOGIN]", "print what would be stored for a password",
	  command_hash },
	{ NULL, 0, 0, 0, NULL, NULL, NULL },
};
