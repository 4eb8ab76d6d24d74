/*
 * settings - the keys of checkpw-mysql.conf(5), checked.
 */
#ifndef CHECKPW_MYSQL_SETTINGS_H
#define CHECKPW_MYSQL_SETTINGS_H

#include "configuration.h"
#include "server.h"

enum tls { TLS_OFF = 0, TLS_REQUIRE, TLS_VERIFY };

struct settings {
	char servers_list[CONFIGURATION_TEXT_BYTES];
	int order;                           /* 0: as listed, 1: at random */
	long connect_timeout, query_timeout; /* seconds, for each server */
	char user[CONFIGURATION_TEXT_BYTES];
	char database[CONFIGURATION_TEXT_BYTES];
	char password_file[CONFIGURATION_TEXT_BYTES];
	int tls; /* enum tls */
	char tls_ca[CONFIGURATION_TEXT_BYTES];
	char tls_cert[CONFIGURATION_TEXT_BYTES];
	char tls_key[CONFIGURATION_TEXT_BYTES];
	int schema; /* enum schema */
	char query[CONFIGURATION_TEXT_BYTES];
	char after_login[CONFIGURATION_TEXT_BYTES];
	char default_domain[CONFIGURATION_TEXT_BYTES];
	int login_case; /* 0: A is a, 1: it is not */
	bool become;
	long uid, gid; /* for a row without them; 0: none */
	char home_base[CONFIGURATION_TEXT_BYTES];
	long worker_uid, worker_gid;
	struct servers servers;
};

extern struct settings settings;
extern char settings_password[CONFIGURATION_TEXT_BYTES]; /* a secret, registered */
extern const struct configuration_key settings_keys[];

/*
 * What is left to do when the file is read: the password's file, the copies of the TLS files,
 * the servers, the order, whether the queries can be taken apart. With all privileges. False
 * with `why` set.
 */
bool settings_complete(struct text *why);

/* Where the settings' own query is asked for, and what is asked of the schema otherwise. */
const char *settings_query(void);

#endif
