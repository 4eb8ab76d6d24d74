#include "print.h"

#include <stdint.h>
#include <stdio.h>

#define SHOWN_MAX_BYTES 256

/* How many bytes the UTF-8 character at the front has; 0 if there is none. */
static size_t character_bytes(struct span bytes, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = bytes.length != 0 ? (unsigned char)bytes.at[0] : 0x80;
	size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	*code = length == 1 ? first : first & (0x7fU >> length);
	if ((first >= 0x80 && first < 0xc0) || first >= 0xf8 || length > bytes.length)
		return 0;
	for (size_t i = 1; i < length; i++) {
		unsigned char byte = (unsigned char)bytes.at[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (byte & 0x3f);
	}
	/* Overlong forms, surrogates, and what is beyond Unicode. */
	if (*code < least[length] || (*code >= 0xd800 && *code < 0xe000) || *code > 0x10ffff)
		return 0;
	return length;
}

/* What is not seen, or changes how the rest is seen. */
static const struct {
	uint32_t from, to;
} unseen[] = {
	{ 0x00, 0x20 },       /* control characters, and the blank */
	{ 0x7f, 0xa0 },       /* the same of Latin-1 */
	{ 0x061c, 0x061c },   /* direction */
	{ 0x2000, 0x200f },   /* blanks, marks without width, direction */
	{ 0x2028, 0x202f },   /* ends of lines and paragraphs, direction */
	{ 0x2060, 0x206f },   /* the same */
	{ 0xfeff, 0xfeff },   /* the byte order mark */
	{ 0xe0000, 0xe0fff }, /* tags, and marks that choose a variant */
};

static bool is_unseen(uint32_t code)
{
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++) {
		if (code >= unseen[i].from && code <= unseen[i].to)
			return true;
	}
	return false;
}

static bool is_plain(struct span bytes)
{
	bool plain = bytes.length != 0;

	while (plain && bytes.length != 0) {
		uint32_t code;
		size_t length = character_bytes(bytes, &code);

		plain = length != 0 && !is_unseen(code);
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

/* RFC 8259, section 7: what is beyond 16 bits takes two of UTF-16. */
static void print_escaped(uint32_t code)
{
	if (code > 0xffff)
		printf("\\u%04x\\u%04x", 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
	else
		printf("\\u%04x", code);
}

void print_json(struct span bytes)
{
	putchar('"');
	while (bytes.length != 0) {
		uint32_t code;
		size_t length = character_bytes(bytes, &code);

		if (length == 0)
			(void)fputs("\\ufffd", stdout);
		else if (code != ' ' && is_unseen(code))
			print_escaped(code);
		else if (code == '"' || code == '\\')
			printf("\\%c", (int)code);
		else
			printf("%.*s", (int)length, bytes.at);
		bytes = span_from(bytes, length != 0 ? length : 1);
	}
	putchar('"');
}
