/*
 * holding.c - when the gates began to hold, and what came of it, for the record.
 */
#include "postgres.h"

#include "counters.h"
#include "events.h"
#include "holding.h"
#include "os/clock.h"
#include "permits.h"

/* Shorter waits are nobody's news. */
#define NEWS_AFTER_MS	200

/* It is over when for so long nobody waited for that long, or was refused for it. */
#define OVER_AFTER_MS	(10 * 1000)

static bool holds = false;
static int64 began_ms;
static int64 last_ms;			/* somebody waited for that long */
static AdmTotals before;

static void
begin(void)
{
	holds = true;
	began_ms = adm_clock_ms();
	adm_counters_read(&before);
	adm_events_note(ADM_EVENT_HOLD, "pg_admission holds clients back",
					psprintf("Waiting: %u logins, %u transactions.",
							 adm_permits_counts(ADM_GATE_CONNECTION).waiting,
							 adm_permits_counts(ADM_GATE_TRANSACTION).waiting));
}

static uint64
held(const AdmTotals *now, AdmGate gate)
{
	return adm_counters_growth(before.gate[gate].count[ADM_TOTAL_HELD], now->gate[gate].count[ADM_TOTAL_HELD]);
}

static uint64
refused(const AdmTotals *now, AdmGate gate)
{
	return adm_counters_growth(adm_counters_refused(&before.gate[gate]), adm_counters_refused(&now->gate[gate]));
}

static void
end(void)
{
	AdmTotals	now;

	holds = false;
	adm_counters_read(&now);
	adm_events_note(ADM_EVENT_HOLD, "pg_admission holds nobody back any more",
					psprintf("In %.1f s: held after the first, logins " UINT64_FORMAT ", transactions " UINT64_FORMAT
							 "; refused, logins " UINT64_FORMAT ", transactions " UINT64_FORMAT ".",
							 (double) (last_ms - began_ms) / 1000,
							 held(&now, ADM_GATE_CONNECTION), held(&now, ADM_GATE_TRANSACTION),
							 refused(&now, ADM_GATE_CONNECTION), refused(&now, ADM_GATE_TRANSACTION)));
}

/* Since this was last asked.  Where a line stands, waits are short. */
static bool
somebody_was_refused(void)
{
	static uint64 seen = 0;
	uint64		seen_before = seen;
	AdmTotals	now;

	adm_counters_read(&now);
	seen = 0;
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		seen += now.gate[gate].count[ADM_TOTAL_REFUSED_TIMEOUT] +
			now.gate[gate].count[ADM_TOTAL_REFUSED_SLOTS];
	return adm_counters_growth(seen_before, seen) > 0;
}

void
adm_holding_note(void)
{
	bool		news = adm_permits_longest_wait_of_all_ms() >= NEWS_AFTER_MS;

	if (holds)
		news |= somebody_was_refused();
	if (news)
		last_ms = adm_clock_ms();
	if (news && !holds)
		begin();
	if (holds && adm_clock_ms() - last_ms >= OVER_AFTER_MS)
		end();
}
