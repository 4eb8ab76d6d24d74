/*
 * What a program does between its exec and that of its subprogram, or its end if it runs none, seen
 * through ptrace(2). Needs no counters of the processor, which virtual machines often lack, and
 * works on static programs.
 */
#ifndef TRACE_H
#define TRACE_H

#include "message.h"

struct trace {
	unsigned long calls;        /* system calls */
	unsigned long instructions; /* in user space; a repeated string instruction counts once */
	unsigned long kilobytes;    /* the most resident memory (VmHWM) */
};

struct traces {
	struct trace own;
	struct trace
		children; /* the same of child processes, to their end: sums, and the largest */
	int execs;        /* 0: tracing is not allowed here; 1: no subprogram was run */
	int status;       /* as of wait(2) */
};

/* Calls and memory, in one run. Returns false with errno set. */
bool trace_calls(char **argv, const struct message *message, struct traces *traces);

/*
 * The instructions, one by one: some microseconds for each. It gives up after `most`, kills the
 * program, and answers with more than `most`. Returns false with errno set.
 */
bool trace_instructions(char **argv, const struct message *message, unsigned long most,
			struct traces *traces);

#endif
