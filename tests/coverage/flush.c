/*
 * Linked into the programs of `make coverage` only: what was counted is written before the process
 * ends by _exit or becomes another program, which gcov does not do, or not where vfork was used;
 * and before it says a word to another process, which may kill it for that.
 */
#include <gcov.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>

void __real__exit(int code) __attribute__((noreturn));
void __wrap__exit(int code) __attribute__((noreturn));
int __real_execvp(const char *file, char *const *arguments);
int __wrap_execvp(const char *file, char *const *arguments);
ssize_t __real_send(int descriptor, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int descriptor, const void *bytes, size_t size, int flags);

/* After vfork the counters are the parent's too, who goes on counting. */
static void flush(void)
{
	struct sigaction came, ignore = { .sa_handler = SIG_IGN };

	/* Under a limit on the size of files what was counted is lost, and nothing else. */
	sigaction(SIGXFSZ, &ignore, &came);
	__gcov_dump();
	__gcov_reset();
	sigaction(SIGXFSZ, &came, NULL);
}

void __wrap__exit(int code)
{
	flush();
	__real__exit(code);
}

int __wrap_execvp(const char *file, char *const *arguments)
{
	flush();
	return __real_execvp(file, arguments);
}

ssize_t __wrap_send(int descriptor, const void *bytes, size_t size, int flags)
{
	flush();
	return __real_send(descriptor, bytes, size, flags);
}
