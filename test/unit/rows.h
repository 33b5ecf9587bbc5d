/*
 * rows.h - cmocka, and assertions that name the row of a table that failed.
 */
#ifndef ADM_TEST_ROWS_H
#define ADM_TEST_ROWS_H

/* cmocka wants these four before it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define COUNT_OF(rows)	(sizeof(rows) / sizeof((rows)[0]))

/* Fails with the row's label unless the condition holds. */
#define assert_row(label, condition) \
	do { \
		if (!(condition)) \
			fail_msg("%s: not so: %s", (label), #condition); \
	} while (0)

/* The same for two integers, both shown. */
#define assert_row_int(label, actual, expected) \
	do { \
		int64_t		actual_ = (int64_t) (actual); \
		int64_t		expected_ = (int64_t) (expected); \
		if (actual_ != expected_) \
			fail_msg("%s: %s is %" PRId64 ", expected %" PRId64, \
					 (label), #actual, actual_, expected_); \
	} while (0)

/* The same for two strings, neither of them NULL. */
#define assert_row_string(label, actual, expected) \
	do { \
		const char *actual_ = (actual); \
		const char *expected_ = (expected); \
		if (strcmp(actual_, expected_) != 0) \
			fail_msg("%s: %s is \"%s\", expected \"%s\"", \
					 (label), #actual, actual_, expected_); \
	} while (0)

#endif							/* ADM_TEST_ROWS_H */
