/*
 * test_process.c - tests of reading what the kernel says of one process.
 *
 * Runs in its own directory.  What is odd is made in a folder below bin/ that
 * is gone afterwards.
 */
#include "folder.h"

#include "../fuzz/readers_laws.h"
#include "os/process.h"

#define FIXTURES	"../fixtures/process"

/* The one process in the folder, its files, and one that nobody has. */
#define PID			7
#define FILES		"proc/7/"
#define NO_PID		8

#define UNKNOWN		(-1)

static int64_t
ns_of_ticks(int64_t ticks)
{
	return ticks * (1000000000 / sysconf(_SC_CLK_TCK));
}

/*
 * Time.
 */

/* Found or not must agree with what is told. */
static AdmProcessTime
time_of(const char *label, const char *root, int pid)
{
	AdmProcessTime time = {77, 77};
	bool		known = adm_process_time(root, pid, &time);

	law_process_time(label, &time, known);
	return time;
}

static void
assert_time(const char *label, const char *root, int pid,
			int64_t run_ns, int64_t wait_ns)
{
	AdmProcessTime time = time_of(label, root, pid);

	assert_row_int(label, time.run_ns, run_ns);
	assert_row_int(label, time.wait_ns, wait_ns);
}

static void
times_of_fixtures(void **state)
{
	(void) state;
	assert_time("schedstat", FIXTURES, 101, 5123456789, 423456789);
	assert_time("only stat", FIXTURES, 102, ns_of_ticks(444), UNKNOWN);
	assert_time("name like a line", FIXTURES, 103, ns_of_ticks(444), UNKNOWN);
	assert_time("neither", FIXTURES, 104, UNKNOWN, UNKNOWN);
	assert_time("empty", FIXTURES, 105, UNKNOWN, UNKNOWN);
	assert_time("no such process", FIXTURES, 106, UNKNOWN, UNKNOWN);
	assert_time("no such root", FIXTURES "/nowhere", 101, UNKNOWN, UNKNOWN);
}

#define LARGEST		"9223372036854775807"
#define TOO_LARGE	"9223372036854775808"

typedef struct SchedstatRow
{
	const char *label;
	const char *text;
	int64_t		run_ns;
	int64_t		wait_ns;
} SchedstatRow;

static const SchedstatRow schedstat_rows[] = {
	{"as printed", "5123456789 423456789 20123\n", 5123456789, 423456789},
	{"just begun", "0 0 1\n", 0, 0},
	{"has not waited", "5 0 0\n", 5, 0},
	{"has not run, but waited", "0 6 0\n", 0, 6},
	{"kernel without statistics", "0 0 0\n", UNKNOWN, UNKNOWN},
	{"zeros, cut off", "0 0", UNKNOWN, UNKNOWN},
	{"years", "315360000000000000 630720000000000000 1\n",
	315360000000000000, 630720000000000000},
	{"largest", LARGEST " " LARGEST " 1\n", INT64_MAX, INT64_MAX},
	{"no end of line", "5 6 7", 5, 6},
	{"cut off behind the wait", "5 6", 5, 6},
	{"cut off before the wait", "5 ", UNKNOWN, UNKNOWN},
	{"cut off in the run time", "5", UNKNOWN, UNKNOWN},
	{"empty", "", UNKNOWN, UNKNOWN},
	{"end of line", "\n", UNKNOWN, UNKNOWN},
	{"wait on the next line", "5\n6 7\n", UNKNOWN, UNKNOWN},
	{"letters", "five six seven\n", UNKNOWN, UNKNOWN},
	{"letters behind the run time", "5 six\n", UNKNOWN, UNKNOWN},
	{"negative run time", "-5 6 7\n", UNKNOWN, UNKNOWN},
	{"negative wait", "5 -6 7\n", UNKNOWN, UNKNOWN},
	{"run time too large", TOO_LARGE " 6 7\n", UNKNOWN, UNKNOWN},
	{"wait too large", "5 " TOO_LARGE " 7\n", UNKNOWN, UNKNOWN},
};

static void
schedstat_of_all_kinds(void **state)
{
	(void) state;
	write_file(FILES "stat", NULL);
	for (size_t i = 0; i < COUNT_OF(schedstat_rows); i++)
	{
		const SchedstatRow *row = &schedstat_rows[i];

		write_file(FILES "schedstat", row->text);
		assert_time(row->label, folder, PID, row->run_ns, row->wait_ns);
	}
	write_file(FILES "schedstat", NULL);
}

typedef struct StatRow
{
	const char *label;
	const char *text;
	int64_t		ticks;			/* or UNKNOWN */
	int64_t		children_ticks; /* of those that have ended, or UNKNOWN */
} StatRow;

/* From the state to the children's faults: what stands before the times. */
#define BEFORE		"S 1 7 7 0 -1 4194560 10342 0 5 0 "

static const StatRow stat_rows[] = {
	{"as printed", "7 (postgres) " BEFORE "321 123 7 8 20\n", 444, 15},
	{"blanks in the name", "7 (a b  c) " BEFORE "321 123 7\n", 444, UNKNOWN},
	{"parentheses", "7 ((sd-pam)) " BEFORE "321 123 7\n", 444, UNKNOWN},
	{"only closing", "7 ()))) " BEFORE "321 123 7\n", 444, UNKNOWN},
	{"end of line in the name", "7 (a\nb) " BEFORE "321 123 7\n", 444, UNKNOWN},
	{"name like the rest", "7 (a) " BEFORE "1 1 1) " BEFORE "321 123 7\n", 444, UNKNOWN},
	{"empty name", "7 () " BEFORE "321 123 7\n", 444, UNKNOWN},
	{"other letters", "7 (\xc3\xbc\xff) " BEFORE "321 123 7\n", 444, UNKNOWN},
	{"just begun", "7 (a) " BEFORE "0 0 0\n", 0, UNKNOWN},
	{"no end of line", "7 (a) " BEFORE "321 123", 444, UNKNOWN},
	{"cut off before system", "7 (a) " BEFORE "321 ", UNKNOWN, UNKNOWN},
	{"cut off before user", "7 (a) " BEFORE, UNKNOWN, UNKNOWN},
	{"cut off behind the name", "7 (a)", UNKNOWN, UNKNOWN},
	{"cut off in the name", "7 (a", UNKNOWN, UNKNOWN},
	{"cut off before the name", "7 ", UNKNOWN, UNKNOWN},
	{"line ends early", "7 (a) S 1 7\n7 0 -1 1 1 0 5 0 321 123\n", UNKNOWN, UNKNOWN},
	{"empty", "", UNKNOWN, UNKNOWN},
	{"cut off before the children's system", "7 (a) " BEFORE "321 123 7", 444, UNKNOWN},
	{"children just begun", "7 (a) " BEFORE "321 123 0 0 20\n", 444, 0},
	{"children's too large", "7 (a) " BEFORE "321 123 7 " LARGEST "\n", 444, UNKNOWN},
	{"children's negative", "7 (a) " BEFORE "321 123 -7 8 20\n", 444, UNKNOWN},
	{"letters", "7 (a) " BEFORE "many more\n", UNKNOWN, UNKNOWN},
	{"negative", "7 (a) " BEFORE "-321 123\n", UNKNOWN, UNKNOWN},
	{"user too large", "7 (a) " BEFORE LARGEST " 1\n", UNKNOWN, UNKNOWN},
	{"system too large", "7 (a) " BEFORE "1 " LARGEST "\n", UNKNOWN, UNKNOWN},
	{"above 63 bits", "7 (a) " BEFORE "1 " TOO_LARGE "\n", UNKNOWN, UNKNOWN},
	{"a century", "7 (a) " BEFORE "315360000000 1\n", UNKNOWN, UNKNOWN},
	{"a year", "7 (a) " BEFORE "3153600000 1\n", 3153600001, UNKNOWN},
};

static void
stat_of_all_kinds(void **state)
{
	(void) state;
	write_file(FILES "schedstat", NULL);
	for (size_t i = 0; i < COUNT_OF(stat_rows); i++)
	{
		const StatRow *row = &stat_rows[i];

		write_file(FILES "stat", row->text);
		assert_time(row->label, folder, PID,
					row->ticks < 0 ? UNKNOWN : ns_of_ticks(row->ticks), UNKNOWN);
		assert_row_int(row->label, adm_process_ended_children_ns(folder, PID),
					   row->children_ticks < 0 ? UNKNOWN : ns_of_ticks(row->children_ticks));
	}
	write_file(FILES "stat", NULL);
	assert_int_equal(adm_process_ended_children_ns(folder, PID), UNKNOWN);
}

static void
stat_stands_in_for_bad_schedstat(void **state)
{
	(void) state;
	write_file(FILES "schedstat", "5 six\n");
	write_file(FILES "stat", "7 (a) " BEFORE "321 123 7\n");
	assert_time("nonsense", folder, PID, ns_of_ticks(444), UNKNOWN);
	write_bytes(FILES "schedstat", "\0" "5 6 7\n", 7);
	assert_time("zero byte", folder, PID, ns_of_ticks(444), UNKNOWN);
	write_file(FILES "schedstat", "0 0 0\n");
	assert_time("kernel without statistics", folder, PID, ns_of_ticks(444), UNKNOWN);
	write_file(FILES "schedstat", "0 0 1\n");
	assert_time("just begun", folder, PID, 0, 0);
	write_file(FILES "schedstat", "5 6 7\n");
	assert_time("both", folder, PID, 5, 6);
	assert_time("somebody else", folder, NO_PID, UNKNOWN, UNKNOWN);
	write_file(FILES "schedstat", NULL);
	write_file(FILES "stat", NULL);
}

/* Numbers, and then more than any buffer takes. */
static void
huge_files_are_not_read(void **state)
{
	size_t		length = 1000000;
	char	   *text = malloc(length);
	AdmProcessUse use;

	(void) state;
	assert_non_null(text);
	memset(text, '1', length);
	for (size_t i = 1; i < length; i += 2)
		text[i] = ' ';
	write_bytes(FILES "schedstat", text, length);
	write_bytes(FILES "stat", text, length);
	write_bytes(FILES "statm", text, length);
	write_bytes(FILES "io", text, length);
	assert_time("huge", folder, PID, UNKNOWN, UNKNOWN);
	assert_false(adm_process_sleeps(folder, PID));
	assert_false(adm_process_use(folder, PID, &use));
	write_file(FILES "schedstat", NULL);
	write_file(FILES "stat", NULL);
	write_file(FILES "statm", NULL);
	write_file(FILES "io", NULL);
	free(text);
}

static void
root_that_is_too_long(void **state)
{
	char		root[2000];
	AdmProcessUse use;

	(void) state;
	memset(root, '/', sizeof(root));
	memcpy(root, FIXTURES, strlen(FIXTURES));
	for (size_t length = 900; length < sizeof(root); length += 99)
	{
		AdmProcessTime time;

		root[length] = '\0';
		assert_int_equal(adm_process_time(root, 101, &time), length < 1000);
		assert_int_equal(adm_process_sleeps(root, 101), length < 1000);
		assert_int_equal(adm_process_use(root, 101, &use), length < 1000);
		root[length] = '/';
	}
}

/*
 * Sleep.
 */

static void
sleepers_of_fixtures(void **state)
{
	(void) state;
	assert_true(adm_process_sleeps(FIXTURES, 101));
	assert_false(adm_process_sleeps(FIXTURES, 102));	/* runs */
	assert_true(adm_process_sleeps(FIXTURES, 103)); /* name like a line */
	assert_false(adm_process_sleeps(FIXTURES, 104));	/* no stat */
	assert_false(adm_process_sleeps(FIXTURES, 105));	/* empty */
	assert_false(adm_process_sleeps(FIXTURES, 106));	/* no such process */
	assert_false(adm_process_sleeps(FIXTURES "/nowhere", 101));
}

typedef struct SleepRow
{
	const char *label;
	const char *text;			/* NULL: no such file */
	bool		sleeps;
} SleepRow;

static const SleepRow sleep_rows[] = {
	{"sleeps", "7 (postgres) S 1 7 7 0\n", true},
	{"runs", "7 (postgres) R 1 7 7 0\n", false},
	{"waits for a disk", "7 (postgres) D 1 7 7 0\n", false},
	{"has ended", "7 (postgres) Z 1 7 7 0\n", false},
	{"is stopped", "7 (postgres) T 1 7 7 0\n", true},
	{"is traced", "7 (postgres) t 1 7 7 0\n", true},
	{"ends before its state", "7 (postgres) ", false},
	{"other letter", "7 (postgres) s 1 7 7 0\n", false},
	{"blanks in the name", "7 (a b  c) S 1\n", true},
	{"parentheses", "7 ((sd-pam)) S 1\n", true},
	{"only closing", "7 ()))) S 1\n", true},
	{"name like one who sleeps", "7 (a) S 1) R 1\n", false},
	{"name like one who runs", "7 (a) R 1) S 1\n", true},
	{"name that looks asleep", "7 ( S ) R 1\n", false},
	{"end of line in the name", "7 (a\nb) S 1\n", true},
	{"empty name", "7 () S 1\n", true},
	{"longer word", "7 (a) SS 1\n", false},
	{"two blanks", "7 (a)  S 1\n", false},
	{"no blank", "7 (a)S 1\n", false},
	{"cut off behind the state", "7 (a) S", false},
	{"cut off before the state", "7 (a) ", false},
	{"cut off behind the name", "7 (a)", false},
	{"cut off in the name", "7 (a", false},
	{"cut off before the name", "7 ", false},
	{"end of line", "\n", false},
	{"empty", "", false},
	{"missing", NULL, false},
};

static void
sleepers_of_all_kinds(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(sleep_rows); i++)
	{
		const SleepRow *row = &sleep_rows[i];

		write_file(FILES "stat", row->text);
		assert_row_int(row->label, adm_process_sleeps(folder, PID), row->sleeps);
		assert_row(row->label, !adm_process_sleeps(folder, NO_PID));
	}
}

/*
 * Use.
 */

static int64_t
bytes_of_pages(int64_t pages)
{
	return pages < 0 ? UNKNOWN : pages * sysconf(_SC_PAGESIZE);
}

static void
assert_use(const char *label, const char *root, int pid,
		   int64_t pages, int64_t read_bytes, int64_t write_bytes)
{
	AdmProcessUse use = {77, 77, 77};
	bool		known = adm_process_use(root, pid, &use);

	assert_row_int(label, use.memory_bytes, bytes_of_pages(pages));
	assert_row_int(label, use.read_bytes, read_bytes);
	assert_row_int(label, use.write_bytes, write_bytes);
	assert_row_int(label, known, pages >= 0 || read_bytes >= 0 || write_bytes >= 0);
}

static void
uses_of_fixtures(void **state)
{
	(void) state;
	assert_use("all", FIXTURES, 101, 5210 - 4100, 1638400, 409600);
	assert_use("neither", FIXTURES, 102, UNKNOWN, UNKNOWN, UNKNOWN);
	assert_use("ends just now", FIXTURES, 104, 0, UNKNOWN, UNKNOWN);
	assert_use("empty", FIXTURES, 105, UNKNOWN, UNKNOWN, UNKNOWN);
	assert_use("no such process", FIXTURES, 106, UNKNOWN, UNKNOWN, UNKNOWN);
}

typedef struct UseRow
{
	const char *label;
	const char *statm;			/* NULL: no such file */
	const char *io;
	int64_t		pages;
	int64_t		read_bytes;
	int64_t		write_bytes;
} UseRow;

#define IO_FRONT	"rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\n"

static const UseRow use_rows[] = {
	{"only statm", "500 50 20 1 0 8 0\n", NULL, 30, UNKNOWN, UNKNOWN},
	{"only io", NULL, IO_FRONT "read_bytes: 5\nwrite_bytes: 6\n"
	"cancelled_write_bytes: 7\n", UNKNOWN, 5, 6},
	{"io without either", "500 50 20 1\n", IO_FRONT, 30, UNKNOWN, UNKNOWN},
	{"not what was cancelled", NULL, "cancelled_write_bytes: 7\n",
	UNKNOWN, UNKNOWN, UNKNOWN},
	{"all shared", "500 50 50 1\n", NULL, 0, UNKNOWN, UNKNOWN},
	{"more shared than resident", "500 50 51 1\n", NULL, UNKNOWN, UNKNOWN, UNKNOWN},
	{"no end of line", "500 50 20", "write_bytes: 6", 30, UNKNOWN, 6},
	{"cut off", "500 50 ", IO_FRONT "read_byt", UNKNOWN, UNKNOWN, UNKNOWN},
	{"cut off before the number", "500 ", IO_FRONT "read_bytes: ",
	UNKNOWN, UNKNOWN, UNKNOWN},
	{"letters", "500 fifty 20\n", "read_bytes: all\nwrite_bytes: 6\n",
	UNKNOWN, UNKNOWN, 6},
	{"negative", "500 -50 20\n", "read_bytes: -1\nwrite_bytes: -1\n",
	UNKNOWN, UNKNOWN, UNKNOWN},
	{"above 63 bits", "500 " TOO_LARGE " 20\n", "read_bytes: " TOO_LARGE "\n",
	UNKNOWN, UNKNOWN, UNKNOWN},
	{"bytes above 63 bits", "500 " LARGEST " 0\n", "read_bytes: " LARGEST "\n",
	UNKNOWN, INT64_MAX, UNKNOWN},
};

static void
uses_of_all_kinds(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(use_rows); i++)
	{
		const UseRow *row = &use_rows[i];

		write_file(FILES "statm", row->statm);
		write_file(FILES "io", row->io);
		assert_use(row->label, folder, PID, row->pages,
				   row->read_bytes, row->write_bytes);
	}
}

/*
 * Damage.
 */

static const char *const good_files[][2] = {
	{FILES "schedstat", "5123456789 423456789 20123\n"},
	{FILES "stat", "7 (postgres: a (b) c) " BEFORE "321 123 7 8 20 0 1 0 5123\n"},
	{FILES "statm", "53524 5210 4100 1422 0 812 0\n"},
	{FILES "io", IO_FRONT "read_bytes: 1638400\nwrite_bytes: 409600\n"},
};

/* Every number known and not negative, or not known. */
static void
assert_plausible(const char *label)
{
	AdmProcessUse use = {-77, -77, -77};
	bool		known = adm_process_use(folder, PID, &use);

	(void) time_of(label, folder, PID);
	(void) adm_process_sleeps(folder, PID);
	law_process_use(label, &use, known);
}

/* Of each file alone, so that no other can stand in for it. */
static void
truncations_do_no_harm(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(good_files); i++)
		write_file(good_files[i][0], NULL);
	for (size_t i = 0; i < COUNT_OF(good_files); i++)
	{
		for (size_t length = 0; length <= strlen(good_files[i][1]); length++)
		{
			write_bytes(good_files[i][0], good_files[i][1], length);
			assert_plausible(good_files[i][0]);
		}
		write_file(good_files[i][0], NULL);
	}
}

/* Every byte of every file, by every kind of byte there is. */
static void
changed_bytes_do_no_harm(void **state)
{
	static const char kinds[] = "09-.) \n\0x\xff";

	(void) state;
	for (size_t i = 0; i < COUNT_OF(good_files); i++)
	{
		char		text[256];
		size_t		length = strlen(good_files[i][1]);

		for (size_t at = 0; at < length; at++)
			for (size_t kind = 0; kind < sizeof(kinds) - 1; kind++)
			{
				memcpy(text, good_files[i][1], length);
				text[at] = kinds[kind];
				write_bytes(good_files[i][0], text, length);
				assert_plausible(good_files[i][0]);
			}
		write_file(good_files[i][0], NULL);
	}
}

static void
this_process(void **state)
{
	AdmProcessTime before;
	AdmProcessTime after;
	AdmProcessUse use;

	(void) state;
	if (!adm_process_time("", getpid(), &before))
		skip();
	alarm(10);
	do
		assert_true(adm_process_time("", getpid(), &after));
	while (after.run_ns == before.run_ns);
	alarm(0);
	assert_true(after.run_ns > before.run_ns);
	assert_true(adm_process_use("", getpid(), &use));
	assert_true(use.memory_bytes > 0);
	assert_false(adm_process_sleeps("", getpid()));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_of_fixtures),
		cmocka_unit_test(schedstat_of_all_kinds),
		cmocka_unit_test(stat_of_all_kinds),
		cmocka_unit_test(stat_stands_in_for_bad_schedstat),
		cmocka_unit_test(huge_files_are_not_read),
		cmocka_unit_test(root_that_is_too_long),
		cmocka_unit_test(sleepers_of_fixtures),
		cmocka_unit_test(sleepers_of_all_kinds),
		cmocka_unit_test(uses_of_fixtures),
		cmocka_unit_test(uses_of_all_kinds),
		cmocka_unit_test(truncations_do_no_harm),
		cmocka_unit_test(changed_bytes_do_no_harm),
		cmocka_unit_test(this_process),
	};

	return cmocka_run_group_tests_name("process", tests,
									   make_folder, remove_folder);
}
