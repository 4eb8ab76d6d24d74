/* users - the entries of a file of users, as poppasswd(5) has it: those that cannot work. */
#ifndef CHECKPW_TEST_USERS_H
#define CHECKPW_TEST_USERS_H

#include "installation.h"

/* Reports them, if the installation is one of cmd5checkpw and the file can be read. */
void users_examine(const struct installation *installation);

#endif
