/* What the environment tells about the caller. */
#include "caller.h"

#include "unit.h"

#define IPV6 "2001:0db8:0000:0000:0000:ff00:0042:8329"
#define LONGEST "0000:0000:0000:0000:0000:ffff:192.168.100.228"

enum { LOOKUP = 1, PLAINTEXT = 2, NO_CRAM = 4 };

static struct {
	const char *name;
	const char *environment[4];
	const char *subprogram;
	enum service service;
	const char *address;
	unsigned flags;
} rows[] = {
	{ "nothing", { NULL }, "/bin/x", SERVICE_UNKNOWN, "-", 0 },
	{ "SERVICE=smtp", { "SERVICE=smtp" }, "x", SERVICE_SMTP, "-", 0 },
	{ "SERVICE=smtps", { "SERVICE=smtps" }, "x", SERVICE_SMTP, "-", 0 },
	{ "SERVICE=submission", { "SERVICE=submission" }, "x", SERVICE_SMTP, "-", 0 },
	{ "SERVICE=submissions", { "SERVICE=submissions" }, "x", SERVICE_SMTP, "-", 0 },
	{ "SERVICE=pop3", { "SERVICE=pop3" }, "x", SERVICE_POP3, "-", 0 },
	{ "SERVICE=pop3s", { "SERVICE=pop3s" }, "x", SERVICE_POP3, "-", 0 },
	{ "SERVICE=imap", { "SERVICE=imap" }, "x", SERVICE_IMAP, "-", 0 },
	{ "SERVICE=imaps", { "SERVICE=imaps" }, "x", SERVICE_IMAP, "-", 0 },
	{ "SERVICE in any case", { "SERVICE=Pop3" }, "x", SERVICE_POP3, "-", 0 },
	{ "SERVICE is no part of a word", { "SERVICE=smtpx" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "SERVICE empty", { "SERVICE=" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "port 25", { "TCPLOCALPORT=25" }, "x", SERVICE_SMTP, "-", 0 },
	{ "port 465", { "TCPLOCALPORT=465" }, "x", SERVICE_SMTP, "-", 0 },
	{ "port 587", { "TCPLOCALPORT=587" }, "x", SERVICE_SMTP, "-", 0 },
	{ "port 110", { "TCPLOCALPORT=110" }, "x", SERVICE_POP3, "-", 0 },
	{ "port 995", { "TCPLOCALPORT=995" }, "x", SERVICE_POP3, "-", 0 },
	{ "port 143", { "TCPLOCALPORT=143" }, "x", SERVICE_IMAP, "-", 0 },
	{ "port 993", { "TCPLOCALPORT=993" }, "x", SERVICE_IMAP, "-", 0 },
	{ "another port", { "TCPLOCALPORT=2525" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "no number for a port", { "TCPLOCALPORT= 25" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "SERVICE goes before the port",
	  { "SERVICE=imap", "TCPLOCALPORT=25" },
	  "x",
	  SERVICE_IMAP,
	  "-",
	  0 },
	{ "an unknown SERVICE does not",
	  { "SERVICE=sieve", "TCPLOCALPORT=25" },
	  "x",
	  SERVICE_SMTP,
	  "-",
	  0 },
	{ "the port goes before the subprogram",
	  { "TCPLOCALPORT=25" },
	  "/bin/qmail-pop3d",
	  SERVICE_SMTP,
	  "-",
	  0 },
	{ "an unknown port does not", { "TCPLOCALPORT=2525" }, "/bin/true", SERVICE_SMTP, "-", 0 },
	{ "subprogram true", { NULL }, "true", SERVICE_SMTP, "-", 0 },
	{ "subprogram /bin/true", { NULL }, "/bin/true", SERVICE_SMTP, "-", 0 },
	{ "subprogram qmail-pop3d", { NULL }, "/var/qmail/bin/qmail-pop3d", SERVICE_POP3, "-", 0 },
	{ "subprogram imapd", { NULL }, "/usr/bin/imapd", SERVICE_IMAP, "-", 0 },
	{ "its directory does not count", { NULL }, "/opt/imap/true", SERVICE_SMTP, "-", 0 },
	{ "nothing behind the slash", { NULL }, "/imap/", SERVICE_UNKNOWN, "-", 0 },
	{ "subprogram empty", { NULL }, "", SERVICE_UNKNOWN, "-", 0 },
	{ "IPv4", { "TCPREMOTEIP=192.0.2.1" }, "x", SERVICE_UNKNOWN, "192.0.2.1", 0 },
	{ "IPv6", { "TCPREMOTEIP=" IPV6 }, "x", SERVICE_UNKNOWN, IPV6, 0 },
	{ "IPv6 in capitals", { "TCPREMOTEIP=::FFFF:A" }, "x", SERVICE_UNKNOWN, "::FFFF:A", 0 },
	{ "address empty", { "TCPREMOTEIP=" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "address with a blank", { "TCPREMOTEIP=1 ip=2" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "address with a newline", { "TCPREMOTEIP=1\n2" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "address with other bytes", { "TCPREMOTEIP=g" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "the longest IPv6", { "TCPREMOTEIP=" LONGEST }, "x", SERVICE_UNKNOWN, LONGEST, 0 },
	{ "address of three numbers", { "TCPREMOTEIP=1.2.3" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "address of five numbers", { "TCPREMOTEIP=1.2.3.4.5" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "address with a number above 255",
	  { "TCPREMOTEIP=256.1.1.1" },
	  "x",
	  SERVICE_UNKNOWN,
	  "-",
	  0 },
	{ "address of colons", { "TCPREMOTEIP=:::" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "address of dots", { "TCPREMOTEIP=...." }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "address with an interface",
	  { "TCPREMOTEIP=fe80::1%eth0" },
	  "x",
	  SERVICE_UNKNOWN,
	  "-",
	  0 },
	{ "address in brackets", { "TCPREMOTEIP=[::1]" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "address with a port", { "TCPREMOTEIP=192.0.2.1:25" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "address of 64 bytes",
	  { "TCPREMOTEIP=0000000000000000000000000000000000000000000000000000000000000000" },
	  "x",
	  SERVICE_UNKNOWN,
	  "-",
	  0 },
	{ "AUTHORIZED=1", { "AUTHORIZED=1" }, "x", SERVICE_UNKNOWN, "-", LOOKUP },
	{ "AUTHORIZED=2", { "AUTHORIZED=2" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "AUTHORIZED=11", { "AUTHORIZED=11" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "AUTHORIZED empty", { "AUTHORIZED=" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "SMTPAUTHMETHOD=login",
	  { "SMTPAUTHMETHOD=login" },
	  "x",
	  SERVICE_UNKNOWN,
	  "-",
	  PLAINTEXT },
	{ "SMTPAUTHMETHOD=PLAIN",
	  { "SMTPAUTHMETHOD=PLAIN" },
	  "x",
	  SERVICE_UNKNOWN,
	  "-",
	  PLAINTEXT },
	{ "SMTPAUTHMETHOD=cram-md5", { "SMTPAUTHMETHOD=cram-md5" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "SMTPAUTHMETHOD empty", { "SMTPAUTHMETHOD=" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "SMTPAUTH=-", { "SMTPAUTH=-" }, "x", SERVICE_UNKNOWN, "-", NO_CRAM },
	{ "SMTPAUTH empty", { "SMTPAUTH=" }, "x", SERVICE_UNKNOWN, "-", NO_CRAM },
	{ "SMTPAUTH=!+cram", { "SMTPAUTH=!+cram" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "SMTPAUTH=CRAM", { "SMTPAUTH=CRAM" }, "x", SERVICE_UNKNOWN, "-", 0 },
	{ "all at once",
	  { "AUTHORIZED=1", "SMTPAUTH=-", "SMTPAUTHMETHOD=plain", "TCPREMOTEIP=::1" },
	  "/bin/true",
	  SERVICE_SMTP,
	  "::1",
	  LOOKUP | PLAINTEXT | NO_CRAM },
};

static void describes(void **state)
{
	__typeof__(rows[0]) *row = *state;
	struct caller caller;
	unsigned flags;

	clearenv();
	for (size_t i = 0; i < COUNT(row->environment) && row->environment[i] != NULL; i++) {
		char *text = strdup(row->environment[i]), *value = strchr(text, '=');

		*value = '\0';
		assert_int_equal(setenv(text, value + 1, 1), 0);
		free(text);
	}
	memset(&caller, 0xa5, sizeof(caller));
	caller_describe(&caller, row->subprogram);
	assert_int_equal(caller.service, row->service);
	assert_string_equal(caller.address, row->address);
	flags = (caller.lookup ? LOOKUP : 0) | (caller.method_plaintext ? PLAINTEXT : 0) |
		(caller.smtpauth_without_cram ? NO_CRAM : 0);
	assert_int_equal(flags, row->flags);
}

static void names_the_services(void **state)
{
	(void)state;
	assert_string_equal(service_words[SERVICE_UNKNOWN], "auto");
	assert_string_equal(service_words[SERVICE_SMTP], "smtp");
	assert_string_equal(service_words[SERVICE_POP3], "pop3");
	assert_string_equal(service_words[SERVICE_IMAP], "imap");
	assert_null(service_words[SERVICE_COUNT]);
}

static void tells_and_forgets_the_service(void **state)
{
	struct caller caller = { .service = SERVICE_UNKNOWN };

	(void)state;
	clearenv();
	assert_false(caller_tell_service(&caller));
	assert_null(getenv("SERVICE"));
	for (int service = SERVICE_SMTP; service < SERVICE_COUNT; service++) {
		caller.service = (enum service)service;
		assert_true(caller_tell_service(&caller));
		assert_string_equal(getenv("SERVICE"), service_words[service]);
		/* What is set already is the caller's. */
		assert_false(caller_tell_service(&caller));
		caller_forget_service();
		assert_null(getenv("SERVICE"));
	}
}

int main(void)
{
	UNIT_ROWS(rows, describes);
	UNIT_TEST(names_the_services);
	UNIT_TEST(tells_and_forgets_the_service);
	return unit_run();
}
