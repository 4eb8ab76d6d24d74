#include "gate.h"

#include "caller.h"
#include "file.h"
#include "layout.h"
#include "process.h"
#include "scan.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEPTH_MAX 16 /* processes between a checker and the one that knocks */

static int listener = -1;

/* GATE_ARGUMENT, and the name that the kernel chose: a few hexadecimal digits (unix(7)). */
static char argument[sizeof(GATE_ARGUMENT) + sizeof(((struct sockaddr_un *)NULL)->sun_path)] =
	GATE_ARGUMENT;

#define NAME_OFFSET (offsetof(struct sockaddr_un, sun_path) + 1) /* behind the NUL of its kind */

bool gate_open(struct text *why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(address);

	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener == -1 ||
	    bind(listener, (const struct sockaddr *)&address, sizeof(sa_family_t)) != 0 ||
	    listen(listener, SOMAXCONN) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
	    length <= NAME_OFFSET) {
		text_join(why, "cannot open a socket: ", text_of_errno(errno));
		return false;
	}
	length -= (socklen_t)NAME_OFFSET;
	memcpy(argument + strlen(GATE_ARGUMENT), address.sun_path + 1, length);
	argument[strlen(GATE_ARGUMENT) + length] = '\0';
	return true;
}

char *gate_argument(void)
{
	return argument;
}

char *gate_path(void)
{
	static LAYOUT_LARGE char path[PATH_MAX];
	char *given = (char *)getauxval(AT_EXECFN); // NOLINT(performance-no-int-to-ptr)
	ssize_t length;

	if (given != NULL && given[0] == '/' && strncmp(given, "/dev/fd/", 8) != 0)
		return given;
	length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	return length > 0 ? path : NULL;
}

/* Where /proc does not show it there is no parent: 0. */
static pid_t parent_of(pid_t process)
{
	struct text path, why;
	struct file_lines lines;
	struct span line;
	uint64_t parent = 0;
	int descriptor;

	text_join(&path, "/proc/");
	text_add_number(&path, process);
	text_add(&path, "/status");
	descriptor = file_open(path.bytes, FILE_TRUST_NAMED, NULL, &why);
	if (descriptor == -1)
		return 0;
	file_lines_begin(&lines, descriptor);
	while (file_lines_next(&lines, &line) == FILE_LINE) {
		if (scan_literal(&line, "PPid:\t")) {
			if (!scan_number(&line, INT32_MAX, &parent))
				parent = 0;
			break;
		}
	}
	close(descriptor);
	return (pid_t)parent;
}

/* A shell script in the place of a checker may run the checker as a child of its own. */
static bool descends(pid_t process, pid_t checker)
{
	for (int depth = 0; process > 1 && depth < DEPTH_MAX; depth++) {
		if (process == checker)
			return true;
		process = parent_of(process);
	}
	return false;
}

/* The process at the other end; 0 if that is not known. */
static pid_t peer_of(int connection)
{
	struct ucred peer = { 0 };
	socklen_t length = sizeof(peer);

	return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? peer.pid : 0;
}

/* Whether who knocks is the checker, or of it. */
static bool is_of(int connection, pid_t checker)
{
	return descends(peer_of(connection), checker);
}

/* Whether the gate is that of who runs us: the name is free for anyone when he has ended. */
static bool is_at(int connection)
{
	pid_t owner = peer_of(connection);

	return owner > 1 && descends(getppid(), owner);
}

enum gate_event gate_await(pid_t checker, const sigset_t *waiting,
			   const volatile sig_atomic_t *expired, int *connection, int *status)
{
	struct pollfd knocks = { .fd = listener, .events = POLLIN };

	for (;;) {
		/* Its end first: what knocked and has ended was never let through. */
		if (waitpid(checker, status, WNOHANG) != 0)
			return GATE_END;
		*connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (*connection != -1) {
			if (is_of(*connection, checker))
				return GATE_KNOCK;
			close(*connection); /* a stranger, or one of a checker before */
			continue;
		}
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			return GATE_TROUBLE;
		if (expired != NULL && *expired)
			return GATE_SIGNAL;
		if (ppoll(&knocks, 1, NULL, waiting) == -1 && errno != EINTR)
			return GATE_TROUBLE;
	}
}

bool gate_let_through(int connection, const struct gate_pass *pass)
{
	return send(connection, pass, sizeof(*pass), MSG_NOSIGNAL) == sizeof(*pass);
}

int gate_result(int connection)
{
	int error = 0;
	ssize_t got;

	do {
		got = recv(connection, &error, sizeof(error), 0);
	} while (got == -1 && errno == EINTR);
	close(connection);
	return got == sizeof(error) ? error : 0;
}

int gate_knock(const char *name, struct gate_pass *pass)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(name);
	int connection;

	if (length == 0 || length >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path + 1, name, length);
	connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (connection == -1 ||
	    connect(connection, (const struct sockaddr *)&address,
		    (socklen_t)(NAME_OFFSET + length)) != 0 ||
	    !is_at(connection) || recv(connection, pass, sizeof(*pass), 0) != sizeof(*pass)) {
		if (connection != -1)
			close(connection);
		return -1;
	}
	return connection;
}

void gate_report(int connection, int error)
{
	(void)send(connection, &error, sizeof(error), MSG_NOSIGNAL);
}

bool gate_is_named(const char *word)
{
	return word != NULL && strncmp(word, GATE_ARGUMENT, strlen(GATE_ARGUMENT)) == 0;
}

int gate_go_through(char **arguments)
{
	char **subprogram = arguments + 1;
	struct gate_pass pass;
	int connection = gate_knock(arguments[0] + strlen(GATE_ARGUMENT), &pass);
	bool is_child;

	if (connection == -1 || subprogram[0] == NULL)
		return 111;
	(void)setpgid(0, pass.group);
	/* Without the chain it would be one process, so who kills the chain kills the subprogram.
	 */
	is_child = getppid() == pass.parent;
	if (is_child && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != pass.parent))
		return 111;
	if (pass.forget_service)
		caller_forget_service();
	process_exec(subprogram);
	gate_report(connection, errno);
	return 111;
}

bool gate_is_ahead(char *const *subprogram)
{
	const char *slash = strrchr(subprogram[0], '/');

	return slash != NULL && strcmp(slash, "/checkpw-chain") == 0 &&
	       gate_is_named(subprogram[1]);
}
