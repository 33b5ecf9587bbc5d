/*
 * test_cpu.c - tests of reading what the kernel says of the machine: of its
 * processors, its memory, and who stood still for want of them.
 *
 * Runs in its own directory.  What is odd is made in a folder below bin/ that
 * is gone afterwards.
 */
#include "folder.h"

#include <math.h>

#include "os/cpu.h"
#include "os/memory.h"
#include "os/psi.h"

#define FIXTURES	"../fixtures/machine/"

#define UNKNOWN		ADM_UNKNOWN
#define KB			INT64_C(1024)

#define LARGEST		"9223372036854775807"
#define TOO_LARGE	"9223372036854775808"

/* What is read of a file. */
#define MOST_BYTES	((size_t) 2 * 1024 * 1024 - 1)

/*
 * Files of a machine.
 */

static void
allow(const char *list)
{
	char		text[256];

	snprintf(text, sizeof(text),
			 "Name:\tpostgres\nCpus_allowed:\tf\nCpus_allowed_list:\t%s\nMems_allowed:\t1\n", list);
	write_file("proc/self/status", text);
}

static void
clear_machine(void)
{
	static const char *const names[] = {
		"proc/stat", "proc/schedstat", "proc/loadavg", "proc/meminfo",
		"proc/self/status", "proc/pressure/cpu", "proc/pressure/memory",
		"proc/pressure/io"
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		write_file(names[i], NULL);
}

/*
 * proc/stat
 */

typedef struct Ticks
{
	int			cpus;
	int64_t		busy;
	int64_t		steal;
	int64_t		total;
	int64_t		runnable;
} Ticks;

static const Ticks no_ticks = {0, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN};

/* Success must agree with what is told, and no other field is touched. */
static void
assert_ticks(const char *label, const char *root, const Ticks *expected)
{
	AdmReading	r = {.cpus = 77, .run_ns = 77, .load1 = 77, .cores = 77};
	bool		known = adm_cpu_read_stat(root, &r);

	assert_row_int(label, known, expected->cpus > 0);
	assert_row_int(label, r.cpus, expected->cpus);
	assert_row_int(label, r.busy_ticks, expected->busy);
	assert_row_int(label, r.steal_ticks, expected->steal);
	assert_row_int(label, r.total_ticks, expected->total);
	assert_row_int(label, r.runnable, expected->runnable);
	assert_row(label, r.run_ns == 77 && r.load1 == 77 && r.cores == 77);
}

typedef struct FixtureStat
{
	const char *root;
	Ticks		expected;
} FixtureStat;

static const FixtureStat fixture_stats[] = {
	/* guest's time stands in user's already */
	{FIXTURES "few", {2, 24159, 19, 353284, 3}},
	/* may run on 0-3,8,10-11, of which 3 and 10 are offline */
	{FIXTURES "many", {5, 6117, 52, 456341, 21}},
	/* may run on more than there are */
	{FIXTURES "old", {2, 1203, 0, 17243, 1}},
	/* not told where it may run */
	{FIXTURES "bare", {1, 601, 0, 8621, 1}},
	{FIXTURES "empty", {0, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN}},
	{FIXTURES "missing", {0, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN}},
	{FIXTURES "no such fixture", {0, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN}},
};

static void
ticks_of_fixtures(void **state)
{
	(void) state;
	/* Otherwise those that expect nothing would pass. */
	assert_int_equal(access(FIXTURES "empty/proc/stat", R_OK), 0);
	assert_int_equal(access(FIXTURES "missing/etc", F_OK), 0);
	for (size_t i = 0; i < COUNT_OF(fixture_stats); i++)
		assert_ticks(fixture_stats[i].root, fixture_stats[i].root,
					 &fixture_stats[i].expected);
}

typedef struct StatRow
{
	const char *label;
	const char *text;
	Ticks		expected;
} StatRow;

#define NOTHING		{0, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN}
#define CPU0		"cpu0 1 2 3 40 50 6 7 8 0 0\n"
#define CPU1		"cpu1 10 20 30 400 500 60 70 80 0 0\n"
#define RUNNING		"procs_running 9\n"

static const StatRow stat_rows[] = {
	{"as printed", "cpu  1 1 1 1 1 1 1 1\n" CPU0 RUNNING, {1, 19, 8, 117, 9}},
	{"two", CPU0 CPU1 RUNNING, {2, 209, 88, 1287, 9}},
	{"other order", RUNNING CPU1 CPU0, {2, 209, 88, 1287, 9}},
	{"gap in the numbers", CPU0 "cpu7 10 20 30 400 500 60 70 80\n" RUNNING,
	{2, 209, 88, 1287, 9}},
	{"without guests", "cpu0 1 2 3 40 50 6 7 8\n", {1, 19, 8, 117, UNKNOWN}},
	{"more columns", "cpu0 1 2 3 40 50 6 7 8 9 10 11 12\n", {1, 19, 8, 117, UNKNOWN}},
	{"no end of line", "cpu0 1 2 3 40 50 6 7 8", {1, 19, 8, 117, UNKNOWN}},
	{"all zero", "cpu0 0 0 0 0 0 0 0 0\n" RUNNING, {1, 0, 0, 0, 9}},
	{"nobody runs", CPU0 "procs_running 0\n", {1, 19, 8, 117, 0}},
	{"running cut off", CPU0 "procs_running ", {1, 19, 8, 117, UNKNOWN}},
	{"running negative", CPU0 "procs_running -3\n", {1, 19, 8, 117, UNKNOWN}},
	{"running above 63 bits", CPU0 "procs_running " TOO_LARGE "\n",
	{1, 19, 8, 117, UNKNOWN}},
	{"only the sum", "cpu  1 2 3 40 50 6 7 8 0 0\n" RUNNING, NOTHING},
	{"seven columns", "cpu0 1 2 3 40 50 6 7\n" RUNNING, NOTHING},
	{"second cut off", CPU0 "cpu1 10 20 30 4", NOTHING},
	{"number cut off", CPU0 "cpu", {1, 19, 8, 117, UNKNOWN}},
	{"only a name", CPU0 "cpu1", NOTHING},
	{"letters", "cpu0 one two 3 4 5 6 7 8\n", NOTHING},
	{"letters for a number", "cpux 1 2 3 40 50 6 7 8\n", NOTHING},
	{"negative", "cpu0 1 2 3 -40 50 6 7 8\n", NOTHING},
	{"negative number", "cpu-1 1 2 3 40 50 6 7 8\n", NOTHING},
	{"largest", "cpu0 " LARGEST " 2 3 40 50 6 7 8\n", NOTHING},
	{"largest, alone", "cpu0 0 0 " LARGEST " 0 0 0 0 0\n",
	{1, INT64_MAX, 0, INT64_MAX, UNKNOWN}},
	{"largest stolen", "cpu0 0 0 0 0 0 0 0 " LARGEST "\n",
	{1, 0, INT64_MAX, INT64_MAX, UNKNOWN}},
	{"largest and nothing", "cpu0 0 0 0 " LARGEST " 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0\n",
	{2, 0, 0, INT64_MAX, UNKNOWN}},
	{"sum too large by one", "cpu0 0 0 0 " LARGEST " 0 0 0 0\ncpu1 0 0 0 0 0 0 0 1\n" RUNNING,
	NOTHING},
	{"sum too large within a line", "cpu0 1 0 0 0 0 0 0 " LARGEST "\n" RUNNING, NOTHING},
	{"above 63 bits", "cpu0 1 2 3 " TOO_LARGE " 50 6 7 8\n", NOTHING},
	{"number above 63 bits", "cpu" TOO_LARGE " 1 2 3 40 50 6 7 8\n", NOTHING},
	{"ticks of a thousand years", "cpu0 3153600000000 2 3 40 50 6 7 8\n",
	{1, 3153600000018, 8, 3153600000116, UNKNOWN}},
	{"other words", "cpufreq 1 2 3 4 5 6 7 8\n" CPU0, {1, 19, 8, 117, UNKNOWN}},
	{"not at the line's beginning", " " CPU0, NOTHING},
	{"empty", "", NOTHING},
	{"end of line", "\n", NOTHING},
	{"no lines", "cpu0", NOTHING},
};

static void
stat_of_all_kinds(void **state)
{
	(void) state;
	clear_machine();
	for (size_t i = 0; i < COUNT_OF(stat_rows); i++)
	{
		write_file("proc/stat", stat_rows[i].text);
		assert_ticks(stat_rows[i].label, folder, &stat_rows[i].expected);
	}
}

static void
zero_bytes_end_the_file(void **state)
{
	static const char text[] = CPU0 "\0" CPU1 RUNNING;
	const Ticks expected = {1, 19, 8, 117, UNKNOWN};

	(void) state;
	clear_machine();
	write_bytes("proc/stat", text, sizeof(text) - 1);
	assert_ticks("zero byte inside", folder, &expected);
	write_bytes("proc/stat", "\0\0\0\0", 4);
	assert_ticks("only zero bytes", folder, &no_ticks);
	write_bytes("proc/stat", "\xff\xfe\x80\n\x01", 5);
	assert_ticks("other bytes", folder, &no_ticks);
}

/*
 * Where the server may run.
 */

#define COUNTED		16

/* cpuN has N + 1 ticks of user's and 100 idle. */
static void
write_cpus(int count)
{
	char	   *text = malloc((size_t) count * 64 + 1);
	char	   *end = text;

	assert_non_null(text);
	*end = '\0';
	for (int cpu = 0; cpu < count; cpu++)
		end += sprintf(end, "cpu%d %d 0 0 100 0 0 0 0 0 0\n", cpu, cpu + 1);
	write_file("proc/stat", text);
	free(text);
}

typedef struct ListRow
{
	const char *list;			/* as in Cpus_allowed_list */
	int			cpus;
	int64_t		busy;
} ListRow;

#define ALL			COUNTED, COUNTED * (COUNTED + 1) / 2
#define NONE		0, UNKNOWN

static const ListRow list_rows[] = {
	{"0", 1, 1},
	{"15", 1, 16},
	{"0-15", ALL},
	{"0-3,8,10-11", 7, 1 + 2 + 3 + 4 + 9 + 11 + 12},
	{"0,2,4,6", 4, 1 + 3 + 5 + 7},
	{"7-7", 1, 8},
	{"3-2", NONE},
	{"1,1,1", 1, 2},
	{"0-3,2-5", 6, 21},
	{"12-20", 4, 13 + 14 + 15 + 16},
	{"64-127", NONE},
	{"0-8191", ALL},
	{"0-8192", ALL},
	{"0-" LARGEST, ALL},
	{LARGEST, NONE},
	{LARGEST "-" LARGEST ",3", 1, 4},
	{"15-" LARGEST, 1, 16},
	/* Nonsense: as if it were not told. */
	{"", ALL},
	{",", ALL},
	{"-", ALL},
	{"1-", ALL},
	{"1,", ALL},
	{"-1", ALL},
	{"all", ALL},
	{"1,x", ALL},
	{"0-" TOO_LARGE, ALL},
};

static void
only_where_the_server_may_run(void **state)
{
	(void) state;
	clear_machine();
	write_cpus(COUNTED);
	for (size_t i = 0; i < COUNT_OF(list_rows); i++)
	{
		const ListRow *row = &list_rows[i];
		Ticks		expected = no_ticks;

		if (row->cpus > 0)
			expected = (Ticks) {
			row->cpus, row->busy, 0, row->busy + row->cpus * 100, UNKNOWN
		};
		allow(row->list);
		assert_ticks(row->list, folder, &expected);
	}
}

static void
all_where_it_is_not_told(void **state)
{
	static const char text[] = "Cpus_allowed_list:\t0\0";
	const Ticks all = {COUNTED, 136, 0, 136 + 1600, UNKNOWN};
	const Ticks first = {1, 1, 0, 101, UNKNOWN};
	char	   *large = malloc(20001);

	(void) state;
	assert_non_null(large);
	clear_machine();
	write_cpus(COUNTED);
	assert_ticks("missing", folder, &all);
	write_file("proc/self/status", "");
	assert_ticks("empty", folder, &all);
	write_file("proc/self/status", "Cpus_allowed_li");
	assert_ticks("cut off", folder, &all);
	write_file("proc/self/status", "Cpus_allowed_list:\t0");
	assert_ticks("no end of line", folder, &first);
	write_bytes("proc/self/status", text, sizeof(text));
	assert_ticks("zero byte behind", folder, &first);
	memset(large, '\n', 20000);
	strcpy(large + 20000 - 21, "Cpus_allowed_list:\t0");
	write_file("proc/self/status", large);
	assert_ticks("too large", folder, &all);
	free(large);
}

static void
machine_with_thousands_of_processors(void **state)
{
	Ticks		expected = {4096, 4096 * 4097 / 2, 0, 0, UNKNOWN};

	(void) state;
	clear_machine();
	write_cpus(4096);
	expected.total = expected.busy + 4096 * 100;
	assert_ticks("all", folder, &expected);
	allow("4000-8191");
	expected = (Ticks) {96, 96 * (4001 + 4096) / 2, 0, 0, UNKNOWN};
	expected.total = expected.busy + 96 * 100;
	assert_ticks("the last", folder, &expected);
}

/* So many numbers on the line of interrupts, in front of the running tasks. */
static void
write_interrupts(size_t count)
{
	char	   *text = malloc(count * 2 + 200);
	char	   *end;

	assert_non_null(text);
	end = text + sprintf(text, CPU0 "intr 5");
	for (size_t i = 0; i < count; i++)
		end += sprintf(end, " 0");
	strcpy(end, "\n" RUNNING);
	write_file("proc/stat", text);
	free(text);
}

static void
very_long_line_of_interrupts(void **state)
{
	const Ticks expected = {1, 19, 8, 117, 9};

	(void) state;
	clear_machine();
	write_interrupts(10000);
	assert_ticks("long", folder, &expected);
	write_interrupts((MOST_BYTES - strlen(CPU0 "intr 5\n" RUNNING)) / 2);
	assert_ticks("as long as is read", folder, &expected);
	write_interrupts(MOST_BYTES / 2);
	assert_ticks("too long", folder, &no_ticks);
}

/*
 * proc/schedstat
 */

static void
assert_runs(const char *label, const char *root, int64_t run_ns, int64_t wait_ns)
{
	AdmReading	r = {.run_ns = 77, .wait_ns = 77, .cpus = 77, .busy_ticks = 77};
	bool		known = adm_cpu_read_schedstat(root, &r);

	assert_row_int(label, known, run_ns >= 0);
	assert_row_int(label, r.run_ns, run_ns);
	assert_row_int(label, r.wait_ns, wait_ns);
	assert_row(label, r.cpus == 77 && r.busy_ticks == 77);
}

static void
runs_of_fixtures(void **state)
{
	(void) state;
	assert_runs("few", FIXTURES "few", 241000000000, 9500000000);
	assert_runs("many", FIXTURES "many", 10000000000000022, 1500000000022);
	assert_runs("old", FIXTURES "old", 13200000000, 600000000);
	assert_runs("bare", FIXTURES "bare", UNKNOWN, UNKNOWN);
	assert_runs("empty", FIXTURES "empty", UNKNOWN, UNKNOWN);
	assert_runs("missing", FIXTURES "missing", UNKNOWN, UNKNOWN);
}

typedef struct SchedstatRow
{
	const char *label;
	const char *allowed;		/* NULL: all */
	const char *text;
	int64_t		run_ns;
	int64_t		wait_ns;
} SchedstatRow;

#define VERSION		"version 15\ntimestamp 4294892213\n"
#define RUN0		"cpu0 0 0 1 2 3 4 500 60 7\n"
#define RUN1		"cpu1 0 0 1 2 3 4 7000 800 7\n"
#define DOMAIN		"domain0 3 1 2 3 4 5 6 7 8 9\n"

static const SchedstatRow schedstat_rows[] = {
	{"as printed", NULL, VERSION RUN0 DOMAIN RUN1 DOMAIN, 7500, 860},
	{"only the first", "0", VERSION RUN0 DOMAIN RUN1 DOMAIN, 500, 60},
	{"only the second", "1", VERSION RUN0 DOMAIN RUN1 DOMAIN, 7000, 800},
	{"none of ours", "2-3", VERSION RUN0 DOMAIN RUN1 DOMAIN, UNKNOWN, UNKNOWN},
	{"no processors", NULL, VERSION, UNKNOWN, UNKNOWN},
	{"just started", NULL, "cpu0 0 0 0 0 0 0 0 0 0\n", 0, 0},
	{"a month", NULL, "cpu0 0 0 1 2 3 4 2592000000000000 5184000000000000 7\n",
	2592000000000000, 5184000000000000},
	{"ten years", NULL, "cpu0 0 0 1 2 3 4 315360000000000000 60 7\n",
	315360000000000000, 60},
	{"largest", NULL, "cpu0 0 0 1 2 3 4 " LARGEST " 60 7\n", INT64_MAX, 60},
	{"sum too large", NULL, RUN0 "cpu1 0 0 1 2 3 4 " LARGEST " 60 7\n",
	UNKNOWN, UNKNOWN},
	{"sum of waits too large", NULL, RUN0 "cpu1 0 0 1 2 3 4 1 " LARGEST " 7\n",
	UNKNOWN, UNKNOWN},
	{"above 63 bits", NULL, "cpu0 0 0 1 2 3 4 " TOO_LARGE " 60 7\n",
	UNKNOWN, UNKNOWN},
	{"no end of line", NULL, "cpu0 0 0 1 2 3 4 500 60", 500, 60},
	{"wait cut off", NULL, "cpu0 0 0 1 2 3 4 500 ", UNKNOWN, UNKNOWN},
	{"second cut off", NULL, RUN0 "cpu1 0 0 1", UNKNOWN, UNKNOWN},
	{"run time cut off", NULL, "cpu0 0 0 1 2 3 4", UNKNOWN, UNKNOWN},
	{"line ends early", NULL, "cpu0 0 0 1\n2 3 4 500 60\n", UNKNOWN, UNKNOWN},
	{"negative", NULL, "cpu0 0 0 1 2 3 4 -500 60 7\n", UNKNOWN, UNKNOWN},
	{"letters", NULL, "cpu0 a b c d e f g h i\n", UNKNOWN, UNKNOWN},
	{"letters for a number", NULL, "cpux 0 0 1 2 3 4 500 60 7\n", UNKNOWN, UNKNOWN},
	{"empty", NULL, "", UNKNOWN, UNKNOWN},
};

static void
schedstat_of_all_kinds(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(schedstat_rows); i++)
	{
		const SchedstatRow *row = &schedstat_rows[i];

		clear_machine();
		if (row->allowed)
			allow(row->allowed);
		write_file("proc/schedstat", row->text);
		assert_runs(row->label, folder, row->run_ns, row->wait_ns);
	}
}

/* So many times the same line. */
static void
write_lines(const char *name, const char *line, size_t count)
{
	size_t		length = strlen(line);
	char	   *text = malloc(length * count + 1);

	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * length, line, length);
	write_bytes(name, text, length * count);
	free(text);
}

/* With all but the largest numbers, 65536 of which are 65536 under 2^63. */
#define TICKS		"140737488355327"
#define TICKS8		" " TICKS " " TICKS " " TICKS " " TICKS " " TICKS " " TICKS " " TICKS " " TICKS "\n"
#define FULL		8192

/* So many processors, and one more line. */
static void
write_huge_stat(size_t count, const char *last)
{
	const char *line = "cpu0" TICKS8;
	size_t		length = strlen(line);
	char	   *text = malloc(length * count + strlen(last) + 1);

	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * length, line, length);
	strcpy(text + length * count, last);
	write_file("proc/stat", text);
	free(text);
}

static void
huge_sums_do_not_overflow(void **state)
{
	const char *run = "cpu0 0 0 0 0 0 0 1125899906842623 0\n";
	const size_t most = MOST_BYTES / strlen("cpu0" TICKS8);
	const int64_t total = FULL * 8 * INT64_C(140737488355327);
	const Ticks full = {FULL, total / 8 * 5, total / 8, total, 9};
	const Ticks fuller = {FULL + 1, full.busy, full.steal + 65535, INT64_MAX, 9};

	(void) state;
	clear_machine();
	write_lines("proc/schedstat", run, MOST_BYTES / strlen(run));
	assert_runs("run time", folder, UNKNOWN, UNKNOWN);
	write_huge_stat(FULL, RUNNING);
	assert_ticks("as many as fit", folder, &full);
	write_huge_stat(FULL, "cpu1 0 0 0 0 0 0 0 65535\n" RUNNING);
	assert_ticks("and a little", folder, &fuller);
	write_huge_stat(FULL, "cpu1 0 0 0 0 0 0 0 65536\n" RUNNING);
	assert_ticks("and a little too much", folder, &no_ticks);
	write_huge_stat(FULL + 1, RUNNING);
	assert_ticks("one too many", folder, &no_ticks);
	assert_true(most > FULL + 1000);
	write_huge_stat(most, "");
	assert_ticks("as many as are read", folder, &no_ticks);

	/* Only what the server may use is summed up. */
	allow("1");
	write_huge_stat(most - 1, CPU1 RUNNING);
	assert_ticks("of others", folder, &(Ticks) {1, 190, 80, 1170, 9});
}

static void
files_that_are_too_large(void **state)
{
	size_t		most = MOST_BYTES / strlen(RUN0);

	(void) state;
	clear_machine();
	write_lines("proc/schedstat", RUN0, most);
	assert_runs("as large as is read", folder, most * 500, most * 60);
	write_lines("proc/schedstat", RUN0, most + 1);
	assert_runs("too large", folder, UNKNOWN, UNKNOWN);
}

/*
 * proc/loadavg
 */

/* Below 0: not known. */
static void
assert_load(const char *label, const char *root,
			double load1, double load5, double load15)
{
	AdmReading	r = {.load1 = NAN, .load5 = NAN, .load15 = NAN, .cpus = 77};
	bool		known = adm_cpu_read_load(root, &r);

	assert_row_int(label, known, load1 >= 0);
	assert_row(label, load1 < 0 ? isnan(r.load1) : r.load1 == load1);
	assert_row(label, load5 < 0 ? isnan(r.load5) : r.load5 == load5);
	assert_row(label, load15 < 0 ? isnan(r.load15) : r.load15 == load15);
	assert_row_int(label, r.cpus, 77);
}

static void
loads_of_fixtures(void **state)
{
	(void) state;
	assert_load("few", FIXTURES "few", 0.81, 1.2, 12.05);
	assert_load("many", FIXTURES "many", 120.42, 98.1, 45.33);
	assert_load("old", FIXTURES "old", 0, 0.01, 0.05);
	assert_load("empty", FIXTURES "empty", -1, -1, -1);
	assert_load("missing", FIXTURES "missing", -1, -1, -1);
}

typedef struct LoadRow
{
	const char *label;
	const char *text;
	double		loads[3];
} LoadRow;

static const LoadRow load_rows[] = {
	{"as printed", "0.25 1.50 2.75 3/412 20343\n", {0.25, 1.5, 2.75}},
	{"thousands", "4321.00 2000.50 1000.25 9/9 9\n", {4321, 2000.5, 1000.25}},
	{"no end of line", "0.25 1.50 2.75", {0.25, 1.5, 2.75}},
	{"cut off in the last", "0.25 1.50 2", {0.25, 1.5, 2}},
	{"cut off before the last", "0.25 1.50 ", {-1, -1, -1}},
	{"cut off in the first", "0.", {-1, -1, -1}},
	{"empty", "", {-1, -1, -1}},
	{"letters", "low low low\n", {-1, -1, -1}},
	{"letters at last", "0.25 1.50 low\n", {-1, -1, -1}},
	{"negative", "0.25 -1.50 2.75\n", {-1, -1, -1}},
	{"infinite", "inf inf inf\n", {-1, -1, -1}},
	{"no number", "nan nan nan\n", {-1, -1, -1}},
	{"much too large", "1e300 1 1\n", {-1, -1, -1}},
	{"beyond doubles", "1e999 1 1\n", {-1, -1, -1}},
	{"comma", "0,25 1,50 2,75\n", {-1, -1, -1}},
};

static void
loads_of_all_kinds(void **state)
{
	char		large[1000];

	(void) state;
	clear_machine();
	for (size_t i = 0; i < COUNT_OF(load_rows); i++)
	{
		const LoadRow *row = &load_rows[i];

		write_file("proc/loadavg", row->text);
		assert_load(row->label, folder, row->loads[0], row->loads[1], row->loads[2]);
	}
	write_bytes("proc/loadavg", "0.25 \0 1.50 2.75\n", 17);
	assert_load("zero byte", folder, -1, -1, -1);
	memset(large, '1', sizeof(large));
	write_bytes("proc/loadavg", large, sizeof(large));
	assert_load("too large a file", folder, -1, -1, -1);
}

/*
 * proc/meminfo
 */

/* Below 0: could not be read, and then nothing is touched. */
static void
assert_memory(const char *label, const char *root,
			  int64_t limit, int64_t available)
{
	AdmReading	r = {.memory_limit = 77, .memory_available = 77};
	bool		known = adm_memory_read(root, &r);

	assert_row_int(label, known, limit >= 0);
	assert_row_int(label, r.memory_limit, known ? limit : 77);
	assert_row_int(label, r.memory_available, known ? available : 77);
	assert_row(label, !r.group_memory);
}

static void
memory_of_fixtures(void **state)
{
	(void) state;
	assert_memory("few", FIXTURES "few", 24684084 * KB, 16123456 * KB);
	assert_memory("many", FIXTURES "many", 528134452 * KB, 401223344 * KB);
	assert_memory("old", FIXTURES "old", 3880512 * KB, 3104400 * KB);
	assert_memory("bare", FIXTURES "bare", UNKNOWN, UNKNOWN);
	assert_memory("empty", FIXTURES "empty", UNKNOWN, UNKNOWN);
	assert_memory("missing", FIXTURES "missing", UNKNOWN, UNKNOWN);
}

typedef struct MemoryRow
{
	const char *label;
	const char *text;
	int64_t		total_kb;
	int64_t		available_kb;
} MemoryRow;

#define MEMORY(total, available) \
	"MemTotal: " total " kB\nMemFree: 5 kB\nMemAvailable: " available " kB\n"

static const MemoryRow memory_rows[] = {
	{"as printed", MEMORY("      100", "     60"), 100, 60},
	{"other order", "MemAvailable: 60 kB\nMemTotal: 100 kB\n", 100, 60},
	{"nothing available", MEMORY("100", "0"), 100, 0},
	{"everything available", MEMORY("100", "100"), 100, 100},
	{"more than everything", MEMORY("100", "101"), UNKNOWN, UNKNOWN},
	{"no memory", MEMORY("0", "0"), UNKNOWN, UNKNOWN},
	{"largest", MEMORY("9007199254740991", "1"), 9007199254740991, 1},
	{"too large in bytes", MEMORY("9007199254740992", "1"), UNKNOWN, UNKNOWN},
	{"above 63 bits", MEMORY(TOO_LARGE, "1"), UNKNOWN, UNKNOWN},
	{"available above 63 bits", MEMORY("100", TOO_LARGE), UNKNOWN, UNKNOWN},
	{"negative", MEMORY("-100", "60"), UNKNOWN, UNKNOWN},
	{"available negative", MEMORY("100", "-60"), UNKNOWN, UNKNOWN},
	{"letters", MEMORY("much", "more"), UNKNOWN, UNKNOWN},
	{"only the total", "MemTotal: 100 kB\n", UNKNOWN, UNKNOWN},
	{"only what is available", "MemAvailable: 60 kB\n", UNKNOWN, UNKNOWN},
	{"cut off", "MemTotal: 100 kB\nMemAvailable: ", UNKNOWN, UNKNOWN},
	{"cut off in a number", "MemTotal: 100 kB\nMemAvailable: 6", 100, 6},
	{"empty", "", UNKNOWN, UNKNOWN},
};

static void
memory_of_all_kinds(void **state)
{
	char	   *large = malloc(20000);

	(void) state;
	assert_non_null(large);
	clear_machine();
	for (size_t i = 0; i < COUNT_OF(memory_rows); i++)
	{
		const MemoryRow *row = &memory_rows[i];

		write_file("proc/meminfo", row->text);
		assert_memory(row->label, folder,
					  row->total_kb < 0 ? UNKNOWN : row->total_kb * KB,
					  row->total_kb < 0 ? UNKNOWN : row->available_kb * KB);
	}
	memset(large, '\n', 20000);
	memcpy(large, MEMORY("100", "60"), strlen(MEMORY("100", "60")));
	write_bytes("proc/meminfo", large, 20000);
	assert_memory("too large a file", folder, UNKNOWN, UNKNOWN);
	write_bytes("proc/meminfo", "MemTotal: 100 kB\n\0MemAvailable: 60 kB\n", 38);
	assert_memory("zero byte", folder, UNKNOWN, UNKNOWN);
	free(large);
}

/*
 * Stalls.
 */

typedef struct Stalls
{
	int64_t		cpu_some;
	int64_t		memory_some;
	int64_t		memory_full;
	int64_t		io_some;
	int64_t		io_full;
} Stalls;

static void
assert_stalls(const char *label, const char *prefix, bool known,
			  const Stalls *expected)
{
	AdmReading	r;

	adm_reading_clear(&r);
	assert_row_int(label, adm_psi_read(prefix, "", &r), known);
	assert_row_int(label, r.cpu_some_us, expected->cpu_some);
	assert_row_int(label, r.memory_some_us, expected->memory_some);
	assert_row_int(label, r.memory_full_us, expected->memory_full);
	assert_row_int(label, r.io_some_us, expected->io_some);
	assert_row_int(label, r.io_full_us, expected->io_full);
	assert_row(label, !r.group_psi);
}

#define NO_STALLS	{UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN}

static const Stalls no_stalls = NO_STALLS;

static void
stalls_of_fixtures(void **state)
{
	const Stalls few = {9168220, 5685239, 5299064, 700000, 650000};
	const Stalls many = {9168220000, 5685239, 5299064, 700000, 650000};

	(void) state;
	assert_stalls("few", FIXTURES "few/proc/pressure/", true, &few);
	assert_stalls("many", FIXTURES "many/proc/pressure/", true, &many);
	assert_stalls("old", FIXTURES "old/proc/pressure/", false, &no_stalls);
	assert_stalls("empty", FIXTURES "empty/proc/pressure/", false, &no_stalls);
	assert_stalls("missing", FIXTURES "missing/proc/pressure/", false, &no_stalls);
}

typedef struct StallRow
{
	const char *label;
	const char *text;			/* of the file for disks */
	int64_t		some_us;
	int64_t		full_us;
	bool		known;
} StallRow;

#define AVERAGES	" avg10=0.12 avg60=3.45 avg300=67.89 "

static const StallRow stall_rows[] = {
	{"as printed", "some" AVERAGES "total=50\nfull" AVERAGES "total=40\n", 50, 40, true},
	{"other order", "full" AVERAGES "total=40\nsome" AVERAGES "total=50\n", 50, 40, true},
	{"only some", "some" AVERAGES "total=50\n", 50, UNKNOWN, true},
	{"only full", "full" AVERAGES "total=40\n", UNKNOWN, UNKNOWN, false},
	{"zero", "some" AVERAGES "total=0\nfull" AVERAGES "total=0\n", 0, 0, true},
	{"largest", "some total=" LARGEST "\n", INT64_MAX, UNKNOWN, true},
	{"above 63 bits", "some total=" TOO_LARGE "\nfull total=40\n", UNKNOWN, UNKNOWN, false},
	{"negative", "some total=-50\nfull total=40\n", UNKNOWN, UNKNOWN, false},
	{"letters", "some total=much\nfull total=more\n", UNKNOWN, UNKNOWN, false},
	{"total on the next line", "some" AVERAGES "\ntotal=50\n", UNKNOWN, UNKNOWN, false},
	{"total of the other line", "some" AVERAGES "\nfull" AVERAGES "total=40\n",
	UNKNOWN, UNKNOWN, false},
	{"no end of line", "some" AVERAGES "total=50", 50, UNKNOWN, true},
	{"cut off before the number", "some" AVERAGES "total=", UNKNOWN, UNKNOWN, false},
	{"cut off in the word", "some" AVERAGES "tot", UNKNOWN, UNKNOWN, false},
	{"cut off in the first word", "som", UNKNOWN, UNKNOWN, false},
	{"empty", "", UNKNOWN, UNKNOWN, false},
};

static const char *
pressure_folder(void)
{
	return in_folder("proc/pressure/");
}

static void
stalls_of_all_kinds(void **state)
{
	Stalls		expected = NO_STALLS;
	char		large[2000];

	(void) state;
	clear_machine();
	for (size_t i = 0; i < COUNT_OF(stall_rows); i++)
	{
		const StallRow *row = &stall_rows[i];

		write_file("proc/pressure/io", row->text);
		expected.io_some = row->some_us;
		expected.io_full = row->full_us;
		assert_stalls(row->label, pressure_folder(), row->known, &expected);
	}
	memset(large, '\n', sizeof(large));
	memcpy(large, "some total=50\n", 14);
	write_bytes("proc/pressure/io", large, sizeof(large));
	assert_stalls("too large a file", pressure_folder(), false, &no_stalls);
	write_bytes("proc/pressure/io", "some \0total=50\n", 15);
	assert_stalls("zero byte", pressure_folder(), false, &no_stalls);
}

/* Each of the three files is enough, and does not need the others. */
static void
stalls_of_one_file(void **state)
{
	const Stalls cpu = {50, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN};
	const Stalls memory = {UNKNOWN, 50, 40, UNKNOWN, UNKNOWN};
	const Stalls io = {UNKNOWN, UNKNOWN, UNKNOWN, 50, 40};

	(void) state;
	clear_machine();
	write_file("proc/pressure/cpu", "some total=50\nfull total=40\n");
	assert_stalls("cpu", pressure_folder(), true, &cpu);
	clear_machine();
	write_file("proc/pressure/memory", "some total=50\nfull total=40\n");
	assert_stalls("memory", pressure_folder(), true, &memory);
	clear_machine();
	write_file("proc/pressure/io", "some total=50\nfull total=40\n");
	assert_stalls("io", pressure_folder(), true, &io);
}

/*
 * All of them.
 */

static void
assert_nothing(const char *root)
{
	char		prefix[6000];

	assert_ticks("stat", root, &no_ticks);
	assert_runs("schedstat", root, UNKNOWN, UNKNOWN);
	assert_load("loadavg", root, -1, -1, -1);
	assert_memory("meminfo", root, UNKNOWN, UNKNOWN);
	snprintf(prefix, sizeof(prefix), "%s/proc/pressure/", root);
	assert_stalls("pressure", prefix, false, &no_stalls);
}

static void
root_that_is_too_long(void **state)
{
	char		root[5000];

	(void) state;
	memset(root, '/', sizeof(root));
	memcpy(root, FIXTURES "few", strlen(FIXTURES "few"));
	root[4000] = '\0';
	assert_load("long", root, 0.81, 1.2, 12.05);
	root[4000] = '/';
	for (size_t length = 4090; length < sizeof(root); length += 10)
	{
		root[length] = '\0';
		assert_nothing(root);
		root[length] = '/';
	}
}

static void
folders_in_the_place_of_files(void **state)
{
	static const char *const names[] = {
		"proc/stat", "proc/schedstat", "proc/loadavg", "proc/meminfo",
		"proc/pressure/cpu", "proc/pressure/memory", "proc/pressure/io"
	};

	(void) state;
	clear_machine();
	for (size_t i = 0; i < COUNT_OF(names); i++)
	{
		make_parents(names[i]);
		assert_int_equal(mkdir(in_folder(names[i]), 0755), 0);
	}
	assert_nothing(folder);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_int_equal(rmdir(in_folder(names[i])), 0);
}

/* What is there is read; sandboxes leave out much of it. */
static void
this_machine(void **state)
{
	AdmReading	r;

	(void) state;
	adm_reading_clear(&r);
	if (adm_cpu_read_stat("", &r))
	{
		assert_true(r.cpus > 0);
		assert_in_range(r.busy_ticks + r.steal_ticks, 0, r.total_ticks);
	}
	if (adm_cpu_read_schedstat("", &r))
		assert_true(r.run_ns >= 0 && r.wait_ns >= 0);
	if (adm_cpu_read_load("", &r))
		assert_true(r.load1 >= 0 && r.load5 >= 0 && r.load15 >= 0);
	if (adm_memory_read("", &r))
		assert_in_range(r.memory_available, 0, r.memory_limit);
	if (adm_psi_read("/proc/pressure/", "", &r))
		assert_true(r.cpu_some_us >= 0 || r.memory_some_us >= 0 || r.io_some_us >= 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_of_fixtures),
		cmocka_unit_test(stat_of_all_kinds),
		cmocka_unit_test(zero_bytes_end_the_file),
		cmocka_unit_test(only_where_the_server_may_run),
		cmocka_unit_test(all_where_it_is_not_told),
		cmocka_unit_test(machine_with_thousands_of_processors),
		cmocka_unit_test(very_long_line_of_interrupts),
		cmocka_unit_test(runs_of_fixtures),
		cmocka_unit_test(schedstat_of_all_kinds),
		cmocka_unit_test(huge_sums_do_not_overflow),
		cmocka_unit_test(files_that_are_too_large),
		cmocka_unit_test(loads_of_fixtures),
		cmocka_unit_test(loads_of_all_kinds),
		cmocka_unit_test(memory_of_fixtures),
		cmocka_unit_test(memory_of_all_kinds),
		cmocka_unit_test(stalls_of_fixtures),
		cmocka_unit_test(stalls_of_all_kinds),
		cmocka_unit_test(stalls_of_one_file),
		cmocka_unit_test(root_that_is_too_long),
		cmocka_unit_test(folders_in_the_place_of_files),
		cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests_name("cpu", tests,
									   make_folder, remove_folder);
}
