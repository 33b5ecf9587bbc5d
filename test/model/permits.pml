/*
 * permits.pml - the permits as a model for spin: the word, the slots, the line,
 * and all that a process may do to them, one access to shared memory at a time.
 *
 * The states of a slot and the steps have their names in the code; docs/internals.md
 * ("The model") shows both.  One file makes all configurations: the Makefile
 * has their list, and that of the mistakes, whose names stand here where they
 * are made.
 *
 * What is left out, and why that loses nothing:
 *
 * - The memory is sequentially consistent.  All steps shown are atomic
 *   read-modify-writes or take a lock, which are full barriers in PostgreSQL,
 *   but for the setting of a slot, before which there is a write barrier.  A
 *   missing barrier would not be found here.
 * - A loop of compare-and-swap (adm_word_change_if) is one step: its last round.
 *   Rounds that fail change nothing.
 * - The lock is taken together with the first step under it, and released with
 *   the last: nobody else's steps depend on what is between.
 * - A line is the set of those in it, and whoever serves takes any: the order is
 *   that of policy/line_order.h and service_turn.h, which have tests of their
 *   own.  What holds for any choice holds for theirs.  So there are no ranks, and
 *   no limit of 64 grants in one hold, which this number of slots cannot reach.
 * - There is no time.  A wait may end at any moment where TIMEOUTS says so, and
 *   a look may find anything: each age and wait event is possible.  So
 *   permits_delay.c, which shortens waits, has nothing to add.
 * - Where no service has a cap, its word refuses nobody, and all are eligible:
 *   the configurations without SERVICES have the gate's word alone.
 * - adm_permits_pass() is not here: it grants as adm_permits_serve_line() does,
 *   under the same lock, without asking for room; nor are EXEMPT slots, which
 *   no word counts.
 * - A process that ends, by whatever error, runs leave_at_exit(): that is the
 *   step "leave" here, possible in line, asleep, and past the gate.  Between the
 *   steps of one function no process can end, since none of them handles
 *   interrupts or reports an error.  One that is killed without on_shmem_exit
 *   makes the postmaster end all others and begin with fresh shared memory, so
 *   there is nothing left to be wrong.
 * - Sessions that are alike begin in the order of their numbers, which spares
 *   runs that differ in the numbers alone.
 * - Three slots (two in some configurations) and few rounds.  That is a bound,
 *   not a proof for more: each step involves at most one who leaves or looks, one
 *   who comes and one who waits.
 */

/* N slots, in each of which ROUNDS sessions or transactions follow one another. */
#ifndef N
#define N			3
#endif
#ifndef ROUNDS
#define ROUNDS		1
#endif
#ifndef SERVICES
#define SERVICES	0
#endif
#ifndef FIRST_OF_1
#define FIRST_OF_1	1
#endif

#if N == 2
#define ALL(F)		(F(0) && F(1))
#define ANY(F)		(F(0) || F(1))
#define SUM(F)		(F(0) + F(1))
#elif N == 3
#define ALL(F)		(F(0) && F(1) && F(2))
#define ANY(F)		(F(0) || F(1) || F(2))
#define SUM(F)		(F(0) + F(1) + F(2))
#else
#define ALL(F)		(F(0) && F(1) && F(2) && F(3))
#define ANY(F)		(F(0) || F(1) || F(2) || F(3))
#define SUM(F)		(F(0) + F(1) + F(2) + F(3))
#endif

/*
 * The words.
 */

#define GATE		0
#define OF(s)		(1 + (s))	/* a service's */

typedef Word {
	byte waiting_n;
	byte active_n;
	byte present_n
};

Word word[1 + SERVICES];

/* Pairs of caps, by names. */
#define NO_CAP		100
#define NO_CAPS		0
#define TIGHT		1
#define WIDE		2
#define STARTS		3
#define LIMIT		4
#define PAUSED		5
#define CAP_ACTIVE(k)	((k) == TIGHT || (k) == STARTS -> 1 : \
						 ((k) == WIDE -> 2 : ((k) == PAUSED -> 0 : NO_CAP)))
#define CAP_PRESENT(k)	((k) == TIGHT -> 2 : \
						 ((k) == LIMIT -> 1 : ((k) == PAUSED -> 0 : NO_CAP)))

#ifndef CAPS
#define CAPS		TIGHT
#endif

byte caps = CAPS;

/* The caps as some process has read them, where they may have changed since. */
#if defined(CAPS_CHANGE) || defined(SILENCE)
#define SEEN		c
#else
#define SEEN		caps
#endif

/* adm_word_has_room, adm_word_admits */
#define HAS_ROOM(w, k)	(word[w].active_n < CAP_ACTIVE(k) && word[w].present_n < CAP_PRESENT(k))
#define ADMITS(w, k)	(word[w].waiting_n == 0 && HAS_ROOM(w, k))

/* adm_state_binding_caps_unless_silent */
#ifdef SILENCE
bit silent;
#define CAPS_NOW	(silent -> NO_CAPS : caps)
#else
#define CAPS_NOW	caps
#endif

#if SERVICES
byte service_caps[SERVICES];
byte eligible[SERVICES];
#ifdef SERVICE_CAPS_CHANGE
#define OWN_SEEN(s)	k
#else
#define OWN_SEEN(s)	service_caps[s]
#endif
#else
#define OWN_SEEN(s)	NO_CAPS
#endif

/*
 * The slots: value and neighbours in the line; and the latch of the process.
 */

mtype = { FREE, WAITING, GRANTED, ACTIVE, PRESENT, LENT, OPEN, LANE };

mtype state[N] = FREE;
#if SERVICES
bit service[N];
bit counted[N];
#endif
bit in_line[N];
bit latch[N];
bit line_lock;
#ifdef ASKED
bit asked[N];					/* its permit was given where there was room */
#define SET_ASKED(i, v)	asked[i] = v
#else
#define SET_ASKED(i, v)	skip
#endif
#ifdef LANES
#define TAKES_LANE(i)	1
byte lane;
#endif

/* adm_units_of */
#define ACTIVE_OF(v)	((v) == GRANTED || (v) == ACTIVE)
#define PRESENT_OF(v)	((v) == GRANTED || (v) == ACTIVE || (v) == PRESENT)

#if SERVICES
#define ELIGIBLE(i)		(in_line[i] && eligible[service[i]] > 0)
#else
#define ELIGIBLE(i)		(in_line[i])
#endif

/*
 * What must hold.
 */

/* Where each process is, for the rules below alone. */
mtype = { NOT_BEGUN, BUSY, ASLEEP, INSIDE, OUTSIDE };

mtype where[N] = NOT_BEGUN;
bit looker_busy;

#define ACTIVE_AT(i)	ACTIVE_OF(state[i])
#define PRESENT_AT(i)	PRESENT_OF(state[i])
#define WAITING_AT(i)	(state[i] == WAITING)
#define LANE_AT(i)		(state[i] == LANE)
#define IN_LINE_AT(i)	(in_line[i] == 1)

#if SERVICES
#define ACTIVE0(i)		(ACTIVE_AT(i) && counted[i] && service[i] == 0)
#define ACTIVE1(i)		(ACTIVE_AT(i) && counted[i] && service[i] == 1)
#define PRESENT0(i)		(PRESENT_AT(i) && counted[i] && service[i] == 0)
#define PRESENT1(i)		(PRESENT_AT(i) && counted[i] && service[i] == 1)
#define WAITING0(i)		(in_line[i] && service[i] == 0)
#define WAITING1(i)		(in_line[i] && service[i] == 1)
#define WORDS_COVER_SLOTS	(SUM(ACTIVE_AT) <= word[GATE].active_n && SUM(PRESENT_AT) <= word[GATE].present_n && \
							 SUM(ACTIVE0) <= word[OF(0)].active_n && SUM(PRESENT0) <= word[OF(0)].present_n && \
							 SUM(ACTIVE1) <= word[OF(1)].active_n && SUM(PRESENT1) <= word[OF(1)].present_n)
#define WORDS_ARE_SLOTS		(SUM(ACTIVE_AT) == word[GATE].active_n && SUM(PRESENT_AT) == word[GATE].present_n && \
							 SUM(ACTIVE0) == word[OF(0)].active_n && SUM(PRESENT0) == word[OF(0)].present_n && \
							 SUM(ACTIVE1) == word[OF(1)].active_n && SUM(PRESENT1) == word[OF(1)].present_n)
#define LINE_IS_COUNTED		(SUM(WAITING0) == word[OF(0)].waiting_n && SUM(WAITING1) == word[OF(1)].waiting_n && \
							 word[GATE].waiting_n == eligible[0] + eligible[1] && \
							 (eligible[0] == 0 || eligible[0] == word[OF(0)].waiting_n) && \
							 (eligible[1] == 0 || eligible[1] == word[OF(1)].waiting_n))
#define IS_FORGOTTEN(s)		(word[OF(s)].waiting_n > 0 && HAS_ROOM(OF(s), service_caps[s]))
#define SOMEBODY_IS_FORGOTTEN	(HAS_ROOM(GATE, caps) && (IS_FORGOTTEN(0) || IS_FORGOTTEN(1)))
#else
#define WORDS_COVER_SLOTS	(SUM(ACTIVE_AT) <= word[GATE].active_n && SUM(PRESENT_AT) <= word[GATE].present_n)
#define WORDS_ARE_SLOTS		(SUM(ACTIVE_AT) == word[GATE].active_n && SUM(PRESENT_AT) == word[GATE].present_n)
#define LINE_IS_COUNTED		(SUM(IN_LINE_AT) == word[GATE].waiting_n)
#define SOMEBODY_IS_FORGOTTEN	(HAS_ROOM(GATE, caps) && word[GATE].waiting_n > 0)
#endif

#define SAME_IN_LINE(i)	(in_line[i] == WAITING_AT(i))

#define RESTS(i)		(where[i] != BUSY && !(where[i] == ASLEEP && latch[i]))
#define QUIET			(ALL(RESTS) && !looker_busy)

/* What a process believes, and what its slot says. */
#define BELIEVED(i)		(where[i] == INSIDE -> \
							(state[i] != FREE && state[i] != WAITING && state[i] != GRANTED) : \
						 (where[i] == ASLEEP -> (state[i] != FREE && state[i] != OPEN && state[i] != LANE) : \
						 (where[i] == OUTSIDE || where[i] == NOT_BEGUN -> state[i] == FREE : 1)))

#ifdef LANES
#define LANE_IS_COUNTED	(SUM(LANE_AT) == lane && lane <= 1)
#else
#define LANE_IS_COUNTED	1
#endif

#ifdef DIES_BEFORE_SERVING
#define ALL_IS_WELL		(ALL(BELIEVED) && (!QUIET || (WORDS_ARE_SLOTS && LANE_IS_COUNTED)))
#else
#define ALL_IS_WELL		(ALL(BELIEVED) && (!QUIET || \
						 (WORDS_ARE_SLOTS && !SOMEBODY_IS_FORGOTTEN && LANE_IS_COUNTED)))
#endif

/*
 * Where no cap is ever lowered and nobody goes beyond or takes back, the caps
 * are never exceeded, not even for a moment.
 */
#ifdef FIRM
#define WORD_WITHIN(w, k)	(word[w].active_n <= CAP_ACTIVE(k) && word[w].present_n <= CAP_PRESENT(k))
#if SERVICES
#define WITHIN_CAPS		(WORD_WITHIN(GATE, caps) && WORD_WITHIN(OF(0), service_caps[0]) && \
						 WORD_WITHIN(OF(1), service_caps[1]))
#else
#define WITHIN_CAPS		WORD_WITHIN(GATE, caps)
#endif
#elif defined(ASKED)
#define ASKED_AT(i)		(ACTIVE_AT(i) && asked[i])
#define WITHIN_CAPS		(SUM(ASKED_AT) <= CAP_ACTIVE(caps))
#else
#define WITHIN_CAPS		1
#endif

inline check_slots()
{
	assert(WORDS_COVER_SLOTS);
	assert(WITHIN_CAPS)
}

inline check_line()
{
	assert(LINE_IS_COUNTED && ALL(SAME_IN_LINE))
}

inline looker_settle()
{
	d_step {
		looker_busy = 0;
		assert(ALL_IS_WELL)
	}
}

inline settle(at)
{
	d_step {
		where[me] = at;
		assert(ALL_IS_WELL)
	}
}

/*
 * Locks and words.
 */

#ifdef SILENCE
#define READ_CAPS	c = CAPS_NOW
#elif defined(CAPS_CHANGE)
#define READ_CAPS	c = caps
#else
#define READ_CAPS	skip
#endif

inline lower_word(w, a, p)
{
	d_step {
		assert(word[w].active_n >= (a) && word[w].present_n >= (p));
		word[w].active_n = word[w].active_n - (a);
		word[w].present_n = word[w].present_n - (p);
#ifdef LEAVER_IGNORES_WAITERS
		skip
#else
		if
		:: word[w].waiting_n > 0 -> waits = 1
		:: else
		fi
#endif
	}
}

inline raise_word(w, a, p)
{
	d_step {
		word[w].active_n = word[w].active_n + (a);
		word[w].present_n = word[w].present_n + (p)
	}
}

inline lower_words(a, p, s, cnt)
{
	lower_word(GATE, a, p);
#if SERVICES
	if
	:: cnt -> lower_word(OF(s), a, p)
	:: else
	fi;
#endif
	if
	:: waits -> waits = 0; adm_permits_serve_line()
	:: else
	fi
}

inline raise_words(a, p, s, cnt)
{
	raise_word(GATE, a, p);
#if SERVICES
	if
	:: cnt -> raise_word(OF(s), a, p)
	:: else
	fi
#endif
}

/*
 * adm_permits_move.
 */
inline adm_permits_move(x, from, to)
{
#if SERVICES
	d_step { ts = service[x]; tc = counted[x] };
#endif
	if
	:: PRESENT_OF(to) > PRESENT_OF(from) || ACTIVE_OF(to) > ACTIVE_OF(from) ->
#ifdef SLOT_BEFORE_WORD
		change_slot(x, from, to);
		if
		:: ok -> raise_words(ACTIVE_OF(to) - ACTIVE_OF(from), PRESENT_OF(to) - PRESENT_OF(from), ts, tc)
		:: else
		fi
#else
		raise_words(ACTIVE_OF(to) - ACTIVE_OF(from), PRESENT_OF(to) - PRESENT_OF(from), ts, tc);
		change_slot(x, from, to);
		if
#ifdef RAISED_WORD_STAYS
		:: !ok
#else
		:: !ok ->
			lower_words(ACTIVE_OF(to) - ACTIVE_OF(from), PRESENT_OF(to) - PRESENT_OF(from), ts, tc)
#endif
		:: else
		fi
#endif
	:: else ->
		change_slot(x, from, to);
		if
		:: ok ->
			lower_words(ACTIVE_OF(from) - ACTIVE_OF(to), PRESENT_OF(from) - PRESENT_OF(to), ts, tc)
		:: else
		fi
	fi;
	d_step { ok = 0; ts = 0; tc = 0 }
}

/* adm_slot_change */
inline change_slot(x, from, to)
{
	d_step {
		skip;
		if
#ifdef RECLAIM_WITHOUT_CAS
		:: state[x] != FREE ->
#elif SERVICES && !defined(TAG_NOT_COMPARED)
		:: state[x] == from && service[x] == ts && counted[x] == tc ->
#else
		:: state[x] == from ->
#endif
			state[x] = to;
			SET_ASKED(x, 0);
			ok = 1;
			check_slots()
		:: else -> ok = 0
		fi
	}
}

/*
 * The line.
 */

#ifdef SERVICE_CAPS_CHANGE
#define READ_OWN_CAPS(s)	k = service_caps[s]
#define OWN_DONE			k = 0
#define READ_TAG(s, t)		t = COUNTED_NOW(s)
#else
#define READ_OWN_CAPS(s)	skip
#define OWN_DONE			skip
#define READ_TAG(s, t)		t = COUNTED_NOW(s)
#endif

/* adm_is_counted_by_service */
#ifdef LOGINS
#define COUNTED_NOW(s)		1
#else
#define COUNTED_NOW(s)		(service_caps[s] != NO_CAPS)
#endif

#if SERVICES
/* recount: whether the service has room is a look, what is changed is the word. */
inline recount(s)
{
	READ_OWN_CAPS(s);
#ifdef GATE_COUNTS_ALL
	d_step { room = 1; OWN_DONE };
#else
	d_step { room = HAS_ROOM(OF(s), OWN_SEEN(s)); OWN_DONE };
#endif
	d_step {
		word[GATE].waiting_n = word[GATE].waiting_n + (room -> word[OF(s)].waiting_n : 0) - eligible[s];
		eligible[s] = (room -> word[OF(s)].waiting_n : 0);
		room = 0
	}
}
#endif

/* grant: the gate's word counts the permit already. */
inline grant()
{
#if SERVICES
	gs = service[g];
	READ_TAG(gs, gc);
	if
	:: gc -> raise_word(OF(gs), 1, 1)
	:: else
	fi;
	d_step {
		assert(in_line[g]);
		word[OF(gs)].waiting_n--;
		eligible[gs]--;
		in_line[g] = 0
	};
	d_step {
		assert(state[g] == WAITING);
		state[g] = GRANTED;
		counted[g] = gc;
		SET_ASKED(g, 1);
		gc = 0;
		check_slots()
	};
#ifdef RECOUNT_READS_SLOT
	recount(service[g]);
#else
	recount(gs);
#endif
	gs = 0
#else
	d_step {
		assert(in_line[g] && state[g] == WAITING);
		in_line[g] = 0;
		state[g] = GRANTED;
		SET_ASKED(g, 1);
		check_slots()
	}
#endif
}

/* Any order of service is one of the choices made here. */
inline pick_next()
{
	if
	:: ELIGIBLE(0) -> g = 0
	:: ELIGIBLE(1) -> g = 1
#if N > 2
	:: ELIGIBLE(2) -> g = 2
#endif
#if N > 3
	:: ELIGIBLE(3) -> g = 3
#endif
	fi
}

inline wake_all()
{
	do
	:: atomic { woken & 1 -> woken = woken & 14; latch[0] = 1 }
	:: atomic { woken & 2 -> woken = woken & 13; latch[1] = 1 }
#if N > 2
	:: atomic { woken & 4 -> woken = woken & 11; latch[2] = 1 }
#endif
#if N > 3
	:: atomic { woken & 8 -> woken = woken & 7; latch[3] = 1 }
#endif
	:: woken == 0 -> break
	od;
	skip
}

inline adm_permits_serve_line()
{
#ifdef SERVE_WITHOUT_LOCK
	READ_CAPS;
#else
	atomic { !line_lock -> line_lock = 1; READ_CAPS };
#endif
#if SERVICES
#ifndef NO_RECOUNT_BEFORE_GRANTS
	recount(0);
	recount(1);
#endif
#endif
	do
	:: atomic {
			HAS_ROOM(GATE, SEEN) && ANY(ELIGIBLE);
			pick_next();
			word[GATE].waiting_n--;
			word[GATE].active_n++;
			word[GATE].present_n++
		};
		grant();
		d_step { woken = woken | (1 << g); g = 0 }
	:: atomic {
			!(HAS_ROOM(GATE, SEEN) && ANY(ELIGIBLE)) ->
#ifndef SERVE_WITHOUT_LOCK
			check_line();
			line_lock = 0;
#endif
			c = 0
		};
		break
	od;
#ifdef WAKES_NOBODY
	woken = 0
#else
	wake_all()
#endif
}

/* count_waiter, and the rest of adm_permits_join_line; sets ok. */
inline adm_permits_join_line()
{
#ifdef CAPS_READ_BEFORE_LOCK
	READ_CAPS;
	atomic { !line_lock -> line_lock = 1 };
#else
	atomic { !line_lock -> line_lock = 1; READ_CAPS };
#endif
#if SERVICES
	READ_TAG(mine, tc);
	if
	:: tc ->
		READ_OWN_CAPS(mine);
		d_step {
			skip;
			if
			:: !ADMITS(OF(mine), OWN_SEEN(mine)) -> word[OF(mine)].waiting_n++; ok = 1
			:: else
			fi;
			OWN_DONE
		}
	:: else
	fi;
	if
	:: !ok ->
		d_step {
			skip;
			if
			:: !ADMITS(GATE, SEEN) -> word[GATE].waiting_n++; ok = 1
			:: else
			fi
		};
		if
		:: ok -> d_step { word[OF(mine)].waiting_n++; eligible[mine]++ }
		:: else
		fi
	:: else
	fi;
	if
	:: ok ->
		d_step { service[me] = mine; counted[me] = 0; state[me] = WAITING; in_line[me] = 1 };
		recount(mine)
	:: else
	fi;
	d_step { check_line(); line_lock = 0; c = 0; tc = 0 }
#else
#ifdef JOIN_WITHOUT_COMPARE
	ok = !ADMITS(GATE, SEEN);
#endif
	d_step {
		skip;
		if
#ifdef JOIN_WITHOUT_COMPARE
		:: ok -> word[GATE].waiting_n++
#else
		:: !ADMITS(GATE, SEEN) -> word[GATE].waiting_n++; ok = 1
#endif
		:: else -> line_lock = 0
		fi;
		c = 0
	};
	if
	:: ok ->
		d_step {
			state[me] = WAITING;
			in_line[me] = 1;
			check_line();
			line_lock = 0
		}
	:: else
	fi
#endif
}

/* Sets ok: it has left.  Else it has been granted a permit. */
inline adm_permits_leave_line()
{
	if
#ifdef GRANT_IS_OVERLOOKED
	:: atomic { !line_lock -> line_lock = 1 };
#else
	:: atomic { !line_lock && state[me] == WAITING -> line_lock = 1 };
#endif
#if SERVICES
		d_step { word[OF(mine)].waiting_n--; in_line[me] = 0 };
		d_step { state[me] = FREE; service[me] = 0 };
		recount(mine);
		d_step { check_line(); line_lock = 0; ok = 1 }
#else
		d_step { in_line[me] = 0; state[me] = FREE };
		d_step { word[GATE].waiting_n--; check_line(); line_lock = 0; ok = 1 }
#endif
#ifndef GRANT_IS_OVERLOOKED
	:: atomic { !line_lock && state[me] != WAITING -> ok = 0 }
#endif
	fi
}

/*
 * Entering.
 */

/* raise_words_if adm_word_admits, and take_slot: sets ok. */
inline try_enter()
{
	READ_CAPS;
#if SERVICES
	READ_TAG(mine, tc);
	raise_words_if(ADMITS(OF(mine), OWN_SEEN(mine)), ADMITS(GATE, SEEN));
	if
	:: ok -> d_step { service[me] = mine; counted[me] = tc; state[me] = ACTIVE; SET_ASKED(me, 1); check_slots(); tc = 0; c = 0 }
	:: else -> d_step { tc = 0; c = 0 }
	fi
#else
	raise_words_if(1, ADMITS(GATE, SEEN));
	if
	:: ok -> d_step { state[me] = ACTIVE; SET_ASKED(me, 1); check_slots(); c = 0 }
	:: else -> c = 0
	fi
#endif
}

inline raise_words_if(own_condition, condition)
{
#if SERVICES
	ok = 1;
	if
	:: tc ->
		READ_OWN_CAPS(mine);
		d_step {
			skip;
			if
			:: own_condition -> word[OF(mine)].active_n++; word[OF(mine)].present_n++
			:: else -> ok = 0
			fi;
			OWN_DONE
		}
	:: else
	fi;
	if
	:: ok ->
		d_step {
			skip;
			if
			:: condition -> word[GATE].active_n++; word[GATE].present_n++
			:: else -> ok = 0
			fi
		};
		if
		:: !ok && tc ->
			lower_word(OF(mine), 1, 1);
			if
#ifdef UNDONE_WITHOUT_SERVING
			:: waits -> waits = 0
#else
			:: waits -> waits = 0; adm_permits_serve_line()
#endif
			:: else
			fi
		:: else
		fi
	:: else
	fi
#else
#ifdef ENTERS_WITHOUT_COMPARE
	ok = condition;
#endif
	d_step {
		skip;
		if
#ifdef ENTERS_WITHOUT_COMPARE
		:: ok -> word[GATE].active_n++; word[GATE].present_n++; check_slots()
#else
		:: condition -> word[GATE].active_n++; word[GATE].present_n++; ok = 1; check_slots()
#endif
		:: else -> ok = 0
		fi
	}
#endif
}

/* adm_permits_take_grant; sets got. */
inline adm_permits_take_grant()
{
	got = state[me] != WAITING;
	if
	:: got ->
		d_step {
			skip;
			if
			:: state[me] == GRANTED -> state[me] = ACTIVE; ok = 1
			:: else -> ok = 0
			fi
		};
#ifdef LENDS
		if
		:: !ok && state[me] == LENT -> adm_permits_move(me, LENT, ACTIVE)
		:: else
		fi;
#endif
		ok = 0
	:: else
	fi
}

/* adm_permits_leave */
inline adm_permits_leave()
{
	from = state[me];
	ok = 0;
	if
	:: from == WAITING -> adm_permits_leave_line()
	:: else
	fi;
	if
#ifdef GRANT_IS_KEPT
	:: !ok && from != FREE && from != WAITING ->
#else
	:: !ok && from != FREE ->
#endif
#ifdef WORD_BEFORE_SLOT
		lower_words(ACTIVE_OF(from), PRESENT_OF(from), ts, tc);
#endif
		d_step {
			from = state[me];
			SET_ASKED(me, 0);
			state[me] = FREE;
#if SERVICES
			ts = service[me];
			tc = counted[me];
			service[me] = 0;
			counted[me] = 0
#endif
		};
		if
#ifndef WORD_BEFORE_SLOT
		:: PRESENT_OF(from) -> lower_words(ACTIVE_OF(from), PRESENT_OF(from), ts, tc)
#endif
		:: else
		fi;
#ifdef LANES
		if
		:: from == LANE -> lane--
		:: else
		fi;
#endif
	:: else
	fi;
	d_step { ok = 0; from = 0; ts = 0; tc = 0 }
}

#ifdef BEYOND
/* adm_permits_enter_up_to_ceiling does not ask the service's word. */
#if SERVICES && !defined(TO_CEILING)
#define OWN_HAS_ROOM	HAS_ROOM(OF(mine), OWN_SEEN(mine))
#else
#define OWN_HAS_ROOM	1
#endif

/* has_got_permit; sets got. */
inline has_got_permit()
{
	got = state[me] != FREE;
	if
	:: got ->
		adm_permits_leave_line();
		if
		:: ok -> got = 0; ok = 0
		:: else -> adm_permits_take_grant()
		fi
	:: else
	fi
}

inline take_slot()
{
#if SERVICES
	d_step { service[me] = mine; counted[me] = tc; state[me] = ACTIVE; check_slots(); tc = 0 }
#else
	d_step { state[me] = ACTIVE; check_slots() }
#endif
}

/* Sets got. */
inline adm_permits_enter_beyond_caps()
{
#if SERVICES
	READ_TAG(mine, tc);
#endif
	has_got_permit();
	if
	:: !got -> raise_words(1, 1, mine, tc); take_slot(); got = 1
	:: else
	fi;
	tc = 0
}

/* Sets got: where not, there is no room. */
inline adm_permits_enter_beyond_gate()
{
#if SERVICES
	READ_TAG(mine, tc);
#endif
	READ_CAPS;
	raise_words_if(OWN_HAS_ROOM, word[GATE].present_n < CAP_PRESENT(SEEN));
	c = 0;
	if
	:: ok ->
		ok = 0;
		has_got_permit();
		if
#ifdef BOTH_PERMITS_KEPT
		:: got
#else
		:: got -> lower_words(1, 1, mine, tc)
#endif
		:: else -> take_slot(); got = 1
		fi
	:: else
	fi;
	tc = 0
}
#endif

#ifdef LANES
/* Sets got. */
inline adm_permits_enter_lane()
{
	d_step {
		skip;
		if
		:: lane < 1 -> lane++; got = 1
		:: else
		fi
	};
	if
#ifdef LANE_KEEPS_PERMIT
	:: got -> state[me] = LANE
#else
	:: got -> adm_permits_leave(); state[me] = LANE
#endif
	:: else
	fi
}
#endif

/*
 * What others may do to a slot, by a look: reclaim_start of starts.c,
 * balance_one of lending.c.  What the look shows of the process is any.
 */
#ifdef LOGINS
#define MAY_BE_MOVED(i)	ACTIVE_OF(state[i])
#else
#ifdef LENDS
#ifdef STAYS					/* a look never finds it at work again */
#define MAY_BE_MOVED(i)	PRESENT_OF(state[i])
#else
#define MAY_BE_MOVED(i)	(PRESENT_OF(state[i]) || state[i] == LENT || state[i] == OPEN)
#endif
#else
#define MAY_BE_MOVED(i)	(state[i] == OPEN)
#endif
#endif

inline pick_moved()
{
	if
	:: MAY_BE_MOVED(0) -> g = 0
	:: MAY_BE_MOVED(1) -> g = 1
#if N > 2
	:: MAY_BE_MOVED(2) -> g = 2
#endif
#if N > 3
	:: MAY_BE_MOVED(3) -> g = 3
#endif
	fi;
	x = g;
	g = 0;
	from = state[x]
}

inline judge()
{
	if
#ifdef LOGINS
	:: from == ACTIVE || from == GRANTED -> to = PRESENT
#else
	:: PRESENT_OF(from) -> to = LENT
#ifndef STAYS
	:: from == ACTIVE -> to = PRESENT
	:: from == PRESENT || from == LENT || from == OPEN -> to = ACTIVE
#endif
#endif
	fi
}

inline move_by_look()
{
	judge();
	adm_permits_move(x, from, to);
	d_step { x = 0; from = 0; to = 0 }
}

#define IS_FIRST(i)		(in_line[i] && (i == 0 || !in_line[0]) && (i <= 1 || !in_line[1]) && \
						 (i <= 2 || !in_line[2 % N]))
#define HAS_WORK		(ANY(MAY_BE_MOVED) || (HAS_ROOM(GATE, CAPS_NOW) && ANY(IN_LINE_AT)))

/* Where all are alike they begin in the order of their numbers. */
#if defined(WHO)
#define MAY_BEGIN(i)	1
#elif SERVICES
#define MAY_BEGIN(i)	(i <= FIRST_OF_1 || where[i - 1] != NOT_BEGUN)
#else
#define MAY_BEGIN(i)	(i == 0 || where[i - 1] != NOT_BEGUN)
#endif

#ifdef CLOCK
bit late[N];
#define EXPIRED			late[me]
#define NOT_EXPIRED		late[me] = 0
#else
#define EXPIRED			expired
#define NOT_EXPIRED		expired = 0
#endif

#ifdef CHANGES_SERVICE
inline adm_permits_change_service()
{
	do
	:: d_step { from = state[me]; ts = service[me]; tc = counted[me] };
		if
		:: tc && PRESENT_OF(from) -> raise_word(OF(1 - ts), ACTIVE_OF(from), PRESENT_OF(from))
		:: else
		fi;
		d_step {
			skip;
			if
			:: state[me] == from && service[me] == ts && counted[me] == tc ->
				service[me] = 1 - ts;
				mine = 1 - ts;
				ok = 1
			:: else ->
				ts = 1 - ts;
				ok = 0
			fi
		};
		if
		:: tc && PRESENT_OF(from) ->
			lower_word(OF(ts), ACTIVE_OF(from), PRESENT_OF(from));
			if
			:: waits -> waits = 0; adm_permits_serve_line()
			:: else
			fi
		:: else
		fi;
		if
		:: ok -> break
		:: else
		fi
	od;
	from = 0;
	d_step { ts = 0; tc = 0; ok = 0 }
}
#endif

/*
 * A backend: sessions at the connection gate, transactions of one at the other.
 */
proctype session(byte me; byte mine)
{
	byte rounds, c, k, g, woken, x, ts;
	bit waits, ok, got, room, gs, gc, tc, expired;
#ifdef CHANGES_SERVICE
	bit changed;				/* once in a session */
#endif
	mtype from, to;

outside:
	if
	:: rounds == ROUNDS -> goto ended
	:: rounds > 0 -> goto ended
	:: atomic {
			rounds < ROUNDS && MAY_BEGIN(me) ->
			rounds++;
			where[me] = BUSY
		}
	fi;

#ifdef LANES
	if
	:: TAKES_LANE(me) -> adm_permits_enter_lane()
	:: else
	fi;
	if
	:: got -> goto inside
	:: else
	fi;
#endif
#ifdef OPENS
	/* adm_permits_try_enter_open */
	c = caps;
	if
	:: c == NO_CAPS -> state[me] = OPEN; c = 0; goto inside
	:: else -> c = 0
	fi;
#endif
	try_enter();
	if
	:: ok -> goto inside
	:: else
	fi;

	/* adm_permits_enter_or_wait */
	adm_permits_serve_line();
	do
	:: try_enter();
		if
		:: ok -> goto inside
		:: else
		fi;
		adm_permits_join_line();
		if
		:: ok -> break
		:: else
		fi
	od;
	ok = 0;

	/* wait_in_line */
in_line_again:
#ifdef LATCH_RESET_LATE
	skip;
#else
	latch[me] = 0;
#endif
#if defined(LOOKS) && !defined(NO_LOOKS)
	/* look_after_line */
	if
	:: IS_FIRST(me) ->
		if
		:: atomic { ANY(MAY_BE_MOVED) -> pick_moved() }; move_by_look()
		:: atomic { !ANY(MAY_BE_MOVED) }
		fi;
		adm_permits_serve_line()
	:: else
	fi;
#endif
#ifdef LANES
	if
	:: TAKES_LANE(me) -> adm_permits_enter_lane()
	:: else
	fi;
	if
	:: got -> goto inside
	:: else
	fi;
#endif
	adm_permits_take_grant();
	if
	:: got -> goto inside
	:: else
	fi;
#ifndef NO_DEADLINE
	if
	:: EXPIRED -> goto deadline
	:: else
	fi;
#endif
#ifdef LATCH_RESET_LATE
	latch[me] = 0;
#endif
	settle(ASLEEP);
	if
	:: d_step { latch[me] -> where[me] = BUSY }
#if defined(LOOKS) && !defined(NO_LOOKS)
	:: d_step { IS_FIRST(me) && HAS_WORK -> where[me] = BUSY }
#endif
#ifdef TIMEOUTS
	:: d_step { where[me] = BUSY; expired = 1 }
	:: d_step { where[me] = BUSY }; goto leave
#endif
#ifdef CLOCK
	:: d_step { late[me] -> where[me] = BUSY }
#endif
	fi;
	goto in_line_again;

deadline:
#ifdef BEYOND
	if
	:: adm_permits_enter_beyond_caps(); goto inside
	:: adm_permits_enter_beyond_gate();
		if
		:: got -> goto inside
		:: else
		fi
	:: skip
	fi;
#endif
	goto leave;

inside:
	got = 0;
	d_step { ok = 0; NOT_EXPIRED };
	settle(INSIDE);
#ifdef STAYS
end_stays:
	false;
#endif
	do
	:: atomic { true -> where[me] = BUSY }; break
#ifdef LOGINS
	/* adm_starts_end_mine */
	:: atomic { state[me] == ACTIVE -> where[me] = BUSY };
		adm_permits_move(me, ACTIVE, PRESENT);
		settle(INSIDE)
#endif
#ifdef LENDS
	/* adm_lending_lend_mine, adm_lending_take_back_mine */
	:: atomic {
			if
			:: state[me] == ACTIVE || state[me] == PRESENT -> from = state[me]; to = LENT
			:: state[me] == LENT -> from = LENT; to = ACTIVE
			fi;
			where[me] = BUSY
		};
		adm_permits_move(me, from, to);
		d_step { from = 0; to = 0 };
		settle(INSIDE)
#endif
#ifdef CHANGES_SERVICE
	:: atomic { !changed -> where[me] = BUSY; changed = 1 };
		adm_permits_change_service();
		settle(INSIDE)
#endif
	od;

leave:
#ifdef DIES_WITHOUT_LEAVING
	skip;
#else
	adm_permits_leave();
#endif
	d_step { latch[me] = 0; NOT_EXPIRED };
	settle(OUTSIDE);
	goto outside;

ended:
	skip
}

#ifdef LOOKER
/*
 * The controller, or whoever else balances or changes caps.  It may end after
 * any of its rounds.
 */
proctype looker()
{
	byte c, k, g, woken, x, ts;
	bit waits, ok, room, gs, gc, tc;
#ifdef SERVICE_CAPS_CHANGE
	byte changes;
#endif
	mtype from, to;

	do
#ifdef MOVES
	:: atomic { ANY(MAY_BE_MOVED) -> pick_moved(); looker_busy = 1 };
		move_by_look();
		looker_settle()
#endif
#ifdef CAPS_CHANGE
	:: atomic {
			if
#ifdef DIES_BEFORE_SERVING
			:: caps = NO_CAPS
#else
			:: caps != TIGHT -> caps = TIGHT
			:: caps != WIDE -> caps = WIDE
			:: caps != NO_CAPS -> caps = NO_CAPS
#endif
			fi;
			looker_busy = 1
		};
#ifdef DIES_BEFORE_SERVING
		break
#else
#ifndef RAISES_CAPS_WITHOUT_SERVING
		adm_permits_serve_line();
#endif
		looker_settle()
#endif
#endif
#ifdef SERVICE_CAPS_CHANGE
	:: atomic {
			changes < 1 || service_caps[1] == PAUSED;
			changes++;
			if
			:: service_caps[1] != NO_CAPS -> service_caps[1] = NO_CAPS
			:: service_caps[1] != LIMIT -> service_caps[1] = LIMIT
			:: service_caps[1] != PAUSED -> service_caps[1] = PAUSED
			fi;
			looker_busy = 1
		};
		adm_permits_serve_line();
		looker_settle()
#endif
#ifdef SERVICE_CAPS_CHANGE
	:: service_caps[1] != PAUSED -> break	/* a pause ends some day */
#elif !defined(DIES_BEFORE_SERVING)
	:: break
#endif
	od;
	looker_settle()
}
#endif

#ifdef CLOCK
/* Each wait ends some day. */
proctype clock()
{
end_clock:
	do
	:: atomic { where[0] == ASLEEP && !late[0] -> late[0] = 1 }
	:: atomic { where[1] == ASLEEP && !late[1] -> late[1] = 1 }
#if N > 2
	:: atomic { where[2] == ASLEEP && !late[2] -> late[2] = 1 }
#endif
	od
}
#endif

#ifdef SILENCE
proctype silence()
{
	silent = 1
}
#endif

#if SERVICES
#define RUN(i)		run session(i, i >= FIRST_OF_1)
#else
#define RUN(i)		run session(i, 0)
#endif

init
{
	atomic {
#if SERVICES
		service_caps[0] = CAPS_OF_0;
		service_caps[1] = CAPS_OF_1;
#endif
		RUN(0);
		RUN(1);
#if N > 2
		RUN(2);
#endif
#if N > 3
		RUN(3);
#endif
#ifdef LOOKER
		run looker();
#endif
#ifdef CLOCK
		run clock();
#endif
#ifdef SILENCE
		run silence();
#endif
		skip
	}
}

#ifdef WHO
/* Never forever on its way in or out, or in line. */
ltl every_wait_ends { []<> (where[WHO] != BUSY && where[WHO] != ASLEEP) }
#endif
