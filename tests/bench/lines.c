/*
 * What reading a store line by line with stdio costs: looks LOGIN up in FILE and runs the
 * subprogram. It checks nothing.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char line[4096];
	FILE *file = argc > 3 ? fopen(argv[1], "re") : NULL;
	size_t length = file != NULL ? strlen(argv[2]) : 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		const char *colon = strchr(line, ':');

		if (colon != NULL && (size_t)(colon - line) == length &&
		    memcmp(line, argv[2], length) == 0)
			execv(argv[3], argv + 3);
	}
	return 1;
}
