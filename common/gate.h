/*
 * gate - how a program that runs a checker learns that it accepted.
 *
 * The checker is given, in the place of the subprogram, the program's own path with
 * --accepted=NAME and the subprogram behind it. What then runs there knocks at the gate, the
 * abstract Unix socket NAME, and waits to be let through before it runs the subprogram; else it
 * ends. So the program alone decides, and a checker that accepts too late, or when the program is
 * dead, has accepted nothing.
 *
 * Whoever knocks is known by the process id that the kernel has noted (SO_PEERCRED): it must be
 * the checker, or a descendant of its; and who keeps the gate must be an ancestor of who knocks,
 * for the name is free again when the program has ended. So nothing depends on NAME being unknown,
 * and nothing on descriptors or variables, which a checker may close or clear, or on its ids, which
 * it may change.
 */
#ifndef COMMON_GATE_H
#define COMMON_GATE_H

#include "text.h"

#include <signal.h>
#include <sys/types.h>

#define GATE_ARGUMENT "--accepted="

/* What the one that is let through is told. */
struct gate_pass {
	pid_t parent;        /* who lets it through */
	pid_t group;         /* the process group that the subprogram is to be in */
	bool forget_service; /* $SERVICE was set for the checker only */
};

/*
 * The path that a checker runs us by: the one that we were run by, if it holds from anywhere.
 * NULL if there is none.
 */
char *gate_path(void);

/* Opens the gate; once. False with `why` set. */
bool gate_open(struct text *why);

/* The argument that names the gate. */
char *gate_argument(void);

enum gate_event {
	GATE_TROUBLE = 0, /* `errno` is set */
	GATE_KNOCK,       /* the checker accepts; `connection` is set */
	GATE_END,         /* the checker has ended; `status` is set, and it is waited for */
	GATE_SIGNAL,      /* a signal was taken that tells of no child: `expired` became true */
};

/*
 * Waits until the checker of that process id knocks or ends. `waiting` is the signal mask in which
 * SIGCHLD is taken. `expired` may be NULL; else a handler of another signal sets it to give up.
 */
enum gate_event gate_await(pid_t checker, const sigset_t *waiting,
			   const volatile sig_atomic_t *expired, int *connection, int *status);

/* Lets it through. False if it is gone, and no subprogram will run. */
bool gate_let_through(int connection, const struct gate_pass *pass);

/* Waits until the subprogram runs, and returns 0, or the errno of its exec. Closes `connection`. */
int gate_result(int connection);

/*
 * The other side: knocks at the gate of that name and waits. Returns the connection, close-on-exec,
 * with `pass` set, or -1 if not let through.
 */
int gate_knock(const char *name, struct gate_pass *pass);

/* Tells the program why the subprogram could not be run. */
void gate_report(int connection, int error);

/* Whether `word`, which may be NULL, names a gate. */
bool gate_is_named(const char *word);

/*
 * The other side, whole, for checkpw-chain: `arguments` are the one that names the gate and, behind
 * it, the subprogram, which is run if that is allowed. Returns the exit code if not.
 */
int gate_go_through(char **arguments);

/*
 * Whether `subprogram` is checkpw-chain in the place of the real one: then a checker of the suite
 * goes through the gate itself, with what follows the name, and spares it a process image.
 */
bool gate_is_ahead(char *const *subprogram);

#endif
