/*
 * probe - what runs in the place of the subprogram: it tells what it was left with, and then runs
 * the subprogram.
 */
#ifndef CHECKPW_TEST_PROBE_H
#define CHECKPW_TEST_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROBE_TEXT_BYTES 512

struct probe_report {
	uid_t user, effective_user, saved_user;
	gid_t group, effective_group, saved_group;
	char directory[PROBE_TEXT_BYTES];
	char descriptors[PROBE_TEXT_BYTES]; /* those above 2: "N -> what, N -> what" */
};

/* In the place of the subprogram: all of main. */
int probe_run(const char *gate, char **subprogram);

/* On the other side: what it tells. False if it tells nothing. */
bool probe_receive(int connection, struct probe_report *report);

#endif
