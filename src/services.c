/*
 * services.c - the services: the rules as published, and how each stands now.
 *
 * What gates read is atomic; the rest is covered by the services lock.  Who may
 * be let in by a change is up to permits*.c, never called from here.
 */
#include "postgres.h"

#include "counters.h"
#include "os/clock.h"
#include "policy/governor.h"
#include "policy/ramp.h"
#include "services.h"
#include "settings.h"
#include "state.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define LOCK_NAME	"pg_admission_services"

#define LONGEST_STEP_MS		2000

typedef struct Entry
{
	/* Published; written under the lock, read without. */
	pg_atomic_uint64 caps[ADM_GATE_COUNT];
	pg_atomic_uint32 paused;	/* 0 | 1: binding */
	pg_atomic_uint32 priority;	/* AdmPriority */
	pg_atomic_uint32 patience;	/* int, as in the rule */
	pg_atomic_uint32 exempt;	/* 0 | 1 */

	/* Under the lock. */
	bool		used;
	AdmServiceView view;
} Entry;

typedef struct SharedServices
{
	LWLock	   *lock;			/* constant after start-up */
	pg_atomic_uint32 generation;
	pg_atomic_uint32 end;
	Entry		entries[ADM_SERVICE_ENTRIES];

	/* Under the lock. */
	AdmMode		mode;			/* published settings */
	bool		gates_transactions;
	int64		stepped_ms;		/* monotonic */
	int64		cut_ms;			/* likewise, the last one */
	int			entry_of[ADM_SERVICES_MOST + 1];	/* by place in the rules */
	AdmRules	rules;
} SharedServices;

static SharedServices *shared = NULL;

void
adm_services_shmem_request(void)
{
	RequestAddinShmemSpace(MAXALIGN(sizeof(SharedServices)));
	RequestNamedLWLockTranche(LOCK_NAME, 1);
}

static void
init_entry(Entry *entry)
{
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		pg_atomic_init_u64(&entry->caps[gate], ADM_WORD_NO_CAPS);
	pg_atomic_init_u32(&entry->paused, 0);
	pg_atomic_init_u32(&entry->priority, ADM_PRIORITY_NORMAL);
	pg_atomic_init_u32(&entry->patience, (uint32) ADM_UNLIMITED);
	pg_atomic_init_u32(&entry->exempt, 0);
}

/* The rule of whom the rules do not name. */
static AdmService
no_rule(const char *name)
{
	AdmService	rule;

	memset(&rule, 0, sizeof(rule));
	strlcpy(rule.name, name, sizeof(rule.name));
	rule.limit = rule.running = rule.patience_ms = ADM_UNLIMITED;
	rule.priority = ADM_PRIORITY_NORMAL;
	return rule;
}

/* Takes an entry that is not used.  Needs the lock. */
static void
begin_entry(int service, const char *name)
{
	Entry	   *entry = &shared->entries[service];

	memset(&entry->view, 0, sizeof(entry->view));
	strlcpy(entry->view.name, name, sizeof(entry->view.name));
	entry->view.place = -1;
	entry->view.rule = no_rule(name);
	entry->used = true;
	adm_counters_reset_service(service);
	if (service >= adm_services_end())
		pg_atomic_write_u32(&shared->end, (uint32) service + 1);
}

void
adm_services_shmem_startup(void)
{
	bool		found;

	shared = ShmemInitStruct("pg_admission services", sizeof(SharedServices), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(SharedServices));
	shared->lock = &GetNamedLWLockTranche(LOCK_NAME)->lock;
	pg_atomic_init_u32(&shared->generation, 0);
	pg_atomic_init_u32(&shared->end, 0);
	for (int i = 0; i < ADM_SERVICE_ENTRIES; i++)
		init_entry(&shared->entries[i]);
	begin_entry(ADM_SERVICE_DEFAULT, ADM_DEFAULT_SERVICE);
	shared->stepped_ms = adm_clock_ms();
}

/*
 * For the gates.
 */

uint64
adm_services_caps(AdmGate gate, int service)
{
	return pg_atomic_read_u64(&shared->entries[service].caps[gate]);
}

bool
adm_services_is_paused(int service)
{
	return pg_atomic_read_u32(&shared->entries[service].paused) != 0;
}

AdmPriority
adm_services_priority(int service)
{
	return (AdmPriority) pg_atomic_read_u32(&shared->entries[service].priority);
}

int
adm_services_patience_ms(int service)
{
	return (int) pg_atomic_read_u32(&shared->entries[service].patience);
}

bool
adm_services_is_exempt(int service)
{
	return pg_atomic_read_u32(&shared->entries[service].exempt) != 0;
}

int
adm_services_end(void)
{
	return (int) pg_atomic_read_u32(&shared->end);
}

uint32
adm_services_generation(void)
{
	return pg_atomic_read_u32(&shared->generation);
}

/*
 * Caps.  All of it needs the lock.
 */

bool
adm_services_view_is_paused(const AdmServiceView *view)
{
	return !view->rule.exempt && (view->paused_by_setting || adm_service_is_shut(&view->state));
}

AdmServicePhase
adm_services_view_phase(const AdmServiceView *view)
{
	if (view->rule.exempt)
		return ADM_SERVICE_OPEN;
	return view->paused_by_setting ? ADM_SERVICE_PAUSED : view->state.phase;
}

double
adm_services_view_progress(const AdmServiceView *view)
{
	if (view->rule.exempt)
		return 1;
	return view->paused_by_setting ? 0 : adm_service_progress(&view->state);
}

/* As much as it may have now of all; all may be ADM_UNLIMITED. */
static uint32
cap(const AdmServiceView *view, int all)
{
	if (adm_services_view_is_paused(view))
		return 0;
	return all == ADM_UNLIMITED ? ADM_NO_CAP : (uint32) adm_service_share(&view->state, all);
}

/*
 * While it comes back its sessions start a few at a time, too: those that it lost
 * would all come at once.
 */
static uint64
session_caps(const AdmServiceView *view, int cores)
{
	bool		resumes = view->state.phase == ADM_SERVICE_RESUMING;
	int			starts = resumes ? adm_ramp_start_cap(cores, 1) : ADM_UNLIMITED;

	return adm_word_caps(cap(view, starts), cap(view, view->rule.limit));
}

/* While it comes back, one without a limit of its own has the server's. */
static int
all_transactions(const AdmServiceView *view, int target, int cores)
{
	int			all = adm_service_running(view->rule.running, cores);

	return all == ADM_UNLIMITED && view->state.phase == ADM_SERVICE_RESUMING ? target : all;
}

/* Each transaction reads them: what has not changed is not written. */
static void
write_u64(pg_atomic_uint64 *place, uint64 value)
{
	if (pg_atomic_read_u64(place) != value)
		pg_atomic_write_u64(place, value);
}

static void
write_u32(pg_atomic_uint32 *place, uint32 value)
{
	if (pg_atomic_read_u32(place) != value)
		pg_atomic_write_u32(place, value);
}

static void
publish_entry(Entry *entry, int target, int cores)
{
	const AdmServiceView *view = &entry->view;
	bool		enforced = shared->mode == ADM_MODE_ENFORCE && !view->rule.exempt;
	uint64		sessions = session_caps(view, cores);
	uint64		transactions = adm_word_caps(ADM_NO_CAP, cap(view, all_transactions(view, target, cores)));

	write_u64(&entry->caps[ADM_GATE_CONNECTION], enforced ? sessions : ADM_WORD_NO_CAPS);
	write_u64(&entry->caps[ADM_GATE_TRANSACTION],
			  enforced && shared->gates_transactions ? transactions : ADM_WORD_NO_CAPS);
	write_u32(&entry->paused, enforced && adm_services_view_is_paused(view));
	write_u32(&entry->priority, view->rule.priority);
	write_u32(&entry->patience, (uint32) view->rule.patience_ms);
	write_u32(&entry->exempt, view->rule.exempt);
}

static void
publish_caps(int target, int cores)
{
	for (int i = 0; i < adm_services_end(); i++)
		publish_entry(&shared->entries[i], target, cores);
}

static int
find_with_lock(const char *name)
{
	for (int i = 0; i < adm_services_end(); i++)
	{
		if (shared->entries[i].used && strcmp(shared->entries[i].view.name, name) == 0)
			return i;
	}
	return ADM_NO_SERVICE;
}

static void
pause_all_that_wait(void)
{
	for (int i = 0; i < adm_services_end(); i++)
	{
		if (shared->entries[i].view.state.phase == ADM_SERVICE_WAITS_ITS_TURN)
			adm_service_pause(&shared->entries[i].view.state);
	}
}

/*
 * A change by a function: the state file must have it.  The target is read
 * before the lock is taken.
 */
static bool
change_state(const char *name, void (*change) (AdmServiceState *s, int64 over_ms), int64 over_ms)
{
	int			target = adm_state_target_transactions();
	int			cores = adm_state_cores();
	int			service;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	service = find_with_lock(name);
	if (service != ADM_NO_SERVICE)
	{
		AdmServiceView *view = &shared->entries[service].view;

		change(&view->state, view->place >= 0 ? over_ms : 0);
		publish_caps(target, cores);
	}
	LWLockRelease(shared->lock);
	if (service != ADM_NO_SERVICE)
		adm_state_note_change();
	return service != ADM_NO_SERVICE;
}

/* Who is paused in its turn holds those up that come behind it. */
static void
pause_state(AdmServiceState *s, int64 over_ms)
{
	if (s->phase == ADM_SERVICE_RESUMING && s->turn > 0)
		pause_all_that_wait();
	adm_service_pause(s);
}

bool
adm_services_pause(const char *name)
{
	return change_state(name, pause_state, 0);
}

bool
adm_services_resume(const char *name, int64 over_ms)
{
	return change_state(name, adm_service_resume, over_ms);
}

/*
 * Whose turn is next; ADM_NO_SERVICE: nobody's, or somebody is on its way.  Whom
 * the setting pauses stays where it is, and holds nobody up.
 */
static int
next_turn(void)
{
	int			next = ADM_NO_SERVICE;

	for (int i = 0; i < adm_services_end(); i++)
	{
		const AdmServiceState *s = &shared->entries[i].view.state;

		if (shared->entries[i].view.paused_by_setting)
			continue;
		if (s->phase == ADM_SERVICE_RESUMING)
			return ADM_NO_SERVICE;
		if (s->phase == ADM_SERVICE_WAITS_ITS_TURN &&
			(next == ADM_NO_SERVICE || s->turn < shared->entries[next].view.state.turn))
			next = i;
	}
	return next;
}

/*
 * Returns whose turn it is now; or ADM_NO_SERVICE.  Who has left the rules has
 * nobody to bring back.
 */
static int
begin_next(void)
{
	int			service = next_turn();
	AdmServiceView *view;

	if (service == ADM_NO_SERVICE)
		return service;
	view = &shared->entries[service].view;
	if (view->place >= 0)
		adm_service_begin_turn(&view->state);
	else
		adm_service_resume(&view->state, 0);
	return service;
}

static int
last_turn(void)
{
	int			last = 0;

	for (int i = 0; i < adm_services_end(); i++)
		last = Max(last, shared->entries[i].view.state.turn);
	return last;
}

int
adm_services_resume_in_turn(const char *const *names, int count, int64 over_ms)
{
	int			target = adm_state_target_transactions();
	int			cores = adm_state_cores();
	int			put = 0;
	int			turn;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	turn = last_turn();
	for (int i = 0; i < count; i++)
	{
		int			service = find_with_lock(names[i]);

		if (service == ADM_NO_SERVICE || !adm_service_is_shut(&shared->entries[service].view.state))
			continue;
		adm_service_wait_turn(&shared->entries[service].view.state, ++turn, over_ms);
		put++;
	}
	(void) begin_next();
	publish_caps(target, cores);
	LWLockRelease(shared->lock);
	adm_state_note_change();
	return put;
}

/*
 * Looking.
 */

int
adm_services_find(const char *name)
{
	int			service;

	LWLockAcquire(shared->lock, LW_SHARED);
	service = find_with_lock(name);
	LWLockRelease(shared->lock);
	return service;
}

bool
adm_services_view(int service, AdmServiceView *view)
{
	bool		used;

	LWLockAcquire(shared->lock, LW_SHARED);
	used = shared->entries[service].used;
	*view = shared->entries[service].view;
	LWLockRelease(shared->lock);
	return used;
}

AdmShut
adm_services_shut(void)
{
	AdmShut		all = {0};

	for (int i = 0; i < adm_services_end(); i++)
	{
		AdmServiceView view;
		AdmServicePhase phase;

		if (!adm_services_view(i, &view))
			continue;
		phase = adm_services_view_phase(&view);
		all.shut += adm_services_view_is_paused(&view);
		all.wait_turn += phase == ADM_SERVICE_WAITS_ITS_TURN;
		if (phase == ADM_SERVICE_RESUMING && all.resuming++ == 0)
			all.comes_back = view;
	}
	return all;
}

/*
 * A copy of the rules in use, palloc'd, with the entry of each service by its place
 * in them.  The lock is not held while memory is sought.
 */
static AdmRules *
copy_rules(int entry_of[ADM_SERVICES_MOST + 1], uint32 *generation)
{
	AdmRules   *copy = palloc(sizeof(AdmRules));

	LWLockAcquire(shared->lock, LW_SHARED);
	memcpy(copy, &shared->rules, adm_rules_size(&shared->rules));
	memcpy(entry_of, shared->entry_of, sizeof(shared->entry_of));
	*generation = adm_services_generation();
	LWLockRelease(shared->lock);
	return copy;
}

char *
adm_services_rule_text(int service)
{
	AdmServiceView view;
	int			entry_of[ADM_SERVICES_MOST + 1];
	uint32		generation;
	AdmRules   *rules = copy_rules(entry_of, &generation);
	char	   *text = NULL;

	if (adm_services_view(service, &view) && view.place >= 0 &&
		view.place < rules->service_count && entry_of[view.place] == service)
	{
		size_t		length = adm_rules_print(rules, view.place, NULL, 0);

		text = palloc(length + 1);
		(void) adm_rules_print(rules, view.place, text, length + 1);
	}
	pfree(rules);
	return text;
}

/*
 * The backend keeps a copy of as much of the rules as is in use, and asks that
 * until they change.
 */
int
adm_services_match(const AdmSubject *subject)
{
	static AdmRules *rules = NULL;
	static int	entry_of[ADM_SERVICES_MOST + 1];
	static uint32 generation;

	if (rules == NULL || generation != adm_services_generation())
	{
		int			entry_of_now[ADM_SERVICES_MOST + 1];
		uint32		generation_now;
		AdmRules   *now = copy_rules(entry_of_now, &generation_now);
		AdmRules   *kept = MemoryContextAlloc(TopMemoryContext, adm_rules_size(now));

		memcpy(kept, now, adm_rules_size(now));
		pfree(now);
		if (rules)
			pfree(rules);
		rules = kept;
		memcpy(entry_of, entry_of_now, sizeof(entry_of));
		generation = generation_now;
	}
	return entry_of[adm_rules_match(rules, subject)];
}

/*
 * Publishing.  All of it needs the lock, but for adm_services_publish().
 */

/* An entry that nobody has any use for. */
static bool
may_be_taken(int service, const bool *in_use, const bool *named)
{
	const Entry *entry = &shared->entries[service];

	if (named[service])
		return false;
	return !entry->used ||
		(!in_use[service] && entry->view.state.phase == ADM_SERVICE_OPEN);
}

/* Finds an entry for each service of the rules; false: there are too few. */
static bool
find_entries(const AdmRules *rules, const bool *in_use, int entry_of[ADM_SERVICES_MOST + 1])
{
	bool		named[ADM_SERVICE_ENTRIES] = {[ADM_SERVICE_DEFAULT] = true};
	int			next = 0;

	for (int i = 0; i < rules->service_count; i++)
	{
		entry_of[i] = find_with_lock(rules->services[i].name);
		if (entry_of[i] != ADM_NO_SERVICE)
			named[entry_of[i]] = true;
	}
	for (int i = 0; i < rules->service_count; i++)
	{
		if (entry_of[i] != ADM_NO_SERVICE)
			continue;
		while (next < ADM_SERVICE_ENTRIES && !may_be_taken(next, in_use, named))
			next++;
		if (next == ADM_SERVICE_ENTRIES)
			return false;
		entry_of[i] = next++;
	}
	return true;
}

static bool
same_rules(const AdmRules *a, const AdmRules *b)
{
	return adm_rules_size(a) == adm_rules_size(b) && memcmp(a, b, adm_rules_size(a)) == 0;
}

/* Returns whether it was not. */
static bool
open_at_once(AdmServiceView *view)
{
	bool		was_open = view->state.phase == ADM_SERVICE_OPEN;

	adm_service_resume(&view->state, 0);
	return !was_open;
}

/*
 * Who has left the rules stays paused, but does not come back step by step.
 * Returns whether that has opened it.
 */
static bool
leave_rules(AdmServiceView *view)
{
	view->place = -1;
	view->rule = no_rule(view->name);
	return view->state.phase == ADM_SERVICE_RESUMING && open_at_once(view);
}

/* Entries that have left the rules, are open, and have no sessions any more. */
static void
forget_entries(const bool *in_use)
{
	for (int i = 0; i < adm_services_end(); i++)
	{
		Entry	   *entry = &shared->entries[i];

		if (entry->view.place < 0 && !in_use[i] && entry->view.state.phase == ADM_SERVICE_OPEN)
			entry->used = false;
	}
}

/* Returns whether a service that was not open is, because of them. */
static bool
take_rules(const AdmRules *rules, const int entry_of[ADM_SERVICES_MOST + 1])
{
	bool		named[ADM_SERVICE_ENTRIES] = {false};
	bool		opened = false;

	for (int i = 0; i < rules->service_count; i++)
		named[entry_of[i]] = true;
	for (int i = 0; i < adm_services_end(); i++)
	{
		if (!named[i])
			opened |= leave_rules(&shared->entries[i].view);
	}
	for (int i = 0; i < rules->service_count; i++)
	{
		Entry	   *entry = &shared->entries[entry_of[i]];

		if (!entry->used || strcmp(entry->view.name, rules->services[i].name) != 0)
			begin_entry(entry_of[i], rules->services[i].name);
		entry->view.place = i;
		entry->view.rule = rules->services[i];
		if (entry->view.rule.exempt)
			opened |= open_at_once(&entry->view);
		shared->entry_of[i] = entry_of[i];
	}
	memcpy(&shared->rules, rules, adm_rules_size(rules));
	pg_atomic_fetch_add_u32(&shared->generation, 1);
	return opened;
}

/* A name that is no service's has no effect; the controller says so. */
static void
take_paused(void)
{
	const char *rest = adm_paused_services;
	char		name[ADM_SERVICE_NAME_SIZE];
	char		error[ADM_RULES_ERROR_SIZE];
	AdmNamesResult result;

	for (int i = 0; i < adm_services_end(); i++)
		shared->entries[i].view.paused_by_setting = false;
	while ((result = adm_service_names_next(&rest, name, error)) == ADM_NAMES_NAME ||
		   result == ADM_NAMES_ALL)
	{
		for (int i = 0; i < adm_services_end(); i++)
		{
			if (result == ADM_NAMES_ALL || strcmp(shared->entries[i].view.name, name) == 0)
				shared->entries[i].view.paused_by_setting = true;
		}
	}
}

bool
adm_services_are_published(void)
{
	bool		same;

	LWLockAcquire(shared->lock, LW_SHARED);
	same = same_rules(adm_service_rules, &shared->rules);
	LWLockRelease(shared->lock);
	return same;
}

bool
adm_services_publish(const bool in_use[ADM_SERVICE_ENTRIES])
{
	int			target = adm_state_target_transactions();
	int			cores = adm_state_cores();
	bool		fit = true;
	bool		opened = false;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	if (adm_services_generation() == 0 || !same_rules(adm_service_rules, &shared->rules))
	{
		int			entry_of[ADM_SERVICES_MOST + 1];

		fit = find_entries(adm_service_rules, in_use, entry_of);
		if (fit)
			opened = take_rules(adm_service_rules, entry_of);
	}
	forget_entries(in_use);
	take_paused();
	shared->mode = (AdmMode) adm_mode;
	shared->gates_transactions = adm_transaction_gate;
	publish_caps(target, cores);
	LWLockRelease(shared->lock);
	if (opened)
		adm_state_note_change();
	return fit;
}

/*
 * Coming back.  All of it needs the lock, but for adm_services_step().
 */

static void
elapse(int64 elapsed_ms, AdmServiceSteps *steps)
{
	for (int i = 0; i < adm_services_end(); i++)
	{
		AdmServiceView *view = &shared->entries[i].view;

		if (!view->paused_by_setting && adm_service_elapse(&view->state, elapsed_ms))
			steps->arrived[steps->arrived_count++] = i;
	}
}

static void
cut(int target, int cores)
{
	for (int i = 0; i < adm_services_end(); i++)
	{
		AdmServiceView *view = &shared->entries[i].view;

		adm_service_cut(&view->state, all_transactions(view, target, cores));
	}
}

/* The time of a controller that was stopped proves nothing. */
static void
step_with_lock(AdmLevel level, int target, int cores, AdmServiceSteps *steps)
{
	int64		now_ms = adm_clock_ms();
	int64		elapsed_ms = Min(now_ms - shared->stepped_ms, LONGEST_STEP_MS);

	shared->stepped_ms = now_ms;
	if (level == ADM_LEVEL_CRITICAL && now_ms - shared->cut_ms >= ADM_CUT_COOL_DOWN_MS)
	{
		shared->cut_ms = now_ms;
		cut(target, cores);
	}
	if (level != ADM_LEVEL_COMFORTABLE)
		return;
	elapse(elapsed_ms, steps);
	steps->begun = begin_next();
}

void
adm_services_step(AdmLevel level, AdmServiceSteps *steps)
{
	int			target = adm_state_target_transactions();
	int			cores = adm_state_cores();

	steps->arrived_count = 0;
	steps->begun = ADM_NO_SERVICE;
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	step_with_lock(level, target, cores, steps);
	publish_caps(target, cores);
	LWLockRelease(shared->lock);
	if (steps->arrived_count > 0 || steps->begun != ADM_NO_SERVICE)
		adm_state_note_change();
}

/*
 * The state file.
 */

void
adm_services_record(AdmRecord *record)
{
	record->service_count = 0;
	LWLockAcquire(shared->lock, LW_SHARED);
	for (int i = 0; i < adm_services_end(); i++)
	{
		const Entry *entry = &shared->entries[i];
		AdmServiceRecord *r = &record->services[record->service_count];

		if (!entry->used || entry->view.state.phase == ADM_SERVICE_OPEN)
			continue;
		memset(r, 0, sizeof(*r));
		strlcpy(r->name, entry->view.name, sizeof(r->name));
		r->state = entry->view.state;
		record->service_count++;
	}
	LWLockRelease(shared->lock);
}

/* Those that the rules do not name are kept until they do. */
void
adm_services_restore(const AdmRecord *record)
{
	int			target = adm_state_target_transactions();
	int			cores = adm_state_cores();
	int			lost = 0;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < record->service_count; i++)
	{
		const AdmServiceRecord *r = &record->services[i];
		int			service = find_with_lock(r->name);

		if (service == ADM_NO_SERVICE && adm_services_end() < ADM_SERVICE_ENTRIES)
		{
			service = adm_services_end();
			begin_entry(service, r->name);
		}
		if (service == ADM_NO_SERVICE)
			lost++;
		else if (!shared->entries[service].view.rule.exempt)
			shared->entries[service].view.state = r->state;
	}
	publish_caps(target, cores);
	LWLockRelease(shared->lock);
	if (lost > 0)
		ereport(LOG,
				(errmsg("pg_admission has lost the pauses of %d services that are not in pg_admission.services", lost),
				 errdetail("There is room for %d services, those that have left the rules included.",
						   ADM_SERVICE_ENTRIES)));
}

bool
adm_services_any_left_the_rules(void)
{
	bool		any = false;

	LWLockAcquire(shared->lock, LW_SHARED);
	for (int i = 0; i < adm_services_end(); i++)
		any |= shared->entries[i].used && shared->entries[i].view.place < 0 &&
			shared->entries[i].view.state.phase == ADM_SERVICE_OPEN;
	LWLockRelease(shared->lock);
	return any;
}

bool
adm_services_any_resumes(void)
{
	bool		any = false;

	LWLockAcquire(shared->lock, LW_SHARED);
	for (int i = 0; i < adm_services_end(); i++)
		any |= shared->entries[i].used &&
			shared->entries[i].view.state.phase == ADM_SERVICE_RESUMING;
	LWLockRelease(shared->lock);
	return any;
}
