/*
 * spawn [-c FD]... [-b SIGNAL]... [-i SIGNAL]... [-l RESOURCE=SOFT[:HARD]]... [-a SECONDS]
 *       [-u UMASK] [-e VARIABLE]... [-0 LENGTH] PROGRAM [ARGUMENT ...]
 *
 * Runs a program in a state that a shell cannot make: descriptors closed, signals blocked or
 * ignored, limits (numbers of sys/resource.h), an alarm pending, variables added as they are,
 * duplicates too, an argv[0] of LENGTH bytes, or no argv[0] at all for a LENGTH of -1.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void set_limit(const char *text)
{
	char *rest;
	__rlimit_resource_t resource = (__rlimit_resource_t)strtol(text, &rest, 10);
	struct rlimit limit;

	if (*rest != '=' || getrlimit(resource, &limit) != 0)
		exit(98);
	limit.rlim_cur = strtoul(rest + 1, &rest, 10);
	if (*rest == ':')
		limit.rlim_max = strtoul(rest + 1, NULL, 10);
	if (setrlimit(resource, &limit) != 0)
		exit(98);
}

static void add_variable(char *text)
{
	size_t count = 0;
	char **longer;

	while (environ[count] != NULL)
		count++;
	longer = calloc(count + 2, sizeof(*longer));
	if (longer == NULL)
		exit(98);
	memcpy(longer, environ, count * sizeof(*longer));
	longer[count] = text;
	environ = longer;
}

int main(int argc, char **argv)
{
	sigset_t blocked;
	long length = 0;
	int option;

	sigemptyset(&blocked);
	while ((option = getopt(argc, argv, "+c:b:i:l:a:u:e:0:")) != -1) {
		switch (option) {
		case 'c':
			close(atoi(optarg));
			break;
		case 'b':
			sigaddset(&blocked, atoi(optarg));
			break;
		case 'i':
			signal(atoi(optarg), SIG_IGN);
			break;
		case 'l':
			set_limit(optarg);
			break;
		case 'a':
			alarm((unsigned)atoi(optarg));
			break;
		case 'u':
			umask((mode_t)strtoul(optarg, NULL, 8));
			break;
		case 'e':
			add_variable(optarg);
			break;
		case '0':
			length = atol(optarg);
			break;
		default:
			return 98;
		}
	}
	if (optind >= argc)
		return 98;
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	if (length == -1) {
		char *none[] = { NULL };

		execv(argv[optind], none);
		return 97;
	}
	char *program = argv[optind];
	if (length > 0) {
		char *name = malloc((size_t)length + 1);

		if (name == NULL)
			return 98;
		memset(name, 'A', (size_t)length);
		name[length] = '\0';
		argv[optind] = name;
	}
	execv(program, argv + optind);
	return 97;
}
