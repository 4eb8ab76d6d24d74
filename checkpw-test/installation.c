#include "installation.h"

#include "configuration.h"
#include "doctor.h"
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

static struct text what, mend;

/* Finds `name` as execvp does. */
static bool find_program(const char *name, char *path)
{
	const char *search = getenv("PATH");

	if (strchr(name, '/') != NULL || search == NULL)
		return snprintf(path, INSTALLATION_PATH_BYTES, "%s", name) <
			       INSTALLATION_PATH_BYTES &&
		       access(path, F_OK) == 0;
	while (*search != '\0') {
		size_t length = strcspn(search, ":");

		if (snprintf(path, INSTALLATION_PATH_BYTES, "%.*s/%s", (int)length, search, name) <
			    INSTALLATION_PATH_BYTES &&
		    access(path, X_OK) == 0)
			return true;
		search += length + (search[length] == ':');
	}
	path[0] = '\0';
	return false;
}

static void examine_directory(const char *path)
{
	char directory[INSTALLATION_PATH_BYTES];
	struct stat status;
	char *slash;

	(void)snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (slash == NULL || slash == directory)
		return;
	*slash = '\0';
	if (stat(directory, &status) != 0 || (status.st_mode & S_IWOTH) == 0 ||
	    status.st_mode & S_ISVTX)
		return;
	text_join(&what, directory, ": everybody may write to it");
	text_join(&mend, "chmod o-w ", directory);
	doctor_report(what.bytes,
		      "everybody can put another file in the place of one that decides who logs in",
		      mend.bytes);
}

static bool is_set_id(const struct installation *installation)
{
	return (installation->status.st_mode & (S_ISUID | S_ISGID)) != 0;
}

static void examine_program(const struct installation *installation)
{
	struct statvfs where;

	examine_directory(installation->program);
	if (installation->status.st_mode & (S_IWGRP | S_IWOTH)) {
		text_join(&what, installation->program, ": others may write to the program");
		text_join(&mend, "chmod go-w ", installation->program);
		doctor_report(what.bytes, "who can change the program decides who logs in",
			      mend.bytes);
	}
	if (is_set_id(installation) && statvfs(installation->program, &where) == 0 &&
	    where.f_flag & ST_NOSUID) {
		text_join(&what, installation->program, ": the set-uid bit has no effect here");
		doctor_report(
			what.bytes, "the file system is mounted nosuid",
			"install the program elsewhere, or mount the file system without nosuid");
	}
}

static void report_owner(const struct installation *installation, const char *store, uid_t owner)
{
	if (installation->status.st_mode & S_ISUID) {
		text_join(&what, store, ": it belongs to uid ");
		text_add_number(&what, owner);
		text_add(&what, ", and the checker runs as uid ");
		text_add_number(&what, installation->effective_user);
	} else {
		text_join(&what, installation->program, ": the set-uid bit is missing");
	}
	text_join(&mend, "chown ");
	text_add_number(&mend, owner);
	text_add(&mend, " ");
	text_add(&mend, installation->program);
	text_add(&mend, "; chmod 4750 ");
	text_add(&mend, installation->program);
	text_add(&mend, ", its group being that of the mail server");
	doctor_report(
		what.bytes,
		"the checker takes a file of root or of its own user only: each login is answered "
		"111",
		mend.bytes);
}

/* cmd5checkpw: set-uid to the owner of the file of users. */
static void examine_poppasswd(const struct installation *installation)
{
	char value[INSTALLATION_PATH_BYTES];
	const char *store =
		installation_value(installation, "file", SYSCONFDIR "/poppasswd", value);
	struct stat status;

	examine_directory(store);
	if (stat(store, &status) != 0) {
		text_join(&what, store, ": ", text_of_errno(errno));
		text_join(&mend, "(umask 077; : >", store, "); chown checkpw ", store,
			  "; chmod 400 ", store);
		if (errno == ENOENT)
			doctor_report(what.bytes,
				      "without the file of users each login is answered 111",
				      mend.bytes);
		return;
	}
	if (installation->effective_user != 0 && status.st_uid != 0 &&
	    status.st_uid != installation->effective_user)
		report_owner(installation, store, status.st_uid);
	if (status.st_mode & S_IWOTH) {
		text_join(&what, store, ": everybody may write to it");
		text_join(&mend, "chmod 400 ", store, ", and see what was written to it");
		doctor_report(what.bytes, "who may write to the file of users makes himself one",
			      mend.bytes);
	} else if (status.st_mode & S_IROTH) {
		text_join(&what, store, ": everybody can read it");
		text_join(&mend, "chmod 400 ", store, "; then change the passwords");
		doctor_report(what.bytes, "passwords, or what is as good, are in it", mend.bytes);
	}
	if (installation->status.st_mode & S_ISUID && installation->status.st_uid == 0) {
		text_join(&what, installation->program, ": it is set-uid root");
		text_join(&mend, "chown checkpw ", store, " ", installation->program,
			  "; chmod 4750 ", installation->program);
		doctor_report(what.bytes, "a user that owns nothing but the file of users will do",
			      mend.bytes);
	}
}

static void examine_passwd(const struct installation *installation)
{
	if (installation->status.st_mode & S_ISUID && installation->status.st_uid != 0) {
		text_join(&what, installation->program, ": it is set-uid to uid ");
		text_add_number(&what, installation->status.st_uid);
		text_join(&mend, "chown root ", installation->program, "; chmod 4750 ",
			  installation->program);
		doctor_report(what.bytes, "only root can read the hashes of the system",
			      mend.bytes);
	}
	if (installation->status.st_mode & S_ISUID && installation->status.st_mode & S_IXOTH) {
		text_join(&what, installation->program,
			  ": it is set-uid, and everybody may run it");
		text_join(&mend, "chmod 4750 ", installation->program,
			  ", its group being that of the mail server");
		doctor_report(what.bytes, "everybody can try the passwords of the system",
			      mend.bytes);
	}
}

static void examine_chain(const struct installation *installation)
{
	if (is_set_id(installation)) {
		text_join(&what, installation->program, ": it is set-uid or set-gid");
		text_join(&mend, "chmod 755 ", installation->program);
		doctor_report(what.bytes,
			      "it needs no privilege, and ends with 111 if it is given some",
			      mend.bytes);
	} else if ((installation->status.st_mode & S_IXOTH) == 0) {
		text_join(&what, installation->program, ": not everybody may run it");
		text_join(&mend, "chmod 755 ", installation->program);
		doctor_report(what.bytes,
			      "a checker that has become a user runs it to say that it accepts",
			      mend.bytes);
	}
}

/* It holds the password of the database. */
static void examine_mysql(const struct installation *installation)
{
	struct stat status;

	if (stat(installation->configuration, &status) != 0) {
		text_join(&what, installation->configuration, ": ", text_of_errno(errno));
		text_join(&mend, "copy ", installation->configuration,
			  ".sample, and say where the database is");
		if (errno == ENOENT)
			doctor_report(what.bytes,
				      "this checker cannot do without its configuration",
				      mend.bytes);
		return;
	}
	if (status.st_mode & S_IROTH) {
		text_join(&what, installation->configuration, ": everybody can read it");
		text_join(&mend, "chmod o-r ", installation->configuration,
			  "; then change the password of the database");
		doctor_report(what.bytes, "it holds the password of the database", mend.bytes);
	}
}

/* Those of the suite, and what they have of their own. */
static const struct {
	const char *name;
	const char *variable; /* that names another configuration */
	void (*examine)(const struct installation *installation);
} known[] = {
	{ "cmd5checkpw", "CHECKPW_CONF", examine_poppasswd },
	{ "checkpw-passwd", "CHECKPW_CONF", examine_passwd },
	{ "checkpw-vpasswd", "CHECKPW_CONF", NULL },
	{ "checkpw-mysql", "CHECKPW_CONF", examine_mysql },
	{ "checkpw-chain", "CHECKPW_CHAIN_CONF", examine_chain },
};

static void examine_configuration(const struct installation *installation)
{
	const char *path = installation->configuration;
	struct stat status;

	if (stat(path, &status) != 0)
		return;
	examine_directory(path);
	if (status.st_uid != 0 && status.st_uid != installation->effective_user) {
		text_join(&what, path, ": it belongs to uid ");
		text_add_number(&what, status.st_uid);
		text_join(&mend, "chown root ", path);
		doctor_report(
			what.bytes,
			"it must belong to root or to the user the checker runs as: each login is "
			"answered 111",
			mend.bytes);
	}
	if (status.st_mode & (S_IWGRP | S_IWOTH)) {
		text_join(&what, path, ": others may write to it");
		text_join(&mend, "chmod go-w ", path);
		doctor_report(what.bytes, "who may write to the configuration decides who logs in",
			      mend.bytes);
	}
}

bool installation_examine(const struct attempt_setting *setting, struct installation *installation)
{
	const char *name = setting->checker[0], *slash = strrchr(name, '/'), *named;

	*installation = (struct installation){ .name = slash != NULL ? slash + 1 : name };
	if (!find_program(name, installation->program) ||
	    stat(installation->program, &installation->status) != 0) {
		text_join(&what, name, ": there is no such program");
		doctor_report(what.bytes, "no login is possible",
			      "install it, or correct the path");
		return false;
	}
	installation->effective_user = setting->account != NULL ? setting->account->uid : geteuid();
	if (installation->status.st_mode & S_ISUID)
		installation->effective_user = installation->status.st_uid;
	examine_program(installation);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].name, installation->name) != 0)
			continue;
		named = is_set_id(installation) ? NULL : getenv(known[i].variable);
		if (named != NULL)
			(void)snprintf(installation->configuration, INSTALLATION_PATH_BYTES, "%s",
				       named);
		else
			(void)snprintf(installation->configuration, INSTALLATION_PATH_BYTES,
				       "%s/%s.conf", CONFIGURATION_DIRECTORY, installation->name);
		examine_configuration(installation);
		if (known[i].examine != NULL)
			known[i].examine(installation);
	}
	return true;
}

static struct span without_blanks(struct span text)
{
	while (text.length != 0 && (text.at[0] == ' ' || text.at[0] == '\t'))
		text = span_from(text, 1);
	while (text.length != 0 &&
	       (text.at[text.length - 1] == ' ' || text.at[text.length - 1] == '\t'))
		text.length--;
	return text;
}

const char *installation_value(const struct installation *installation, const char *key,
			       const char *usual, char *out)
{
	struct file_lines lines;
	struct text ignored;
	struct span line;
	int file = -1;

	(void)snprintf(out, INSTALLATION_PATH_BYTES, "%s", usual);
	if (installation->configuration[0] != '\0')
		file = file_open(installation->configuration, FILE_TRUST_NAMED, NULL, &ignored);
	if (file == -1)
		return out;
	file_lines_begin(&lines, file);
	while (file_lines_next(&lines, &line) > FILE_LINE_END) {
		const char *equals = line.length != 0 ? memchr(line.at, '=', line.length) : NULL;
		struct span value;

		if (equals == NULL ||
		    !span_is(without_blanks((struct span){ line.at, (size_t)(equals - line.at) }),
			     key))
			continue;
		value = without_blanks(span_from(line, (size_t)(equals - line.at) + 1));
		if (value.length < INSTALLATION_PATH_BYTES)
			(void)snprintf(out, INSTALLATION_PATH_BYTES, "%.*s", (int)value.length,
				       value.at);
	}
	close(file);
	return out;
}
