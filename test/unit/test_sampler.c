/*
 * test_sampler.c - tests of reading everything at once, and of what no damage
 * to the files may do.
 *
 * Runs in its own directory.  Fixtures are damaged in copies, in a folder below
 * bin/ that is gone afterwards.
 */
#include "folder.h"

#include <fcntl.h>
#include <math.h>

#include "../fuzz/readers_laws.h"
#include "os/clock.h"
#include "os/process.h"
#include "os/sampler.h"
#include "seeded.h"

#define FIXTURES	"../fixtures/"

#define UNKNOWN		ADM_UNKNOWN
#define KB			INT64_C(1024)
#define MB			(1024 * KB)
#define GB			(1024 * MB)

/* The server's process in the fixtures of containers. */
#define PID			812

/*
 * Fixtures.
 */

static AdmReading
read_once(const char *root, int cores, uint32_t *misses)
{
	AdmSampler	sampler;
	AdmReading	r;

	memset(&r, 0x5A, sizeof(r));
	adm_sampler_init(&sampler, root);
	*misses = adm_sampler_read(&sampler, cores, &r);
	return r;
}

typedef struct FixtureRow
{
	const char *root;
	uint32_t	misses;
	double		cores;			/* NaN: of the machine that tests run on */
	bool		limited;
	int			cpus;
	int64_t		run_ns;
	int64_t		group_run_ns;
	int64_t		group_throttled;
	int64_t		memory_limit;
	int64_t		memory_available;
	bool		group_memory;
	int64_t		cpu_some_us;
	bool		group_psi;
	double		load1;			/* below 0: not known */
} FixtureRow;

#define MISSES_ALL	LAW_MISSES_ALL

static const FixtureRow fixture_rows[] = {
	{FIXTURES "machine/few", 0, 2, false, 2, 241000000000, UNKNOWN, UNKNOWN,
	24684084 * KB, 16123456 * KB, false, 9168220, false, 0.81},
	{FIXTURES "machine/many", 0, 5, false, 5, 10000000000000022, UNKNOWN, UNKNOWN,
	528134452 * KB, 401223344 * KB, false, 9168220000, false, 120.42},
	{FIXTURES "machine/old", ADM_MISSES_PRESSURE, 2, false, 2, 13200000000, UNKNOWN, UNKNOWN,
	3880512 * KB, 3104400 * KB, false, UNKNOWN, false, 0},
	{FIXTURES "machine/bare", ADM_MISSES_PRESSURE | ADM_MISSES_MEMORY, 1, false, 1, UNKNOWN,
	UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, false, UNKNOWN, false, 0},
	{FIXTURES "machine/container_v2", 0, 0.5, true, 4, 80000000006, 41234567000, 1200,
	2 * GB, GB + 256 * MB, true, 5002, true, 3.42},
	/* stalls can only be those of the machine */
	{FIXTURES "machine/container_v1", 0, 1.5, true, 4, 80000000006, 77123456789, 450,
	3 * GB, GB + 512 * MB, true, 9168220, false, 3.42},
	{FIXTURES "machine/empty", MISSES_ALL, NAN, false, 0, UNKNOWN, UNKNOWN, UNKNOWN,
	UNKNOWN, UNKNOWN, false, UNKNOWN, false, -1},
	{FIXTURES "machine/missing", MISSES_ALL, NAN, false, 0, UNKNOWN, UNKNOWN, UNKNOWN,
	UNKNOWN, UNKNOWN, false, UNKNOWN, false, -1},
	/* the group, of an unknown machine */
	{FIXTURES "cgroup/v2_namespace",
		ADM_MISSES_STAT | ADM_MISSES_LOAD | ADM_MISSES_MEMORY, 0.5, true, 0, UNKNOWN,
	41234567000, 1200, 2 * GB, GB + 256 * MB, true, 5002, true, -1},
};

static void
assert_fixture(const FixtureRow *row)
{
	const char *label = row->root;
	uint32_t	misses;
	AdmReading	r = read_once(row->root, 0, &misses);

	assert_row_int(label, misses, row->misses);
	assert_row(label, isnan(row->cores) ? r.cores >= 1 : r.cores == row->cores);
	assert_row_int(label, r.limited, row->limited);
	assert_row_int(label, r.cpus, row->cpus);
	assert_row_int(label, r.run_ns, row->run_ns);
	assert_row_int(label, r.group_run_ns, row->group_run_ns);
	assert_row_int(label, r.group_throttled, row->group_throttled);
	assert_row_int(label, r.memory_limit, row->memory_limit);
	assert_row_int(label, r.memory_available, row->memory_available);
	assert_row_int(label, r.group_memory, row->group_memory);
	assert_row_int(label, r.cpu_some_us, row->cpu_some_us);
	assert_row_int(label, r.group_psi, row->group_psi);
	assert_row(label, row->load1 < 0 ? isnan(r.load1) : r.load1 == row->load1);
	assert_row_int(label, r.server_run_ns, UNKNOWN);
	assert_row_int(label, r.server_wait_ns, UNKNOWN);
}

static void
machines_of_fixtures(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(fixture_rows); i++)
		assert_fixture(&fixture_rows[i]);
}

static void
cores_can_be_overridden(void **state)
{
	uint32_t	misses;

	(void) state;
	for (size_t i = 0; i < COUNT_OF(fixture_rows); i++)
	{
		const char *root = fixture_rows[i].root;
		AdmReading	r = read_once(root, 3, &misses);

		assert_row(root, r.cores == 3);
		assert_row_int(root, misses, fixture_rows[i].misses);
		assert_row_int(root, r.cpus, fixture_rows[i].cpus);
	}
}

static void
readings_are_of_the_present(void **state)
{
	int64_t		before_us = adm_clock_us();
	uint32_t	misses;
	AdmReading	r = read_once(FIXTURES "machine/few", 0, &misses);

	(void) state;
	assert_in_range(r.at_us, before_us, adm_clock_us());
}

static void
what_is_missing_has_a_name(void **state)
{
	(void) state;
	assert_string_equal(adm_sampler_source(ADM_MISSES_STAT), "/proc/stat");
	assert_string_equal(adm_sampler_source(ADM_MISSES_LOAD), "/proc/loadavg");
	assert_string_equal(adm_sampler_source(ADM_MISSES_MEMORY), "/proc/meminfo");
	assert_string_equal(adm_sampler_source(ADM_MISSES_PRESSURE), "/proc/pressure");
	assert_string_equal(adm_sampler_source(ADM_MISSES_PROCESSES), "/proc/<pid>/schedstat");
	assert_string_equal(adm_sampler_source(0), "");
	assert_string_equal(adm_sampler_source(MISSES_ALL), "");
}

/*
 * Copies of fixtures.
 */

#define MOST_FILES	64

static const char *copied_root;
static char copied[MOST_FILES][256];	/* below the folder */
static int	copied_count;

static int
copy_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *name = path + strlen(copied_root) + (ftw->level > 0);
	char		bytes[65536];
	FILE	   *from;
	FILE	   *to;
	size_t		length;

	(void) st;
	if (type == FTW_D)
		return ftw->level == 0 ? 0 : mkdir(in_folder(name), 0755);
	if (copied_count == MOST_FILES || (from = fopen(path, "r")) == NULL)
		return -1;
	length = fread(bytes, 1, sizeof(bytes), from);
	fclose(from);
	if (length == sizeof(bytes) || (to = fopen(in_folder(name), "w")) == NULL)
		return -1;
	snprintf(copied[copied_count++], sizeof(copied[0]), "%s", name);
	return fwrite(bytes, 1, length, to) == length && fclose(to) == 0 ? 0 : -1;
}

static void
copy_fixture(const char *root)
{
	copied_root = root;
	copied_count = 0;
	empty_folder();
	assert_int_equal(nftw(root, copy_one, 8, FTW_PHYS), 0);
	assert_true(copied_count > 5);
}

static size_t
slurp(const char *name, char *text, size_t size)
{
	FILE	   *file = fopen(in_folder(name), "r");
	size_t		length;

	assert_non_null(file);
	length = fread(text, 1, size, file);
	fclose(file);
	return length;
}

/*
 * What every reading must be, whatever the files said.
 */

static void
assert_plausible(const char *label)
{
	uint32_t	misses;
	AdmReading	r = read_once(folder, 0, &misses);
	AdmProcessTime time;
	AdmProcessUse use;
	bool		known;

	law_reading(label, &r, misses);
	known = adm_process_time(folder, PID, &time);
	law_process_time(label, &time, known);
	known = adm_process_use(folder, PID, &use);
	law_process_use(label, &use, known);
}

/*
 * Damage.
 */

static const char *const damaged[] = {
	FIXTURES "machine/container_v2",
	FIXTURES "machine/container_v1",
	FIXTURES "machine/few",
	FIXTURES "machine/many",
	FIXTURES "cgroup/v2_parent",
	FIXTURES "cgroup/v1",
	FIXTURES "cgroup/hybrid",
};

/* Cuts the file shorter byte by byte, and makes it whole again. */
static void
truncate_one(const char *name)
{
	char		good[65536];
	size_t		whole = slurp(name, good, sizeof(good));

	for (size_t length = whole; length-- > 0;)
	{
		/* Of long files, the ends and a part of the rest. */
		if (length > 512 && length + 512 < whole && length % 29 != 0)
			continue;
		assert_int_equal(truncate(in_folder(name), (off_t) length), 0);
		assert_plausible(name);
	}
	write_bytes(name, good, whole);
}

static void
truncations_do_no_harm(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(damaged); i++)
	{
		copy_fixture(damaged[i]);
		for (int f = 0; f < copied_count; f++)
			truncate_one(copied[f]);
	}
}

/* Each file missing alone. */
static void
missing_files_do_no_harm(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(damaged); i++)
	{
		copy_fixture(damaged[i]);
		for (int f = 0; f < copied_count; f++)
		{
			char		aside[512];

			snprintf(aside, sizeof(aside), "%s/aside", folder);
			assert_int_equal(rename(in_folder(copied[f]), aside), 0);
			assert_plausible(copied[f]);
			assert_int_equal(rename(aside, in_folder(copied[f])), 0);
		}
	}
}

/* What a number, or a word, could turn into. */
static const char *const tokens[] = {
	"-1", "0", "9223372036854775807", "9223372036854775808",
	"18446744073709551615", "99999999999999999999999999", "1125899906842623",
	"max", "nan", "inf", "1e400", "..", "/../", "cpu", "\n", "\n\n", " ", ":",
	"\\040", ",", "-", "0-", "\t", "\xff"
};

/*
 * Puts a byte, a token, or nothing in the place of a few bytes; may be told to
 * put a zero byte.  Returns the new length.
 */
static size_t
mutate(Seeded *random, char *text, size_t length)
{
	size_t		at = seeded_below(random, length + 1);
	size_t		gone = seeded_below(random, seeded_once_in(random, 4) ? 40 : 4);
	char		byte = seeded_once_in(random, 4) ? '\0' : (char) seeded_next(random);
	const char *put = tokens[seeded_below(random, COUNT_OF(tokens))];
	size_t		put_length = strlen(put);

	if (gone > length - at)
		gone = length - at;
	if (seeded_once_in(random, 3))
	{
		put = &byte;
		put_length = 1;
	}
	if (seeded_once_in(random, 8))
		put_length = 0;
	memmove(text + at + put_length, text + at + gone, length - at - gone);
	memcpy(text + at, put, put_length);
	return length + put_length - gone;
}

#define MUTATIONS	2500

/* One file at a time, up to three places in it. */
static void
mutations_do_no_harm(void **state)
{
	Seeded		random = {411};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(damaged); i++)
	{
		copy_fixture(damaged[i]);
		for (int m = 0; m < MUTATIONS; m++)
		{
			const char *name = copied[seeded_below(&random, (uint64_t) copied_count)];
			char		good[65536];
			char		bad[65536 + 200];
			size_t		length = slurp(name, good, sizeof(good));
			size_t		bad_length = length;

			memcpy(bad, good, length);
			for (int times = 1 + (int) seeded_below(&random, 3); times > 0; times--)
				bad_length = mutate(&random, bad, bad_length);
			write_bytes(name, bad, bad_length);
			assert_plausible(name);
			write_bytes(name, good, length);
		}
	}
}

/*
 * Looking for the group again.
 */

#define GROUP_FILE	"proc/self/cgroup"

/* The server is moved out of its group; that is seen, but not at once. */
static void
group_is_looked_for_again(void **state)
{
	AdmSampler	sampler;
	AdmReading	r;
	int			readings = 0;

	(void) state;
	copy_fixture(FIXTURES "machine/container_v2");
	adm_sampler_init(&sampler, folder);
	adm_sampler_read(&sampler, 0, &r);
	assert_true(r.limited && r.group_memory && r.group_psi);

	assert_int_equal(unlink(in_folder(GROUP_FILE)), 0);
	do
	{
		adm_sampler_read(&sampler, 0, &r);
		readings++;
	} while (r.limited && readings < 1000);
	assert_in_range(readings, 2, 120);
	assert_true(!r.limited && !r.group_memory && !r.group_psi);
	assert_true(r.cores == 4 && r.cpu_some_us == 9168220);

	/* And back. */
	write_file(GROUP_FILE, "0::/\n");
	for (readings = 0; !r.limited && readings < 1000; readings++)
		adm_sampler_read(&sampler, 0, &r);
	assert_in_range(readings, 2, 120);
}

/* Limits of a group change at once: they are read each time. */
static void
limits_are_read_each_time(void **state)
{
	AdmSampler	sampler;
	AdmReading	r;

	(void) state;
	copy_fixture(FIXTURES "machine/container_v2");
	adm_sampler_init(&sampler, folder);
	adm_sampler_read(&sampler, 0, &r);
	assert_true(r.limited && r.cores == 0.5);
	write_file("sys/fs/cgroup/cpu.max", "300000 100000\n");
	adm_sampler_read(&sampler, 0, &r);
	assert_true(r.limited && r.cores == 3);
	write_file("sys/fs/cgroup/cpu.max", "max 100000\n");
	adm_sampler_read(&sampler, 0, &r);
	assert_true(!r.limited && r.cores == 4);
	assert_int_equal(r.group_run_ns, UNKNOWN);
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
	uint32_t	misses;

	(void) state;
	for (size_t i = 0; i < COUNT_OF(fixture_rows); i++)
		(void) read_once(fixture_rows[i].root, 0, &misses);
	assert_int_equal(lowest_free_descriptor(), before);
}

static void
this_machine(void **state)
{
	uint32_t	misses;
	AdmReading	r = read_once("", 0, &misses);

	(void) state;
	law_reading("this machine", &r, misses);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machines_of_fixtures),
		cmocka_unit_test(cores_can_be_overridden),
		cmocka_unit_test(readings_are_of_the_present),
		cmocka_unit_test(what_is_missing_has_a_name),
		cmocka_unit_test(truncations_do_no_harm),
		cmocka_unit_test(missing_files_do_no_harm),
		cmocka_unit_test(mutations_do_no_harm),
		cmocka_unit_test(group_is_looked_for_again),
		cmocka_unit_test(limits_are_read_each_time),
		cmocka_unit_test(no_descriptor_leaks),
		cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests_name("sampler", tests,
									   make_folder, remove_folder);
}
