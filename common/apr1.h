/*
 * apr1 - Apache's variant of MD5 crypt, $apr1$salt$hash, which libcrypt does not know.
 *
 * Source: htpasswd(1) and `openssl passwd -apr1`, whose output it verifies.
 */
#ifndef COMMON_APR1_H
#define COMMON_APR1_H

#include "match.h"
#include "span.h"

enum match apr1_verify(struct span stored, struct span password);

#endif
