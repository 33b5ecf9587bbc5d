/*
 * test_service_turn.c - tests of which service's turn it is at a gate.
 */
#include "rows.h"

#include "policy/line_order.h"
#include "policy/service_turn.h"
#include "seeded.h"

/* Short words for the tables. */
#define LOW		ADM_PRIORITY_LOW
#define NORMAL	ADM_PRIORITY_NORMAL
#define HIGH	ADM_PRIORITY_HIGH

/*
 * The order.
 */

typedef struct OrderRow
{
	const char *label;
	AdmContender first;
	AdmContender second;
	uint64_t	grants;
} OrderRow;

static const OrderRow order_rows[] = {
	/* Most turns: by priority, however long ago. */
	{"high before normal", {HIGH, false, 99, 50}, {NORMAL, false, 0, 50}, 2},
	{"high before low", {HIGH, false, 99, 50}, {LOW, false, 0, 50}, 2},
	{"normal before low", {NORMAL, false, 99, 50}, {LOW, false, 0, 50}, 2},

	/* Turns of normal priority. */
	{"normal before high, 3", {NORMAL, false, 99, 50}, {HIGH, false, 0, 50}, 3},
	{"normal before high, 6", {NORMAL, false, 99, 50}, {HIGH, false, 0, 50}, 6},
	{"normal before high, 16", {NORMAL, false, 99, 50}, {HIGH, false, 0, 50}, 16},
	{"normal before low in its turn", {NORMAL, false, 99, 50}, {LOW, false, 0, 50}, 3},
	{"high before low in normal's turn", {HIGH, false, 99, 50}, {LOW, false, 0, 50}, 6},

	/* Turns of low priority. */
	{"low before high", {LOW, false, 99, 50}, {HIGH, false, 0, 50}, 9},
	{"low before normal", {LOW, false, 99, 50}, {NORMAL, false, 0, 50}, 9},
	{"low before high, 19", {LOW, false, 99, 50}, {HIGH, false, 0, 50}, 19},
	{"high before normal in low's turn", {HIGH, false, 99, 50}, {NORMAL, false, 0, 50}, 9},

	/* Equal priority. */
	{"never served", {HIGH, false, 0, 50}, {HIGH, false, 1, 50}, 2},
	{"served longest ago, high", {HIGH, false, 98, 50}, {HIGH, false, 99, 50}, 2},
	{"served longest ago, normal", {NORMAL, false, 98, 50}, {NORMAL, false, 99, 50}, 2},
	{"served longest ago, low", {LOW, false, 98, 50}, {LOW, false, 99, 50}, 2},
	{"served longest ago, low in its turn", {LOW, false, 98, 50}, {LOW, false, 99, 50}, 9},
	{"largest counts", {LOW, false, UINT64_MAX - 1, 50}, {LOW, false, UINT64_MAX, 50}, 9},
	{"smallest and largest count", {LOW, false, 0, 50}, {LOW, false, UINT64_MAX, 50}, 9},

	/* Holders, in their turns. */
	{"low holder before high, 0", {LOW, true, 50, 99}, {HIGH, false, 0, 50}, 0},
	{"low holder before high, 1", {LOW, true, 50, 99}, {HIGH, false, 0, 50}, 1},
	{"low holder before high, 4", {LOW, true, 50, 99}, {HIGH, false, 0, 50}, 4},
	{"low holder before normal in its turn", {LOW, true, 50, 99}, {NORMAL, false, 0, 50}, 16},
	{"high holder before low in its turn", {HIGH, true, 50, 99}, {LOW, false, 0, 50}, 9},
	{"holder before its like", {NORMAL, true, 50, 99}, {NORMAL, false, 0, 50}, 0},
	{"low holder served longest ago", {LOW, true, 50, 98}, {HIGH, true, 50, 99}, 0},
	{"high holder served longest ago", {HIGH, true, 50, 98}, {LOW, true, 50, 99}, 0},
	{"high holder served longest ago in low's turn", {HIGH, true, 50, 98}, {LOW, true, 50, 99}, 9},
	{"by priority behind the holders", {HIGH, false, 99, 50}, {LOW, false, 0, 50}, 0},

	/* Holders, in other turns: as anybody. */
	{"high before low holder, 2", {HIGH, false, 99, 50}, {LOW, true, 0, 50}, 2},
	{"high before low holder, 7", {HIGH, false, 99, 50}, {LOW, true, 0, 50}, 7},
	{"normal before high holder", {NORMAL, false, 99, 50}, {HIGH, true, 0, 50}, 3},
	{"low before high holder", {LOW, false, 99, 50}, {HIGH, true, 0, 50}, 19},
	{"served longest ago before its like that holds", {LOW, false, 98, 50}, {LOW, true, 99, 50}, 2},
	{"holder served longest ago", {LOW, true, 98, 50}, {LOW, false, 99, 50}, 2},
};

static void
order(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(order_rows); i++)
	{
		const OrderRow *row = &order_rows[i];

		assert_row(row->label, adm_turn_goes_before(&row->first, &row->second, row->grants));
		assert_row(row->label, !adm_turn_goes_before(&row->second, &row->first, row->grants));
	}
}

/* Nobody goes before who is as good; the gate takes the first that it sees. */
static void
alike_are_not_before_each_other(void **state)
{
	(void) state;
	for (int priority = 0; priority < ADM_PRIORITY_COUNT; priority++)
		for (int holder = 0; holder <= 1; holder++)
			for (uint64_t grants = 0; grants < 40; grants++)
			{
				AdmContender a = {(AdmPriority) priority, holder != 0, 7, 7};
				AdmContender b = a;

				assert_false(adm_turn_goes_before(&a, &a, grants));
				assert_false(adm_turn_goes_before(&a, &b, grants));
				assert_false(adm_turn_goes_before(&b, &a, grants));
			}
}

/* Few values, so that many are alike. */
static AdmContender
random_contender(Seeded *random)
{
	AdmContender c;

	c.priority = (AdmPriority) seeded_below(random, ADM_PRIORITY_COUNT);
	c.has_holder = seeded_once_in(random, 2);
	c.served_at = seeded_below(random, 4);
	if (seeded_once_in(random, 8))
		c.served_at = seeded_next(random);
	c.holder_served_at = seeded_below(random, 4);
	return c;
}

static bool
are_alike(const AdmContender *a, const AdmContender *b, uint64_t grants)
{
	return !adm_turn_goes_before(a, b, grants) && !adm_turn_goes_before(b, a, grants);
}

/* Irreflexive, asymmetric, and transitive, as is being alike. */
static void
order_is_a_strict_weak_one(void **state)
{
	Seeded		random = {501};
	int			ordered = 0;
	int			alike = 0;

	(void) state;
	for (int i = 0; i < 500000; i++)
	{
		AdmContender a = random_contender(&random);
		AdmContender b = random_contender(&random);
		AdmContender c = random_contender(&random);
		uint64_t	grants = seeded_next(&random);
		bool		ab = adm_turn_goes_before(&a, &b, grants);
		bool		bc = adm_turn_goes_before(&b, &c, grants);

		assert_false(adm_turn_goes_before(&a, &a, grants));
		assert_false(ab && adm_turn_goes_before(&b, &a, grants));
		if (ab && bc)
			assert_true(adm_turn_goes_before(&a, &c, grants));
		if (are_alike(&a, &b, grants) && are_alike(&b, &c, grants))
			assert_true(are_alike(&a, &c, grants));
		ordered += ab && bc;
		alike += are_alike(&a, &b, grants) && are_alike(&b, &c, grants);
	}
	/* Both were tried, not only passed over. */
	assert_true(ordered > 50000);
	assert_true(alike > 1000);
}

/*
 * A simulated gate.
 */

#define SERVICES_MOST	128

typedef struct Service
{
	AdmContender contender;
	bool		waits;
	uint64_t	waits_since;	/* the gate's grants then */
	uint64_t	choices;		/* line_order.h */
	int			grants;
	int			rank_grants[ADM_RANK_COUNT];
} Service;

typedef struct Gate
{
	Service		services[SERVICES_MOST];
	int			count;
	uint64_t	grants;
} Gate;

/* As many services as given, all of which wait and none of which was served. */
static void
add_services(Gate *gate, int count, AdmPriority priority, bool has_holder)
{
	for (int i = 0; i < count; i++)
	{
		Service    *s = &gate->services[gate->count++];

		assert_true(gate->count <= SERVICES_MOST);
		memset(s, 0, sizeof(*s));
		s->contender.priority = priority;
		s->contender.has_holder = has_holder;
		s->waits = true;
	}
}

static Service *
next_service(Gate *gate)
{
	Service    *best = NULL;

	for (Service *s = gate->services; s < gate->services + gate->count; s++)
	{
		if (s->waits &&
			(best == NULL ||
			 adm_turn_goes_before(&s->contender, &best->contender, gate->grants)))
			best = s;
	}
	return best;
}

/* Serves one of the service whose turn it is, which goes on waiting. */
static Service *
serve(Gate *gate)
{
	Service    *s = next_service(gate);

	assert_non_null(s);
	if (adm_turn_serves_holder(&s->contender, gate->grants))
		s->contender.holder_served_at = ++gate->grants;
	else
		s->contender.served_at = ++gate->grants;
	s->waits_since = gate->grants;
	s->grants++;
	return s;
}

/* The same, and of it somebody of a rank, as all of them wait. */
static void
serve_rank(Gate *gate)
{
	bool		of_holders = adm_turn_is_of_holders(gate->grants);
	Service    *s = serve(gate);
	const bool	waits[ADM_RANK_COUNT] = {
		[ADM_RANK_HOLDER] = s->contender.has_holder, [ADM_RANK_ORDINARY] = true, [ADM_RANK_PATIENT] = true
	};
	AdmRank		rank = adm_line_next_rank(waits, of_holders, s->choices);

	if (rank != ADM_RANK_HOLDER || !of_holders)
		s->choices++;
	s->rank_grants[rank]++;
}

static void
serve_times(Gate *gate, int times)
{
	while (times-- > 0)
		(void) serve(gate);
}

static int
grants_to(const Gate *gate, AdmPriority priority)
{
	int			grants = 0;

	for (int i = 0; i < gate->count; i++)
	{
		if (gate->services[i].contender.priority == priority)
			grants += gate->services[i].grants;
	}
	return grants;
}

static void
forget_grants(Gate *gate)
{
	for (int i = 0; i < gate->count; i++)
		gate->services[i].grants = 0;
}

/*
 * How many of so many services of each priority have to do with how many of the
 * grants.
 */
typedef struct SharesRow
{
	const char *label;
	int			low,
				normal,
				high;
	int			low_holders,
				normal_holders,
				high_holders;
	int			to_low,
				to_normal,
				to_high;
} SharesRow;

/* Of any ten grants in a row. */
static const SharesRow ten_rows[] = {
	{"one of each", 1, 1, 1, 0, 0, 0, 1, 2, 7},
	{"one low, one normal", 1, 1, 0, 0, 0, 0, 1, 9, 0},
	{"one low, one high", 1, 0, 1, 0, 0, 0, 1, 0, 9},
	{"one normal, one high", 0, 1, 1, 0, 0, 0, 0, 2, 8},
	{"one low", 1, 0, 0, 0, 0, 0, 10, 0, 0},
	{"one normal", 0, 1, 0, 0, 0, 0, 0, 10, 0},
	{"one high", 0, 0, 1, 0, 0, 0, 0, 0, 10},
	{"many of each", 7, 5, 3, 0, 0, 0, 1, 2, 7},
	{"many low", 60, 1, 1, 0, 0, 0, 1, 2, 7},
	{"many normal", 1, 60, 1, 0, 0, 0, 1, 2, 7},
	{"many high", 1, 1, 60, 0, 0, 0, 1, 2, 7},
	{"many low and high", 30, 0, 30, 0, 0, 0, 1, 0, 9},
	{"all of one have holders", 0, 0, 0, 3, 0, 0, 10, 0, 0},
};

/*
 * Of any twenty: the ten turns of the holders, and of what is left the shares as
 * without them.
 */
static const SharesRow twenty_rows[] = {
	{"low holder", 0, 1, 1, 1, 0, 0, 11, 2, 7},
	{"low holder and low", 1, 1, 1, 1, 0, 0, 11, 2, 7},
	{"normal holder", 1, 0, 1, 0, 1, 0, 1, 12, 7},
	{"high holder", 1, 1, 0, 0, 0, 1, 1, 2, 17},
	{"low holder, nothing but high", 0, 0, 1, 1, 0, 0, 11, 0, 9},
	{"low holder, nothing but normal", 0, 1, 0, 1, 0, 0, 11, 9, 0},
	{"normal holder, nothing but high", 0, 0, 1, 0, 1, 0, 0, 12, 8},
	{"high holder, nothing but low", 1, 0, 0, 0, 0, 1, 1, 0, 19},
	{"many holders of one priority", 5, 5, 5, 7, 0, 0, 11, 2, 7},
	{"no holders", 1, 1, 1, 0, 0, 0, 2, 4, 14},
};

static Gate
gate_of(const SharesRow *row)
{
	Gate		gate;

	memset(&gate, 0, sizeof(gate));
	add_services(&gate, row->low, LOW, false);
	add_services(&gate, row->normal, NORMAL, false);
	add_services(&gate, row->high, HIGH, false);
	add_services(&gate, row->low_holders, LOW, true);
	add_services(&gate, row->normal_holders, NORMAL, true);
	add_services(&gate, row->high_holders, HIGH, true);
	return gate;
}

/* From each grant on, near the first as near the millionth. */
static void
assert_shares(const SharesRow *row, int of)
{
	static const uint64_t firsts[] = {0, 999990, UINT64_MAX / 2};

	for (size_t first = 0; first < COUNT_OF(firsts); first++)
		for (uint64_t from = 0; from < 45; from++)
		{
			Gate		gate = gate_of(row);

			gate.grants = firsts[first] + from;
			serve_times(&gate, of);
			assert_row_int(row->label, grants_to(&gate, LOW), row->to_low);
			assert_row_int(row->label, grants_to(&gate, NORMAL), row->to_normal);
			assert_row_int(row->label, grants_to(&gate, HIGH), row->to_high);
		}
}

static void
each_priority_has_its_share_of_ten(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(ten_rows); i++)
		assert_shares(&ten_rows[i], 10);
}

static void
holders_have_half_of_twenty(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(twenty_rows); i++)
		assert_shares(&twenty_rows[i], 20);
}

/* Of any four, whatever the priorities. */
static void
holders_have_two_of_four(void **state)
{
	(void) state;
	for (int priority = 0; priority < ADM_PRIORITY_COUNT; priority++)
		for (uint64_t from = 0; from < 40; from++)
		{
			Gate		gate = {.grants = from};
			int			to_holders = 0;

			/* Others wait that go before it in every turn but these. */
			for (int other = 0; other < ADM_PRIORITY_COUNT; other++)
				add_services(&gate, 3, (AdmPriority) other, false);
			add_services(&gate, 1, (AdmPriority) priority, true);
			gate.services[gate.count - 1].contender.served_at = UINT64_MAX;
			for (int i = 0; i < 4; i++)
			{
				Service    *s = serve(&gate);

				if (s->contender.has_holder)
					s->contender.served_at = UINT64_MAX;
				to_holders += s->contender.has_holder;
			}
			assert_int_equal(to_holders, 2);
		}
}

/* Three of each priority, those of all three in turn. */
static void
holders_of_all_priorities_are_equal(void **state)
{
	Gate		gate;

	(void) state;
	memset(&gate, 0, sizeof(gate));
	for (int priority = 0; priority < ADM_PRIORITY_COUNT; priority++)
		add_services(&gate, 3, (AdmPriority) priority, true);
	for (int i = 0; i < 20 * 9; i++)
	{
		bool		turn = adm_turn_is_of_holders(gate.grants);
		uint64_t	longest_ago = UINT64_MAX;

		for (int s = 0; s < gate.count; s++)
		{
			if (gate.services[s].contender.holder_served_at < longest_ago)
				longest_ago = gate.services[s].contender.holder_served_at;
		}
		if (turn)
			assert_int_equal(next_service(&gate)->contender.holder_served_at, longest_ago);
		(void) serve(&gate);
	}
}

/*
 * All once, who was served longest ago first, and then in the same order for
 * ever.
 */
static void
assert_rotation(Gate *gate)
{
	const Service *order[SERVICES_MOST];
	uint64_t	last = 0;

	for (int i = 0; i < gate->count; i++)
	{
		uint64_t	served_at = next_service(gate)->contender.served_at;

		order[i] = serve(gate);
		assert_int_equal(order[i]->grants, 1);
		assert_true(served_at >= last);
		last = served_at;
	}
	for (int i = 0; i < 3 * gate->count; i++)
		assert_ptr_equal(serve(gate), order[i % gate->count]);
}

static void
equals_are_served_in_rotation(void **state)
{
	Seeded		random = {502};

	(void) state;
	for (int i = 0; i < 300; i++)
	{
		int			count = 1 + (int) seeded_below(&random, SERVICES_MOST);
		Gate		gate = {.grants = 1000 + seeded_below(&random, 40)};

		add_services(&gate, count, (AdmPriority) (i % ADM_PRIORITY_COUNT), false);
		for (int s = 0; s < count; s++)
			gate.services[s].contender.served_at = seeded_below(&random, 1000);
		assert_rotation(&gate);
	}
}

/* Those of one priority differ by one at most, at any time. */
static void
equals_have_equal_shares(void **state)
{
	Gate		gate;

	(void) state;
	memset(&gate, 0, sizeof(gate));
	add_services(&gate, 3, LOW, false);
	add_services(&gate, 7, NORMAL, false);
	add_services(&gate, 5, HIGH, false);
	for (int i = 0; i < 5000; i++)
	{
		(void) serve(&gate);
		for (int s = 1; s < gate.count; s++)
		{
			const Service *a = &gate.services[s - 1];
			const Service *b = &gate.services[s];

			if (a->contender.priority == b->contender.priority)
				assert_in_range(a->grants - b->grants + 1, 0, 2);
		}
	}
}

/* Who was not served while it did not wait goes before its equals, but once. */
static void
newcomer_gains_one_turn(void **state)
{
	Gate		gate;
	Service    *newcomer;

	(void) state;
	memset(&gate, 0, sizeof(gate));
	add_services(&gate, 6, NORMAL, false);
	newcomer = &gate.services[5];
	newcomer->waits = false;
	serve_times(&gate, 1000);
	newcomer->waits = true;
	assert_ptr_equal(serve(&gate), newcomer);
	forget_grants(&gate);
	serve_times(&gate, 5);
	assert_int_equal(newcomer->grants, 0);
	assert_ptr_equal(serve(&gate), newcomer);
}

/*
 * Nobody starves.
 */

/*
 * One of any twenty grants is for low priority, two are for normal and seven for
 * high, even if the holders have the rest.  A service gets the first of these
 * that it need not leave to its equals, and it leaves one to each of them at
 * most: who was served since goes behind it.
 */
static uint64_t
longest_wait(int equals, AdmPriority priority)
{
	static const int turns[ADM_PRIORITY_COUNT] = {[LOW] = 1, [NORMAL] = 2, [HIGH] = 7};

	return 20 * (uint64_t) ((equals + turns[priority] - 1) / turns[priority]);
}

static int
count_of(const Gate *gate, AdmPriority priority)
{
	int			count = 0;

	for (int i = 0; i < gate->count; i++)
		count += gate->services[i].contender.priority == priority;
	return count;
}

static void
assert_nobody_waits_too_long(const Gate *gate, const uint64_t limits[ADM_PRIORITY_COUNT])
{
	for (const Service *s = gate->services; s < gate->services + gate->count; s++)
	{
		if (s->waits)
			assert_true(gate->grants - s->waits_since < limits[s->contender.priority]);
	}
}

/* Comes, goes, or gets or loses its holders. */
static void
change_someone(Gate *gate, Seeded *random)
{
	Service    *s = &gate->services[seeded_below(random, (uint64_t) gate->count)];

	if (seeded_once_in(random, 2))
		s->contender.has_holder = !s->contender.has_holder;
	else
	{
		s->waits = !s->waits;
		s->waits_since = gate->grants;
	}
}

static void
run_with_changes(Gate *gate, Seeded *random, uint64_t once_in, int times)
{
	uint64_t	limits[ADM_PRIORITY_COUNT];

	for (int p = 0; p < ADM_PRIORITY_COUNT; p++)
		limits[p] = longest_wait(count_of(gate, (AdmPriority) p), (AdmPriority) p);
	while (times-- > 0)
	{
		if (seeded_once_in(random, once_in))
			change_someone(gate, random);
		if (next_service(gate) == NULL)
			continue;
		(void) serve(gate);
		assert_nobody_waits_too_long(gate, limits);
	}
}

static void
fill_gate(Gate *gate, Seeded *random, int low, int normal, int high)
{
	memset(gate, 0, sizeof(*gate));
	add_services(gate, low, LOW, false);
	add_services(gate, normal, NORMAL, false);
	add_services(gate, high, HIGH, false);
	for (int i = 0; i < gate->count; i++)
		gate->services[i].contender.has_holder = seeded_once_in(random, 2);
}

static void
whoever_always_waits_is_served(void **state)
{
	static const int counts[][3] = {
		{1, 1, 1}, {1, 0, 1}, {1, 1, 0}, {0, 1, 1}, {1, 0, 0},
		{65, 0, 0}, {0, 65, 0}, {0, 0, 65}, {1, 0, 64}, {64, 0, 1}, {1, 63, 1},
		{20, 21, 24}, {42, 43, 43}, {126, 1, 1}, {1, 126, 1}, {1, 1, 126}
	};
	Seeded		random = {503};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(counts); i++)
	{
		Gate		gate;

		/* All wait for ever; now and then somebody changes; somebody always does. */
		fill_gate(&gate, &random, counts[i][0], counts[i][1], counts[i][2]);
		run_with_changes(&gate, &random, UINT64_MAX, 4000);
		fill_gate(&gate, &random, counts[i][0], counts[i][1], counts[i][2]);
		run_with_changes(&gate, &random, 20, 8000);
		fill_gate(&gate, &random, counts[i][0], counts[i][1], counts[i][2]);
		run_with_changes(&gate, &random, 1, 8000);
	}
}

/* One low among the highest number of others, all of whom have holders. */
static void
one_low_among_holders_of_high(void **state)
{
	Gate		gate;
	uint64_t	last = 0;

	(void) state;
	memset(&gate, 0, sizeof(gate));
	add_services(&gate, SERVICES_MOST - 1, HIGH, true);
	add_services(&gate, 1, LOW, false);
	for (int i = 0; i < 2000; i++)
	{
		if (serve(&gate)->contender.priority == LOW)
		{
			assert_in_range(gate.grants - last, 1, 20);
			last = gate.grants;
		}
	}
	assert_int_equal(grants_to(&gate, LOW), 2000 / 20);
}

/* Whatever the rhythm in which a service gets permits. */
static void
no_rank_of_any_service_starves(void **state)
{
	(void) state;
	for (int low = 0; low <= 5; low++)
		for (int normal = 0; normal <= 5; normal++)
			for (int high = 0; high <= 5; high++)
				for (int holders = 0; holders <= 1; holders++)
				{
					Gate		gate = {.count = 0};

					if (low + normal + high == 0)
						continue;
					add_services(&gate, low, ADM_PRIORITY_LOW, holders == 1);
					add_services(&gate, normal, ADM_PRIORITY_NORMAL, holders == 1);
					add_services(&gate, high, ADM_PRIORITY_HIGH, holders == 1);
					for (int i = 0; i < 2000; i++)
						serve_rank(&gate);
					for (int i = 0; i < gate.count; i++)
					{
						const int  *grants = gate.services[i].rank_grants;

						assert_true(grants[ADM_RANK_ORDINARY] > 0);
						assert_true(grants[ADM_RANK_PATIENT] > 0);
						assert_int_equal(grants[ADM_RANK_HOLDER] > 0, holders == 1);
					}
				}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(alike_are_not_before_each_other),
		cmocka_unit_test(order_is_a_strict_weak_one),
		cmocka_unit_test(no_rank_of_any_service_starves),
		cmocka_unit_test(each_priority_has_its_share_of_ten),
		cmocka_unit_test(holders_have_half_of_twenty),
		cmocka_unit_test(holders_have_two_of_four),
		cmocka_unit_test(holders_of_all_priorities_are_equal),
		cmocka_unit_test(equals_are_served_in_rotation),
		cmocka_unit_test(equals_have_equal_shares),
		cmocka_unit_test(newcomer_gains_one_turn),
		cmocka_unit_test(whoever_always_waits_is_served),
		cmocka_unit_test(one_low_among_holders_of_high),
	};

	return cmocka_run_group_tests_name("service_turn", tests, NULL, NULL);
}
