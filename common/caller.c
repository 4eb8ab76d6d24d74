#include "caller.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <strings.h>

const char *const service_words[SERVICE_COUNT + 1] = {
	[SERVICE_UNKNOWN] = "auto",
	[SERVICE_SMTP] = "smtp",
	[SERVICE_POP3] = "pop3",
	[SERVICE_IMAP] = "imap",
};

static const struct {
	const char *text;
	enum service service;
} services_by_name[] = {
	{ "smtp", SERVICE_SMTP },  { "smtps", SERVICE_SMTP }, { "submission", SERVICE_SMTP },
	{ "submissions", SERVICE_SMTP }, { "pop3", SERVICE_POP3 }, { "pop3s", SERVICE_POP3 },
	{ "imap", SERVICE_IMAP }, { "imaps", SERVICE_IMAP },
}, services_by_port[] = {
	{ "25", SERVICE_SMTP },	 { "465", SERVICE_SMTP }, { "587", SERVICE_SMTP },
	{ "110", SERVICE_POP3 }, { "995", SERVICE_POP3 },
	{ "143", SERVICE_IMAP }, { "993", SERVICE_IMAP },
}, services_by_subprogram[] = {
	{ "true", SERVICE_SMTP }, { "pop", SERVICE_POP3 }, { "imap", SERVICE_IMAP },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum service find_service(const char *subprogram)
{
	const char *name = getenv("SERVICE");
	const char *port = getenv("TCPLOCALPORT");
	const char *slash = strrchr(subprogram, '/');
	const char *program = slash != NULL ? slash + 1 : subprogram;

	for (size_t i = 0; name != NULL && i < COUNT(services_by_name); i++) {
		if (strcasecmp(name, services_by_name[i].text) == 0)
			return services_by_name[i].service;
	}
	for (size_t i = 0; port != NULL && i < COUNT(services_by_port); i++) {
		if (strcmp(port, services_by_port[i].text) == 0)
			return services_by_port[i].service;
	}
	for (size_t i = 0; i < COUNT(services_by_subprogram); i++) {
		if (strstr(program, services_by_subprogram[i].text) != NULL)
			return services_by_subprogram[i].service;
	}
	return SERVICE_UNKNOWN;
}

/* A stranger with a shell can set $TCPREMOTEIP to forge a log line: only an address passes. */
static void copy_address(char *address)
{
	const char *text = getenv("TCPREMOTEIP");
	struct in6_addr parsed;

	if (text == NULL || strlen(text) >= CALLER_ADDRESS_BYTES ||
	    (inet_pton(AF_INET, text, &parsed) != 1 && inet_pton(AF_INET6, text, &parsed) != 1))
		text = "-";
	memcpy(address, text, strlen(text) + 1);
}

static bool environment_says(const char *variable, const char *word)
{
	const char *value = getenv(variable);

	return value != NULL && strcasecmp(value, word) == 0;
}

void caller_describe(struct caller *caller, const char *subprogram)
{
	const char *offered = getenv("SMTPAUTH");

	copy_address(caller->address);
	caller->service = find_service(subprogram);
	caller->lookup = environment_says("AUTHORIZED", "1");
	caller->credentials = environment_says("CREDENTIALS_LOOKUP", "1");
	caller->method_plaintext = environment_says("SMTPAUTHMETHOD", "login") ||
				   environment_says("SMTPAUTHMETHOD", "plain");
	caller->smtpauth_without_cram = offered != NULL && strcasestr(offered, "cram") == NULL;
}

bool caller_tell_service(const struct caller *caller)
{
	static char variables[SERVICE_COUNT][16] = {
		[SERVICE_SMTP] = "SERVICE=smtp",
		[SERVICE_POP3] = "SERVICE=pop3",
		[SERVICE_IMAP] = "SERVICE=imap",
	};

	return caller->service != SERVICE_UNKNOWN && getenv("SERVICE") == NULL &&
	       putenv(variables[caller->service]) == 0;
}

void caller_forget_service(void)
{
	unsetenv("SERVICE");
}
