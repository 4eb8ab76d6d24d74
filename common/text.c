#include "text.h"

static void add_bytes(struct text *text, const char *bytes, size_t count)
{
	size_t room = sizeof(text->bytes) - 1 - text->length;

	if (count > room)
		count = room;
	memcpy(text->bytes + text->length, bytes, count);
	text->length += count;
	text->bytes[text->length] = '\0';
}

void text_clear(struct text *text)
{
	text->length = 0;
	text->bytes[0] = '\0';
}

void text_add(struct text *text, const char *piece)
{
	add_bytes(text, piece, strlen(piece));
}

static void add_in_base(struct text *text, unsigned long long number, unsigned base)
{
	char digits[24];
	size_t first = sizeof(digits);

	do {
		digits[--first] = (char)('0' + number % base);
		number /= base;
	} while (number != 0);
	add_bytes(text, digits + first, sizeof(digits) - first);
}

void text_add_number(struct text *text, long long number)
{
	unsigned long long magnitude = (unsigned long long)number;

	if (number < 0) {
		text_add(text, "-");
		magnitude = 0 - magnitude;
	}
	add_in_base(text, magnitude, 10);
}

void text_add_octal(struct text *text, unsigned number)
{
	text_add(text, "0");
	if (number != 0)
		add_in_base(text, number, 8);
}

void text_add_quoted(struct text *text, struct span raw, size_t limit)
{
	static const char hex[] = "0123456789abcdef";
	static const size_t longest = sizeof("\\xHH\"...") - 1;
	size_t shown = 0;

	text_add(text, "\"");
	for (; shown < raw.length && shown < limit; shown++) {
		unsigned char byte = (unsigned char)raw.at[shown];

		/* The quote at the end must fit, or the line could be continued by others. */
		if (text->length + longest >= sizeof(text->bytes))
			break;
		if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\') {
			add_bytes(text, (const char *)&byte, 1);
		} else {
			char escape[4] = { '\\', 'x', hex[byte >> 4], hex[byte & 15] };

			add_bytes(text, escape, sizeof(escape));
		}
	}
	text_add(text, shown < raw.length ? "\"..." : "\"");
}

void text_join_pieces(struct text *text, const char *const *pieces)
{
	text_clear(text);
	for (size_t i = 0; pieces[i] != NULL; i++)
		text_add(text, pieces[i]);
}

const char *text_of_errno(int number)
{
	const char *description = strerrordesc_np(number);

	return description != NULL ? description : "unknown error";
}
