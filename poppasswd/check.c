/* The command check. */
#include "complain.h"
#include "credential.h"
#include "describe.h"
#include "file.h"
#include "names.h"
#include "owner.h"
#include "password.h"
#include "print.h"
#include "userindex.h"
#include "walk.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct finding {
	bool is_error; /* else a warning */
	const char *kind, *message;
};

/* Of the file. */
static const struct finding bad_owner = { true, "owner",
					  "it should belong to " OWNER_NAME ": chown " OWNER_NAME },
			    bad_mode = { true, "mode", "others can read or write it: chmod 400" },
			    group_mode = { false, "mode",
					   "its group can read or write it: chmod 400" },
			    bad_directory = { true, "directory",
					      "everybody can write to its directory" },
			    bad_index = { false, "index",
					  "the index beside it is not used: run poppasswd index" };

/* Of a line. */
static const struct finding
	no_colon = { true, "malformed", "there is no colon: the line is skipped" },
	overlong = { true, "malformed", "longer than 4096 bytes: the line is skipped" },
	nul = { true, "malformed", "a NUL byte: the line is skipped" },
	empty_login = { true, "unreachable", "the login is empty" },
	long_login = { true, "unreachable", "the login is longer than a mail server can send" },
	odd_login = { false, "login", "a blank or a byte order mark belongs to the login" },
	duplicate = { true, "duplicate",
		      "the login stands above already: this line does not count" },
	empty_secret = { true, "empty", "the secret is empty: nobody can log in" },
	no_shadow = { true, "no-shadow", "the secret is x: nobody can log in" },
	unknown_scheme = { true, "unknown-scheme", "no known scheme or hash: nobody can log in" },
	damaged = { true, "damaged", "the secret is not what it claims to be: nobody can log in" },
	long_password = { true, "unreachable",
			  "the password is longer than a mail server can send" },
	plaintext = { false, "plaintext",
		      "the password itself is stored; {CRAM-MD5} serves PLAIN and CRAM-MD5, too" },
	weak = { false, "weak-hash", "the hash is guessed quickly" };

struct examination {
	const struct options *options;
	struct names seen;
	uint64_t users, errors, warnings;
};

/* `line` is 0 where it is the file that is meant; `login.at` is NULL where there is none. */
static void report(struct examination *examination, const struct finding *finding, uint64_t line,
		   struct span login)
{
	bool first = examination->errors + examination->warnings == 0;
	const char *severity = finding->is_error ? "error" : "warning";
	struct text shown;

	if (finding->is_error)
		examination->errors++;
	else
		examination->warnings++;
	if (examination->options->json) {
		printf("%s    {\"line\": ", first ? "" : ",\n");
		if (line != 0)
			printf("%llu", (unsigned long long)line);
		else
			(void)fputs("null", stdout);
		printf(", \"severity\": \"%s\", \"kind\": \"%s\", \"login\": ", severity,
		       finding->kind);
		if (login.at != NULL)
			print_json(login);
		else
			(void)fputs("null", stdout);
		(void)fputs(", \"message\": ", stdout);
		print_json(span_of(finding->message));
		putchar('}');
		return;
	}
	printf("%s:", examination->options->file);
	if (line != 0)
		printf("%llu:", (unsigned long long)line);
	printf(" %s: %s: ", severity, finding->kind);
	if (login.at != NULL && login.length != 0) {
		print_shown(&shown, login);
		printf("%s: ", shown.bytes);
	}
	puts(finding->message);
}

static const struct finding *judge_login(struct span login)
{
	if (login.length == 0)
		return &empty_login;
	if (login.length >= PASSWORD_ROOM_BYTES)
		return &long_login;
	if (strchr(" \t", login.at[0]) != NULL || span_begins(login, BYTE_ORDER_MARK) ||
	    strchr(" \t", login.at[login.length - 1]) != NULL)
		return &odd_login;
	return NULL;
}

static const struct finding *judge_secret(struct span login, struct span secret)
{
	struct description description = describe(secret);
	struct credential credential;

	/* What is locked cannot be used on purpose. */
	if (description.locked)
		return NULL;
	switch (description.reason) {
	case REASON_OK:
		break;
	case REASON_EMPTY_SECRET:
		return &empty_secret;
	case REASON_NO_SHADOW:
		return &no_shadow;
	case REASON_UNKNOWN_SCHEME:
		return &unknown_scheme;
	default:
		return &damaged;
	}
	if (!description.clear)
		return description.weak ? &weak : NULL;
	if (credential_parse(&credential, secret) == REASON_OK &&
	    login.length + credential.value.length > PASSWORD_ROOM_BYTES)
		return &long_password;
	return &plaintext;
}

/* False if there is no memory. */
static bool examine_entry(struct examination *examination, const struct walk *walk)
{
	uint64_t line = walk->lines.number;
	struct span login = walk->entry.login;
	const struct finding *finding = judge_login(login);
	struct name *name = names_add(&examination->seen, login, line);

	if (name == NULL)
		return false;
	if (name->line != line) {
		report(examination, &duplicate, line, login);
		return true;
	}
	examination->users++;
	if (finding != NULL)
		report(examination, finding, line, login);
	if (finding != NULL && finding->is_error)
		return true;
	finding = judge_secret(login, walk->entry.secret);
	if (finding != NULL)
		report(examination, finding, line, login);
	return true;
}

static bool examine_lines(struct examination *examination, int descriptor)
{
	static const struct finding *const findings[] = {
		[USERFILE_NO_COLON] = &no_colon,
		[USERFILE_OVERLONG] = &overlong,
		[USERFILE_NUL] = &nul,
	};
	enum userfile_line kind;
	struct walk walk;

	if (!walk_begin(&walk, descriptor))
		return false;
	while ((kind = walk_next(&walk)) != USERFILE_END) {
		if (kind == USERFILE_TROUBLE)
			return false;
		if (kind == USERFILE_REMARK)
			continue;
		if (kind != USERFILE_ENTRY)
			report(examination, findings[kind], walk.lines.number, (struct span){ 0 });
		else if (!examine_entry(examination, &walk))
			return false;
	}
	return true;
}

/* Who keeps the file for himself, and is not root, need not have the user checkpw. */
static bool has_right_owner(const struct stat *status)
{
	uid_t uid;

	if (geteuid() != 0 && status->st_uid == geteuid())
		return true;
	return owner_find(&uid) ? status->st_uid == uid : status->st_uid == 0;
}

static bool has_open_directory(const char *path)
{
	char copy[PATH_MAX];
	struct stat status;

	if (realpath(path, copy) == NULL || stat(dirname(copy), &status) != 0)
		return false;
	return (status.st_mode & S_IWOTH) && !(status.st_mode & S_ISVTX);
}

static void examine_file(struct examination *examination, int descriptor)
{
	const char *path = examination->options->file;
	struct userindex index_of;
	struct stat status;
	struct text why;

	if (fstat(descriptor, &status) == 0) {
		if (!has_right_owner(&status))
			report(examination, &bad_owner, 0, (struct span){ 0 });
		if (status.st_mode & S_IRWXO)
			report(examination, &bad_mode, 0, (struct span){ 0 });
		else if (status.st_mode & S_IRWXG)
			report(examination, &group_mode, 0, (struct span){ 0 });
	}
	if (has_open_directory(path))
		report(examination, &bad_directory, 0, (struct span){ 0 });
	if (userindex_open(&index_of, path, descriptor, &why) == USERINDEX_UNUSABLE)
		report(examination, &bad_index, 0, (struct span){ 0 });
	userindex_close(&index_of);
}

static bool examine(struct examination *examination, int descriptor)
{
	const struct options *options = examination->options;
	bool read;

	if (options->json) {
		(void)fputs("{\"file\": ", stdout);
		print_json(span_of(options->file));
		(void)fputs(",\n  \"findings\": [\n", stdout);
	}
	examine_file(examination, descriptor);
	read = examine_lines(examination, descriptor);
	if (!read)
		(void)complain_errno(options->file);
	if (options->json)
		printf("\n  ],\n  \"users\": %llu, \"errors\": %llu, \"warnings\": %llu}\n",
		       (unsigned long long)examination->users,
		       (unsigned long long)examination->errors,
		       (unsigned long long)examination->warnings);
	else
		printf("%llu users, %llu errors, %llu warnings\n",
		       (unsigned long long)examination->users,
		       (unsigned long long)examination->errors,
		       (unsigned long long)examination->warnings);
	return read;
}

enum ending command_check(const struct options *options)
{
	struct examination examination = { .options = options };
	struct text why;
	int descriptor = file_open(options->file, FILE_TRUST_ANY, NULL, &why);
	bool examined;

	if (descriptor == -1)
		return complain_why(&why);
	examined = examine(&examination, descriptor);
	close(descriptor);
	names_free(&examination.seen);
	if (!examined)
		return ENDING_TROUBLE;
	return examination.errors + examination.warnings == 0 ? ENDING_DONE : ENDING_NO;
}
