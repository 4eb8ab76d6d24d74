#include "answer.h"

#include "scan.h"

#include <sys/wait.h>

bool answer_take_codes(struct answer_codes *codes, struct span list, struct text *why)
{
	uint64_t code;

	*codes = (struct answer_codes){ .refuses = { [1] = true } };
	while (list.length != 0) {
		if (list.at[0] == ' ' || list.at[0] == '\t') {
			list = span_from(list, 1);
			continue;
		}
		if (!scan_number(&list, 255, &code) || code == 0 || code == 111 ||
		    (list.length != 0 && list.at[0] != ' ' && list.at[0] != '\t')) {
			text_join(why, "reject-codes must be numbers from 1 to 255 between blanks, "
				       "and not 111, which is temporary");
			return false;
		}
		codes->refuses[code] = true;
	}
	return true;
}

/* The signal first: the exit code of a program that crashed is nothing (multicheckpw took it). */
enum answer answer_of(int status, const struct answer_codes *codes, struct text *said)
{
	int code = WEXITSTATUS(status);

	if (!WIFEXITED(status)) {
		text_join(said, "killed by signal ");
		text_add_number(said, WTERMSIG(status));
		return ANSWER_TEMPORARY;
	}
	if (code == 0) {
		/* vchkpw ends so when it cannot run its subprogram, and /bin/true always. */
		text_join(said, "exit 0 without running its subprogram");
		return ANSWER_TEMPORARY;
	}
	text_join(said, codes->refuses[code] ? "refused" : "temporary", ", exit ");
	text_add_number(said, code);
	return codes->refuses[code] ? ANSWER_REFUSED : ANSWER_TEMPORARY;
}
