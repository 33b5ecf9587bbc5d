/*
 * test_host.c - tests of reading files whole, of what a machine is known by,
 * and of its clocks.
 *
 * Runs in its own directory.  What git cannot hold (fifos, links, files
 * without permission) is made in a folder below bin/ that is gone afterwards.
 */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <time.h>

#include "os/clock.h"
#include "os/files.h"
#include "os/host.h"

#define FIXTURES	"../fixtures/host/"

#define MACHINE_ID_PATH	"etc/machine-id"
#define BOOT_ID_PATH	"proc/sys/kernel/random/boot_id"

#define ID_SIZE		40
#define SMALL_SIZE	16

#define GOOD_MACHINE_ID	"0123456789abcdef0123456789abcdef"
#define GOOD_BOOT_ID	"01234567-89ab-4cde-8f01-23456789abcd"

/* Whoever is stopped for this long hangs, and is ended by SIGALRM. */
#define HANGS_AFTER_S	10

/* Of nobody in particular: the user to be when root may read everything. */
#define OTHER_UID	65534

/* With the places of the ids in it, where not everything is a file. */
static int
make_host_folder(void **state)
{
	int			failed = make_folder(state);

	make_parents(MACHINE_ID_PATH);
	make_parents(BOOT_ID_PATH);
	return failed;
}

/*
 * Reading whole files.
 */

typedef struct SizeRow
{
	const char *label;
	size_t		length;			/* of the file */
	size_t		size;			/* of the buffer */
	ssize_t		expected;		/* -1: too big */
} SizeRow;

static const SizeRow size_rows[] = {
	{"empty", 0, 16, 0},
	{"empty, smallest buffer", 0, 1, 0},
	{"empty, no buffer", 0, 0, -1},
	{"one byte", 1, 16, 1},
	{"one byte, one too small", 1, 1, -1},
	{"one byte, exact fit", 1, 2, 1},
	{"one short of the fit", 14, 16, 14},
	{"exact fit", 15, 16, 15},
	{"one too big", 16, 16, -1},
	{"two too big", 17, 16, -1},
	{"page, exact fit", 4096, 4097, 4096},
	{"page, one too big", 4096, 4096, -1},
	{"huge", 1000000, 16, -1},
	{"huge, exact fit", 1000000, 1000001, 1000000},
};

/* Bytes of every kind, zero among them. */
static char *
make_bytes(size_t length)
{
	char	   *bytes = malloc(length + 1);

	assert_non_null(bytes);
	for (size_t i = 0; i < length; i++)
		bytes[i] = (char) (i * 7);
	bytes[length] = '\0';
	return bytes;
}

static void
check_size(const SizeRow *row)
{
	char	   *bytes = make_bytes(row->length);
	char	   *buffer = malloc(row->size);
	ssize_t		length;

	write_bytes("bytes", bytes, row->length);
	errno = 0;
	length = adm_file_read(in_folder("bytes"), buffer, row->size);
	assert_row_int(row->label, length, row->expected);
	if (length < 0)
		assert_row_int(row->label, errno, EFBIG);
	else
		assert_row(row->label, memcmp(buffer, bytes, row->length + 1) == 0);
	free(buffer);
	free(bytes);
}

static void
files_of_all_sizes(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(size_rows); i++)
		check_size(&size_rows[i]);
}

/* Reads a file in the folder into a buffer of SMALL_SIZE. */
static ssize_t
read_file(const char *name, char *buffer)
{
	return adm_file_read(in_folder(name), buffer, SMALL_SIZE);
}

static void
assert_unreadable(const char *label, const char *path, int expected_errno)
{
	char		buffer[SMALL_SIZE];

	errno = 0;
	assert_row_int(label, adm_file_read(path, buffer, sizeof(buffer)), -1);
	assert_row_int(label, errno, expected_errno);
}

static void
what_is_no_file(void **state)
{
	char		long_name[300];

	(void) state;
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	write_file("file", "x");
	assert_int_equal(symlink("nowhere", in_folder("dangling")), 0);
	assert_int_equal(symlink("circle", in_folder("circle")), 0);

	assert_unreadable("missing", in_folder("missing"), ENOENT);
	assert_unreadable("missing folder", in_folder("missing/file"), ENOENT);
	assert_unreadable("no name", "", ENOENT);
	assert_unreadable("dangling link", in_folder("dangling"), ENOENT);
	assert_unreadable("link to itself", in_folder("circle"), ELOOP);
	assert_unreadable("folder", in_folder("etc"), EISDIR);
	assert_unreadable("below a file", in_folder("file/below"), ENOTDIR);
	assert_unreadable("long name", long_name, ENAMETOOLONG);
}

static void
links_are_followed(void **state)
{
	char		buffer[SMALL_SIZE];

	(void) state;
	write_file("target", "text");
	assert_int_equal(symlink("target", in_folder("link")), 0);
	assert_int_equal(read_file("link", buffer), 4);
	assert_string_equal(buffer, "text");
}

/* Root reads everything, and so becomes somebody else meanwhile. */
static void
file_without_permission(void **state)
{
	uid_t		me = geteuid();
	char		buffer[SMALL_SIZE];
	ssize_t		allowed;
	ssize_t		denied;
	int			denied_errno;

	(void) state;
	write_file("allowed", "text");
	write_file("denied", "text");
	assert_int_equal(chmod(in_folder("allowed"), 0444), 0);
	assert_int_equal(chmod(in_folder("denied"), 0), 0);
	if (me == 0 && seteuid(OTHER_UID) != 0)
		skip();
	allowed = read_file("allowed", buffer);
	denied = read_file("denied", buffer);
	denied_errno = errno;
	if (me == 0)
		assert_int_equal(seteuid(me), 0);

	/* Where not even the folder can be entered, nothing would be shown. */
	if (allowed < 0)
		skip();
	assert_int_equal(allowed, 4);
	assert_int_equal(denied, -1);
	assert_int_equal(denied_errno, EACCES);
}

/* Nobody writes, somebody has it open and does not write, somebody wrote. */
static void
fifo_does_not_hang(void **state)
{
	char		buffer[SMALL_SIZE];
	int			writer;

	(void) state;
	assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
	alarm(HANGS_AFTER_S);
	assert_true(read_file("fifo", buffer) <= 0);

	writer = open(in_folder("fifo"), O_RDWR);
	assert_true(writer >= 0);
	assert_int_equal(read_file("fifo", buffer), -1);
	assert_int_equal(write(writer, "text", 4), 4);
	(void) read_file("fifo", buffer);
	alarm(0);
	close(writer);
}

static int
lowest_free_descriptor(void)
{
	int			fd = open(".", O_RDONLY);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static void
no_descriptor_leaks(void **state)
{
	int			before = lowest_free_descriptor();
	char		buffer[SMALL_SIZE];

	(void) state;
	write_file("short", "x");
	write_file("long", "twenty letters, yes!");
	for (int i = 0; i < 100; i++)
	{
		(void) read_file("short", buffer);
		(void) read_file("long", buffer);
		(void) read_file("etc", buffer);
		(void) read_file("missing", buffer);
	}
	assert_int_equal(lowest_free_descriptor(), before);
}

/*
 * Ids.
 */

/* Reads the ids into buffers of just that size. */
static void
assert_ids(const char *label, const char *root, size_t size,
		   const char *machine_id, const char *boot_id)
{
	char	   *machine = malloc(size);
	char	   *boot = malloc(size);

	memset(machine, '?', size);
	memset(boot, '?', size);
	adm_host_read_ids(root, machine, boot, size);
	assert_row_string(label, machine, machine_id);
	assert_row_string(label, boot, boot_id);
	free(machine);
	free(boot);
}

typedef struct FixtureRow
{
	const char *root;
	const char *machine_id;
	const char *boot_id;
} FixtureRow;

static const FixtureRow fixture_rows[] = {
	{FIXTURES "good", GOOD_MACHINE_ID, GOOD_BOOT_ID},
	{FIXTURES "good/", GOOD_MACHINE_ID, GOOD_BOOT_ID},
	{FIXTURES "missing", "", ""},
	{FIXTURES "garbage", "", ""},
	{FIXTURES "huge", "", ""},
	{FIXTURES "empty", "", ""},
	{FIXTURES "no such fixture", "", ""},
	{FIXTURES "good/etc/machine-id", "", ""},
};

static void
ids_of_fixtures(void **state)
{
	(void) state;
	/* Otherwise all that expect nothing would pass. */
	assert_int_equal(access(FIXTURES "missing/etc", F_OK), 0);
	assert_int_equal(access(FIXTURES "garbage/" BOOT_ID_PATH, R_OK), 0);
	assert_int_equal(access(FIXTURES "huge/" BOOT_ID_PATH, R_OK), 0);
	assert_int_equal(access(FIXTURES "empty/" BOOT_ID_PATH, R_OK), 0);
	for (size_t i = 0; i < COUNT_OF(fixture_rows); i++)
	{
		const FixtureRow *row = &fixture_rows[i];

		assert_ids(row->root, row->root, ID_SIZE,
				   row->machine_id, row->boot_id);
	}
}

typedef struct IdRow
{
	const char *label;
	const char *text;			/* of the file */
	const char *expected;
} IdRow;

#define OTHER_ID	"fedcba9876543210fedcba9876543210"
#define X10		"abcdef0123"
#define X32		X10 X10 X10 "45"
#define DASHED39	"0-1-2-3-4-5-6-789abcdef0123456789abcdef"

static const IdRow id_rows[] = {
	{"32 digits", GOOD_MACHINE_ID "\n", GOOD_MACHINE_ID},
	{"UUID", GOOD_BOOT_ID "\n", GOOD_BOOT_ID},
	{"no end of line", GOOD_MACHINE_ID, GOOD_MACHINE_ID},
	{"one letter", "a", ""},
	{"shortest", X32, X32},
	{"one digit short", X10 X10 X10 "4", ""},
	{"no id yet", "uninitialized\n", ""},
	{"word as long as an id", "uninitialized-uninitialized-uninit\n", ""},
	{"dash", "-\n", ""},
	{"capitals", "ABCDEF-0123456789-ABCDEF-0123456789\n",
	"ABCDEF-0123456789-ABCDEF-0123456789"},
	{"capitals, two digits short", "ABCDEF-0123456789-ABCDEF-01234567\n", ""},
	{"dashes", "----------------------------------\n", ""},
	{"one digit too many", X32 "6\n", ""},
	{"one digit too many, as a UUID", "01234567-89ab-4cde-8f01-023456789abcd\n", ""},
	{"empty", "", ""},
	{"end of line", "\n", ""},
	{"empty first line", "\n" GOOD_MACHINE_ID "\n", ""},
	{"blank", " \n", ""},
	{"blank in front", " " X32 "\n", ""},
	{"blank behind", X32 " \n", ""},
	{"blank inside", X10 " " X32 "\n", ""},
	{"tab", X10 "\t" X32 "\n", ""},
	{"Windows", X32 "\r\n", ""},
	{"underscore", X32 "_1\n", ""},
	{"slash", "../../etc\n", ""},
	{"control character", X32 "\x01" "\n", ""},
	{"other letters", X32 "\xc3\xbc" "\n", ""},
	{"all bits", "\xff\n", ""},
	{"longest", DASHED39 "\n", DASHED39},
	{"longest, no end of line", DASHED39, DASHED39},
	{"too long", DASHED39 "-\n", ""},
	{"much too long", DASHED39 DASHED39 DASHED39 "\n", ""},
	{"too long to read", DASHED39 DASHED39 DASHED39 DASHED39 "\n", ""},
};

static void
ids_of_all_kinds(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(id_rows); i++)
	{
		const IdRow *row = &id_rows[i];

		write_file(MACHINE_ID_PATH, row->text);
		write_file(BOOT_ID_PATH, OTHER_ID "\n");
		assert_ids(row->label, folder, ID_SIZE, row->expected, OTHER_ID);
		write_file(MACHINE_ID_PATH, OTHER_ID "\n");
		write_file(BOOT_ID_PATH, row->text);
		assert_ids(row->label, folder, ID_SIZE, OTHER_ID, row->expected);
	}
}

/* Zero bytes in front of the id and behind it. */
static void
id_of_zero_bytes(void **state)
{
	(void) state;
	write_bytes(MACHINE_ID_PATH, "\0\0\0\0\n", 5);
	write_bytes(BOOT_ID_PATH, "\0abc\n", 5);
	assert_ids("zero bytes in front", folder, ID_SIZE, "", "");
	write_bytes(MACHINE_ID_PATH, X32 "\0more\n", 38);
	write_bytes(BOOT_ID_PATH, X32 "\n\0", 34);
	assert_ids("zero bytes behind", folder, ID_SIZE, "", "");
}

static void
one_id_does_not_need_the_other(void **state)
{
	(void) state;
	write_file(MACHINE_ID_PATH, X32 "\n");
	write_file(BOOT_ID_PATH, OTHER_ID "\n");
	assert_ids("both", folder, ID_SIZE, X32, OTHER_ID);
	assert_int_equal(unlink(in_folder(MACHINE_ID_PATH)), 0);
	assert_ids("only boot", folder, ID_SIZE, "", OTHER_ID);
	write_file(MACHINE_ID_PATH, X32 "\n");
	assert_int_equal(unlink(in_folder(BOOT_ID_PATH)), 0);
	assert_ids("only machine", folder, ID_SIZE, X32, "");
	assert_int_equal(unlink(in_folder(MACHINE_ID_PATH)), 0);
	assert_ids("neither", folder, ID_SIZE, "", "");
}

static void
ids_must_fit(void **state)
{
	const char *root = FIXTURES "good";

	(void) state;
	assert_ids("fits both", root, 37, GOOD_MACHINE_ID, GOOD_BOOT_ID);
	assert_ids("too small for one", root, 36, GOOD_MACHINE_ID, "");
	assert_ids("fits the other", root, 33, GOOD_MACHINE_ID, "");
	assert_ids("too small for both", root, 32, "", "");
	assert_ids("smallest", root, 1, "", "");
}

/* A folder or a fifo where the file should be. */
static void
ids_in_odd_places(void **state)
{
	(void) state;
	(void) unlink(in_folder(MACHINE_ID_PATH));
	(void) unlink(in_folder(BOOT_ID_PATH));
	assert_int_equal(mkdir(in_folder(MACHINE_ID_PATH), 0755), 0);
	assert_int_equal(mkfifo(in_folder(BOOT_ID_PATH), 0600), 0);
	alarm(HANGS_AFTER_S);
	assert_ids("folder and fifo", folder, ID_SIZE, "", "");
	alarm(0);
	assert_int_equal(rmdir(in_folder(MACHINE_ID_PATH)), 0);
	assert_int_equal(unlink(in_folder(BOOT_ID_PATH)), 0);
}

/* The path below the fixtures, by a way of this length. */
static void
stretch_path(char *root, size_t length, const char *path)
{
	size_t		fixtures_length = strlen(FIXTURES);
	size_t		slashes = length - fixtures_length - strlen(path);

	memcpy(root, FIXTURES, fixtures_length);
	memset(root + fixtures_length, '/', slashes);
	strcpy(root + fixtures_length + slashes, path);
}

static void
root_that_is_too_long(void **state)
{
	char		root[1200];

	(void) state;
	stretch_path(root, 900, "good");
	assert_ids("long", root, ID_SIZE, GOOD_MACHINE_ID, GOOD_BOOT_ID);
	stretch_path(root, 1100, "good");
	assert_ids("too long", root, ID_SIZE, "", "");

	/* Cut off behind its root, a path would lead to this file. */
	for (size_t length = 900; length < 1100; length++)
	{
		stretch_path(root, length, "good/" MACHINE_ID_PATH);
		assert_ids("cut off", root, ID_SIZE, "", "");
	}
}

static void
ids_of_this_machine(void **state)
{
	char		machine_id[ID_SIZE];
	char		boot_id[ID_SIZE];

	(void) state;
	if (access("/" BOOT_ID_PATH, R_OK) != 0)
		skip();
	adm_host_read_ids("", machine_id, boot_id, sizeof(boot_id));
	assert_int_equal(strlen(boot_id), 36);
}

/*
 * Places of files.
 */

typedef struct Place
{
	uint64_t	device;
	uint64_t	inode;
} Place;

static Place
place_of(const char *name)
{
	Place		place = {1, 1};

	adm_host_file_place(in_folder(name), &place.device, &place.inode);
	return place;
}

static bool
same(Place a, Place b)
{
	return a.device == b.device && a.inode == b.inode;
}

static bool
is_nowhere(Place a)
{
	return a.device == 0 && a.inode == 0;
}

static void
places_tell_files_apart(void **state)
{
	Place		original;

	(void) state;
	write_file("original", "text");
	write_file("copy", "text");
	assert_int_equal(link(in_folder("original"), in_folder("hard")), 0);
	assert_int_equal(symlink("original", in_folder("soft")), 0);

	original = place_of("original");
	assert_true(original.inode != 0);
	assert_true(same(place_of("original"), original));
	assert_true(same(place_of("hard"), original));
	assert_true(same(place_of("soft"), original));
	assert_false(same(place_of("copy"), original));
	assert_true(place_of("copy").device == original.device);

	assert_int_equal(rename(in_folder("original"), in_folder("moved")), 0);
	assert_true(same(place_of("moved"), original));
}

static void
place_of_nothing_is_zero(void **state)
{
	(void) state;
	write_file("file", "x");
	assert_int_equal(symlink("nowhere", in_folder("astray")), 0);
	assert_true(is_nowhere(place_of("missing")));
	assert_true(is_nowhere(place_of("file/below")));
	assert_true(is_nowhere(place_of("astray")));
	assert_false(is_nowhere(place_of("etc")));
}

/*
 * Cores.
 */

static void
cores_follow_the_affinity(void **state)
{
	cpu_set_t	all;
	cpu_set_t	some;
	int			count = 0;

	(void) state;
	assert_true(adm_host_usable_cores() >= 1);
	if (sched_getaffinity(0, sizeof(all), &all) != 0)
		skip();
	assert_int_equal(adm_host_usable_cores(), CPU_COUNT(&all));

	CPU_ZERO(&some);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
	{
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_SET(cpu, &some);
		assert_int_equal(sched_setaffinity(0, sizeof(some), &some), 0);
		assert_int_equal(adm_host_usable_cores(), ++count);
	}
	assert_int_equal(count, CPU_COUNT(&all));
}

/*
 * Clocks.
 */

static int64_t
raw_clock_us(clockid_t clock)
{
	struct timespec ts;

	assert_int_equal(clock_gettime(clock, &ts), 0);
	return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* For 50 ms, so that it is seen to move as well. */
static void
monotonic_clock_only_goes_on(void **state)
{
	int64_t		first = adm_clock_ms();
	int64_t		last = first;

	(void) state;
	assert_true(first >= 0);
	alarm(HANGS_AFTER_S);
	while (last < first + 50)
	{
		int64_t		now = adm_clock_ms();

		assert_true(now >= last);
		last = now;
	}
	alarm(0);
}

static void
monotonic_clock_counts_milliseconds(void **state)
{
	int64_t		before_us = raw_clock_us(CLOCK_MONOTONIC);
	int64_t		now_ms = adm_clock_ms();
	int64_t		after_us = raw_clock_us(CLOCK_MONOTONIC);

	(void) state;
	assert_in_range(now_ms, before_us / 1000, after_us / 1000);
}

/* In microseconds of the same time as the system's, unless it is being set. */
static void
wall_clock_counts_microseconds(void **state)
{
	int64_t		before_us = raw_clock_us(CLOCK_REALTIME);
	int64_t		now_us = adm_clock_wall_us();
	int64_t		after_us = raw_clock_us(CLOCK_REALTIME);

	(void) state;
	assert_in_range(now_us, before_us, after_us);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_all_sizes),
		cmocka_unit_test(what_is_no_file),
		cmocka_unit_test(links_are_followed),
		cmocka_unit_test(file_without_permission),
		cmocka_unit_test(fifo_does_not_hang),
		cmocka_unit_test(no_descriptor_leaks),
		cmocka_unit_test(ids_of_fixtures),
		cmocka_unit_test(ids_of_all_kinds),
		cmocka_unit_test(id_of_zero_bytes),
		cmocka_unit_test(one_id_does_not_need_the_other),
		cmocka_unit_test(ids_must_fit),
		cmocka_unit_test(ids_in_odd_places),
		cmocka_unit_test(root_that_is_too_long),
		cmocka_unit_test(ids_of_this_machine),
		cmocka_unit_test(places_tell_files_apart),
		cmocka_unit_test(place_of_nothing_is_zero),
		cmocka_unit_test(cores_follow_the_affinity),
		cmocka_unit_test(monotonic_clock_only_goes_on),
		cmocka_unit_test(monotonic_clock_counts_milliseconds),
		cmocka_unit_test(wall_clock_counts_microseconds),
	};

	return cmocka_run_group_tests_name("host", tests,
									   make_host_folder, remove_folder);
}
