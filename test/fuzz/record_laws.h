/*
 * record_laws.h - what is true of every text of a state file, good or not.
 */
#ifndef ADM_TEST_RECORD_LAWS_H
#define ADM_TEST_RECORD_LAWS_H

#include "../unit/same.h"
#include "laws.h"
#include "policy/brake.h"
#include "policy/per_core.h"
#include "policy/record.h"

/* Whatever is not good leaves the record alone. */
static inline AdmRecordResult
law_record_parse(const char *text, size_t length, AdmRecord *record)
{
	static AdmRecord untouched;
	char	   *copy = law_text_of(text, length);
	AdmRecordResult result;

	memset(record, 0x5A, sizeof(*record));
	memset(&untouched, 0x5A, sizeof(untouched));
	result = adm_record_parse(copy, record);
	LAW(result == ADM_RECORD_GOOD || memcmp(record, &untouched, sizeof(untouched)) == 0, copy);
	free(copy);
	return result;
}

static inline void
law_service_record(const AdmServiceRecord *s, const char *text)
{
	size_t		length = strnlen(s->name, ADM_SERVICE_NAME_SIZE);

	LAW(length > 0 && length < ADM_SERVICE_NAME_SIZE, text);
	for (size_t i = 0; i < length; i++)
		LAW((unsigned char) s->name[i] >= ' ' && s->name[i] != '\177', text);
	LAW(s->state.phase >= ADM_SERVICE_PAUSED && s->state.phase <= ADM_SERVICE_RESUMING, text);
	LAW(s->state.turn >= 0 && s->state.turn <= ADM_TURN_MOST, text);
	LAW(s->state.over_ms >= 0 && s->state.over_ms <= ADM_RESUME_LONGEST_MS, text);
	if (s->state.phase == ADM_SERVICE_RESUMING)
		LAW(s->state.spent_ms >= 0 && s->state.spent_ms < s->state.over_ms, text);
	else
		LAW(s->state.spent_ms == 0, text);
	if (s->state.phase == ADM_SERVICE_PAUSED)
		LAW(s->state.turn == 0 && s->state.over_ms == 0, text);
}

static inline void
law_warmup(const AdmWarmup *w, const char *text)
{
	const AdmWindow *window = &w->window;
	double		progress = adm_warmup_progress(w);

	LAW((int) w->phase >= 0 && w->phase <= ADM_PHASE_HOLDING, text);
	LAW((int) w->trigger >= 0 && w->trigger < ADM_TRIGGER_COUNT, text);
	LAW((int) w->ending >= 0 && w->ending < ADM_ENDING_COUNT, text);
	LAW(w->phase == ADM_PHASE_OPEN ||
		(window->duration_ms > 0 && w->trigger != ADM_TRIGGER_NONE), text);
	LAW(window->duration_ms >= 0 && w->spent_ms >= 0 && w->age_ms >= 0, text);
	LAW(window->initial_connections >= -1 && window->target_connections >= -1, text);
	LAW(window->initial_transactions >= -ADM_PER_CORE_MOST_FACTOR &&
		window->initial_transactions <= ADM_PER_CORE_MOST, text);
	LAW(window->target_transactions >= -ADM_PER_CORE_MOST_FACTOR &&
		window->target_transactions <= ADM_PER_CORE_MOST, text);
	LAW(progress >= 0 && progress <= 1, text);
}

static inline void
law_record_ranges(const AdmRecord *r, const char *text)
{
	LAW(r->identity.major_version >= 1, text);
	LAW(strnlen(r->identity.machine_id, ADM_HOST_ID_SIZE) < ADM_HOST_ID_SIZE, text);
	LAW(strnlen(r->identity.boot_id, ADM_HOST_ID_SIZE) < ADM_HOST_ID_SIZE, text);
	law_warmup(&r->warmup, text);
	LAW(r->brake >= ADM_BRAKE_ON && r->brake <= ADM_BRAKE_MOST, text);
	LAW(r->service_count >= 0 && r->service_count <= ADM_RECORD_SERVICES_MOST, text);
	for (int i = 0; i < r->service_count; i++)
		law_service_record(&r->services[i], text);
}

/* What was accepted prints as a text that is read as the same. */
static inline void
law_record_prints(const AdmRecord *record)
{
	static AdmRecord again;
	char		text[ADM_RECORD_MAX_SIZE];
	size_t		length = adm_record_print(record, text, sizeof(text));

	LAW(length > 0 && length == strlen(text), "printed");
	LAW(law_record_parse(text, length, &again) == ADM_RECORD_GOOD, text);
	LAW(same_record(record, &again), text);
}

/* No part of a good text is good, nor is one with something behind it. */
static inline void
law_record_is_whole(const char *text)
{
	static AdmRecord other;
	size_t		length = strlen(text);
	char	   *longer = law_text_of(text, length + 1);

	LAW(law_record_parse(text, law_place_in(text, length - 1), &other) == ADM_RECORD_DAMAGED, text);
	longer[length] = '\n';
	LAW(law_record_parse(longer, length + 1, &other) == ADM_RECORD_DAMAGED, text);
	free(longer);
}

/* Parses, and checks what can be said of the outcome. */
static inline AdmRecordResult
law_record(const char *bytes, size_t length, AdmRecord *record)
{
	char	   *text = law_text_of(bytes, length);
	AdmRecordResult result = law_record_parse(text, length, record);

	if (result == ADM_RECORD_GOOD)
	{
		law_record_ranges(record, text);
		law_record_prints(record);
		law_record_is_whole(text);
	}
	free(text);
	return result;
}

#endif							/* ADM_TEST_RECORD_LAWS_H */
