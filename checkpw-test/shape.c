#include "shape.h"

#include "hmac.h"

#include <strings.h>

const char *const shape_mechanism_words[SHAPE_MECHANISMS + 1] = {
	[SHAPE_PLAIN] = "plain", [SHAPE_LOGIN] = "login",   [SHAPE_CRAM_MD5] = "cram-md5",
	[SHAPE_APOP] = "apop",   [SHAPE_LOOKUP] = "lookup",
};

#define SMTP "TCPLOCALPORT=25"
#define POP3 "TCPLOCALPORT=110"
#define SUBMISSION "TCPLOCALPORT=587"

static const struct shape shapes[] = {
	{ "S1", "qmail-popup", { "U0P0C0", NULL, NULL, "U0A0C0" }, { POP3 } },
	{ "S2", "qmail-smtpd-auth 0.4, eQmail", { "U0P00", "U0P00", "U0D0C0" }, { SMTP } },
	{ "S2b", "the same without CRAM-MD5", { "U0P0", "U0P0" }, { SMTP } },
	{ "S3",
	  "qmail-smtpd-auth 0.7, s/qmail, sagredo",
	  { "U0P00", "U0P00", "U0D0C0" },
	  { SUBMISSION, "SMTPAUTH=+cram", "SMTPAUTHMETHOD=%" } },
	{ "S3b",
	  "the same, CRAM-MD5 not offered",
	  { "U0P00", "U0P00" },
	  { SUBMISSION, "SMTPAUTH=", "SMTPAUTHMETHOD=%" } },
	{ "S4", "qmail-smtpd-auth 0.31, ofmipup", { "U0P00", "U0P00", "U0C0D0" }, { SMTP } },
	{ "S5", "indimail", { "U0P0020", "U0P0010", "U0C0D030" }, { SMTP } },
	{ "S6", "Dovecot", { "U0P00" }, { "SERVICE=imap", "PROTO=TCP", "AUTH_MECH=PLAIN" } },
	{ "S6u",
	  "Dovecot, a lookup",
	  { NULL, NULL, NULL, NULL, "U000" },
	  { "SERVICE=imap", "PROTO=TCP", "AUTHORIZED=1" } },
	{ "S7", "qpsmtpd", { "U0P0Y0", "U0P0Y0" }, { SMTP } },
	{ "S8", "spamdyke", { "U0P00", "U0P00", "U0D0C0" }, { SMTP } },
};

#define SHAPE_COUNT (sizeof(shapes) / sizeof(shapes[0]))

const struct shape *shape_at(size_t index)
{
	return index < SHAPE_COUNT ? &shapes[index] : NULL;
}

const struct shape *shape_find(const char *id)
{
	for (size_t i = 0; i < SHAPE_COUNT; i++) {
		if (strcasecmp(shapes[i].id, id) == 0)
			return &shapes[i];
	}
	return NULL;
}

struct message {
	char *out;
	size_t length;
	bool full;
};

static void add(struct message *message, struct span piece)
{
	if (piece.length > SHAPE_MESSAGE_BYTES - message->length) {
		message->full = true;
		return;
	}
	memcpy(message->out + message->length, piece.at, piece.length);
	message->length += piece.length;
}

static void add_hex(struct message *message, const uint8_t *digest)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_MD5_BYTES; i++)
		add(message,
		    (struct span){ (const char[]){ digits[digest[i] >> 4], digits[digest[i] & 15] },
				   2 });
}

static void add_part(struct message *message, char part, const struct shape_secrets *secrets)
{
	const char byte = (char)(part - '0');
	uint8_t digest[DIGEST_MD5_BYTES];

	switch (part) {
	case 'U':
		add(message, secrets->login);
		break;
	case 'P':
		add(message, secrets->password);
		break;
	case 'C':
		add(message, secrets->challenge);
		break;
	case 'D':
		hmac(DIGEST_MD5, secrets->password, secrets->challenge, digest);
		add_hex(message, digest);
		break;
	case 'A':
		digest_of(DIGEST_MD5, secrets->challenge, secrets->password, digest);
		add_hex(message, digest);
		break;
	case 'Y':
		add(message, span_of("Y123456"));
		break;
	default:
		add(message, (struct span){ &byte, 1 });
	}
}

size_t shape_compose(const struct shape *shape, enum shape_mechanism mechanism,
		     enum shape_order order, const struct shape_secrets *secrets, char *out)
{
	struct message message = { .out = out };
	const char *strings = shape->strings[mechanism];

	if (strings == NULL)
		return 0;
	for (; *strings != '\0'; strings++) {
		char part = *strings;

		if (mechanism == SHAPE_CRAM_MD5 && order != SHAPE_ORDER_USUAL &&
		    (part == 'C' || part == 'D')) {
			bool first = strings[1] == '0' && (strings[2] == 'C' || strings[2] == 'D');

			part = first == (order == SHAPE_ORDER_OLD) ? 'C' : 'D';
		}
		add_part(&message, part, secrets);
	}
	return message.full ? 0 : message.length;
}
