#include "probe.h"

#include "gate.h"
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Adds "N -> what it is" to the list, as far as there is room. */
static void add_descriptor(char *list, int descriptor)
{
	char path[64], target[128];
	size_t length = strlen(list);
	ssize_t got;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	got = readlink(path, target, sizeof(target) - 1);
	target[got > 0 ? got : 0] = '\0';
	(void)snprintf(list + length, PROBE_TEXT_BYTES - length, "%s%d -> %s",
		       length != 0 ? ", " : "", descriptor, target);
}

static void list_descriptors(char *list, int own)
{
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		int descriptor = (int)strtol(entry->d_name, NULL, 10);

		if (descriptor > STDERR_FILENO && descriptor != own &&
		    descriptor != dirfd(directory) &&
		    (fcntl(descriptor, F_GETFD) & FD_CLOEXEC) == 0)
			add_descriptor(list, descriptor);
	}
	if (directory != NULL)
		closedir(directory);
}

int probe_run(const char *gate, char **subprogram)
{
	struct probe_report report = { .directory = "?" };
	struct gate_pass pass;
	int connection = gate_knock(gate, &pass);

	if (connection == -1 || subprogram[0] == NULL)
		return 111;
	if (getresuid(&report.user, &report.effective_user, &report.saved_user) != 0 ||
	    getresgid(&report.group, &report.effective_group, &report.saved_group) != 0)
		return 111;
	if (getcwd(report.directory, sizeof(report.directory)) == NULL)
		report.directory[0] = '\0';
	list_descriptors(report.descriptors, connection);
	if (send(connection, &report, sizeof(report), MSG_NOSIGNAL) != sizeof(report))
		return 111;
	(void)setpgid(0, pass.group);
	process_exec(subprogram);
	gate_report(connection, errno);
	return 111;
}

bool probe_receive(int connection, struct probe_report *report)
{
	ssize_t got;

	do {
		got = recv(connection, report, sizeof(*report), 0);
	} while (got == -1 && errno == EINTR);
	if (got != sizeof(*report))
		return false;
	report->directory[PROBE_TEXT_BYTES - 1] = '\0';
	report->descriptors[PROBE_TEXT_BYTES - 1] = '\0';
	return true;
}
