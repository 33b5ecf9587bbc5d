/*
 * test_cgroup.c - tests of finding the server's control group, and of reading
 * its limits.
 *
 * Runs in its own directory.  What is odd is made in a folder below bin/ that
 * is gone afterwards.
 */
#include "folder.h"

#include <math.h>

#include "os/cgroup.h"

#define FIXTURES	"../fixtures/cgroup/"

#define UNKNOWN		ADM_UNKNOWN
#define GB			(INT64_C(1) << 30)

/* What the machine has, before its groups are asked. */
#define CORES		8
#define MEMORY		(64 * GB)
#define AVAILABLE	(32 * GB)

/*
 * Where the group is.
 */

typedef struct Places
{
	/* Below the root; NULL: nowhere. */
	const char *cpu;
	const char *usage;
	const char *memory;
	const char *unified;
} Places;

static void
assert_place(const char *label, const char *root, const AdmCgroupPlace *place,
			 const char *expected)
{
	if (expected == NULL)
	{
		assert_row_string(label, place->own, "");
		assert_row_string(label, place->top, "");
		return;
	}
	assert_row(label, strncmp(place->own, root, strlen(root)) == 0);
	assert_row_string(label, place->own + strlen(root), expected);
	/* Climbing ends there. */
	assert_row(label, strncmp(place->own, place->top, strlen(place->top)) == 0);
}

static void
assert_places(const char *label, const char *root, const Places *expected)
{
	AdmCgroup	group;
	bool		found;

	memset(&group, 'x', sizeof(group));
	found = adm_cgroup_find(root, &group);
	assert_place(label, root, &group.cpu, expected->cpu);
	assert_place(label, root, &group.usage, expected->usage);
	assert_place(label, root, &group.memory, expected->memory);
	assert_place(label, root, &group.unified, expected->unified);
	assert_row_int(label, found, expected->cpu || expected->memory);
}

#define CGROUP	"/sys/fs/cgroup"

typedef struct FindRow
{
	const char *label;
	const char *cgroups;		/* proc/self/cgroup */
	const char *mounts;			/* proc/self/mountinfo */
	Places		expected;
} FindRow;

/* In version 2 everything is in one place. */
#define NOWHERE			{NULL, NULL, NULL, NULL}
#define ONLY(place)		{place, place, place, place}

#define MOUNT2(root)	"30 22 0:26 " root " /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
#define MOUNT1(root, where, options) \
	"31 22 0:28 " root " /sys/fs/cgroup/" where " rw,relatime shared:16 - cgroup cgroup rw," options "\n"
#define OTHERS			"28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"

static const FindRow find_rows[] = {
	/* Version 2. */
	{"own group", "0::/a/b\n", OTHERS MOUNT2("/"), ONLY(CGROUP "/a/b")},
	{"root group", "0::/\n", MOUNT2("/"), ONLY(CGROUP)},
	{"mount of our group", "0::/a/b\n", MOUNT2("/a/b"), ONLY(CGROUP)},
	{"mount of a group above", "0::/a/b\n", MOUNT2("/a"), ONLY(CGROUP "/b")},
	{"mount of another group", "0::/a/b\n", MOUNT2("/c"), ONLY(CGROUP)},
	{"mount of a group below", "0::/a\n", MOUNT2("/a/b"), ONLY(CGROUP)},
	{"name that begins alike", "0::/abc\n", MOUNT2("/ab"), ONLY(CGROUP)},
	{"mount above the namespace", "0::/\n", MOUNT2("/../.."), ONLY(CGROUP)},
	{"outside the namespace", "0::/../other\n", MOUNT2("/"), ONLY(CGROUP)},
	{"far outside", "0::/../../../../etc\n", MOUNT2("/"), ONLY(CGROUP)},
	{"up and down", "0::/a/../../etc\n", MOUNT2("/"), ONLY(CGROUP)},
	{"up at the end", "0::/a/..\n", MOUNT2("/"), ONLY(CGROUP)},
	{"colons and blanks in the name", "0::/a:b/c d\n", MOUNT2("/"), ONLY(CGROUP "/a:b/c d")},
	{"backslash in the name", "0::/a\\x2db/c\n", MOUNT2("/a\\134x2db"), ONLY(CGROUP "/c")},
	{"dots in the name", "0::/a..b/c.\n", MOUNT2("/"), ONLY(CGROUP "/a..b/c.")},
	{"no end of line", "0::/a/b", OTHERS "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
	ONLY(CGROUP "/a/b")},
	{"no leading slash", "0::a\n", MOUNT2("/"), ONLY(CGROUP)},
	{"no path", "0::\n", MOUNT2("/"), ONLY(CGROUP)},

	/* Lines of mountinfo. */
	{"no optional fields", "0::/a\n", "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
	ONLY(CGROUP "/a")},
	{"many optional fields", "0::/a\n",
	"30 22 0:26 / /sys/fs/cgroup rw shared:1 master:2 propagate_from:3 unbindable - cgroup2 none rw\n",
	ONLY(CGROUP "/a")},
	{"escaped blank in the mount point", "0::/a\n",
	"30 22 0:26 / /mnt/my\\040groups rw - cgroup2 cgroup2 rw\n", ONLY("/mnt/my groups/a")},
	{"escaped tab and backslash", "0::/a\n",
	"30 22 0:26 / /mnt/\\011\\134x rw - cgroup2 cgroup2 rw\n", ONLY("/mnt/\t\\x/a")},
	{"no full escape", "0::/a\n",
	"30 22 0:26 / /mnt/\\04\\9\\ rw - cgroup2 cgroup2 rw\n", ONLY("/mnt/\\04\\9\\/a")},
	{"elsewhere", "0::/a\n", "30 22 0:26 / /cg rw - cgroup2 cgroup2 rw\n", ONLY("/cg/a")},
	{"at the root", "0::/a\n", "30 22 0:26 / / rw - cgroup2 cgroup2 rw\n", ONLY("//a")},
	{"the first of two", "0::/a\n", MOUNT2("/") "40 22 0:26 / /cg rw - cgroup2 cgroup2 rw\n",
	ONLY(CGROUP "/a")},
	{"another type", "0::/a\n", "30 22 0:26 / /sys/fs/cgroup rw - tmpfs cgroup2 rw\n", NOWHERE},
	{"no dash", "0::/a\n", "30 22 0:26 / /sys/fs/cgroup rw shared:9 cgroup2 cgroup2 rw\n", NOWHERE},
	{"dash too early", "0::/a\n", "30 22 0:26 / - rw cgroup2 cgroup2 rw rw\n", NOWHERE},
	{"cut off behind the dash", "0::/a\n", "30 22 0:26 / /sys/fs/cgroup rw -", NOWHERE},
	{"cut off behind the type", "0::/a\n", "30 22 0:26 / /sys/fs/cgroup rw - cgroup2", NOWHERE},
	{"damaged line in front", "0::/a\n", "30 22 0\n\n\n - - - -\n" MOUNT2("/"), ONLY(CGROUP "/a")},
	{"no mounts", "0::/a\n", "", NOWHERE},
	{"only other mounts", "0::/a\n", OTHERS OTHERS, NOWHERE},

	/* Lines of the groups. */
	{"no groups", "", MOUNT2("/"), NOWHERE},
	{"nonsense", "nonsense\n:\n\n0:/a\n", MOUNT2("/"), NOWHERE},
	{"nonsense in front", "nonsense\n0::/a\n", MOUNT2("/"), ONLY(CGROUP "/a")},
	{"the first of two groups", "0::/a\n0::/b\n", MOUNT2("/"), ONLY(CGROUP "/a")},

	/* Version 1. */
	{"each on its own", "3:memory:/m\n2:cpuacct:/u\n1:cpu:/c\n",
		MOUNT1("/", "memory", "memory") MOUNT1("/", "cpuacct", "cpuacct") MOUNT1("/", "cpu", "cpu"),
		{CGROUP "/cpu/c", CGROUP "/cpuacct/u", CGROUP "/memory/m", NULL}
	},
	{"joined", "3:memory:/m\n1:cpu,cpuacct:/c\n",
		MOUNT1("/", "memory", "memory") MOUNT1("/", "cpu,cpuacct", "cpu,cpuacct"),
		{CGROUP "/cpu,cpuacct/c", CGROUP "/cpu,cpuacct/c", CGROUP "/memory/m", NULL}
	},
	{"joined the other way", "1:cpuacct,cpu:/c\n", MOUNT1("/", "both", "cpuacct,cpu"),
		{CGROUP "/both/c", CGROUP "/both/c", NULL, NULL}
	},
	{"other options as well", "1:cpu:/c\n", MOUNT1("/", "cpu", "xattr,cpu,release_agent=/x"),
		{CGROUP "/cpu/c", NULL, NULL, NULL}
	},
	{"cpuset is not cpu", "1:cpuset:/c\n", MOUNT1("/", "cpuset", "cpuset"), NOWHERE},
	{"named hierarchy", "1:name=cpu:/c\n", MOUNT1("/", "systemd", "name=cpu"), NOWHERE},
	{"another type with such options", "1:cpu:/c\n",
	"31 22 0:28 / /cpu rw - tmpfs cgroup rw,cpu\n", NOWHERE},
	{"only memory", "1:memory:/m\n", MOUNT1("/", "memory", "memory"),
		{NULL, NULL, CGROUP "/memory/m", NULL}
	},
	{"not mounted", "1:memory:/m\n", OTHERS, NOWHERE},
	{"container with a namespace", "2:memory:/\n1:cpu,cpuacct:/\n",
		MOUNT1("/", "memory", "memory") MOUNT1("/", "cpu", "cpu,cpuacct"),
		{CGROUP "/cpu", CGROUP "/cpu", CGROUP "/memory", NULL}
	},
	{"container without", "2:memory:/docker/1f\n1:cpu,cpuacct:/docker/1f\n",
		MOUNT1("/docker/1f", "memory", "memory") MOUNT1("/docker/1f", "cpu", "cpu,cpuacct"),
		{CGROUP "/cpu", CGROUP "/cpu", CGROUP "/memory", NULL}
	},
	{"the machine's mounts in a container", "1:memory:/docker/1f\n",
		MOUNT1("/", "memory", "memory"), {NULL, NULL, CGROUP "/memory/docker/1f", NULL}
	},

	/* Both. */
	{"memory in version 1", "1:memory:/m\n0::/a\n",
		MOUNT1("/", "memory", "memory") MOUNT2("/"),
		{CGROUP "/a", CGROUP "/a", CGROUP "/memory/m", CGROUP "/a"}
	},
	{"version 1 known but not mounted", "2:memory:/m\n1:cpu:/c\n0::/a\n", MOUNT2("/"),
	ONLY(CGROUP "/a")},
};

static void
groups_of_all_kinds(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(find_rows); i++)
	{
		const FindRow *row = &find_rows[i];

		write_file("proc/self/cgroup", row->cgroups);
		write_file("proc/self/mountinfo", row->mounts);
		assert_places(row->label, folder, &row->expected);
	}
}

static void
both_files_are_needed(void **state)
{
	const Places nowhere = NOWHERE;

	(void) state;
	write_file("proc/self/cgroup", "0::/a\n");
	write_file("proc/self/mountinfo", NULL);
	assert_places("no mountinfo", folder, &nowhere);
	write_file("proc/self/cgroup", NULL);
	write_file("proc/self/mountinfo", MOUNT2("/"));
	assert_places("no cgroup", folder, &nowhere);
	write_bytes("proc/self/cgroup", "\0" "0::/a\n", 7);
	assert_places("zero byte in front", folder, &nowhere);
	assert_places("no root", FIXTURES "no such fixture", &nowhere);
}

/* A group's path of this length; its mount is at /g. */
static void
write_long_path(size_t length)
{
	char	   *text = malloc(length + 10);

	assert_non_null(text);
	memcpy(text, "0::/", 4);
	memset(text + 4, 'p', length - 1);
	strcpy(text + 3 + length, "\n");
	write_file("proc/self/cgroup", text);
	write_file("proc/self/mountinfo", "30 22 0:26 / /g rw - cgroup2 cgroup2 rw\n");
	free(text);
}

/* Never cut off: what does not fit is not there. */
static void
paths_that_are_too_long(void **state)
{
	size_t		longest = ADM_CGROUP_PATH_SIZE - 1 - strlen(folder) - strlen("/g");
	AdmCgroup	group;

	(void) state;
	write_long_path(longest);
	assert_true(adm_cgroup_find(folder, &group));
	assert_int_equal(strlen(group.memory.own), ADM_CGROUP_PATH_SIZE - 1);
	for (size_t length = longest + 1; length < longest + 50; length++)
	{
		const Places nowhere = NOWHERE;

		write_long_path(length);
		assert_places("too long", folder, &nowhere);
	}
	for (size_t length = 15000; length < 18000; length += 500)
	{
		write_long_path(length);
		assert_false(adm_cgroup_find(folder, &group));
	}
}

/* Layers of an image make lines of thousands of bytes. */
static void
write_long_mounts(int count, int layers)
{
	size_t		size = (size_t) count * ((size_t) layers * 50 + 100) + 200;
	char	   *text = malloc(size);
	char	   *end = text;

	assert_non_null(text);
	for (int i = 0; i < count; i++)
	{
		end += sprintf(end, "%d 1 0:52 / /m%d rw,relatime - overlay overlay rw,lowerdir=", i, i);
		for (int layer = 0; layer < layers; layer++)
			end += sprintf(end, "/var/lib/docker/overlay2/l/%d:", layer);
		*end++ = '\n';
	}
	strcpy(end, MOUNT2("/"));
	write_file("proc/self/mountinfo", text);
	free(text);
}

static void
mounts_with_very_long_lines(void **state)
{
	const Places own = ONLY(CGROUP "/a");
	const Places nowhere = NOWHERE;

	(void) state;
	write_file("proc/self/cgroup", "0::/a\n");
	write_long_mounts(1, 125);
	assert_places("one long line", folder, &own);
	write_long_mounts(50, 125);
	assert_places("many long lines", folder, &own);
	write_long_mounts(1, 7000);
	assert_places("one very long line", folder, &own);
	write_long_mounts(150, 125);
	assert_places("as many as are read", folder, &own);
	write_long_mounts(300, 125);
	assert_places("too many", folder, &nowhere);
}

/*
 * Reading.
 */

static AdmReading
reading_of_machine(void)
{
	AdmReading	r;

	adm_reading_clear(&r);
	r.cores = r.cpus = CORES;
	r.memory_limit = MEMORY;
	r.memory_available = AVAILABLE;
	return r;
}

static AdmReading
read_group(const char *root)
{
	AdmReading	r = reading_of_machine();
	AdmCgroup	group;

	assert_true(adm_cgroup_find(root, &group));
	adm_cgroup_read(&group, &r);
	return r;
}

typedef struct FixtureRow
{
	const char *root;
	Places		places;
	double		cores;
	bool		limited;
	int64_t		run_ns;
	int64_t		periods;
	int64_t		throttled;
	int64_t		memory_limit;
	int64_t		memory_available;
	bool		group_memory;
	int64_t		stalls[5];		/* cpu, memory some and full, io */
	bool		group_psi;
} FixtureRow;

#define SERVICE	"/system.slice/postgresql.service"
#define INSTANCE "/system.slice/system-postgresql.slice/postgresql@17-main.service"

#define NO_STALLS	{UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN}, false

static const FixtureRow fixture_rows[] = {
	{FIXTURES "v2", ONLY(CGROUP INSTANCE), 2.5, true, 81234567000, 5000, 70,
	4 * GB, 2 * GB, true, {5001, 4001, 3001, 2001, 1001}, true},
	/* 1.5 cores and 8 GB of the slice above are the tightest */
	{FIXTURES "v2_parent", ONLY(CGROUP INSTANCE), 1.5, true, 71234567000, 6000, 300,
	8 * GB, 3 * GB, true, {5001, 4001, 3001, 2001, 1001}, true},
	/* 16 cores and 1 TB, which the machine does not have */
	{FIXTURES "v2_unlimited", ONLY(CGROUP INSTANCE), CORES, false, UNKNOWN, UNKNOWN, UNKNOWN,
	MEMORY, AVAILABLE, false, NO_STALLS},
	{FIXTURES "v2_namespace", ONLY(CGROUP), 0.5, true, 41234567000, 4000, 1200,
	2 * GB, GB + GB / 4, true, {5002, 4002, 3002, 2002, 1002}, true},
	/* 3 cores of the slice above, the memory of our own */
	{FIXTURES "v1", {CGROUP "/cpu" SERVICE, CGROUP "/cpuacct" SERVICE, CGROUP "/memory" SERVICE, NULL},
		3, true, 55123456802, 7000, 90, 5 * GB, 3 * GB, true, NO_STALLS
	},
	{FIXTURES "v1_docker", {CGROUP "/cpu,cpuacct", CGROUP "/cpu,cpuacct", CGROUP "/memory", NULL},
		1.5, true, 77123456789, 9000, 450, 3 * GB, 3 * GB / 2, true, NO_STALLS
	},
	{FIXTURES "hybrid", {CGROUP "/cpu,cpuacct" SERVICE, CGROUP "/cpu,cpuacct" SERVICE,
			CGROUP "/memory" SERVICE, CGROUP "/unified" SERVICE},
		2, true, 66123456789, 8000, 10, 6 * GB, GB, true,
		{5003, 4003, 3003, 2003, 1003}, true
	},
};

static void
assert_fixture(const FixtureRow *row)
{
	const char *label = row->root;
	AdmReading	r;

	assert_places(label, row->root, &row->places);
	r = read_group(row->root);
	assert_row(label, r.cores == row->cores);
	assert_row_int(label, r.limited, row->limited);
	assert_row_int(label, r.group_run_ns, row->run_ns);
	assert_row_int(label, r.group_periods, row->periods);
	assert_row_int(label, r.group_throttled, row->throttled);
	assert_row_int(label, r.memory_limit, row->memory_limit);
	assert_row_int(label, r.memory_available, row->memory_available);
	assert_row_int(label, r.group_memory, row->group_memory);
	assert_row_int(label, r.cpu_some_us, row->stalls[0]);
	assert_row_int(label, r.memory_some_us, row->stalls[1]);
	assert_row_int(label, r.memory_full_us, row->stalls[2]);
	assert_row_int(label, r.io_some_us, row->stalls[3]);
	assert_row_int(label, r.io_full_us, row->stalls[4]);
	assert_row_int(label, r.group_psi, row->group_psi);
}

static void
groups_of_fixtures(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(fixture_rows); i++)
		assert_fixture(&fixture_rows[i]);
}

/*
 * Groups made here: a group /a/b, in version 2 or in version 1.
 */

#define OWN2		"sys/fs/cgroup/a/b/"
#define ABOVE2		"sys/fs/cgroup/a/"
#define TOP2		"sys/fs/cgroup/"
#define OWN_CPU		"sys/fs/cgroup/cpu/a/b/"
#define OWN_MEMORY	"sys/fs/cgroup/memory/a/b/"

#define LARGEST		"9223372036854775807"
#define TOO_LARGE	"9223372036854775808"

static void
be_in_version_2(void)
{
	write_file("proc/self/cgroup", "0::/a/b\n");
	write_file("proc/self/mountinfo", MOUNT2("/"));
}

static void
be_in_version_1(void)
{
	write_file("proc/self/cgroup", "2:memory:/a/b\n1:cpu,cpuacct:/a/b\n");
	write_file("proc/self/mountinfo",
			   MOUNT1("/", "memory", "memory") MOUNT1("/", "cpu", "cpu,cpuacct"));
}

/* So that no test sees the files of the one before it. */
static void
clear_groups(void)
{
	static const char *const names[] = {
		"cpu.max", "cpu.stat", "memory.max", "memory.current", "memory.stat",
		"cgroup.events", "cpu.pressure", "memory.pressure", "io.pressure",
		"cpu.cfs_quota_us", "cpu.cfs_period_us", "cpuacct.usage",
		"memory.limit_in_bytes", "memory.usage_in_bytes"
	};
	static const char *const groups[] = {OWN2, ABOVE2, TOP2, OWN_CPU, OWN_MEMORY};
	char		name[100];

	for (size_t g = 0; g < COUNT_OF(groups); g++)
		for (size_t n = 0; n < COUNT_OF(names); n++)
		{
			snprintf(name, sizeof(name), "%s%s", groups[g], names[n]);
			write_file(name, NULL);
		}
}

typedef struct QuotaRow
{
	const char *label;
	const char *max;			/* cpu.max; or cpu.cfs_quota_us */
	const char *period;			/* NULL: version 2 */
	double		cores;			/* CORES: not limited */
} QuotaRow;

static const QuotaRow quota_rows[] = {
	{"half a core", "50000 100000\n", NULL, 0.5},
	{"two", "200000 100000\n", NULL, 2},
	{"short period", "1000 1000\n", NULL, 1},
	{"smallest", "1000 1000000\n", NULL, 0.001},
	{"just below", "799999 100000\n", NULL, 7.99999},
	{"all there are", "800000 100000\n", NULL, CORES},
	{"more than there are", "6400000 100000\n", NULL, CORES},
	{"no quota", "max 100000\n", NULL, CORES},
	{"no end of line", "50000 100000", NULL, 0.5},
	{"cut off in the period", "50000 10000", NULL, 5},
	{"cut off before the period", "50000 ", NULL, CORES},
	{"cut off in the quota", "5000", NULL, CORES},
	{"empty", "", NULL, CORES},
	{"zero", "0 100000\n", NULL, CORES},
	{"no period", "50000 0\n", NULL, CORES},
	{"nothing at all", "0 0\n", NULL, CORES},
	{"negative", "-50000 100000\n", NULL, CORES},
	{"negative period", "50000 -100000\n", NULL, CORES},
	{"letters", "half all\n", NULL, CORES},
	{"largest", LARGEST " 1\n", NULL, CORES},
	{"largest period", LARGEST " " LARGEST "\n", NULL, 1},
	{"above 63 bits", TOO_LARGE " 100000\n", NULL, CORES},
	{"period above 63 bits", "50000 " TOO_LARGE "\n", NULL, CORES},
	{"too large a file", "                                                                     50000 100000\n", NULL, CORES},

	{"v1: half a core", "50000\n", "100000\n", 0.5},
	{"v1: more than there are", "900000\n", "100000\n", CORES},
	{"v1: no quota", "-1\n", "100000\n", CORES},
	{"v1: zero", "0\n", "100000\n", CORES},
	{"v1: no period", "50000\n", "0\n", CORES},
	{"v1: empty", "", "", CORES},
	{"v1: letters", "max\n", "100000\n", CORES},
	{"v1: above 63 bits", TOO_LARGE "\n", "100000\n", CORES},
};

static void
check_quota(const QuotaRow *row)
{
	AdmReading	r;

	clear_groups();
	if (row->period)
	{
		be_in_version_1();
		write_file(OWN_CPU "cpu.cfs_quota_us", row->max);
		write_file(OWN_CPU "cpu.cfs_period_us", row->period);
	}
	else
	{
		be_in_version_2();
		write_file(OWN2 "cpu.max", row->max);
	}
	r = read_group(folder);
	assert_row(row->label, r.cores == row->cores);
	assert_row_int(row->label, r.limited, row->cores < CORES);
}

static void
quotas_of_all_kinds(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(quota_rows); i++)
		check_quota(&quota_rows[i]);
}

/* The counters are those of the group with the quota. */
static void
tightest_quota_counts(void **state)
{
	AdmReading	r;

	(void) state;
	clear_groups();
	be_in_version_2();
	write_file(OWN2 "cpu.max", "300000 100000\n");
	write_file(OWN2 "cpu.stat", "usage_usec 1\nnr_periods 2\nnr_throttled 1\n");
	write_file(ABOVE2 "cpu.max", "200000 100000\n");
	write_file(ABOVE2 "cpu.stat", "usage_usec 10\nnr_periods 20\nnr_throttled 10\n");
	write_file(TOP2 "cpu.max", "100000 100000\n");
	write_file(TOP2 "cpu.stat", "usage_usec 100\nnr_periods 200\nnr_throttled 100\n");
	r = read_group(folder);
	assert_true(r.limited && r.cores == 1);
	assert_int_equal(r.group_run_ns, 100000);
	assert_int_equal(r.group_periods, 200);
	assert_int_equal(r.group_throttled, 100);

	write_file(TOP2 "cpu.max", NULL);
	r = read_group(folder);
	assert_true(r.limited && r.cores == 2);
	assert_int_equal(r.group_throttled, 10);

	/* Of equal ones the nearest. */
	write_file(ABOVE2 "cpu.max", "150000 50000\n");
	r = read_group(folder);
	assert_true(r.limited && r.cores == 3);
	assert_int_equal(r.group_throttled, 1);
}

typedef struct CpuStatRow
{
	const char *label;
	const char *text;			/* NULL: no such file */
	int64_t		run_ns;
	int64_t		periods;
	int64_t		throttled;
} CpuStatRow;

static const CpuStatRow cpu_stat_rows[] = {
	{"as printed", "usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 4\n"
	"nr_throttled 3\nthrottled_usec 9\n", 5000, 4, 3},
	{"zero", "usage_usec 0\nnr_periods 0\nnr_throttled 0\n", 0, 0, 0},
	{"a century of cores", "usage_usec 9223372036854775\n", 9223372036854775000, UNKNOWN, UNKNOWN},
	{"too large in nanoseconds", "usage_usec 9223372036854776\n", UNKNOWN, UNKNOWN, UNKNOWN},
	{"largest", "usage_usec " LARGEST "\nnr_periods " LARGEST "\n", UNKNOWN, INT64_MAX, UNKNOWN},
	{"above 63 bits", "usage_usec " TOO_LARGE "\nnr_periods 4\n", UNKNOWN, 4, UNKNOWN},
	{"negative", "usage_usec -5\nnr_periods -4\nnr_throttled -3\n", UNKNOWN, UNKNOWN, UNKNOWN},
	{"letters", "usage_usec five\nnr_periods four\n", UNKNOWN, UNKNOWN, UNKNOWN},
	{"cut off", "usage_usec 5\nnr_per", 5000, UNKNOWN, UNKNOWN},
	{"only usage", "usage_usec 5\n", 5000, UNKNOWN, UNKNOWN},
	{"empty", "", UNKNOWN, UNKNOWN, UNKNOWN},
	{"missing", NULL, UNKNOWN, UNKNOWN, UNKNOWN},
};

static void
cpu_stat_of_all_kinds(void **state)
{
	(void) state;
	clear_groups();
	be_in_version_2();
	write_file(OWN2 "cpu.max", "50000 100000\n");
	for (size_t i = 0; i < COUNT_OF(cpu_stat_rows); i++)
	{
		const CpuStatRow *row = &cpu_stat_rows[i];
		AdmReading	r;

		write_file(OWN2 "cpu.stat", row->text);
		r = read_group(folder);
		assert_row(row->label, r.limited);
		assert_row_int(row->label, r.group_run_ns, row->run_ns);
		assert_row_int(row->label, r.group_periods, row->periods);
		assert_row_int(row->label, r.group_throttled, row->throttled);
	}
}

static void
version_1_without_its_accounting(void **state)
{
	AdmReading	r;

	(void) state;
	clear_groups();
	write_file("proc/self/cgroup", "1:cpu:/a/b\n");
	write_file("proc/self/mountinfo", MOUNT1("/", "cpu", "cpu"));
	write_file(OWN_CPU "cpu.cfs_quota_us", "50000\n");
	write_file(OWN_CPU "cpu.cfs_period_us", "100000\n");
	write_file(OWN_CPU "cpu.stat", "nr_periods 4\nnr_throttled 3\nthrottled_time 9\n");
	write_file(OWN_CPU "cpuacct.usage", "123\n");
	r = read_group(folder);
	assert_true(r.limited && r.cores == 0.5);
	assert_int_equal(r.group_run_ns, UNKNOWN);
	assert_int_equal(r.group_throttled, 3);

	be_in_version_1();
	assert_int_equal(read_group(folder).group_run_ns, 123);
	write_file(OWN_CPU "cpuacct.usage", TOO_LARGE "\n");
	assert_int_equal(read_group(folder).group_run_ns, UNKNOWN);
}

typedef struct MemoryRow
{
	const char *label;
	const char *limit;			/* NULL: no such file */
	const char *used;
	const char *stat;
	int64_t		expected_limit; /* MEMORY: that of the machine */
	int64_t		available;
} MemoryRow;

#define MACHINE		MEMORY, AVAILABLE

static const MemoryRow memory_rows[] = {
	{"no file cache", "1000\n", "600\n", "inactive_file 0\n", 1000, 400},
	{"file cache", "1000\n", "600\n", "anon 5\ninactive_file 500\n", 1000, 900},
	{"active files", "1000\n", "600\n", "active_file 500\ninactive_file 1\n", 1000, 901},
	{"only active files", "1000\n", "600\n", "anon 5\nactive_file 500\n", 1000, 900},
	{"files to be written", "1000\n", "600\n", "file_dirty 30\nfile_writeback 4\n"
	"inactive_file 100\nactive_file 200\n", 1000, 666},
	{"only dirty", "1000\n", "600\n", "file_dirty 30\ninactive_file 100\n", 1000, 470},
	{"only being written", "1000\n", "600\n", "file_writeback 4\nactive_file 200\n", 1000, 596},
	{"all to be written", "1000\n", "600\n", "file_dirty 100\nfile_writeback 100\n"
	"inactive_file 100\nactive_file 100\n", 1000, 400},
	{"more to be written than there is", "1000\n", "600\n",
	"file_dirty 500\ninactive_file 100\n", 1000, 400},
	{"shared memory stays", "1000\n", "600\n", "file 550\nshmem 500\ninactive_anon 500\n"
	"active_anon 20\ninactive_file 40\nactive_file 10\n", 1000, 450},
	/* 1 GB of processes, 2 GB of shared memory, 5.2 GB read from files. */
	{"full of clean files", "8589934592\n", "8804682956\n", "anon 1073741824\nfile 7730941132\n"
		"shmem 2147483648\nfile_dirty 0\nfile_writeback 0\ninactive_anon 3221225472\n"
		"active_anon 0\ninactive_file 214748364\nactive_file 5368709120\n",
		8 * GB, 5 * GB
	},
	{"no stat", "1000\n", "600\n", NULL, 1000, 400},
	{"stat without it", "1000\n", "600\n", "anon 5\n", 1000, 400},
	{"more cache than used", "1000\n", "600\n", "inactive_file 601\n", 1000, 1000},
	{"full", "1000\n", "1000\n", NULL, 1000, 0},
	{"more used than allowed", "1000\n", "1001\n", NULL, 1000, 0},
	{"more used, file cache", "1000\n", "1001\n", "inactive_file 500\n", 1000, 499},
	{"nothing used", "1000\n", "0\n", NULL, 1000, 1000},
	{"no limit", "max\n", "600\n", NULL, MACHINE},
	{"much of it used by others", "68719476735\n", "68719476000\n", NULL, 68719476735, 735},
	{"limit above the machine's", "68719476737\n", "600\n", NULL, MACHINE},
	{"limit as the machine's", "68719476736\n", "600\n", NULL, MACHINE},
	{"less available on the machine", "68719476735\n", "0\n", NULL, 68719476735, AVAILABLE},
	{"zero", "0\n", "0\n", NULL, MACHINE},
	{"negative", "-1\n", "600\n", NULL, MACHINE},
	{"largest", LARGEST "\n", "600\n", NULL, MACHINE},
	{"above 63 bits", "18446744073709551615\n", "600\n", NULL, MACHINE},
	{"letters", "much\n", "600\n", NULL, MACHINE},
	{"empty", "", "600\n", NULL, MACHINE},
	{"missing", NULL, "600\n", NULL, MACHINE},
	{"use missing", "1000\n", NULL, "inactive_file 500\n", MACHINE},
	{"use empty", "1000\n", "", NULL, MACHINE},
	{"use letters", "1000\n", "all\n", NULL, MACHINE},
	{"use negative", "1000\n", "-600\n", NULL, MACHINE},
	{"use above 63 bits", "1000\n", TOO_LARGE "\n", NULL, MACHINE},
	{"use largest", "1000\n", LARGEST "\n", "inactive_file " LARGEST "\n", 1000, 1000},
	{"all largest", "1000\n", LARGEST "\n", "inactive_file " LARGEST "\nactive_file " LARGEST "\n"
	"file_dirty " LARGEST "\nfile_writeback " LARGEST "\n", 1000, 0},
	{"cache largest", "1000\n", LARGEST "\n", "inactive_file " LARGEST "\nactive_file " LARGEST "\n",
	1000, 1000},
	{"stat above 63 bits", "1000\n", "600\n", "inactive_file " TOO_LARGE "\n", 1000, 400},
	{"stat negative", "1000\n", "600\n", "inactive_file -5\n", 1000, 400},
	{"stat cut off", "1000\n", "600\n", "inactive_fi", 1000, 400},
	{"no ends of lines", "1000", "600", "inactive_file 500", 1000, 900},
};

static void
assert_group_memory(const char *label, int64_t limit, int64_t available)
{
	AdmReading	r = read_group(folder);

	assert_row_int(label, r.memory_limit, limit);
	assert_row_int(label, r.memory_available, available);
	assert_row_int(label, r.group_memory, limit != MEMORY);
}

static void
memory_of_all_kinds(void **state)
{
	(void) state;
	clear_groups();
	be_in_version_2();
	for (size_t i = 0; i < COUNT_OF(memory_rows); i++)
	{
		const MemoryRow *row = &memory_rows[i];

		write_file(OWN2 "memory.max", row->limit);
		write_file(OWN2 "memory.current", row->used);
		write_file(OWN2 "memory.stat", row->stat);
		assert_group_memory(row->label, row->expected_limit, row->available);
	}
}

static void
memory_of_version_1(void **state)
{
	(void) state;
	clear_groups();
	be_in_version_1();
	write_file(OWN_MEMORY "memory.usage_in_bytes", "600\n");
	write_file(OWN_MEMORY "memory.stat", "inactive_file 1\ntotal_inactive_file 500\n");
	write_file(OWN_MEMORY "memory.limit_in_bytes", "1000\n");
	assert_group_memory("limit", 1000, 900);
	write_file(OWN_MEMORY "memory.stat", "dirty 9\nwriteback 9\ninactive_file 9\nactive_file 9\n"
			   "total_dirty 30\ntotal_writeback 4\ntotal_inactive_file 100\ntotal_active_file 200\n");
	assert_group_memory("with the groups below", 1000, 666);
	write_file(OWN_MEMORY "memory.limit_in_bytes", "9223372036854771712\n");
	assert_group_memory("no limit", MACHINE);
	write_file(OWN_MEMORY "memory.limit_in_bytes", LARGEST "\n");
	assert_group_memory("no limit, old kernels", MACHINE);
	write_file(OWN_MEMORY "memory.limit_in_bytes", "9223372036854710272\n");
	assert_group_memory("no limit, large pages", MACHINE);
	write_file(OWN_MEMORY "memory.limit_in_bytes", "-1\n");
	assert_group_memory("minus one", MACHINE);
}

/* A limit and the use below it; no limit where that is NULL. */
static void
fill_group(const char *group, const char *limit, const char *used)
{
	char		name[100];

	snprintf(name, sizeof(name), "%smemory.max", group);
	write_file(name, limit);
	snprintf(name, sizeof(name), "%smemory.current", group);
	write_file(name, used);
}

static void
tightest_memory_counts(void **state)
{
	(void) state;
	clear_groups();
	be_in_version_2();
	fill_group(OWN2, "3000\n", "100\n");
	fill_group(ABOVE2, "2000\n", "300\n");
	assert_group_memory("above", 2000, 1700);
	fill_group(TOP2, "2500\n", "300\n");
	assert_group_memory("in the middle", 2000, 1700);
	fill_group(ABOVE2, "max\n", "300\n");
	assert_group_memory("at the top", 2500, 2200);
	fill_group(OWN2, "1000\n", "100\n");
	assert_group_memory("our own", 1000, 900);
	/* Nothing is looked at above the mount. */
	fill_group("sys/fs/", "10\n", "1\n");
	assert_group_memory("above the mount", 1000, 900);
}

typedef struct LeftRow
{
	const char *label;
	const char *limits[3];		/* our own, above it, at the top */
	const char *used[3];
	int64_t		limit;
	int64_t		available;
} LeftRow;

/* Use is told of every group, and grows on the way up. */
static const LeftRow left_rows[] = {
	{"least in our own", {"1000", "5000", "9000"}, {"700", "800", "900"}, 1000, 300},
	{"least above", {"1000", "5000", "9000"}, {"700", "4900", "5000"}, 1000, 100},
	{"least at the top", {"1000", "5000", "9000"}, {"700", "4900", "8950"}, 1000, 50},
	{"full at the top", {"1000", "5000", "9000"}, {"700", "4900", "9001"}, 1000, 0},
	{"of the one limit, above", {"max", "5000", "max"}, {"700", "4900", "9999"}, 5000, 100},
	{"of two, neither our own", {"max", "5000", "9000"}, {"700", "800", "8999"}, 5000, 1},
	{"use unknown where it is tightest", {"1000", "5000", "9000"}, {"", "4900", "5000"}, 5000, 100},
	{"use unknown above", {"1000", "5000", "9000"}, {"700", "", "8950"}, 1000, 50},
};

static const char *const left_groups[] = {OWN2, ABOVE2, TOP2};

/* Groups above ours may be nearly full of others. */
static void
least_that_is_left_counts(void **state)
{
	(void) state;
	be_in_version_2();
	for (size_t i = 0; i < COUNT_OF(left_rows); i++)
	{
		const LeftRow *row = &left_rows[i];

		clear_groups();
		for (size_t g = 0; g < COUNT_OF(left_groups); g++)
			fill_group(left_groups[g], row->limits[g], row->used[g]);
		assert_group_memory(row->label, row->limit, row->available);
	}
}

/* Clean pages can be had back in each of them. */
static void
file_cache_is_left_at_every_level(void **state)
{
	(void) state;
	clear_groups();
	be_in_version_2();
	fill_group(OWN2, "1000\n", "700\n");
	fill_group(ABOVE2, "5000\n", "4900\n");
	write_file(OWN2 "memory.stat", "inactive_file 200\n");
	assert_group_memory("our own", 1000, 100);
	write_file(ABOVE2 "memory.stat", "inactive_file 250\n");
	assert_group_memory("above as well", 1000, 350);
	write_file(ABOVE2 "memory.stat", "inactive_file 1000\n");
	assert_group_memory("more of it above", 1000, 500);
}

/* What the group says where the machine said nothing. */
static AdmReading
read_group_only(void)
{
	AdmReading	r;
	AdmCgroup	group;

	adm_reading_clear(&r);
	assert_true(adm_cgroup_find(folder, &group));
	adm_cgroup_read(&group, &r);
	return r;
}

/* Where it is not known how many cores there are, any quota limits. */
static void
quota_of_unknown_cores(void **state)
{
	AdmReading	r;

	(void) state;
	clear_groups();
	be_in_version_2();
	write_file(OWN2 "cpu.max", "6400000 100000\n");
	r = read_group_only();
	assert_true(r.limited && r.cores == 64);
}

/* The machine's memory not being known, the group's is all there is. */
static void
memory_of_unknown_machine(void **state)
{
	AdmReading	r;

	(void) state;
	clear_groups();
	be_in_version_2();
	write_file(OWN2 "memory.max", "1000\n");
	write_file(OWN2 "memory.current", "600\n");
	r = read_group_only();
	assert_int_equal(r.memory_limit, 1000);
	assert_int_equal(r.memory_available, 400);
	assert_true(r.group_memory);

	/* Not even here is version 1's "no limit" one. */
	clear_groups();
	be_in_version_1();
	write_file(OWN_MEMORY "memory.limit_in_bytes", "9223372036854771712\n");
	write_file(OWN_MEMORY "memory.usage_in_bytes", "600\n");
	r = read_group_only();
	assert_int_equal(r.memory_limit, UNKNOWN);
	assert_int_equal(r.memory_available, UNKNOWN);
	assert_false(r.group_memory);
}

/* Events tell a group from the machine's root, which has stalls of its own. */
static void
stalls_of_the_group_only(void **state)
{
	AdmReading	r;

	(void) state;
	clear_groups();
	write_file("proc/self/cgroup", "0::/\n");
	write_file("proc/self/mountinfo", MOUNT2("/"));
	write_file(TOP2 "cpu.pressure", "some total=50\n");
	r = read_group(folder);
	assert_false(r.group_psi);
	assert_int_equal(r.cpu_some_us, UNKNOWN);

	write_file(TOP2 "cgroup.events", "populated 1\nfrozen 0\n");
	r = read_group(folder);
	assert_true(r.group_psi);
	assert_int_equal(r.cpu_some_us, 50);

	write_file(TOP2 "cpu.pressure", NULL);
	r = read_group(folder);
	assert_false(r.group_psi);
	assert_int_equal(r.cpu_some_us, UNKNOWN);
}

/* Found, and then gone: nothing that the machine said is changed. */
static void
group_that_is_gone(void **state)
{
	AdmReading	r;

	(void) state;
	clear_groups();
	write_file("proc/self/cgroup", "0::/gone/group\n");
	write_file("proc/self/mountinfo", MOUNT2("/"));
	r = read_group(folder);
	assert_true(r.cores == CORES && !r.limited);
	assert_true(r.memory_limit == MEMORY && r.memory_available == AVAILABLE);
	assert_true(!r.group_memory && !r.group_psi);

	/* What stands above it still counts. */
	write_file(TOP2 "cpu.max", "100000 100000\n");
	assert_true(read_group(folder).cores == 1);
}

static void
no_group_reads_nothing(void **state)
{
	AdmReading	r = reading_of_machine();
	AdmCgroup	group;

	(void) state;
	memset(&group, 0, sizeof(group));
	adm_cgroup_read(&group, &r);
	assert_true(r.cores == CORES && !r.limited && !r.group_psi);
	assert_true(r.memory_limit == MEMORY && r.memory_available == AVAILABLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_of_all_kinds),
		cmocka_unit_test(both_files_are_needed),
		cmocka_unit_test(paths_that_are_too_long),
		cmocka_unit_test(mounts_with_very_long_lines),
		cmocka_unit_test(groups_of_fixtures),
		cmocka_unit_test(quotas_of_all_kinds),
		cmocka_unit_test(tightest_quota_counts),
		cmocka_unit_test(cpu_stat_of_all_kinds),
		cmocka_unit_test(version_1_without_its_accounting),
		cmocka_unit_test(memory_of_all_kinds),
		cmocka_unit_test(memory_of_version_1),
		cmocka_unit_test(tightest_memory_counts),
		cmocka_unit_test(least_that_is_left_counts),
		cmocka_unit_test(file_cache_is_left_at_every_level),
		cmocka_unit_test(quota_of_unknown_cores),
		cmocka_unit_test(memory_of_unknown_machine),
		cmocka_unit_test(stalls_of_the_group_only),
		cmocka_unit_test(group_that_is_gone),
		cmocka_unit_test(no_group_reads_nothing),
	};

	return cmocka_run_group_tests_name("cgroup", tests,
									   make_folder, remove_folder);
}
