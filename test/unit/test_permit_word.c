/*
 * test_permit_word.c - tests of the word that counts a gate's permits.
 *
 * Besides the arithmetic, a model of the gate: actors who arrive, wait, start,
 * sit and leave move the word as the gate does, and the word must always agree
 * with a head count of the actors.
 */
#include "rows.h"

#include "policy/permit_word.h"
#include "seeded.h"

#define FULL	ADM_NO_CAP

/* What a login, and a grant to somebody in line, add to the word. */
#define ONE_START	(ADM_ONE_ACTIVE + ADM_ONE_PRESENT)
#define ONE_GRANT	(ONE_START - ADM_ONE_WAITING)

/*
 * Arithmetic.
 */

/* As many as PostgreSQL can have. */
#define MOST_BACKENDS	((1 << 18) - 1)

static const uint32_t edges[] = {0, 1, 2, 7, MOST_BACKENDS, FULL - 1, FULL};

static AdmCounts
counts_of(uint32_t waiting, uint32_t active, uint32_t present)
{
	AdmCounts	counts = {waiting, active, present};

	return counts;
}

static uint64_t
word_of(AdmCounts counts)
{
	return counts.waiting * ADM_ONE_WAITING +
		counts.active * ADM_ONE_ACTIVE +
		counts.present * ADM_ONE_PRESENT;
}

static void
assert_counts(const char *label, uint64_t word, AdmCounts expected)
{
	AdmCounts	counts = adm_word_counts(word);

	assert_row_int(label, counts.waiting, expected.waiting);
	assert_row_int(label, counts.active, expected.active);
	assert_row_int(label, counts.present, expected.present);
}

static void
each_field_counts_all_backends(void **state)
{
	(void) state;
	assert_true(FULL > MOST_BACKENDS);
	assert_true(3 * ADM_WORD_FIELD_BITS <= 64);
}

/* Calls the check with every combination of edges in the three fields. */
static void
with_all_edges(void (*check) (AdmCounts counts))
{
	for (size_t w = 0; w < COUNT_OF(edges); w++)
		for (size_t a = 0; a < COUNT_OF(edges); a++)
			for (size_t p = 0; p < COUNT_OF(edges); p++)
				check(counts_of(edges[w], edges[a], edges[p]));
}

static void
check_unpack(AdmCounts counts)
{
	assert_counts("unpacked", word_of(counts), counts);
}

static void
counts_come_back_at_the_limits(void **state)
{
	(void) state;
	with_all_edges(check_unpack);
}

typedef struct Move
{
	const char *label;
	uint64_t	units;
	int			waiting;
	int			active;
	int			present;
} Move;

static const Move moves[] = {
	{"a waiter", ADM_ONE_WAITING, 1, 0, 0},
	{"a start's end", ADM_ONE_ACTIVE, 0, 1, 0},
	{"a session", ADM_ONE_PRESENT, 0, 0, 1},
	{"a start", ONE_START, 0, 1, 1},
	{"a grant", ONE_GRANT, -1, 1, 1},
	{"seven starts' ends", 7 * ADM_ONE_ACTIVE, 0, 7, 0},
	{"seven grants", 7 * ONE_GRANT, -7, 7, 7},
};

static bool
add_to(uint32_t *count, int change)
{
	int64_t		sum = (int64_t) *count + change;

	*count = (uint32_t) sum;
	return sum >= 0 && sum <= FULL;
}

/* False when a field would leave its range, which the gate never asks for. */
static bool
apply(const Move *move, AdmCounts *counts)
{
	return add_to(&counts->waiting, move->waiting) &&
		add_to(&counts->active, move->active) &&
		add_to(&counts->present, move->present);
}

static void
check_moves(AdmCounts before)
{
	for (size_t i = 0; i < COUNT_OF(moves); i++)
	{
		const Move *move = &moves[i];
		AdmCounts	after = before;

		if (!apply(move, &after))
			continue;
		assert_counts(move->label, word_of(before) + move->units, after);
		assert_counts(move->label, word_of(after) - move->units, before);
	}
}

static void
moves_touch_their_own_fields_only(void **state)
{
	(void) state;
	with_all_edges(check_moves);
}

/*
 * Caps.
 */

typedef struct CapsRow
{
	const char *label;
	uint32_t	active;
	uint32_t	present;
	uint32_t	expected_active;
	uint32_t	expected_present;
} CapsRow;

static const CapsRow caps_rows[] = {
	{"none allowed", 0, 0, 0, 0},
	{"ordinary", 8, 100, 8, 100},
	{"only active", 8, ADM_NO_CAP, 8, ADM_NO_CAP},
	{"only present", ADM_NO_CAP, 100, ADM_NO_CAP, 100},
	{"largest caps", FULL - 1, FULL - 1, FULL - 1, FULL - 1},
	{"no caps", ADM_NO_CAP, ADM_NO_CAP, ADM_NO_CAP, ADM_NO_CAP},
	{"active too large", FULL + 1, 3, ADM_NO_CAP, 3},
	{"present too large", 3, FULL + 1, 3, ADM_NO_CAP},
	{"both largest", UINT32_MAX, UINT32_MAX, ADM_NO_CAP, ADM_NO_CAP},
	{"low bits of a large cap", UINT32_C(1) << 31, 0, ADM_NO_CAP, 0},
};

static void
caps_are_clamped(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(caps_rows); i++)
	{
		const CapsRow *row = &caps_rows[i];
		AdmCounts	expected = counts_of(0, row->expected_active,
										 row->expected_present);

		assert_counts(row->label, adm_word_caps(row->active, row->present),
					  expected);
	}

	/* Caps that bound nothing, and those that bound one thing. */
	assert_false(adm_word_bounds(adm_word_caps(ADM_NO_CAP, ADM_NO_CAP)));
	assert_false(adm_word_bounds(adm_word_caps(UINT32_MAX, UINT32_MAX)));
	assert_true(adm_word_bounds(adm_word_caps(8, ADM_NO_CAP)));
	assert_true(adm_word_bounds(adm_word_caps(ADM_NO_CAP, 8)));
}

typedef struct RoomRow
{
	const char *label;
	AdmCounts	now;			/* waiting, active, present */
	uint32_t	active_cap;
	uint32_t	present_cap;
	bool		room;
	bool		admits;
} RoomRow;

static const RoomRow room_rows[] = {
	{"empty gate", {0, 0, 0}, 1, 1, true, true},
	{"nobody may start", {0, 0, 0}, 0, 1, false, false},
	{"nobody may be there", {0, 0, 0}, 1, 0, false, false},
	{"last start", {0, 7, 50}, 8, 100, true, true},
	{"starts at cap", {0, 8, 50}, 8, 100, false, false},
	{"starts above a cut cap", {0, 9, 50}, 8, 100, false, false},
	{"last session", {0, 0, 99}, 8, 100, true, true},
	{"sessions at cap", {0, 0, 100}, 8, 100, false, false},
	{"sessions above a cut cap", {0, 0, 101}, 8, 100, false, false},
	{"both at cap", {0, 8, 100}, 8, 100, false, false},
	{"waiting > 0 admits nobody", {1, 0, 0}, 8, 100, true, false},
	{"waiting at its limit", {FULL, 0, 0}, 8, 100, true, false},
	{"waiting, no caps", {1, 0, 0}, ADM_NO_CAP, ADM_NO_CAP, true, false},
	{"waiting and full", {1, 8, 100}, 8, 100, false, false},
	{"no caps", {0, FULL - 1, FULL - 1}, ADM_NO_CAP, ADM_NO_CAP, true, true},
	{"no cap on sessions", {0, 7, FULL - 1}, 8, ADM_NO_CAP, true, true},
	{"no cap on starts", {0, FULL - 1, 99}, ADM_NO_CAP, 100, true, true},
	{"largest caps reached",
	{0, FULL - 1, 0}, FULL - 1, ADM_NO_CAP, false, false},
};

static void
room_and_admission(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(room_rows); i++)
	{
		const RoomRow *row = &room_rows[i];
		uint64_t	word = word_of(row->now);
		uint64_t	caps = adm_word_caps(row->active_cap, row->present_cap);

		assert_row_int(row->label, adm_word_has_room(word, caps), row->room);
		assert_row_int(row->label, adm_word_admits(word, caps), row->admits);
	}
}

/*
 * The model of the gate.
 */

#define ACTORS	6

typedef enum Place
{
	OUTSIDE,
	WAITING,
	STARTING,
	SEATED
} Place;

#define PLACES	(SEATED + 1)

typedef struct Model
{
	uint64_t	word;
	uint64_t	caps;
	Place		actors[ACTORS];
} Model;

static const uint32_t small_caps[] = {0, 1, 2, 3, ADM_NO_CAP};

static uint32_t
heads(const Model *m, Place place)
{
	uint32_t	count = 0;

	for (int i = 0; i < ACTORS; i++)
		count += m->actors[i] == place;
	return count;
}

static AdmCounts
head_count(const Model *m)
{
	return counts_of(heads(m, WAITING), heads(m, STARTING),
					 heads(m, STARTING) + heads(m, SEATED));
}

static bool
within_caps(const Model *m)
{
	AdmCounts	now = head_count(m);
	AdmCounts	cap = adm_word_counts(m->caps);

	return now.active <= cap.active && now.present <= cap.present;
}

/* The n-th of all the ways to place the actors: n, read in base 4. */
static Model
placed(int n, uint64_t caps)
{
	Model		m;

	m.caps = caps;
	for (int i = 0; i < ACTORS; i++, n /= PLACES)
		m.actors[i] = (Place) (n % PLACES);
	m.word = word_of(head_count(&m));
	return m;
}

static void
enter(Model *m, int actor, uint64_t units)
{
	m->word += units;
	m->actors[actor] = STARTING;
	assert_true(within_caps(m));
}

/* Grants to waiters, beginning with the given actor, while there is room. */
static void
serve_line(Model *m, int first)
{
	for (int i = 0; i < ACTORS; i++)
	{
		int			actor = (first + i) % ACTORS;

		if (m->actors[actor] == WAITING && adm_word_has_room(m->word, m->caps))
			enter(m, actor, ONE_GRANT);
	}
}

static void
arrive(Model *m, int actor)
{
	if (adm_word_admits(m->word, m->caps))
	{
		assert_int_equal(heads(m, WAITING), 0);
		enter(m, actor, ONE_START);
		return;
	}
	m->word += ADM_ONE_WAITING;
	m->actors[actor] = WAITING;
}

static void
give_back(Model *m, int actor, uint64_t units, Place place)
{
	m->word -= units;
	m->actors[actor] = place;
	serve_line(m, actor);
}

/* The actor's next step; leaves says which, where there are two. */
static void
act(Model *m, int actor, bool leaves)
{
	switch (m->actors[actor])
	{
		case OUTSIDE:
			arrive(m, actor);
			break;
		case WAITING:
			give_back(m, actor, ADM_ONE_WAITING, OUTSIDE);
			break;
		case STARTING:
			if (leaves)
				give_back(m, actor, ONE_START, OUTSIDE);
			else
				give_back(m, actor, ADM_ONE_ACTIVE, SEATED);
			break;
		case SEATED:
			give_back(m, actor, ADM_ONE_PRESENT, OUTSIDE);
			break;
	}
}

static void
check_model(const Model *m)
{
	assert_counts("head count", m->word, head_count(m));
	assert_true(m->word == word_of(head_count(m)));
	/* Nobody waits in front of an open place. */
	assert_false(heads(m, WAITING) > 0 && adm_word_has_room(m->word, m->caps));
}

static uint64_t
random_caps(Seeded *random)
{
	size_t		a = seeded_below(random, COUNT_OF(small_caps));
	size_t		p = seeded_below(random, COUNT_OF(small_caps));

	return adm_word_caps(small_caps[a], small_caps[p]);
}

/* The reverse of arriving, until the gate is empty. */
static void
all_leave(Model *m)
{
	for (int step = 0; step < 4 * ACTORS; step++)
	{
		if (m->actors[step % ACTORS] != OUTSIDE)
			act(m, step % ACTORS, true);
		check_model(m);
	}
	assert_true(m->word == 0);
}

static void
walk(Model *m, Seeded *random, bool caps_move)
{
	for (int step = 0; step < 5000; step++)
	{
		act(m, (int) seeded_below(random, ACTORS), seeded_once_in(random, 3));
		if (caps_move && seeded_once_in(random, 20))
		{
			m->caps = random_caps(random);
			serve_line(m, 0);
		}
		check_model(m);
		if (!caps_move)
			assert_true(within_caps(m));
	}
	all_leave(m);
}

static void
walk_with_all_caps(uint64_t seed, bool caps_move)
{
	Seeded		random = {seed};

	for (size_t a = 0; a < COUNT_OF(small_caps); a++)
		for (size_t p = 0; p < COUNT_OF(small_caps); p++)
		{
			uint64_t	caps = adm_word_caps(small_caps[a], small_caps[p]);
			Model		m = placed(0, caps);

			walk(&m, &random, caps_move);
		}
}

static void
random_walks_with_fixed_caps(void **state)
{
	(void) state;
	walk_with_all_caps(101, false);
}

static void
random_walks_with_moving_caps(void **state)
{
	(void) state;
	walk_with_all_caps(102, true);
}

/* Each step that somebody can take from here. */
static void
try_all_steps(const Model *from)
{
	for (int actor = 0; actor < ACTORS; actor++)
		for (int leaves = 0; leaves <= 1; leaves++)
		{
			Model		m = *from;

			act(&m, actor, leaves);
			check_model(&m);
			assert_true(within_caps(&m));
		}
}

/* From all that can come about under these caps; returns how many. */
static int
try_all_placings(uint64_t caps)
{
	int			tried = 0;

	for (int n = 0; n < 1 << (2 * ACTORS); n++)
	{
		Model		m = placed(n, caps);
		bool		waits = heads(&m, WAITING) > 0;

		if (!within_caps(&m) || (waits && adm_word_has_room(m.word, caps)))
			continue;
		try_all_steps(&m);
		tried++;
	}
	return tried;
}

static void
every_step_from_every_placing(void **state)
{
	int			tried = 0;

	(void) state;
	for (size_t a = 0; a < COUNT_OF(small_caps); a++)
		for (size_t p = 0; p < COUNT_OF(small_caps); p++)
		{
			uint64_t	caps = adm_word_caps(small_caps[a], small_caps[p]);

			tried += try_all_placings(caps);
		}
	assert_true(tried > 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_counts_all_backends),
		cmocka_unit_test(counts_come_back_at_the_limits),
		cmocka_unit_test(moves_touch_their_own_fields_only),
		cmocka_unit_test(caps_are_clamped),
		cmocka_unit_test(room_and_admission),
		cmocka_unit_test(random_walks_with_fixed_caps),
		cmocka_unit_test(random_walks_with_moving_caps),
		cmocka_unit_test(every_step_from_every_placing),
	};

	return cmocka_run_group_tests_name("permit_word", tests, NULL, NULL);
}
