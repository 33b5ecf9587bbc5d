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

size_t
adm_record_print(const AdmRecord *r, char *buffer, size_t size)
{
	char		brake[ADM_BRAKE_TEXT_SIZE];
	int			length;

	length = snprintf(buffer, size,
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
					  "brake %s\n",
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
					  adm_brake_print(r->brake, brake));
	if (length < 0 || (size_t) length >= size)
		return 0;
	return (size_t) length;
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
		*text != '\0')
		return ADM_RECORD_DAMAGED;
	if (r.warmup.phase != ADM_PHASE_OPEN &&
		(r.warmup.window.duration_ms == 0 || r.warmup.trigger == ADM_TRIGGER_NONE))
		return ADM_RECORD_DAMAGED;
	r.in_recovery = in_recovery != 0;
	*record = r;
	return ADM_RECORD_GOOD;
}
