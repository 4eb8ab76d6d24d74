#include "scan.h"

bool scan_literal(struct span *rest, const char *literal)
{
	if (!span_begins(*rest, literal))
		return false;
	*rest = span_from(*rest, strlen(literal));
	return true;
}

bool scan_until(struct span *rest, char separator, struct span *part)
{
	const char *end = rest->length != 0 ? memchr(rest->at, separator, rest->length) : NULL;

	if (end == NULL)
		return false;
	*part = (struct span){ rest->at, (size_t)(end - rest->at) };
	*rest = span_from(*rest, part->length + 1);
	return true;
}

bool scan_number(struct span *rest, uint64_t maximum, uint64_t *number)
{
	uint64_t value = 0;
	size_t digits = 0;

	for (; digits < rest->length; digits++) {
		char digit = rest->at[digits];

		if (digit < '0' || digit > '9')
			break;
		if (value > maximum / 10)
			return false;
		value = value * 10 + (uint64_t)(digit - '0');
	}
	if (digits == 0 || value > maximum)
		return false;
	*number = value;
	*rest = span_from(*rest, digits);
	return true;
}
