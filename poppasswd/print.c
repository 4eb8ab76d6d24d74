#include "print.h"

#include <stdint.h>
#include <stdio.h>

#define SHOWN_MAX_BYTES 256

size_t print_character(struct span bytes)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = bytes.length != 0 ? (unsigned char)bytes.at[0] : 0x80;
	size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t code = length == 1 ? first : first & (0x7fU >> length);

	if ((first >= 0x80 && first < 0xc0) || first >= 0xf8 || length > bytes.length)
		return 0;
	for (size_t i = 1; i < length; i++) {
		unsigned char byte = (unsigned char)bytes.at[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (byte & 0x3f);
	}
	/* Overlong forms, surrogates, and what is beyond Unicode. */
	if (code < least[length] || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
		return 0;
	return length;
}

/* Control characters of ASCII and, as C2 80 to C2 9F, of Latin-1; and blanks. */
static bool is_control(struct span character)
{
	unsigned char first = (unsigned char)character.at[0];

	return first <= 0x20 || first == 0x7f ||
	       (first == 0xc2 && (unsigned char)character.at[1] < 0xa0);
}

bool print_is_plain(struct span bytes)
{
	bool plain = bytes.length != 0;

	while (plain && bytes.length != 0) {
		size_t length = print_character(bytes);

		plain = length != 0 && !is_control(bytes);
		bytes = span_from(bytes, length);
	}
	return plain;
}

void print_shown(struct text *text, struct span bytes)
{
	char plain[SHOWN_MAX_BYTES + 1];

	if (bytes.length > SHOWN_MAX_BYTES || !print_is_plain(bytes)) {
		text_clear(text);
		text_add_quoted(text, bytes, SHOWN_MAX_BYTES);
		return;
	}
	memcpy(plain, bytes.at, bytes.length);
	plain[bytes.length] = '\0';
	text_join(text, plain);
}

void print_json(struct span bytes)
{
	putchar('"');
	while (bytes.length != 0) {
		size_t length = print_character(bytes);
		unsigned char first = (unsigned char)bytes.at[0];

		if (length == 0)
			(void)fputs("\\ufffd", stdout);
		else if (length == 1 && (first < 0x20 || first == 0x7f))
			printf("\\u%04x", first);
		else if (first == '"' || first == '\\')
			printf("\\%c", first);
		else
			printf("%.*s", (int)length, bytes.at);
		bytes = span_from(bytes, length != 0 ? length : 1);
	}
	putchar('"');
}
