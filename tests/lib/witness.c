/*
 * witness SECRETS OUTPUT PROGRAM [ARGUMENT ...] - runs PROGRAM and looks, each time that it or a
 * child of it enters a system call, which secrets can be found in its memory.
 *
 * SECRETS has lines `NAME HEXADECIMAL`. OUTPUT gets a line for each call:
 *   PROCESS NAME CALL SECRET...
 * PROCESS counts from 0 in the order of birth; NAME is that of the program that the process runs,
 * as the kernel shortens it; CALL is the name of the system call where this file knows it, else
 * its number; then the names of the secrets that were found in the memory, the argument vector
 * and the environment. What takes bytes in is looked at afterwards too, as `after-CALL`.
 *
 * Ends as PROGRAM ends; 111 for trouble. For root: a set-id bit counts under it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRETS_MAX 32
#define SECRET_BYTES 256
#define PROCESSES_MAX 64
#define TROUBLE 111

static struct {
	char name[32];
	unsigned char bytes[SECRET_BYTES];
	size_t length;
} secrets[SECRETS_MAX];
static size_t secret_count;

static struct {
	pid_t pid;
	long call;
} processes[PROCESSES_MAX];
static size_t process_count;

static FILE *output;

static const struct {
	long number;
	const char *name;
} calls[] = {
	{ SYS_read, "read" },
	{ SYS_pread64, "pread" },
	{ SYS_write, "write" },
	{ SYS_pwrite64, "pwrite" },
	{ SYS_close, "close" },
	{ SYS_connect, "connect" },
	{ SYS_sendto, "sendto" },
	{ SYS_recvfrom, "recvfrom" },
	{ SYS_execve, "execve" },
	{ SYS_exit_group, "exit_group" },
	{ SYS_clock_nanosleep, "clock_nanosleep" },
	{ SYS_setresuid, "setresuid" },
	{ SYS_wait4, "wait4" },
	{ SYS_rt_sigtimedwait, "sigtimedwait" },
};

static void die(const char *what)
{
	fprintf(stderr, "witness: %s: %s\n", what, strerror(errno));
	exit(TROUBLE);
}

static void read_secrets(const char *path)
{
	FILE *file = fopen(path, "r");
	char name[32], hex[2 * SECRET_BYTES + 1];

	if (file == NULL)
		die(path);
	while (secret_count < SECRETS_MAX && fscanf(file, "%31s %512s", name, hex) == 2) {
		size_t length = strlen(hex) / 2;

		for (size_t i = 0; i < length; i++) {
			char digits[] = { hex[2 * i], hex[2 * i + 1], '\0' };

			secrets[secret_count].bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
		}
		memcpy(secrets[secret_count].name, name, sizeof(name));
		secrets[secret_count].length = length;
		secret_count++;
	}
	fclose(file);
}

static void search(int memory, unsigned long start, unsigned long end, int *found)
{
	size_t size = end - start, got = 0;
	unsigned char *bytes = malloc(size);

	if (bytes == NULL)
		die("malloc");
	while (got < size) {
		ssize_t more = pread(memory, bytes + got, size - got, (off_t)(start + got));

		if (more <= 0)
			break;
		got += (size_t)more;
	}
	for (size_t i = 0; i < secret_count; i++) {
		if (!found[i] && memmem(bytes, got, secrets[i].bytes, secrets[i].length) != NULL)
			found[i] = 1;
	}
	free(bytes);
}

/* What is mapped from a file and cannot be written to is as it is on the disk. */
static void search_all(pid_t pid, int *found)
{
	char path[64], line[512], rights[5];
	unsigned long start, end, inode;
	FILE *maps;
	int memory;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	if (memory == -1 || maps == NULL)
		die(path);
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &start, &end, rights, &inode) == 4 &&
		    rights[0] == 'r' && (rights[1] == 'w' || inode == 0) &&
		    strstr(line, "[vvar") == NULL)
			search(memory, start, end, found);
	}
	fclose(maps);
	close(memory);
}

/* The process may have chosen the name: of its exec it is the kernel's. */
static void show_program(pid_t pid)
{
	char path[64], name[64] = "?";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (file != NULL && fgets(name, sizeof(name), file) != NULL)
		name[strcspn(name, "\n")] = '\0';
	if (file != NULL)
		fclose(file);
	fprintf(output, "%s", name);
}

static bool takes_in(long call)
{
	return call == SYS_read || call == SYS_pread64 || call == SYS_recvfrom;
}

static void show_call(const char *before, long number)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i].number == number) {
			fprintf(output, " %s%s", before, calls[i].name);
			return;
		}
	}
	fprintf(output, " %s%ld", before, number);
}

static void look(size_t process)
{
	struct __ptrace_syscall_info info;
	int found[SECRETS_MAX] = { 0 };
	pid_t pid = processes[process].pid;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		processes[process].call = (long)info.entry.nr;
	else if (info.op != PTRACE_SYSCALL_INFO_EXIT || !takes_in(processes[process].call))
		return;
	search_all(pid, found);
	fprintf(output, "%zu ", process);
	show_program(pid);
	show_call(info.op == PTRACE_SYSCALL_INFO_EXIT ? "after-" : "", processes[process].call);
	for (size_t i = 0; i < secret_count; i++) {
		if (found[i])
			fprintf(output, " %s", secrets[i].name);
	}
	fprintf(output, "\n");
}

static size_t find_process(pid_t pid)
{
	for (size_t i = 0; i < process_count; i++) {
		if (processes[i].pid == pid)
			return i;
	}
	if (process_count == PROCESSES_MAX) {
		errno = EAGAIN;
		die("too many processes");
	}
	processes[process_count].pid = pid;
	return process_count++;
}

static void run(char **arguments)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0) {
		raise(SIGSTOP);
		execvp(arguments[0], arguments);
	}
	_exit(TROUBLE);
}

/* One stop of a process. Returns the signal that it gets. */
static int handle_stop(pid_t pid, int status)
{
	size_t process = find_process(pid);
	int number = WSTOPSIG(status);

	if (number == (SIGTRAP | 0x80)) {
		look(process);
		return 0;
	}
	/* New ones begin with a SIGSTOP; events are none of the program's signals. */
	if (status >> 16 != 0 || number == SIGSTOP || number == SIGTRAP)
		return 0;
	return number;
}

int main(int argc, char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	int status, end = TROUBLE;
	pid_t child, pid;

	if (argc < 4)
		return TROUBLE;
	read_secrets(argv[1]);
	output = fopen(argv[2], "we");
	if (output == NULL)
		die(argv[2]);
	child = fork();
	if (child == 0)
		run(argv + 3);
	if (child == -1 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		die("cannot trace");
	/* The messages and logs of the program are no business of this one. */
	close(3);
	find_process(child);
	if (ptrace(PTRACE_SETOPTIONS, child, NULL, options) != 0 ||
	    ptrace(PTRACE_SYSCALL, child, NULL, 0) != 0)
		die("cannot trace");
	while ((pid = waitpid(-1, &status, __WALL)) != -1) {
		if (WIFSTOPPED(status))
			(void)ptrace(PTRACE_SYSCALL, pid, NULL, (long)handle_stop(pid, status));
		else if (pid == child)
			end = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	return fclose(output) == 0 ? end : TROUBLE;
}
