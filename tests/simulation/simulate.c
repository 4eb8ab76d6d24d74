/*
 * simulate CHECKER /CONFIGURATION SCENARIO SECONDS - clients of a mail server in simulated time.
 *
 * Each attempt is a process of the real checker, linked with the clock of clock.c. Time goes on to
 * the next event when all processes wait or have ended, so an hour takes as long as its attempts
 * need, and each run gives the same. After an answer a client waits PAUSE_SECONDS, as qmail-smtpd
 * makes it wait after a wrong password.
 *
 * Prints one line for each group of clients:
 * NAME attempts=N per-hour=N accepted=N waits=N longest=SECONDS
 */
#include "simulation.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START 1795000000U
#define PAUSE_SECONDS 5
#define CLIENTS_MAX 1100

struct group {
	const char *name;
	unsigned clients;
	const char *address; /* %u is the client's number */
	const char *login;   /* %u is the attempt's number, modulo `logins` */
	unsigned logins;
	const char *password; /* %u is the attempt's number; NULL ends the groups of a scenario */
	unsigned first;       /* seconds after the start */
	unsigned pause;       /* seconds after each answer */
};

static const struct scenario {
	const char *name;
	struct group groups[4];
} scenarios[] = {
	{ "one-address",
	  { { "attacker", 32, "203.0.113.5", "joe", 1, "guess%u", 10, PAUSE_SECONDS },
	    { "home", 1, "192.0.2.1", "joe", 1, "secret", 0, 60 },
	    { "abroad", 1, "198.51.100.1", "joe", 1, "secret", 60, 60 } } },
	{ "many-addresses",
	  { { "attacker", 1000, "2001:db8:1:%x::1", "joe", 1, "guess%u", 10, PAUSE_SECONDS },
	    { "home", 1, "192.0.2.1", "joe", 1, "secret", 0, 20 },
	    { "abroad", 1, "198.51.100.1", "joe", 1, "secret", 24, 10 } } },
	{ "many-logins",
	  { { "attacker", 1, "203.0.113.5", "user%u", 1000, "guess%u", 10, PAUSE_SECONDS },
	    { "home", 1, "192.0.2.1", "joe", 1, "secret", 0, 60 },
	    { "neighbour", 1, "203.0.113.5", "joe", 1, "secret", 60, 60 } } },
	{ "many-logins-32",
	  { { "attacker", 32, "203.0.113.5", "user%u", 1000, "guess%u", 10, PAUSE_SECONDS },
	    { "home", 1, "192.0.2.1", "joe", 1, "secret", 0, 60 },
	    { "neighbour", 1, "203.0.113.5", "joe", 1, "secret", 0, 60 } } },
	{ "household",
	  { { "telephone", 1, "192.0.2.1", "joe", 1, "old", 0, 60 },
	    { "laptop", 1, "192.0.2.1", "joe", 1, "secret", 7, 60 },
	    { "spouse", 1, "192.0.2.1", "ann", 1, "secret", 13, 60 } } },
};

struct tally {
	unsigned long attempts, accepted, waits;
	unsigned longest;
};

struct client {
	const struct group *group;
	struct tally *tally;
	unsigned number;
	unsigned attempts;
	uint32_t due; /* the next attempt, or the end of a wait */
	uint32_t began;
	pid_t pid; /* 0: no attempt under way */
	int clock;
};

static struct client clients[CLIENTS_MAX];
static size_t count;
static const char *checker, *configuration;

static void die(const char *what)
{
	perror(what);
	exit(111);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
/* The formats are those of the table above. */
static void fill(char *out, size_t size, const char *format, unsigned number)
{
	snprintf(out, size, format, number);
}
#pragma GCC diagnostic pop

static int message_of(const struct client *client)
{
	char login[64], password[64], message[192];
	int ends[2], length;

	fill(login, sizeof(login), client->group->login,
	     (client->number + client->attempts * client->group->clients) % client->group->logins);
	fill(password, sizeof(password), client->group->password,
	     client->number + client->attempts * client->group->clients);
	length = snprintf(message, sizeof(message), "%s%c%s%c%c", login, 0, password, 0, 0);
	if (pipe2(ends, O_CLOEXEC) != 0 || write(ends[1], message, (size_t)length) != length)
		die("pipe");
	close(ends[1]);
	return ends[0];
}

static void start(struct client *client, uint32_t now)
{
	char address[64], remote[96], named[512], checker_name[] = "checker",
						  program[] = "/bin/true";
	char *const arguments[] = { checker_name, program, NULL };
	char *const environment[] = { remote, named, NULL };
	posix_spawn_file_actions_t actions;
	int ends[2], message = message_of(client);

	fill(address, sizeof(address), client->group->address, client->number);
	snprintf(remote, sizeof(remote), "TCPREMOTEIP=%s", address);
	snprintf(named, sizeof(named), "CHECKPW_CONF=%s", configuration);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		die("socketpair");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, message, 3);
	posix_spawn_file_actions_adddup2(&actions, ends[1], SIMULATION_CLOCK);
	if (posix_spawn(&client->pid, checker, &actions, NULL, arguments, environment) != 0)
		die(checker);
	posix_spawn_file_actions_destroy(&actions);
	close(message);
	close(ends[1]);
	client->clock = ends[0];
	client->began = now;
	client->attempts++;
}

static void answer(const struct client *client, uint32_t number)
{
	if (send(client->clock, &number, sizeof(number), MSG_NOSIGNAL) != sizeof(number))
		die("send");
}

static void finish(struct client *client, uint32_t now)
{
	unsigned waited = now - client->began;
	int status;

	close(client->clock);
	if (waitpid(client->pid, &status, 0) != client->pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) > 1)
		die("a checker failed");
	client->pid = 0;
	client->due = now + client->group->pause;
	client->tally->attempts++;
	client->tally->accepted += status == 0;
	client->tally->waits += waited != 0;
	if (waited > client->tally->longest)
		client->tally->longest = waited;
}

/* Lets the client's process run until it waits or ends. */
static void run(struct client *client, uint32_t now)
{
	uint32_t question;

	for (;;) {
		ssize_t got = recv(client->clock, &question, sizeof(question), 0);

		if (got == 0) {
			finish(client, now);
			return;
		}
		if (got != sizeof(question))
			die("recv");
		if (question != SIMULATION_NOW) {
			client->due = now + question;
			return;
		}
		answer(client, now);
	}
}

static struct client *next(void)
{
	struct client *first = &clients[0];

	for (size_t i = 1; i < count; i++) {
		if (clients[i].due < first->due)
			first = &clients[i];
	}
	return first;
}

/* Ends those that wait; they were not answered, and are not counted. */
static void stop_all(void)
{
	for (size_t i = 0; i < count; i++) {
		if (clients[i].pid == 0)
			continue;
		kill(clients[i].pid, SIGKILL);
		waitpid(clients[i].pid, NULL, 0);
	}
}

static void simulate(const struct scenario *scenario, unsigned seconds)
{
	struct tally tallies[4] = { { 0 } };
	struct client *client;

	for (size_t g = 0; scenario->groups[g].password != NULL; g++) {
		for (unsigned i = 0; i < scenario->groups[g].clients; i++)
			clients[count++] = (struct client){
				.group = &scenario->groups[g],
				.tally = &tallies[g],
				.number = i,
				.due = START + scenario->groups[g].first,
			};
	}
	while ((client = next())->due < START + seconds) {
		uint32_t now = client->due;

		if (client->pid != 0)
			answer(client, now);
		else
			start(client, now);
		run(client, now);
	}
	stop_all();
	for (size_t g = 0; scenario->groups[g].password != NULL; g++) {
		const struct group *group = &scenario->groups[g];
		unsigned span = seconds > group->first ? seconds - group->first : 1;

		printf("%s attempts=%lu per-hour=%lu accepted=%lu waits=%lu longest=%u\n",
		       group->name, tallies[g].attempts, tallies[g].attempts * 3600 / span,
		       tallies[g].accepted, tallies[g].waits, tallies[g].longest);
	}
}

int main(int argc, char **argv)
{
	struct rlimit files;

	if (argc != 5)
		return 2;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		die("getrlimit");
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	checker = argv[1];
	configuration = argv[2];
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		if (strcmp(scenarios[i].name, argv[3]) != 0)
			continue;
		simulate(&scenarios[i], (unsigned)strtoul(argv[4], NULL, 10));
		return 0;
	}
	return 2;
}
