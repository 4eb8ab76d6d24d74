#include "name.h"

#include "text.h"

#include <strings.h>

static bool join(struct span user, struct span domain, struct name *name)
{
	struct text login;

	if (!span_copy(user, name->user, sizeof(name->user)) ||
	    !span_copy(domain, name->domain, sizeof(name->domain)))
		return false;
	text_join(&login, name->user, domain.length != 0 ? "@" : "", name->domain);
	return login.length < TEXT_MAX_BYTES - 1 &&
	       span_copy((struct span){ login.bytes, login.length }, name->login,
			 sizeof(name->login));
}

static bool parse_as_vpopmail(struct span text, const char *default_domain, struct name *name)
{
	static struct login login;

	if (!login_parse(text, &login) || (login.domain[0] == '\0' && default_domain[0] != '\0' &&
					   !login_set_domain(&login, span_of(default_domain))))
		return false;
	return login.domain[0] != '\0' && join(span_of(login.user), span_of(login.domain), name);
}

static bool parse(struct span text, const char *default_domain, struct name *name)
{
	struct span user = text, domain = span_of(default_domain);
	const char *at = text.length != 0 ? memrchr(text.at, '@', text.length) : NULL;

	if (at != NULL) {
		user.length = (size_t)(at - text.at);
		domain = span_from(text, user.length + 1);
	}
	/* "joe@" is not joe. */
	return user.length != 0 && (at == NULL || domain.length != 0) && join(user, domain, name);
}

/*
 * UTF-8 (RFC 3629) without control bytes. Anything else is nobody's login, and would make some
 * servers answer with an error, which a stranger must not be able to call forth.
 */
static bool is_text(struct span text)
{
	size_t i = 0;

	while (i < text.length) {
		unsigned char first = (unsigned char)text.at[i++];
		unsigned char low = 0x80, high = 0xbf;
		int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;

		if (first < 0x20 || (first >= 0x7f && more == 0) || first > 0xf4)
			return false;
		if (first == 0xe0)
			low = 0xa0;
		if (first == 0xed)
			high = 0x9f;
		if (first == 0xf0)
			low = 0x90;
		if (first == 0xf4)
			high = 0x8f;
		for (; more > 0; more--, low = 0x80, high = 0xbf) {
			if (i == text.length || (unsigned char)text.at[i] < low ||
			    (unsigned char)text.at[i] > high)
				return false;
			i++;
		}
	}
	return true;
}

bool name_parse(struct span text, bool as_vpopmail, const char *default_domain, struct name *name)
{
	name->login[0] = name->user[0] = name->domain[0] = '\0';
	return is_text(text) &&
	       (as_vpopmail ? parse_as_vpopmail : parse)(text, default_domain, name);
}

/* Servers find "JOE", "joe " and "jo\xc3\xa9" for joe: what came back decides. */
bool name_is(const struct name *name, struct span login, bool exact)
{
	if (login.length != strlen(name->login))
		return false;
	return (exact ? strncmp : strncasecmp)(login.at, name->login, login.length) == 0;
}
