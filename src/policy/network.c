/*
 * network.c - reads, prints and compares addresses and networks.
 *
 * inet_pton() and inet_ntop() are not of ISO C.  They do nothing but turn the
 * text of an address into its bytes and back.
 */
#include "network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define DIGITS			"0123456789"

/*
 * Reading.
 */

bool
adm_network_parse_address(const char *text, AdmNetwork *network)
{
	bool		v6 = strchr(text, ':') != NULL;

	memset(network, 0, sizeof(*network));
	if (inet_pton(v6 ? AF_INET6 : AF_INET, text, network->address) != 1)
		return false;
	network->size = v6 ? 16 : 4;
	network->mask = (unsigned char) (network->size * 8);
	return true;
}

static bool
parse_mask(const char *text, AdmNetwork *network)
{
	size_t		length = strlen(text);
	int			mask = 0;

	if (length == 0 || length > 3 || strspn(text, DIGITS) != length)
		return false;
	while (*text != '\0')
		mask = mask * 10 + (*text++ - '0');
	if (mask > network->size * 8)
		return false;
	network->mask = (unsigned char) mask;
	return true;
}

static bool
bit_of(const AdmNetwork *network, int bit)
{
	return (network->address[bit / 8] & (0x80 >> bit % 8)) != 0;
}

static bool
has_bits_right_of_mask(const AdmNetwork *network)
{
	for (int bit = network->mask; bit < network->size * 8; bit++)
	{
		if (bit_of(network, bit))
			return true;
	}
	return false;
}

AdmNetworkResult
adm_network_parse(const char *text, AdmNetwork *network)
{
	char		address[ADM_NETWORK_TEXT_SIZE];
	size_t		length = strcspn(text, "/");
	const char *mask = text[length] == '/' ? text + length + 1 : NULL;

	if (length >= sizeof(address))
		return ADM_NETWORK_NO_ADDRESS;
	memcpy(address, text, length);
	address[length] = '\0';
	if (!adm_network_parse_address(address, network))
		return ADM_NETWORK_NO_ADDRESS;
	if (mask != NULL && !parse_mask(mask, network))
		return ADM_NETWORK_WRONG_MASK;
	return has_bits_right_of_mask(network) ? ADM_NETWORK_BITS_RIGHT_OF_MASK : ADM_NETWORK_GOOD;
}

/*
 * Printing.
 */

void
adm_network_print(const AdmNetwork *network, char text[ADM_NETWORK_TEXT_SIZE])
{
	char		address[INET6_ADDRSTRLEN] = "";

	inet_ntop(network->size == 4 ? AF_INET : AF_INET6, network->address,
			  address, sizeof(address));
	if (network->mask < network->size * 8)
		snprintf(text, ADM_NETWORK_TEXT_SIZE, "%s/%d", address, network->mask);
	else
		snprintf(text, ADM_NETWORK_TEXT_SIZE, "%s", address);
}

/*
 * Comparing.
 */

bool
adm_network_contains(const AdmNetwork *network, const AdmNetwork *address)
{
	if (network->size != address->size ||
		memcmp(network->address, address->address, network->mask / 8) != 0)
		return false;
	for (int bit = network->mask / 8 * 8; bit < network->mask; bit++)
	{
		if (bit_of(network, bit) != bit_of(address, bit))
			return false;
	}
	return true;
}
