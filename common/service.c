#include "service.h"

#include <stddef.h>
#include <string.h>

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

enum service service_find(const char *name, const char *port, const char *subprogram)
{
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
