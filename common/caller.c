#include "caller.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

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
	caller->service = service_find(getenv("SERVICE"), getenv("TCPLOCALPORT"), subprogram);
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
