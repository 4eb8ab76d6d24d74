/*
 * process - the state of this process between its start and the subprogram.
 *
 * What is changed here is put back by process_restore: the subprogram finds signals, limits
 * and descriptors as they came.
 */
#ifndef COMMON_PROCESS_H
#define COMMON_PROCESS_H

#include "text.h"

#include <signal.h>
#include <sys/types.h>

#define PROCESS_HANDSHAKE_DESCRIPTOR 3

/*
 * Opens /dev/null on those of the descriptors 0, 1 and 2 that are closed, so that no file of
 * ours ever takes their place. They stay open for the subprogram. False if that is impossible.
 */
bool process_check_descriptors(bool *handshake_is_open);

/*
 * From here on: no core dump, not traceable, no death by SIGPIPE or SIGXFSZ, and `expired` is
 * called in a signal handler `seconds` from now, or when the caller's own alarm goes off or the
 * soft limit on CPU time is reached; it must not return. False with `why` set if there can be no
 * deadline.
 */
bool process_harden(unsigned seconds, void (*expired)(void), struct text *why);

/* What the kernel may undo when ids change (sysctl fs.suid_dumpable): to be called after that. */
void process_forbid_tracing(void);

/* For a child made by fork: it has no deadline. To be called after its ids have changed. */
void process_begin_child(void);

/* Sets the deadline to `seconds` from now. */
void process_set_deadline(unsigned seconds);

/*
 * After process_harden: a child that has ended stays until it is waited for, so its id is not given
 * to another process, which would be killed in its place.
 */
void process_keep_children(void);

/*
 * After process_harden: lets children be waited for, whatever the caller did to SIGCHLD, which is
 * blocked from here on. `waiting` gets the mask with which ppoll is interrupted when a child ends.
 */
void process_watch_children(sigset_t *waiting);

/* Seconds until the deadline, rounded down; 0 if there is no deadline. */
unsigned process_seconds_left(void);

/* Takes the deadline away: what follows the verdict has bounds of its own. */
void process_end_deadline(void);

/* Puts back signals and limits. */
void process_restore(void);

/* After process_restore, when there is something to log all the same. */
void process_ignore_log_signals(void);

/* Runs the subprogram, found as execvp finds it. Returns only if that failed, with errno. */
void process_exec(char **arguments);

#endif
