#include "log.h"

#include "text.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

const char *const log_target_words[LOG_TARGET_COUNT + 1] = {
	[LOG_TARGET_SYSLOG] = "syslog",
	[LOG_TARGET_STDERR] = "stderr",
	[LOG_TARGET_NONE] = "none",
};

static const char *program = "checkpw";
static enum log_target target;

void log_begin(const char *name)
{
	program = name;
}

void log_direct(enum log_target wanted)
{
	target = wanted;
}

/* A log that hangs is waited for once, however many lines there are. */
static bool wait_for_room(int descriptor)
{
	static bool hangs;
	struct pollfd wait = { .fd = descriptor, .events = POLLOUT };

	hangs = poll(&wait, 1, hangs ? 0 : LOG_WAIT_MILLISECONDS) != 1;
	return !hangs;
}

/*
 * syslog(3) is not used: it is not async-signal-safe, which the deadline needs, it waits for a
 * hanging syslogd without end, and it reads the environment ($TZ) and the argument vector.
 */
static void send_to_syslog(const struct text *line)
{
	static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = _PATH_LOG };
	int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (descriptor == -1)
		return;
	if (connect(descriptor, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	    send(descriptor, line->bytes, line->length, MSG_NOSIGNAL) == -1 && errno == EAGAIN &&
	    wait_for_room(descriptor))
		(void)send(descriptor, line->bytes, line->length, MSG_NOSIGNAL);
	close(descriptor);
}

/* A pipe with room for PIPE_BUF bytes takes the line whole and does not block. */
static void write_to_stderr(struct text *line)
{
	/* Of a line that filled the buffer the last byte makes room for the newline. */
	if (line->length > TEXT_MAX_BYTES - 2)
		line->length = TEXT_MAX_BYTES - 2;
	text_add(line, "\n");
	if (wait_for_room(STDERR_FILENO) && write(STDERR_FILENO, line->bytes, line->length) == -1)
		return;
}

static void begin_line(struct text *line, int priority)
{
	text_clear(line);
	if (target == LOG_TARGET_SYSLOG) {
		text_add(line, "<");
		text_add_number(line, LOG_MAIL | priority);
		text_add(line, ">");
	}
	text_add(line, program);
	text_add(line, "[");
	text_add_number(line, getpid());
	text_add(line, "]: ");
}

static void end_line(struct text *line)
{
	switch (target) {
	case LOG_TARGET_SYSLOG:
		send_to_syslog(line);
		break;
	case LOG_TARGET_STDERR:
		write_to_stderr(line);
		break;
	case LOG_TARGET_NONE:
	case LOG_TARGET_COUNT:
		break;
	}
}

void log_warning(const char *detail)
{
	struct text line;

	begin_line(&line, LOG_WARNING);
	text_add(&line, "warning detail=");
	text_add_quoted(&line, span_of(detail), LOG_DETAIL_MAX_BYTES);
	end_line(&line);
}

void log_attempt(const struct log_attempt *attempt)
{
	static const struct {
		const char *word;
		int priority;
	} outcomes[] = {
		[OUTCOME_TEMPORARY] = { "auth-temp", LOG_ERR },
		[OUTCOME_MISUSE] = { "auth-temp", LOG_ERR },
		[OUTCOME_REFUSED] = { "auth-fail", LOG_NOTICE },
		[OUTCOME_ACCEPTED] = { "auth-ok", LOG_INFO },
	};
	static const char *const mechanisms[] = {
		[MECHANISM_NONE] = "-",
		[MECHANISM_PLAIN] = "plain",
		[MECHANISM_CRAM_MD5] = "cram-md5",
		[MECHANISM_APOP] = "apop",
		[MECHANISM_LOOKUP] = "lookup",
	};
	enum outcome outcome = reason_outcome(attempt->reason);
	enum service service = attempt->caller->service;
	struct text line;

	begin_line(&line, outcomes[outcome].priority);
	text_add(&line, outcomes[outcome].word);
	text_add(&line, " service=");
	text_add(&line, service != SERVICE_UNKNOWN ? service_words[service] : "-");
	text_add(&line, " ip=");
	text_add(&line, attempt->caller->address[0] != '\0' ? attempt->caller->address : "-");
	text_add(&line, " mech=");
	text_add(&line, mechanisms[attempt->mechanism]);
	text_add(&line, " reason=");
	text_add(&line, reason_word(attempt->reason));
	if (attempt->wait != 0) {
		text_add(&line, " wait=");
		text_add_number(&line, attempt->wait);
	}
	text_add(&line, " user=");
	text_add_quoted(&line, attempt->user, LOG_USER_MAX_BYTES);
	if (attempt->detail != NULL && attempt->detail[0] != '\0') {
		text_add(&line, " detail=");
		text_add_quoted(&line, span_of(attempt->detail), LOG_DETAIL_MAX_BYTES);
	}
	end_line(&line);
}
