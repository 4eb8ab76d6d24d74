/*
 * mysql_store - the users of a database, for the driver.
 */
#ifndef CHECKPW_MYSQL_MYSQL_STORE_H
#define CHECKPW_MYSQL_MYSQL_STORE_H

#include "store.h"

extern const struct store mysql_store;

#endif
