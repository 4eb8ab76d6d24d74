#include "source.h"

#include "credential.h"
#include "scan.h"
#include "userfile.h"
#include "vflags.h"

#include <stdint.h>

static const char no_colon[] = "there is no colon";
static const char no_hash[] = "the password is no hash that is known";

static const char *parse_poppasswd(struct span line, struct source_user *user)
{
	struct userfile_entry entry;

	if (userfile_parse(line, &entry) != USERFILE_ENTRY)
		return no_colon;
	user->login = entry.login;
	user->secret = entry.secret;
	user->further = span_from(line, entry.login.length + 1 + entry.secret.length);
	return NULL;
}

/* The file of cmd5checkpw 0.22 and 0.30: every secret is a plaintext, whatever it looks like. */
static const char *parse_plain(struct span line, struct source_user *user)
{
	const char *problem = parse_poppasswd(line, user);

	user->clear = user->secret;
	user->secret = (struct span){ 0 };
	return problem;
}

/* The last field; what stands before it is cut off. */
static struct span after_colons(struct span rest, size_t colons)
{
	struct span part;

	while (colons-- > 0) {
		if (!scan_until(&rest, ':', &part))
			return span_of("");
	}
	return rest;
}

static bool has_word(struct span text, const char *word)
{
	struct span part;
	bool found = false;

	while (!found && text.length != 0) {
		if (!scan_until(&text, ' ', &part)) {
			part = text;
			text.length = 0;
		}
		found = span_is(part, word) ||
			(span_begins(part, word) && part.at[strlen(word)] == '=');
	}
	return found;
}

/* user:password:uid:gid:gecos:home:shell:extra fields */
static const char *parse_dovecot(struct span line, struct source_user *user)
{
	struct span rest = line, extra;

	if (!scan_until(&rest, ':', &user->login))
		return no_colon;
	extra = after_colons(rest, 6);
	if (!scan_until(&rest, ':', &user->secret))
		user->secret = rest;
	else if (rest.length != 0)
		user->lost = "ids, home and further fields are left";
	if (has_word(extra, "nopassword"))
		return "any password would do (nopassword)";
	/* "Not from everywhere" cannot be said here: rather not at all than from everywhere. */
	if (has_word(extra, "nologin") || has_word(extra, "allow_nets")) {
		user->locked = true;
		user->lost = "locked, for nologin or allow_nets cannot be kept";
	}
	/* Without a scheme it is one of crypt(3). */
	if (!span_begins(user->secret, "{") && !span_begins(user->secret, "!") &&
	    !span_begins(user->secret, "*") && !credential_is_hash(user->secret))
		return no_hash;
	return NULL;
}

static const char *parse_htpasswd(struct span line, struct source_user *user)
{
	struct span rest = line;

	if (!scan_until(&rest, ':', &user->login))
		return no_colon;
	user->secret = rest;
	return credential_is_hash(rest) || span_begins(rest, "{SHA}") ? NULL : no_hash;
}

/* name:hash:uid:flags:gecos:dir:quota[:clear] */
static const char *parse_vpasswd(struct span line, struct source_user *user)
{
	struct span rest = line, scheme, uid, flags_text, gecos, directory, quota;
	uint64_t flags;

	if (!scan_until(&rest, ':', &user->login) || !scan_until(&rest, ':', &user->secret) ||
	    !scan_until(&rest, ':', &uid) || !scan_until(&rest, ':', &flags_text) ||
	    !scan_until(&rest, ':', &gecos) || !scan_until(&rest, ':', &directory))
		return "there are fewer than seven fields";
	if (!scan_number(&flags_text, INT32_MAX, &flags) || flags_text.length != 0)
		return "the fourth field is no number";
	user->lost =
		flags != 0 ? "flags, directory and quota are left" : "directory and quota are left";
	if (flags & (VFLAG_NO_POP | VFLAG_NO_IMAP | VFLAG_NO_SMTP)) {
		user->locked = true;
		user->lost = "locked, for a flag that forbids one service cannot be kept";
	}
	/* All behind the next colon is the password, colons included. */
	if (scan_until(&rest, ':', &quota) && rest.length != 0) {
		user->clear = rest;
		user->secret = (struct span){ 0 };
		return NULL;
	}
	/* vpopmail drops a {...} before a hash. */
	if (scan_literal(&user->secret, "{") && !scan_until(&user->secret, '}', &scheme))
		return no_hash;
	return credential_is_hash(user->secret) ? NULL : no_hash;
}

static const struct {
	const char *name;
	source_parser *parse;
} formats[] = {
	{ "poppasswd", parse_poppasswd }, { "plain", parse_plain },
	{ "dovecot", parse_dovecot },     { "htpasswd", parse_htpasswd },
	{ "vpasswd", parse_vpasswd },
};

source_parser *source_find(const char *format)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, format) == 0)
			return formats[i].parse;
	}
	return NULL;
}

bool source_is_ours(const char *format)
{
	return strcmp(format, formats[0].name) == 0;
}
