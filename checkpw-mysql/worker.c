#include "worker.h"

#include "layout.h"
#include "memlimit.h"
#include "privilege.h"
#include "process.h"
#include "secret.h"
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long a worker may take its leave of the server. */
#define LEAVE_MILLISECONDS 2000
#define PAGE_BYTES 4096

/* What the worker hands back; a byte before it says that the server took the connection or not. */
struct report {
	uint32_t answer; /* enum client_answer */
	char why[512];
	struct row row;
};

/* Of one page: two would be copied and wiped. */
static LAYOUT_SECRET _Alignas(PAGE_BYTES) struct report report;
static struct secret_region region = { .base = &report, .size = sizeof(report) };

static pid_t worker = -1;
static int channel = -1;

/* A pipe: the worker has one end, and lives as long as the parent holds the other. */
static int lifeline = -1;

/* ---- the child ---- */

static bool send_all(const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size != 0) {
		ssize_t sent = send(channel, at, size, MSG_NOSIGNAL);

		if (sent == -1 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		at += sent;
		size -= (size_t)sent;
	}
	return true;
}

/* The client's connection is on 0 and 1, and no word of a library may reach it. */
static bool leave_descriptors(void)
{
	int nothing = open("/dev/null", O_RDWR);

	if (nothing == -1)
		return false;
	for (int descriptor = 0; descriptor <= 2; descriptor++) {
		if (dup2(nothing, descriptor) == -1)
			return false;
	}
	if (nothing > 2)
		close(nothing);
	return true;
}

static bool leave_root(struct text *why)
{
	const gid_t group = (gid_t)settings.worker_gid;
	const struct account account = {
		.uid = (uid_t)settings.worker_uid,
		.gid = group,
		.groups = &group,
		.group_count = 1,
	};

	return geteuid() != 0 || privilege_become(&account, why);
}

static void hand_back(enum client_answer answer, const struct text *why)
{
	size_t length = why->length < sizeof(report.why) ? why->length : sizeof(report.why) - 1;

	report.answer = answer;
	memcpy(report.why, why->bytes, length);
	report.why[length] = '\0';
	(void)send_all(&report, sizeof(report));
}

/*
 * From here on the kernel kills us when the parent lets go of its end, or ends itself. That is our
 * own signal to ourselves: the parent may have become a user who can send none, and then its
 * death sends none either.
 */
static bool hold_lifeline(void)
{
	struct pollfd let_go = { .fd = lifeline };

	return fcntl(lifeline, F_SETOWN, getpid()) == 0 &&
	       fcntl(lifeline, F_SETSIG, SIGKILL) == 0 && fcntl(lifeline, F_SETFL, O_ASYNC) == 0 &&
	       poll(&let_go, 1, 0) == 0;
}

/* What follows an accepted login, if the parent says so. */
static void wait_for_word(const struct query *after, const struct client_values *values)
{
	enum client_answer answer;
	struct text why;
	char word;

	if (recv(channel, &word, 1, 0) != 1)
		return;
	text_clear(&why);
	answer = client_tell(after, values, &why) ? CLIENT_NO_ROW : CLIENT_SERVER_FAILED;
	hand_back(answer, &why);
}

static void work(const struct server *server, const struct query *query, const struct query *after,
		 const struct client_values *values)
{
	static LAYOUT_SECRET char password[CONFIGURATION_TEXT_BYTES];
	static struct secret_region password_region = { .base = password,
							.size = sizeof(password) };
	enum client_answer answer = CLIENT_SERVER_FAILED;
	struct text why;
	bool connected;

	if (!hold_lifeline())
		return;
	secret_lock();
	secret_register(&password_region);
	memcpy(password, settings_password, sizeof(password));
	secret_wipe_all();
	password_region.dirty = sizeof(password);
	connected = leave_root(&why);
	process_begin_child();
	if (!leave_descriptors())
		return;
	memlimit_raise();
	connected = connected && client_connect(server, password, &why);
	if (!send_all("", 1))
		return;
	if (connected)
		answer = client_ask(query, values, &report.row, &why);
	hand_back(answer, &why);
	secret_wipe(&report, sizeof(report));
	if (after != NULL && answer == CLIENT_ROW)
		wait_for_word(after, values);
	client_close();
}

/* ---- the parent ---- */

static bool start(const struct server *server, const struct query *query, const struct query *after,
		  const struct client_values *values, struct text *why)
{
	int ends[2], line[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1) {
		text_join(why, "no channel to a process: ", text_of_errno(errno));
		return false;
	}
	if (pipe2(line, O_CLOEXEC) == -1) {
		text_join(why, "no channel to a process: ", text_of_errno(errno));
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	process_keep_children();
	worker = fork();
	channel = ends[worker == 0 ? 1 : 0];
	lifeline = line[worker == 0 ? 0 : 1];
	close(ends[worker == 0 ? 0 : 1]);
	close(line[worker == 0 ? 1 : 0]);
	if (worker == 0) {
		work(server, query, after, values);
		_exit(0);
	}
	if (worker == -1) {
		text_join(why, "cannot start a process: ", text_of_errno(errno));
		close(channel);
		close(lifeline);
	}
	return worker != -1;
}

static long long now_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Reads `size` bytes, all of them before `seconds` are over. */
static bool receive(void *bytes, size_t size, long seconds, struct text *why)
{
	long long end = now_milliseconds() + seconds * 1000;
	char *at = bytes;

	while (size != 0) {
		struct pollfd readable = { .fd = channel, .events = POLLIN };
		long long left = end - now_milliseconds();
		ssize_t got;

		if (left <= 0 || poll(&readable, 1, (int)left) == 0) {
			text_join(why, "silent for ");
			text_add_number(why, seconds);
			text_add(why, " s");
			return false;
		}
		got = recv(channel, at, size, MSG_DONTWAIT);
		if (got == -1 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0) {
			text_join(why, "the process that talks to it ended before its time");
			return false;
		}
		at += got;
		size -= (size_t)got;
	}
	return true;
}

/* What the worker says of itself is a stranger's word. */
static enum client_answer take_report(struct text *why)
{
	report.why[sizeof(report.why) - 1] = '\0';
	text_join(why, report.why);
	return report.answer <= CLIENT_ROW ? (enum client_answer)report.answer
					   : CLIENT_SERVER_FAILED;
}

static bool hear(struct text *why)
{
	char taken;

	if (!receive(&taken, 1, settings.connect_timeout, why)) {
		text_add(why, " while it was connected to");
		return false;
	}
	return receive(&report, sizeof(report), settings.query_timeout, why);
}

/* It leaves the server in good order, if the server lets it. */
static bool has_ended(void)
{
	struct pollfd ended = { .fd = channel, .events = POLLIN };
	char byte;

	shutdown(channel, SHUT_WR);
	return poll(&ended, 1, LEAVE_MILLISECONDS) == 1 &&
	       recv(channel, &byte, 1, MSG_DONTWAIT) == 0;
}

static void end(bool at_once)
{
	/* One that a server has taken over may have let go of the lifeline. */
	if (at_once || !has_ended())
		(void)kill(worker, SIGKILL);
	close(lifeline);
	close(channel);
	(void)waitpid(worker, NULL, 0);
	worker = -1;
}

enum client_answer worker_ask(const struct server *server, const struct query *query,
			      const struct query *after, const struct client_values *values,
			      const struct row **row, struct text *why)
{
	enum client_answer answer = CLIENT_SERVER_FAILED;

	*row = NULL;
	secret_register(&region);
	if (!start(server, query, after, values, why))
		return CLIENT_SERVER_FAILED;
	region.dirty = sizeof(report);
	if (hear(why))
		answer = take_report(why);
	if (answer == CLIENT_ROW) {
		*row = &report.row;
		return answer;
	}
	secret_wipe_region(&region);
	/*
	 * One that found nothing takes its leave later: killed, it would be an error in the
	 * server's log, which whoever tries logins that there are not could fill.
	 */
	if (answer != CLIENT_NO_ROW)
		end(true);
	return answer;
}

bool worker_tell(struct text *why)
{
	text_join(why, "the process that talks to the server has ended");
	return send_all("", 1) && receive(&report, sizeof(report), settings.query_timeout, why) &&
	       take_report(why) == CLIENT_NO_ROW;
}

void worker_end(void)
{
	if (worker > 0)
		end(false);
}
