#include "encode.h"

bool encode_hex(struct span bytes, char *out, size_t size, size_t *length)
{
	static const char digits[] = "0123456789abcdef";

	*length = 0;
	if (bytes.length > size / 2)
		return false;
	for (size_t i = 0; i < bytes.length; i++) {
		unsigned char byte = (unsigned char)bytes.at[i];

		out[(*length)++] = digits[byte >> 4];
		out[(*length)++] = digits[byte & 15];
	}
	return true;
}

bool encode_unpadded_base64(struct span bytes, char *out, size_t size, size_t *length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0, held = 0;

	*length = 0;
	if (bytes.length > size / 4 * 3)
		return false;
	for (size_t i = 0; i < bytes.length; i++) {
		bits = (bits << 8 | (unsigned char)bytes.at[i]) & 0xffff;
		for (held += 8; held >= 6; held -= 6)
			out[(*length)++] = digits[bits >> (held - 6) & 63];
	}
	if (held != 0)
		out[(*length)++] = digits[bits << (6 - held) & 63];
	return true;
}

bool encode_base64(struct span bytes, char *out, size_t size, size_t *length)
{
	if (!encode_unpadded_base64(bytes, out, size / 4 * 4, length))
		return false;
	while (*length % 4 != 0)
		out[(*length)++] = '=';
	return true;
}
