#include "worker.h"

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

/* How long a worker may take its leave of the server, and how long it is waited for. */
#define LEAVE_SECONDS 1
#define LEAVE_MILLISECONDS 2000

/* What the worker hands back; a byte before it says that the server took the connection or not. */
struct report {
	uint32_t answer; /* enum client_answer */
	char why[512];
	struct row row;
};

static struct report report;
static struct secret_region region = { .base = &report, .size = sizeof(report) };

static pid_t worker = -1;
static int channel = -1;

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
 * The parent kills a worker that is late, but it cannot where it has become another user, and then
 * the kernel does not kill for it either. 0: no limit, for who waits for the parent ends with it.
 */
static void limit_time(long seconds)
{
	alarm((unsigned)seconds);
}

/* Whether we are killed as soon as the parent lets go of the channel. */
static bool set_end_with_channel(bool wanted)
{
	return fcntl(channel, F_SETOWN, getpid()) == 0 && fcntl(channel, F_SETSIG, SIGKILL) == 0 &&
	       fcntl(channel, F_SETFL, wanted ? O_ASYNC : 0) == 0;
}

/*
 * What follows an accepted login, if the parent says so. It may have become a user who can
 * neither kill us nor, by its own end, have the kernel do so.
 */
static void wait_for_word(const struct query *after, const struct client_values *values)
{
	bool told;
	struct text why;
	char word;

	if (recv(channel, &word, 1, 0) != 1 || !set_end_with_channel(true) ||
	    recv(channel, &word, 1, MSG_DONTWAIT) == 0)
		return;
	limit_time(settings.query_timeout + LEAVE_SECONDS);
	text_clear(&why);
	report = (struct report){ 0 };
	told = client_tell(after, values, &why);
	if (set_end_with_channel(false))
		hand_back(told ? CLIENT_NO_ROW : CLIENT_SERVER_FAILED, &why);
}

static void work(const struct server *server, const struct query *query, const struct query *after,
		 const struct client_values *values, pid_t parent)
{
	static char password[CONFIGURATION_TEXT_BYTES];
	enum client_answer answer = CLIENT_SERVER_FAILED;
	struct text why;
	bool connected;

	memcpy(password, settings.password, sizeof(password));
	secret_wipe_all();
	connected = leave_root(&why);
	if (!process_begin_child(parent) || !leave_descriptors())
		return;
	limit_time(settings.connect_timeout + settings.query_timeout + LEAVE_SECONDS);
	memlimit_raise();
	connected = connected && client_connect(server, password, &why);
	if (!send_all("", 1))
		return;
	if (connected)
		answer = client_ask(query, values, &report.row, &why);
	hand_back(answer, &why);
	secret_wipe(&report, sizeof(report));
	limit_time(0);
	if (after != NULL && answer == CLIENT_ROW)
		wait_for_word(after, values);
	limit_time(LEAVE_SECONDS);
	client_close();
}

/* ---- the parent ---- */

static bool start(const struct server *server, const struct query *query, const struct query *after,
		  const struct client_values *values, struct text *why)
{
	pid_t parent = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1) {
		text_join(why, "no channel to a process: ", text_of_errno(errno));
		return false;
	}
	process_keep_children();
	worker = fork();
	if (worker == 0) {
		close(ends[0]);
		channel = ends[1];
		work(server, query, after, values, parent);
		_exit(0);
	}
	close(ends[1]);
	channel = ends[0];
	if (worker == -1) {
		text_join(why, "cannot start a process: ", text_of_errno(errno));
		close(channel);
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
	if (at_once || !has_ended())
		(void)kill(worker, SIGKILL);
	close(channel);
	(void)waitpid(worker, NULL, 0);
	worker = -1;
}

enum client_answer worker_ask(const struct server *server, const struct query *query,
			      const struct query *after, const struct client_values *values,
			      struct row *row, struct text *why)
{
	enum client_answer answer = CLIENT_SERVER_FAILED;

	secret_register(&region);
	region.dirty = sizeof(report);
	if (start(server, query, after, values, why) && hear(why))
		answer = take_report(why);
	if (answer == CLIENT_ROW)
		*row = report.row;
	secret_wipe(&report, sizeof(report));
	if (answer != CLIENT_ROW && worker > 0)
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
