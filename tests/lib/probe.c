/*
 * probe OUTPUT [FILE ...] - the subprogram of the tests: writes to OUTPUT what it finds itself
 * to be, one `key value` a line, and whether each FILE can be opened for reading.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

extern char **environ;

static void show_ids(FILE *out)
{
	uid_t user, effective_user, saved_user;
	gid_t group, effective_group, saved_group, groups[1024];
	int count = getgroups(1024, groups);

	if (getresuid(&user, &effective_user, &saved_user) != 0 ||
	    getresgid(&group, &effective_group, &saved_group) != 0)
		exit(99);
	fprintf(out, "uid %u %u %u\n", user, effective_user, saved_user);
	fprintf(out, "gid %u %u %u\n", group, effective_group, saved_group);
	fprintf(out, "groups");
	for (int i = 0; i < count; i++)
		fprintf(out, " %u", groups[i]);
	fprintf(out, "\n");
}

static void show_descriptors(FILE *out)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	fprintf(out, "descriptors");
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		int descriptor = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && descriptor != dirfd(directory) &&
		    descriptor != fileno(out))
			fprintf(out, " %d", descriptor);
	}
	fprintf(out, "\n");
	if (directory != NULL)
		closedir(directory);
}

static void show_status(FILE *out)
{
	static const char *const wanted[] = { "SigBlk:", "SigIgn:", "SigPnd:",     "CapPrm:",
					      "CapEff:", "CapAmb:", "NoNewPrivs:", NULL };
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];

	while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
		for (int i = 0; wanted[i] != NULL; i++) {
			if (strncmp(line, wanted[i], strlen(wanted[i])) == 0)
				fprintf(out, "%s", line);
		}
	}
	if (status != NULL)
		fclose(status);
}

static void show_limits(FILE *out)
{
	for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
		struct rlimit limit;

		if (getrlimit((__rlimit_resource_t)resource, &limit) == 0)
			fprintf(out, "limit-%d %lld %lld\n", resource, (long long)limit.rlim_cur,
				(long long)limit.rlim_max);
	}
}

int main(int argc, char **argv)
{
	struct itimerval alarm_left;
	char directory[4096];
	FILE *out;

	if (argc < 2 || (out = fopen(argv[1], "w")) == NULL)
		return 99;
	show_ids(out);
	show_descriptors(out);
	show_status(out);
	show_limits(out);
	fprintf(out, "umask %03o\n", umask(0));
	fprintf(out, "dumpable %d\n", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	fprintf(out, "cwd %s\n", getcwd(directory, sizeof(directory)) != NULL ? directory : "?");
	if (getitimer(ITIMER_REAL, &alarm_left) == 0)
		fprintf(out, "alarm %ld\n", (long)alarm_left.it_value.tv_sec);
	for (char **variable = environ; *variable != NULL; variable++)
		fprintf(out, "env %s\n", *variable);
	for (int i = 2; i < argc; i++) {
		int descriptor = open(argv[i], O_RDONLY);

		fprintf(out, "open %s %s\n", argv[i], descriptor != -1 ? "yes" : strerror(errno));
	}
	return fclose(out) == 0 ? 0 : 99;
}
