#include "encoding.h"

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

bool encoding_from_hex(struct span text, uint8_t *out, size_t size, size_t *length)
{
	*length = 0;
	if (text.length % 2 != 0 || text.length / 2 > size)
		return false;
	for (size_t i = 0; i < text.length; i += 2) {
		int high = hex_value(text.at[i]);
		int low = hex_value(text.at[i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	*length = text.length / 2;
	return true;
}

static int base64_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	if (digit == '+')
		return 62;
	if (digit == '/')
		return 63;
	return -1;
}

bool encoding_from_unpadded_base64(struct span text, uint8_t *out, size_t size, size_t *length)
{
	size_t bytes = 0;
	unsigned bits = 0, held = 0;

	*length = 0;
	if (text.length % 4 == 1 || text.length / 4 * 3 + text.length % 4 * 3 / 4 > size)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		int value = base64_value(text.at[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (unsigned)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[bytes++] = (uint8_t)(bits >> held);
			bits &= (1U << held) - 1;
		}
	}
	if (bits != 0)
		return false;
	*length = bytes;
	return true;
}

bool encoding_from_base64(struct span text, uint8_t *out, size_t size, size_t *length)
{
	struct span digits = text;

	*length = 0;
	if (text.length % 4 != 0)
		return false;
	while (text.length - digits.length < 2 && digits.length != 0 &&
	       digits.at[digits.length - 1] == '=')
		digits.length--;
	return encoding_from_unpadded_base64(digits, out, size, length);
}
