#include "vflags.h"

#include <strings.h>

static bool ends_keyword(char byte)
{
	return byte == ' ' || byte == '\t' || byte == ':' || byte == '=';
}

/* A keyword acts by its presence, whatever follows it. */
unsigned vflags_of_limit(struct span line)
{
	static const struct {
		const char *keyword;
		unsigned flag;
	} limits[] = {
		{ "disable_pop", VFLAG_NO_POP },
		{ "disable_imap", VFLAG_NO_IMAP },
		{ "disable_smtp", VFLAG_NO_SMTP },
		{ "disable_webmail", VFLAG_NO_WEBMAIL },
		{ "disable_external_relay", VFLAG_NO_RELAY },
		{ "disable_dialup", VFLAG_NO_DIALUP },
		{ "disable_password_changing", VFLAG_NO_PASSWORD_CHANGE },
	};
	size_t length = 0;

	while (line.length != 0 && (line.at[0] == ' ' || line.at[0] == '\t'))
		line = span_from(line, 1);
	while (length < line.length && !ends_keyword(line.at[length]))
		length++;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (strlen(limits[i].keyword) == length &&
		    strncasecmp(limits[i].keyword, line.at, length) == 0)
			return limits[i].flag;
	}
	return 0;
}

enum reason vflags_examine(unsigned flags, enum service service, const char *address)
{
	struct span from = span_of(address);
	bool local = span_is(from, "127.0.0.1") || span_is(from, "::ffff:127.0.0.1") ||
		     span_is(from, "::1");

	if (service == SERVICE_SMTP)
		return flags & VFLAG_NO_SMTP ? REASON_NO_SMTP : REASON_OK;
	if (flags & VFLAG_NO_WEBMAIL && local)
		return REASON_NO_WEBMAIL;
	if (service == SERVICE_IMAP)
		return flags & VFLAG_NO_IMAP ? REASON_NO_IMAP : REASON_OK;
	return flags & VFLAG_NO_POP ? REASON_NO_POP3 : REASON_OK;
}
