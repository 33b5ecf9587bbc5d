/*
 * record.c - the state file's text: print and parse.
 *
 * The parser takes nothing for granted: the file may have been truncated,
 * edited, or written by a later version.
 */
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brake.h"
#include "per_core.h"

/* An id that could not be read is printed so, to keep a value on each line. */
#define UNKNOWN_ID	"-"

static const char *
id_or_unknown(const char *id)
{
	return id[0] != '\0' ? id : UNKNOWN_ID;
}

/* What snprintf() returned, or 0 where it did not fit. */
static size_t
fitting(int length, size_t size)
{
	return length < 0 || (size_t) length >= size ? 0 : (size_t) length;
}

static size_t
print_service(const AdmServiceRecord *s, char *buffer, size_t size)
{
	return fitting(snprintf(buffer, size,
							"service %s\n"
							"service_phase %s\n"
							"service_turn %" PRId32 "\n"
							"service_over_ms %" PRId64 "\n"
							"service_spent_ms %" PRId64 "\n",
							s->name, adm_service_phase_name(s->state.phase),
							s->state.turn, s->state.over_ms, s->state.spent_ms), size);
}

static size_t
print_fixed_part(const AdmRecord *r, char *buffer, size_t size)
{
	char		brake[ADM_BRAKE_TEXT_SIZE];

	return fitting(snprintf(buffer, size,
					  "pg_admission_state %d\n"
					  "system_identifier %" PRIu64 "\n"
					  "major_version %d\n"
					  "machine_id %s\n"
					  "boot_id %s\n"
					  "control_device %" PRIu64 "\n"
					  "control_inode %" PRIu64 "\n"
					  "in_recovery %d\n"
					  "phase %s\n"
					  "trigger %s\n"
					  "ending %s\n"
					  "duration_ms %" PRId64 "\n"
					  "initial_connections %d\n"
					  "target_connections %d\n"
					  "initial_transactions %d\n"
					  "target_transactions %d\n"
					  "spent_ms %" PRId64 "\n"
					  "age_ms %" PRId64 "\n"
					  "started_at_us %" PRId64 "\n"
					  "brake %s\n"
					  "services %d\n",
					  ADM_RECORD_FORMAT,
					  r->identity.system_identifier,
					  r->identity.major_version,
					  id_or_unknown(r->identity.machine_id),
					  id_or_unknown(r->identity.boot_id),
					  r->identity.control_device,
					  r->identity.control_inode,
					  r->in_recovery ? 1 : 0,
					  adm_phase_name(r->warmup.phase),
					  adm_trigger_name(r->warmup.trigger),
					  adm_ending_name(r->warmup.ending),
					  r->warmup.window.duration_ms,
					  r->warmup.window.initial_connections,
					  r->warmup.window.target_connections,
					  r->warmup.window.initial_transactions,
					  r->warmup.window.target_transactions,
					  r->warmup.spent_ms,
					  r->warmup.age_ms,
					  r->warmup.started_at_us,
					  adm_brake_print(r->brake, brake),
					  r->service_count), size);
}

size_t
adm_record_print(const AdmRecord *r, char *buffer, size_t size)
{
	size_t		length = print_fixed_part(r, buffer, size);

	for (int i = 0; i < r->service_count && length > 0; i++)
	{
		size_t		added = print_service(&r->services[i], buffer + length, size - length);

		length = added > 0 ? length + added : 0;
	}
	return length;
}


/* The value of the line "name value", copied to word; moves on to the next. */
static bool
take_word(const char **text, const char *name, char *word, size_t size)
{
	size_t		name_length = strlen(name);
	const char *value;
	const char *end;
	size_t		length;

	if (strncmp(*text, name, name_length) != 0 || (*text)[name_length] != ' ')
		return false;
	value = *text + name_length + 1;
	end = strchr(value, '\n');
	if (end == NULL)
		return false;
	length = (size_t) (end - value);
	if (length == 0 || length >= size)
		return false;
	memcpy(word, value, length);
	word[length] = '\0';
	*text = end + 1;
	return true;
}

static bool
take_unsigned(const char **text, const char *name, uint64_t *number)
{
	char		word[32];
	char	   *end;

	if (!take_word(text, name, word, sizeof(word)) ||
		word[0] < '0' || word[0] > '9')
		return false;
	errno = 0;
	*number = strtoull(word, &end, 10);
	return errno == 0 && *end == '\0';
}

static bool
take_signed(const char **text, const char *name,
			int64_t min, int64_t max, int64_t *number)
{
	char		word[32];
	char	   *end;

	if (!take_word(text, name, word, sizeof(word)) ||
		!((word[0] >= '0' && word[0] <= '9') || word[0] == '-'))
		return false;
	errno = 0;
	*number = strtoll(word, &end, 10);
	return errno == 0 && *end == '\0' && *number >= min && *number <= max;
}

static bool
take_int(const char **text, const char *name, int min, int max, int *number)
{
	int64_t		wide;

	if (!take_signed(text, name, min, max, &wide))
		return false;
	*number = (int) wide;
	return true;
}

static bool
take_id(const char **text, const char *name, char *id)
{
	if (!take_word(text, name, id, ADM_HOST_ID_SIZE))
		return false;
	if (strcmp(id, UNKNOWN_ID) == 0)
		id[0] = '\0';
	return true;
}

static bool
take_identity(const char **text, AdmIdentity *identity)
{
	return take_unsigned(text, "system_identifier", &identity->system_identifier) &&
		take_int(text, "major_version", 1, INT_MAX, &identity->major_version) &&
		take_id(text, "machine_id", identity->machine_id) &&
		take_id(text, "boot_id", identity->boot_id) &&
		take_unsigned(text, "control_device", &identity->control_device) &&
		take_unsigned(text, "control_inode", &identity->control_inode);
}

static bool
take_state_words(const char **text, AdmWarmup *w)
{
	char		word[32];

	return take_word(text, "phase", word, sizeof(word)) &&
		adm_phase_by_name(word, &w->phase) &&
		take_word(text, "trigger", word, sizeof(word)) &&
		adm_trigger_by_name(word, &w->trigger) &&
		take_word(text, "ending", word, sizeof(word)) &&
		adm_ending_by_name(word, &w->ending);
}

static bool
take_warmup(const char **text, AdmWarmup *w)
{
	return take_state_words(text, w) &&
		take_signed(text, "duration_ms", 0, INT64_MAX, &w->window.duration_ms) &&
		take_int(text, "initial_connections", -1, INT_MAX, &w->window.initial_connections) &&
		take_int(text, "target_connections", -1, INT_MAX, &w->window.target_connections) &&
		take_int(text, "initial_transactions", -ADM_PER_CORE_MOST_FACTOR, ADM_PER_CORE_MOST,
				 &w->window.initial_transactions) &&
		take_int(text, "target_transactions", -ADM_PER_CORE_MOST_FACTOR, ADM_PER_CORE_MOST,
				 &w->window.target_transactions) &&
		take_signed(text, "spent_ms", 0, INT64_MAX, &w->spent_ms) &&
		take_signed(text, "age_ms", 0, INT64_MAX, &w->age_ms) &&
		take_signed(text, "started_at_us", INT64_MIN, INT64_MAX, &w->started_at_us);
}

static bool
take_brake(const char **text, int *brake)
{
	char		word[ADM_BRAKE_TEXT_SIZE];

	return take_word(text, "brake", word, sizeof(word)) && adm_brake_parse(word, brake);
}

/* As the rules would have it. */
static bool
is_service_name(const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
	{
		if ((unsigned char) *c < 0x20 || *c == 0x7f)
			return false;
	}
	return true;
}

/* Those that are open are not in the file. */
static bool
is_consistent(const AdmServiceState *s)
{
	switch (s->phase)
	{
		case ADM_SERVICE_OPEN:
			return false;
		case ADM_SERVICE_PAUSED:
			return s->turn == 0 && s->over_ms == 0 && s->spent_ms == 0;
		case ADM_SERVICE_WAITS_ITS_TURN:
			return s->turn > 0 && s->spent_ms == 0;
		case ADM_SERVICE_RESUMING:
			return s->over_ms > 0 && s->spent_ms < s->over_ms;
	}
	return false;
}

static bool
take_service(const char **text, AdmServiceRecord *s)
{
	char		phase[32];
	int			turn;

	if (!take_word(text, "service", s->name, sizeof(s->name)) || !is_service_name(s->name) ||
		!take_word(text, "service_phase", phase, sizeof(phase)) ||
		!adm_service_phase_by_name(phase, &s->state.phase) ||
		!take_int(text, "service_turn", 0, ADM_TURN_MOST, &turn) ||
		!take_signed(text, "service_over_ms", 0, ADM_RESUME_LONGEST_MS, &s->state.over_ms) ||
		!take_signed(text, "service_spent_ms", 0, ADM_RESUME_LONGEST_MS, &s->state.spent_ms))
		return false;
	s->state.turn = turn;
	return is_consistent(&s->state);
}

static bool
take_services(const char **text, AdmRecord *r)
{
	if (!take_int(text, "services", 0, ADM_RECORD_SERVICES_MOST, &r->service_count))
		return false;
	for (int i = 0; i < r->service_count; i++)
	{
		if (!take_service(text, &r->services[i]))
			return false;
	}
	return true;
}

AdmRecordResult
adm_record_parse(const char *text, AdmRecord *record)
{
	AdmRecord	r;
	int			format;
	int			in_recovery;

	memset(&r, 0, sizeof(r));
	if (!take_int(&text, "pg_admission_state", 1, INT_MAX, &format))
		return ADM_RECORD_DAMAGED;
	if (format > ADM_RECORD_FORMAT)
		return ADM_RECORD_NEWER;
	if (!take_identity(&text, &r.identity) ||
		!take_int(&text, "in_recovery", 0, 1, &in_recovery) ||
		!take_warmup(&text, &r.warmup) ||
		(format > 1 && !take_brake(&text, &r.brake)) ||
		(format > 2 && !take_services(&text, &r)) ||
		*text != '\0')
		return ADM_RECORD_DAMAGED;
	if (r.warmup.phase != ADM_PHASE_OPEN &&
		(r.warmup.window.duration_ms == 0 || r.warmup.trigger == ADM_TRIGGER_NONE))
		return ADM_RECORD_DAMAGED;
	r.in_recovery = in_recovery != 0;
	*record = r;
	return ADM_RECORD_GOOD;
}
