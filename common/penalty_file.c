#include "penalty_file.h"

#include "clock.h"
#include "file.h"
#include "layout.h"
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_STEP_MILLISECONDS 1
#define BOOT_ID_BYTES 64

static const char magic[8] = "penalty\1";

/* The first bucket of the file. */
struct head {
	char magic[sizeof(magic)];
	uint32_t order; /* of the bytes of a number */
	uint32_t size;
	uint8_t secret[PENALTY_SECRET_BYTES];
};
#define BYTE_ORDER_MARK 0x01020304

static int descriptor = -1;

static struct {
	struct head head;
	struct penalty_who who;
	bool forgivable;
	const char *path;
	struct text complaint;
} file;

static void complain(const char *problem)
{
	text_join(&file.complaint, file.path, ": ", problem, "; nobody waits");
}

void penalty_file_open(const char *path)
{
	struct text why;

	file.path = path[0] != '\0' ? path : PENALTY_FILE_PATH;
	descriptor = file_open_to_update(file.path, &why);
	if (descriptor == -1)
		text_join(&file.complaint, "penalty: ", why.bytes, "; nobody waits");
}

void penalty_file_close(void)
{
	if (descriptor != -1)
		close(descriptor);
	descriptor = -1;
}

const char *penalty_file_complaint(void)
{
	return file.complaint.bytes;
}

/*
 * A lock that somebody keeps is not waited for without end: he may be stopped, or hostile. The
 * kernel ends the lock of a process with the process.
 */
static bool lock(void)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const struct timespec step = { .tv_nsec = 1000000L * LOCK_STEP_MILLISECONDS };

	for (int waited = 0; waited < PENALTY_FILE_LOCK_MILLISECONDS;
	     waited += LOCK_STEP_MILLISECONDS) {
		if (fcntl(descriptor, F_SETLK, &whole) == 0)
			return true;
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			break;
		secret_lock();
		nanosleep(&step, NULL);
	}
	complain("cannot be locked");
	return false;
}

static void unlock(void)
{
	struct flock whole = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	(void)fcntl(descriptor, F_SETLK, &whole);
}

static bool read_at(void *bytes, size_t length, unsigned bucket)
{
	return pread(descriptor, bytes, length, (off_t)bucket * PENALTY_BUCKET_BYTES) ==
	       (ssize_t)length;
}

static bool write_at(const void *bytes, size_t length, unsigned bucket)
{
	return pwrite(descriptor, bytes, length, (off_t)bucket * PENALTY_BUCKET_BYTES) ==
	       (ssize_t)length;
}

/*
 * Whether the file is ours to make anew: empty, of our size, or beginning as ours does. A path that
 * names another file by mistake must not cost that file.
 */
static bool is_ours(off_t size)
{
	char begin[sizeof(magic)];
	ssize_t got = pread(descriptor, begin, sizeof(begin), 0);

	return size == PENALTY_FILE_BYTES || (got >= 0 && memcmp(begin, magic, (size_t)got) == 0);
}

/* Emptied first: cut short at any instant it is empty, or has no head, and is made anew. */
static bool make_anew(void)
{
	struct head head = { .order = BYTE_ORDER_MARK, .size = PENALTY_FILE_BYTES };

	memcpy(head.magic, magic, sizeof(magic));
	if (getrandom(head.secret, sizeof(head.secret), 0) != sizeof(head.secret) ||
	    ftruncate(descriptor, 0) != 0 || ftruncate(descriptor, PENALTY_FILE_BYTES) != 0 ||
	    !write_at(&head, sizeof(head), 0)) {
		complain(text_of_errno(errno));
		return false;
	}
	file.head = head;
	return true;
}

/* Reads the head under the lock, and makes a file anew that is empty or damaged. */
static bool read_head(void)
{
	struct stat status;

	if (fstat(descriptor, &status) != 0) {
		complain(text_of_errno(errno));
		return false;
	}
	if (status.st_size == PENALTY_FILE_BYTES && read_at(&file.head, sizeof(file.head), 0) &&
	    memcmp(file.head.magic, magic, sizeof(magic)) == 0 &&
	    file.head.order == BYTE_ORDER_MARK && file.head.size == PENALTY_FILE_BYTES)
		return true;
	if (is_ours(status.st_size))
		return make_anew();
	complain("not a file of penalties");
	return false;
}

static bool begin(void)
{
	if (descriptor == -1 || !lock())
		return false;
	if (read_head())
		return true;
	unlock();
	return false;
}

/* "" if there is none, and then repeated passwords count. */
static struct span boot_id(void)
{
	static char bytes[BOOT_ID_BYTES];
	int source = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t got = source != -1 ? read(source, bytes, sizeof(bytes)) : 0;

	if (source != -1)
		close(source);
	return (struct span){ bytes, got > 0 ? (size_t)got : 0 };
}

/* The buckets as they were read, and as they will be. */
static LAYOUT_LARGE struct penalty_buckets before, after;

static void read_buckets(uint32_t now)
{
	for (enum penalty_kind kind = PENALTY_ADDRESS; kind < PENALTY_KINDS; kind++) {
		struct penalty_bucket *bucket = &before.of[kind];

		if (file.who.keys[kind] == 0 ||
		    !read_at(bucket, sizeof(*bucket), penalty_place(kind, file.who.keys[kind])))
			memset(bucket, 0, sizeof(*bucket));
		after.of[kind] = *bucket;
		penalty_tidy(&after.of[kind], now);
	}
}

static void write_buckets(void)
{
	for (enum penalty_kind kind = PENALTY_ADDRESS; kind < PENALTY_KINDS; kind++) {
		struct penalty_bucket *bucket = &after.of[kind];

		penalty_seal(bucket);
		if (file.who.keys[kind] != 0 &&
		    memcmp(bucket, &before.of[kind], sizeof(*bucket)) != 0 &&
		    !write_at(bucket, sizeof(*bucket), penalty_place(kind, file.who.keys[kind])))
			complain(text_of_errno(errno));
	}
}

/* Reduces the address of the client. False if there is none, or it is an allowed one. */
static bool take_address(const char *text, const char *allowed, struct network_address *address,
			 bool *is_allowed)
{
	*is_allowed = false;
	if (!network_parse(span_of(text), address))
		return false;
	*is_allowed = network_list_holds(allowed, address);
	network_reduce(address);
	return !*is_allowed;
}

static void identify(const struct network_address *address, const struct request *request,
		     bool failed)
{
	struct span boot = failed ? boot_id() : span_of("");

	penalty_identify(&file.who, file.head.secret, address, request->login);
	if (boot.length != 0)
		file.who.proof = penalty_digest(file.head.secret, boot, request);
}

unsigned penalty_file_charge(const char *address, const char *allowed,
			     const struct request *request, bool failed, unsigned limit)
{
	struct network_address client;
	bool is_allowed, has_address = take_address(address, allowed, &client, &is_allowed);
	uint32_t now;
	unsigned wait;

	file.forgivable = false;
	/* A right login from there says nothing of others who try the same one. */
	if (is_allowed && !failed)
		return 0;
	if (!begin())
		return 0;
	now = (uint32_t)clock_now();
	identify(has_address ? &client : NULL, request, failed);
	read_buckets(now);
	wait = penalty_charge(&after, &file.who, failed, now, limit);
	write_buckets();
	unlock();
	file.forgivable = !failed;
	return is_allowed ? 0 : wait;
}

void penalty_file_forgive(void)
{
	uint32_t now;

	if (!file.forgivable || !begin())
		return;
	now = (uint32_t)clock_now();
	read_buckets(now);
	penalty_forgive(&after, &file.who, now);
	write_buckets();
	unlock();
}

static void visit_bucket(unsigned number, penalty_visitor *visit, void *context)
{
	enum penalty_kind kind = penalty_kind_of(number);
	struct penalty_bucket *bucket = &after.of[kind];

	if (!read_at(&before.of[kind], sizeof(*bucket), number))
		return;
	*bucket = before.of[kind];
	penalty_tidy(bucket, (uint32_t)clock_now());
	for (size_t i = 0; i < PENALTY_BUCKET_SLOTS; i++) {
		struct penalty_slot *slot = &bucket->slots[i];

		if (slot->key != 0)
			visit(kind, slot, context);
		if (slot->key == 0)
			*slot = (struct penalty_slot){ 0 };
	}
	penalty_seal(bucket);
	if (memcmp(bucket, &before.of[kind], sizeof(*bucket)) != 0 &&
	    !write_at(bucket, sizeof(*bucket), number))
		complain(text_of_errno(errno));
}

bool penalty_file_visit(penalty_visitor *visit, void *context)
{
	if (!begin())
		return false;
	for (unsigned number = 1; number < PENALTY_BUCKETS; number++)
		visit_bucket(number, visit, context);
	unlock();
	return file.complaint.length == 0;
}

bool penalty_file_identify(struct penalty_who *who, const struct network_address *address,
			   struct span login)
{
	if (!begin())
		return false;
	penalty_identify(who, file.head.secret, address, login);
	unlock();
	return true;
}
