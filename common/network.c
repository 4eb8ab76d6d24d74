#include "network.h"

#include "scan.h"

#include <arpa/inet.h>

#define TEXT_BYTES 64 /* the longest IPv6 address fits; with the NUL */

static const uint8_t ipv4_prefix[12] = { [10] = 0xff, [11] = 0xff };

static bool is_ipv4(const struct network_address *address)
{
	return memcmp(address->bytes, ipv4_prefix, sizeof(ipv4_prefix)) == 0;
}

bool network_parse(struct span text, struct network_address *address)
{
	char copy[TEXT_BYTES];

	*address = (struct network_address){ 0 };
	if (text.length >= sizeof(copy) || memchr(text.at, '\0', text.length) != NULL)
		return false;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	if (inet_pton(AF_INET6, copy, address->bytes) == 1)
		return true;
	memcpy(address->bytes, ipv4_prefix, sizeof(ipv4_prefix));
	return inet_pton(AF_INET, copy, address->bytes + sizeof(ipv4_prefix)) == 1;
}

void network_reduce(struct network_address *address)
{
	if (!is_ipv4(address))
		memset(address->bytes + 8, 0, 8);
}

struct network {
	struct network_address address;
	unsigned bits; /* of the address that count */
};

/* 192.0.2.0/24 is ::ffff:192.0.2.0/120; whether ::ffff:192.0.2.0/24 was meant is not guessed. */
static bool network_of(struct span item, struct network *network)
{
	struct span address = item;
	uint64_t bits, offset;
	bool has_bits = scan_until(&item, '/', &address);

	if (!network_parse(address, &network->address))
		return false;
	offset = memchr(address.at, ':', address.length) == NULL ? 96 : 0;
	network->bits = 128;
	if (!has_bits)
		return true;
	if (!scan_number(&item, 128 - offset, &bits) || item.length != 0)
		return false;
	network->bits = (unsigned)(offset + bits);
	return true;
}

static bool holds(const struct network *network, const struct network_address *address)
{
	size_t whole = network->bits / 8;
	unsigned rest = network->bits % 8;

	if (memcmp(network->address.bytes, address->bytes, whole) != 0)
		return false;
	return rest == 0 ||
	       ((network->address.bytes[whole] ^ address->bytes[whole]) >> (8 - rest)) == 0;
}

static bool is_separator(char byte)
{
	return byte == ' ' || byte == '\t' || byte == ',';
}

/* Cuts the next item off `rest`; false if there is none. */
static bool next_item(struct span *rest, struct span *item)
{
	while (rest->length != 0 && is_separator(rest->at[0]))
		*rest = span_from(*rest, 1);
	*item = (struct span){ rest->at, 0 };
	while (item->length < rest->length && !is_separator(rest->at[item->length]))
		item->length++;
	*rest = span_from(*rest, item->length);
	return item->length != 0;
}

bool network_list_is_sound(const char *list, struct text *why)
{
	struct span rest = span_of(list), item;
	struct network network;

	while (next_item(&rest, &item)) {
		if (network_of(item, &network))
			continue;
		text_clear(why);
		text_add_quoted(why, item, TEXT_BYTES);
		text_add(why, " is neither an address nor a network such as 192.0.2.0/24");
		return false;
	}
	return true;
}

bool network_list_holds(const char *list, const struct network_address *address)
{
	struct span rest = span_of(list), item;
	struct network network;

	while (next_item(&rest, &item)) {
		if (network_of(item, &network) && holds(&network, address))
			return true;
	}
	return false;
}
