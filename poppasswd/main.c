/* poppasswd - keeps the users of /etc/poppasswd. See poppasswd(8). */
#include "options.h"

#include "process.h"
#include "secret.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

/* No secret in a core file, and a file limit is an error of write(2), not a death. */
static void harden(void)
{
	static const struct rlimit none = { 0, 0 };

	process_forbid_tracing();
	secret_lock();
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal(SIGXFSZ, SIG_IGN);
}

int main(int argc, char **argv)
{
	struct options options;
	const struct command *command;
	enum ending ending;
	bool handshake_is_open;

	if (!process_check_descriptors(&handshake_is_open))
		return ENDING_TROUBLE;
	harden();
	command = options_parse(argc, argv, &options, &ending);
	if (command != NULL)
		ending = command->run(&options);
	secret_wipe_all();
	if (fflush(stdout) != 0 || ferror(stdout)) {
		warn("standard output");
		return ENDING_TROUBLE;
	}
	return (int)ending;
}
