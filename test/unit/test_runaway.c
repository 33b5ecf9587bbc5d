/*
 * test_runaway.c - tests of the limits for runaways, and of how many may be
 * stopped.
 */
#include "rows.h"

#include <math.h>

#include "policy/runaway.h"
#include "seeded.h"

#define NONE	(-1)

typedef struct JudgeRow
{
	const char *label;
	AdmRunawayFigures limits;
	AdmRunawayFigures figures;
	int			expected;		/* AdmRunawayKind, or NONE */
} JudgeRow;

static const JudgeRow judge_rows[] = {
	{"no limits", {{-1, -1, -1, -1}}, {{1e9, 1e9, 1e9, 1e9}}, NONE},
	{"nothing known", {{0, 0, 0, 0}}, {{NAN, NAN, NAN, NAN}}, NONE},
	{"under all", {{10, 10, 10, 10}}, {{9.9, 9.9, 9.9, 9}}, NONE},
	{"processor time, exactly", {{10, -1, -1, -1}}, {{10, 0, 0, 0}}, ADM_RUNAWAY_CPU_TIME},
	{"running time", {{-1, 10, -1, -1}}, {{99, 10.1, 99, 99}}, ADM_RUNAWAY_RUNTIME},
	{"idle", {{-1, -1, 10, -1}}, {{99, 99, 11, 99}}, ADM_RUNAWAY_IDLE_IN_TRANSACTION},
	{"blocking", {{-1, -1, -1, 2}}, {{99, 99, 99, 2}}, ADM_RUNAWAY_BLOCKING},
	{"blocking nobody", {{-1, -1, -1, 2}}, {{NAN, NAN, NAN, 0}}, NONE},
	{"a limit of nothing", {{0, -1, -1, -1}}, {{0, NAN, NAN, 0}}, ADM_RUNAWAY_CPU_TIME},
	{"the first of several", {{100, 10, 10, 10}}, {{99, 10, 11, 99}}, ADM_RUNAWAY_RUNTIME},
	{"one unknown, another past", {{10, 10, -1, -1}}, {{NAN, 10, NAN, 0}}, ADM_RUNAWAY_RUNTIME}
};

static void
judges(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(judge_rows); i++)
	{
		const JudgeRow *row = &judge_rows[i];
		AdmRunawayKind kind = ADM_RUNAWAY_BLOCKING;
		bool		past = adm_runaway_judge(&row->limits, &row->figures, &kind);

		assert_row(row->label, past == (row->expected != NONE));
		if (past)
			assert_row_int(row->label, kind, row->expected);
	}
}

static void
names(void **state)
{
	(void) state;
	assert_string_equal(adm_runaway_kind_name(ADM_RUNAWAY_CPU_TIME), "cpu_time");
	assert_string_equal(adm_runaway_kind_name(ADM_RUNAWAY_RUNTIME), "runtime");
	assert_string_equal(adm_runaway_kind_name(ADM_RUNAWAY_IDLE_IN_TRANSACTION), "idle_in_transaction");
	assert_string_equal(adm_runaway_kind_name(ADM_RUNAWAY_BLOCKING), "blocking");
}

static void
spends_what_it_has(void **state)
{
	AdmRunawayBudget budget = {{0}};

	(void) state;
	for (int i = 0; i < ADM_RUNAWAYS_PER_MINUTE; i++)
	{
		assert_true(adm_runaway_may_spend(&budget, 1000 + i));
		assert_true(adm_runaway_spend(&budget, 1000 + i));
	}
	assert_false(adm_runaway_may_spend(&budget, 1000 + ADM_RUNAWAYS_PER_MINUTE));
	assert_false(adm_runaway_spend(&budget, 1000 + ADM_RUNAWAYS_PER_MINUTE));
	assert_false(adm_runaway_spend(&budget, 60999));
	assert_true(adm_runaway_spend(&budget, 61000));
	assert_false(adm_runaway_spend(&budget, 61000));
}

/* Whenever it is asked, no minute has more. */
static void
no_minute_has_more(void **state)
{
	enum
	{
		SPENT = 2000
	};
	static int64_t spent[SPENT];
	Seeded		random = {0x52554E};
	AdmRunawayBudget budget = {{0}};
	int64_t		now_ms = 1;
	int			count = 0;

	(void) state;
	while (count < SPENT)
	{
		now_ms += (int64_t) seeded_below(&random, seeded_once_in(&random, 50) ? 100000 : 3000);
		if (adm_runaway_spend(&budget, now_ms))
			spent[count++] = now_ms;
	}
	for (int i = ADM_RUNAWAYS_PER_MINUTE; i < SPENT; i++)
		assert_true(spent[i] - spent[i - ADM_RUNAWAYS_PER_MINUTE] >= 60000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges),
		cmocka_unit_test(names),
		cmocka_unit_test(spends_what_it_has),
		cmocka_unit_test(no_minute_has_more)
	};

	return cmocka_run_group_tests_name("runaway", tests, NULL, NULL);
}
