/* Addresses, and lists of networks. */
#include "network.h"

#include "unit.h"

static struct {
	const char *name;
	struct span text;
	const char *bytes; /* in hexadecimal; NULL: not an address */
	const char *reduced;
} addresses[] = {
	{ "address: IPv4",
	  { BYTES("192.0.2.1") },
	  "00000000000000000000ffffc0000201",
	  "00000000000000000000ffffc0000201" },
	{ "address: IPv6",
	  { BYTES("2001:db8:1:2:3:4:5:6") },
	  "20010db8000100020003000400050006",
	  "20010db8000100020000000000000000" },
	{ "address: IPv4 in IPv6",
	  { BYTES("::ffff:192.0.2.1") },
	  "00000000000000000000ffffc0000201",
	  "00000000000000000000ffffc0000201" },
	{ "address: the longest",
	  { BYTES("2001:0db8:0001:0002:0003:0004:255.255.255.255") },
	  "20010db80001000200030004ffffffff",
	  "20010db8000100020000000000000000" },
	{ "address: empty", { BYTES("") }, NULL, NULL },
	{ "address: -", { BYTES("-") }, NULL, NULL },
	{ "address: short", { BYTES("192.0.2") }, NULL, NULL },
	{ "address: 256", { BYTES("192.0.2.256") }, NULL, NULL },
	{ "address: octal", { BYTES("192.0.02.01") }, NULL, NULL },
	{ "address: a zone", { BYTES("fe80::1%eth0") }, NULL, NULL },
	{ "address: a NUL", { BYTES("192.0.2.1\0") }, NULL, NULL },
	{ "address: a name", { BYTES("localhost") }, NULL, NULL },
	{ "address: 64 bytes",
	  { BYTES("192.0.2.1                                                       ") },
	  NULL,
	  NULL },
};

static void assert_bytes(const struct network_address *address, const char *hex)
{
	for (size_t i = 0; i < NETWORK_ADDRESS_BYTES; i++) {
		const char digits[] = { hex[2 * i], hex[2 * i + 1], '\0' };

		assert_int_equal(address->bytes[i], strtoul(digits, NULL, 16));
	}
}

static void parses(void **state)
{
	__typeof__(addresses[0]) *row = *state;
	struct network_address address;

	assert_int_equal(network_parse(row->text, &address), row->bytes != NULL);
	if (row->bytes == NULL)
		return;
	assert_bytes(&address, row->bytes);
	network_reduce(&address);
	assert_bytes(&address, row->reduced);
}

static struct {
	const char *name, *list, *address;
	bool holds;
} lists[] = {
	{ "list: empty", "", "192.0.2.1", false },
	{ "list: blanks", " , ,\t", "192.0.2.1", false },
	{ "list: the address", "192.0.2.1", "192.0.2.1", true },
	{ "list: another address", "192.0.2.2", "192.0.2.1", false },
	{ "list: the last of many", "10.0.0.0/8, ::1 127.0.0.1,192.0.2.0/24", "192.0.2.255", true },
	{ "list: behind a network", "192.0.2.0/24", "192.0.3.0", false },
	{ "list: before a network", "192.0.2.0/24", "192.0.1.255", false },
	{ "list: bits within a byte", "192.0.2.64/26", "192.0.2.127", true },
	{ "list: outside of bits within a byte", "192.0.2.64/26", "192.0.2.128", false },
	{ "list: host bits do not count", "192.0.2.77/24", "192.0.2.1", true },
	{ "list: all of IPv4", "0.0.0.0/0", "203.0.113.9", true },
	{ "list: all of IPv4 is not IPv6", "0.0.0.0/0", "2001:db8::1", false },
	{ "list: /32", "192.0.2.1/32", "192.0.2.1", true },
	{ "list: /32 of another", "192.0.2.1/32", "192.0.2.0", false },
	{ "list: IPv6", "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "list: not that IPv6", "2001:db8::/32", "2001:db9::1", false },
	{ "list: one IPv6", "2001:db8::1", "2001:db8::1", true },
	{ "list: another IPv6", "2001:db8::1", "2001:db8::2", false },
	{ "list: everything", "::/0", "192.0.2.1", true },
	{ "list: IPv4 as IPv6", "::ffff:192.0.2.0/120", "192.0.2.9", true },
};

static void finds(void **state)
{
	__typeof__(lists[0]) *row = *state;
	struct network_address address;
	struct text why;

	assert_true(network_parse(span_of(row->address), &address));
	assert_true(network_list_is_sound(row->list, &why));
	assert_int_equal(network_list_holds(row->list, &address), row->holds);
}

static struct {
	const char *name, *list, *shown;
} faults[] = {
	{ "fault: a word", "webmail", "\"webmail\"" },
	{ "fault: the second", "127.0.0.1, 10.0.0", "\"10.0.0\"" },
	{ "fault: too many bits", "192.0.2.0/33", "\"192.0.2.0/33\"" },
	{ "fault: too many bits of IPv6", "2001:db8::/129", "\"2001:db8::/129\"" },
	{ "fault: no bits", "192.0.2.0/", "\"192.0.2.0/\"" },
	{ "fault: a mask", "192.0.2.0/255.255.255.0", "\"192.0.2.0/255.255.255.0\"" },
	{ "fault: bits twice", "192.0.2.0/24/24", "\"192.0.2.0/24/24\"" },
	{ "fault: a semicolon", "::1;127.0.0.1", "\"::1;127.0.0.1\"" },
};

static void explains(void **state)
{
	__typeof__(faults[0]) *row = *state;
	struct text why;

	assert_false(network_list_is_sound(row->list, &why));
	assert_ptr_equal(strstr(why.bytes, row->shown), why.bytes);
}

int main(void)
{
	UNIT_ROWS(addresses, parses);
	UNIT_ROWS(lists, finds);
	UNIT_ROWS(faults, explains);
	return unit_run();
}
