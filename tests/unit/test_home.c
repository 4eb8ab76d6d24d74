/* The mailbox of a user and his last login, in a folder of the test's own. */
#include "home.h"

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static char domain[] = "/tmp/unit-home-XXXXXX";
static char user[sizeof(domain) + 16];
static struct text path;

static const char *below_user(const char *name)
{
	text_join(&path, user, name);
	return path.bytes;
}

static bool is_directory(const char *name)
{
	struct stat status;

	return stat(name, &status) == 0 && S_ISDIR(status.st_mode) &&
	       (status.st_mode & 07777) == 0700;
}

static void put_file(const char *name)
{
	int descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_int_not_equal(descriptor, -1);
	close(descriptor);
}

static int clean(void **state)
{
	char command[sizeof(domain) + 32];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s/*", domain);
	return system(command); // NOLINT(cert-env33-c)
}

static void makes_a_mailbox(void **state)
{
	struct text why;

	assert_int_equal(clean(state), 0);
	assert_true(home_make(domain, user, &why));
	assert_true(is_directory(user));
	assert_true(is_directory(below_user("/Maildir/new")));
	assert_true(is_directory(below_user("/Maildir/cur")));
	assert_true(is_directory(below_user("/Maildir/tmp")));
	/* What is there already will do. */
	assert_true(home_make(domain, user, &why));
}

static void only_below_the_domain(void **state)
{
	struct text why;

	assert_int_equal(clean(state), 0);
	assert_false(home_make(domain, "/nonexistent/joe", &why));
	assert_non_null(strstr(why.bytes, "/nonexistent/joe: not below the domain's /tmp/"));
	text_join(&path, domain, "2");
	assert_false(home_make(domain, path.bytes, &why));
	assert_false(is_directory(path.bytes));
}

static void tells_what_is_in_the_way(void **state)
{
	struct text why;

	assert_int_equal(clean(state), 0);
	text_join(&path, domain, "/0");
	put_file(path.bytes);
	assert_false(home_make(domain, user, &why));
	assert_non_null(strstr(why.bytes, "/0/joe: Not a directory"));
	assert_int_equal(clean(state), 0);
	text_join(&path, domain, "/0");
	assert_int_equal(mkdir(path.bytes, 0700), 0);
	assert_int_equal(mkdir(user, 0700), 0);
	put_file(below_user("/Maildir"));
	assert_false(home_make(domain, user, &why));
	assert_non_null(strstr(why.bytes, "/0/joe/Maildir/new: Not a directory"));
}

static void notes_the_last_login(void **state)
{
	struct text why, draft;
	char address[64] = "";
	int descriptor;

	assert_int_equal(clean(state), 0);
	home_note_login(user, "192.0.2.1"); /* no folder: nothing is noted, and that is no fault */
	assert_true(home_make(domain, user, &why));
	home_note_login(user, "192.0.2.1");
	home_note_login(user, "2001:db8::1");
	descriptor = open(below_user("/lastauth"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(descriptor, address, sizeof(address) - 1), sizeof("2001:db8::1") - 1);
	close(descriptor);
	assert_string_equal(address, "2001:db8::1");
	/* Nothing is left of a note that cannot take its place. */
	assert_int_equal(unlink(path.bytes), 0);
	assert_int_equal(mkdir(path.bytes, 0700), 0);
	home_note_login(user, "192.0.2.1");
	text_join(&draft, user, "/lastauth.");
	text_add_number(&draft, getpid());
	assert_int_equal(access(draft.bytes, F_OK), -1);
}

int main(void)
{
	int status;

	if (mkdtemp(domain) == NULL)
		return 2;
	snprintf(user, sizeof(user), "%s/0/joe", domain);
	UNIT_TEST(makes_a_mailbox);
	UNIT_TEST(only_below_the_domain);
	UNIT_TEST(tells_what_is_in_the_way);
	UNIT_TEST(notes_the_last_login);
	status = unit_run();
	if (clean(NULL) != 0)
		return 2;
	rmdir(domain);
	return status;
}
