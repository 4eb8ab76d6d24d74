#include "trace.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_RUN = 127 };

/* The state of one run. */
struct run {
	struct traces *traces;
	pid_t checker;
	unsigned long most; /* instructions; 0 where calls are counted */
	uint64_t at;        /* where the process stood that made the last step */
};

static pid_t spawn_traced(char **argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 && raise(SIGSTOP) == 0)
			execv(argv[0], argv);
		_exit(NOT_RUN);
	}
	return pid;
}

/* NULL for what does not count: the time before the first exec, and the subprogram. */
static struct trace *trace_of(const struct run *run, pid_t pid)
{
	if (pid != run->checker)
		return &run->traces->children;
	return run->traces->execs == 1 ? &run->traces->own : NULL;
}

static void note_memory(struct trace *trace, pid_t pid)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		unsigned long now;

		if (strncmp(line, "VmHWM:", 6) != 0)
			continue;
		now = strtoul(line + 6, NULL, 10);
		if (trace->kilobytes < now)
			trace->kilobytes = now;
	}
	if (file != NULL)
		fclose(file);
}

static void handle_call(const struct run *run, pid_t pid)
{
	struct trace *trace = trace_of(run, pid);
	struct __ptrace_syscall_info info;

	if (trace == NULL || ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) <= 0)
		return;
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	trace->calls++;
	/* The memory of before is gone when an exec has succeeded. */
	if (info.entry.nr == SYS_execve || info.entry.nr == SYS_execveat)
		note_memory(trace, pid);
}

static void handle_step(struct run *run, pid_t pid)
{
	struct trace *trace = trace_of(run, pid);
	struct __ptrace_syscall_info info;

	if (trace == NULL || ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) <= 0)
		return;
	if (info.instruction_pointer != run->at && ++trace->instructions > run->most)
		kill(run->checker, SIGKILL);
	run->at = info.instruction_pointer;
}

/* Counts what the stop stands for; returns the signal to go on with, 0 for none. */
static int handle_stop(struct run *run, pid_t pid, int status)
{
	struct trace *trace = trace_of(run, pid);
	int event = status >> 16, sig = WSTOPSIG(status);

	if (sig == (SIGTRAP | 0x80)) {
		handle_call(run, pid);
		return 0;
	}
	if (event == PTRACE_EVENT_EXEC && pid == run->checker)
		run->traces->execs++;
	else if (event == PTRACE_EVENT_EXIT && trace != NULL)
		note_memory(trace, pid);
	else if (event == 0 && sig == SIGTRAP && run->most != 0)
		handle_step(run, pid);
	return sig == SIGTRAP || sig == SIGSTOP ? 0 : sig;
}

static void go_on(const struct run *run, pid_t pid, int sig)
{
	bool counts = trace_of(run, pid) != NULL || run->traces->execs == 0;
	intptr_t with = sig;

	if (run->most == 0)
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)with);
	else if (counts)
		ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)with);
	else
		ptrace(PTRACE_CONT, pid, NULL, (void *)with);
}

static void follow(struct run *run)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) != -1) {
		if (WIFSTOPPED(status))
			go_on(run, pid, handle_stop(run, pid, status));
		else if (pid == run->checker)
			run->traces->status = status;
	}
}

static bool trace_run(char **argv, const struct message *message, struct run *run)
{
	const intptr_t options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT |
				 PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
				 PTRACE_O_EXITKILL;
	int status;

	if (!message_offer(message))
		return false;
	run->checker = spawn_traced(argv);
	if (run->checker == -1 || waitpid(run->checker, &status, 0) != run->checker)
		return false;
	if (!WIFSTOPPED(status))
		return true;
	if (ptrace(PTRACE_SETOPTIONS, run->checker, NULL, (void *)options) == -1)
		return false;
	go_on(run, run->checker, 0);
	follow(run);
	return true;
}

bool trace_calls(char **argv, const struct message *message, struct traces *traces)
{
	struct run run = { .traces = traces };

	*traces = (struct traces){ .execs = 0 };
	return trace_run(argv, message, &run);
}

bool trace_instructions(char **argv, const struct message *message, unsigned long most,
			struct traces *traces)
{
	struct run run = { .traces = traces, .most = most };

	*traces = (struct traces){ .execs = 0 };
	return trace_run(argv, message, &run);
}
