/*
 * network.h - an address, or a network of addresses, of IP version 4 or 6.
 *
 * As text, a network is its first address and the length of its mask: 10.1.0.0/16.
 * An address is a network of its own.
 */
#ifndef ADM_NETWORK_H
#define ADM_NETWORK_H

#include <stdbool.h>

/* Room for any as text, with its end. */
#define ADM_NETWORK_TEXT_SIZE	64

/* Bytes alone, so that it may stand anywhere in memory. */
typedef struct AdmNetwork
{
	unsigned char size;			/* of the address: 4 or 16; 0: none */
	unsigned char mask;			/* bits, from the left */
	unsigned char address[16];
} AdmNetwork;

typedef enum AdmNetworkResult
{
	ADM_NETWORK_GOOD,
	ADM_NETWORK_NO_ADDRESS,
	ADM_NETWORK_WRONG_MASK,		/* the address is right */
	ADM_NETWORK_BITS_RIGHT_OF_MASK
} AdmNetworkResult;

/* An address alone; what is none, which is false, has size 0. */
extern bool adm_network_parse_address(const char *text, AdmNetwork *network);

/* An address or a network. */
extern AdmNetworkResult adm_network_parse(const char *text, AdmNetwork *network);

/* As a text that would be read as the same again. */
extern void adm_network_print(const AdmNetwork *network,
							  char text[ADM_NETWORK_TEXT_SIZE]);

/* Whether the address is in the network; one of size 0 is in none. */
extern bool adm_network_contains(const AdmNetwork *network,
								 const AdmNetwork *address);

#endif							/* ADM_NETWORK_H */
