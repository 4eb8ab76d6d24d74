#include "print.h"

#include <stdint.h>
#include <stdio.h>

#define SHOWN_MAX_BYTES 256

/* How many bytes the UTF-8 character at the front has; 0 if there is none. */
static size_t character_bytes(struct span bytes)
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

/* What is not seen, or changes how the rest is seen, in UTF-8; the bounds are of the last byte. */
static const struct {
	const char *first;
	unsigned char from, to;
} unseen[] = {
	{ "\xc2", 0x80, 0xa0 },     /* control characters of Latin-1, and its blank */
	{ "\xe2\x80", 0x80, 0x8f }, /* blanks, marks without width, direction */
	{ "\xe2\x80", 0xa8, 0xaf }, /* ends of lines and paragraphs, direction */
	{ "\xe2\x81", 0xa0, 0xaf }, /* the same */
	{ "\xef\xbb", 0xbf, 0xbf }, /* the byte order mark */
};

static bool is_unseen(struct span character)
{
	unsigned char last = (unsigned char)character.at[character.length - 1];

	if (character.length == 1)
		return last <= 0x20 || last == 0x7f;
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++) {
		if (span_begins(character, unseen[i].first) && last >= unseen[i].from &&
		    last <= unseen[i].to)
			return true;
	}
	return false;
}

static bool is_plain(struct span bytes)
{
	bool plain = bytes.length != 0;

	while (plain && bytes.length != 0) {
		size_t length = character_bytes(bytes);

		plain = length != 0 && !is_unseen((struct span){ bytes.at, length });
		bytes = span_from(bytes, length);
	}
	return plain;
}

void print_shown(struct text *text, struct span bytes)
{
	char plain[SHOWN_MAX_BYTES + 1];

	if (bytes.length > SHOWN_MAX_BYTES || !is_plain(bytes)) {
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
		size_t length = character_bytes(bytes);
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
