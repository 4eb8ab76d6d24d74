#include "challenge.h"

#include "scan.h"

bool challenge_is_well_formed(struct span text)
{
	size_t at_signs = 0, last = text.length - 1;

	if (text.length < CHALLENGE_MIN_BYTES || text.length > CHALLENGE_MAX_BYTES)
		return false;
	if (text.at[0] != '<' || text.at[last] != '>')
		return false;
	for (size_t i = 1; i < last; i++) {
		char byte = text.at[i];

		if (byte < 0x21 || byte > 0x7e || byte == '<' || byte == '>')
			return false;
		if (byte == '@') {
			if (i == 1 || i == last - 1)
				return false;
			at_signs++;
		}
	}
	return at_signs == 1;
}

/* The last dot-part between '<' and '@'. */
static struct span time_part(struct span challenge)
{
	size_t end = 1, start;

	while (challenge.at[end] != '@')
		end++;
	for (start = end; start > 1 && challenge.at[start - 1] != '.'; start--)
		;
	return (struct span){ challenge.at + start, end - start };
}

bool challenge_is_fresh(struct span challenge, int64_t now, int64_t window)
{
	struct span digits = time_part(challenge);
	uint64_t made;

	if (window == 0)
		return true;
	if (!scan_number(&digits, INT64_MAX / 2, &made) || digits.length != 0)
		return false;
	return (int64_t)made >= now - window && (int64_t)made <= now + CHALLENGE_FUTURE_SECONDS;
}
