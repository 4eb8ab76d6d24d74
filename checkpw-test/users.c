#include "users.h"

#include "configuration.h"
#include "credential.h"
#include "doctor.h"
#include "userfile.h"
#include "userindex.h"

#include <unistd.h>

/* What was seen of one kind: how often, and first in which line. */
struct seen {
	unsigned long count, line;
};

static struct seen skipped, unusable, one_way;
static struct text unusable_reason;

/* A kind of hash is tried once: the first of each. */
static const char *const costly[] = { "$y$", "$gy$", "$7$", "$argon2" };
static bool tried[sizeof(costly) / sizeof(costly[0])];

static void see(struct seen *seen, unsigned long line)
{
	if (seen->count++ == 0)
		seen->line = line;
}

static void report_memory(unsigned long line, const char *explanation)
{
	struct text what;

	text_join(&what, "line ");
	text_add_number(&what, (long long)line);
	text_add(&what, " of the file of users: ");
	text_add(&what, explanation);
	doctor_report(
		what.bytes,
		"logins of users with such hashes are answered 111 with the limits of this shell",
		"raise the hard limit (ulimit -Hv, LimitAS), or store cheaper hashes");
}

static void try_memory(const struct credential *credential, unsigned long line)
{
	const struct request request = { .login = span_of(""),
					 .password = span_of("no such password") };
	const struct credential_rules rules = { .apop = false };
	enum mechanism mechanism;
	struct text why;

	for (size_t i = 0; i < sizeof(costly) / sizeof(costly[0]); i++) {
		if (tried[i] || !span_begins(credential->value, costly[i]))
			continue;
		tried[i] = true;
		if (credential_verify(credential, &request, &rules, &mechanism, &why) ==
		    REASON_MEMORY)
			report_memory(line, why.bytes);
	}
}

static void examine_secret(struct span secret, unsigned long line)
{
	struct credential credential;
	enum reason reason = credential_parse(&credential, secret);

	if (reason == REASON_LOCKED)
		return;
	if (reason != REASON_OK) {
		if (unusable.count == 0)
			text_join(&unusable_reason, reason_word(reason));
		see(&unusable, line);
		return;
	}
	if (credential.scheme->kind == SCHEME_ONE_WAY)
		see(&one_way, line);
	try_memory(&credential, line);
}

/* An index that does not count is no fault of a login's, but each one reads all lines. */
static void examine_index(const char *store, int file)
{
	struct userindex found;
	struct text why, mend;

	if (userindex_open(&found, store, file, &why) == USERINDEX_UNUSABLE) {
		text_join(&mend, "poppasswd -f ", store, " index; or remove it");
		doctor_report(why.bytes, "the index is not used: each login reads all lines",
			      mend.bytes);
	}
	userindex_close(&found);
}

static void report_seen(const struct seen *seen, const char *store, const char *what_is,
			const char *why, const char *mend)
{
	struct text what;

	if (seen->count == 0)
		return;
	text_join(&what, store, ": ");
	text_add(&what, what_is);
	text_add(&what, ": ");
	text_add_number(&what, (long long)seen->count);
	text_add(&what, seen->count == 1 ? ", line " : ", the first is line ");
	text_add_number(&what, (long long)seen->line);
	doctor_report(what.bytes, why, mend);
}

void users_examine(const struct installation *installation)
{
	char path[INSTALLATION_PATH_BYTES], value[INSTALLATION_PATH_BYTES];
	const char *store;
	struct file_lines lines;
	struct userfile_entry entry;
	enum userfile_line kind;
	struct text ignored;
	int file;

	if (strcmp(installation->name, "cmd5checkpw") != 0)
		return;
	store = installation_value(installation, "file", SYSCONFDIR "/poppasswd", path);
	file = file_open(store, FILE_TRUST_NAMED, NULL, &ignored);
	if (file == -1)
		return;
	examine_index(store, file);
	file_lines_begin(&lines, file);
	while ((kind = userfile_next(&lines, &entry)) > USERFILE_END) {
		if (kind == USERFILE_ENTRY)
			examine_secret(entry.secret, lines.number);
		else if (kind != USERFILE_REMARK)
			see(&skipped, lines.number);
	}
	close(file);
	report_seen(&skipped, store, "lines that are no entries",
		    "no colon, a NUL byte, or too long: that user "
		    "cannot log in",
		    "correct them, or put # before a comment");
	report_seen(&unusable, store, "secrets that cannot be used", unusable_reason.bytes,
		    "make them anew; see the reason in cmd5checkpw(8)");
	if (strcmp(installation_value(installation, "challenges", "yes", value), "yes") == 0)
		report_seen(
			&one_way, store, "hashes, which CRAM-MD5 cannot use",
			"a client that chooses CRAM-MD5 is refused with the right password",
			"store {CRAM-MD5} secrets; or do not offer it, and say challenges = no");
}
