/*
 * network - addresses of clients, and lists of networks.
 *
 * Pure. A list is text of a configuration: addresses and networks (192.0.2.0/24, 2001:db8::/32),
 * set apart by blanks or commas.
 */
#ifndef COMMON_NETWORK_H
#define COMMON_NETWORK_H

#include "text.h"

#include <stdint.h>

#define NETWORK_ADDRESS_BYTES 16

/* An IPv6 address; an IPv4 address is ::ffff:a.b.c.d. */
struct network_address {
	uint8_t bytes[NETWORK_ADDRESS_BYTES];
};

bool network_parse(struct span text, struct network_address *address);

/* Keeps what tells one client from another: all of IPv4, the first 64 bits of IPv6. */
void network_reduce(struct network_address *address);

/* Whether each item of `list` is an address or a network. False with `why` set. */
bool network_list_is_sound(const char *list, struct text *why);

/* Whether an item of a sound list holds `address`, which is not reduced. */
bool network_list_holds(const char *list, const struct network_address *address);

#endif
