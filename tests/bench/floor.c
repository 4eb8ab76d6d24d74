/*
 * The floor of the benchmark: the least that a checkpassword program can do. It reads the message
 * on descriptor 3 to its end, closes the descriptor and runs the subprogram, whatever was read.
 *
 * Exits 1 for more than 512 bytes, 2 when misused, 111 for trouble.
 */
#include <unistd.h>

#define MESSAGE_FD 3
#define MESSAGE_MAX_BYTES 512

enum { REFUSED = 1, MISUSED = 2, TROUBLE = 111 };

static int read_message(void)
{
	/* One byte more than allowed: a longer message shows without a further read. */
	char message[MESSAGE_MAX_BYTES + 1];
	size_t have = 0;
	ssize_t got;

	do {
		got = read(MESSAGE_FD, message + have, sizeof(message) - have);
		if (got == -1)
			return TROUBLE;
		have += (size_t)got;
	} while (got > 0 && have < sizeof(message));
	return have < sizeof(message) ? 0 : REFUSED;
}

int main(int argc, char **argv)
{
	int status;

	if (argc < 2)
		return MISUSED;
	status = read_message();
	if (status != 0)
		return status;
	close(MESSAGE_FD);
	execv(argv[1], argv + 1);
	return TROUBLE;
}
