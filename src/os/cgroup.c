/*
 * cgroup.c - what the kernel says of the server's control group.
 *
 * proc/self/cgroup tells the group's path in each hierarchy, and
 * proc/self/mountinfo where a hierarchy is mounted and which of its groups is
 * the root of that mount.  In a container the two need not agree: then the
 * mount itself is the nearest that can be seen.
 */
#include "cgroup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "psi.h"
#include "text.h"

#define PATH_SIZE		ADM_CGROUP_PATH_SIZE
#define MOUNTINFO_SIZE	(1024 * 1024)
#define CGROUP_SIZE		(16 * 1024)
#define TEXT_SIZE		(16 * 1024)

#define NS_PER_US		1000

/* Version 1 says "no limit" by a number near 2^63. */
#define NO_LIMIT		(INT64_C(1) << 60)

/* A file of these texts: fields are cut apart at blanks, in place. */
#define MOST_FIELDS		32

static int
split(char *line, const char *separators, char **fields, int most)
{
	int			count = 0;
	char	   *rest = NULL;

	for (char *field = strtok_r(line, separators, &rest); field && count < most;
		 field = strtok_r(NULL, separators, &rest))
		fields[count++] = field;
	return count;
}

static bool
has_word(const char *list, const char *word)
{
	size_t		length = strlen(word);

	for (const char *at = list; at; at = strchr(at, ','))
	{
		if (*at == ',')
			at++;
		if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return false;
}

/*
 * The group's path by a line "id:controllers:path"; version 2's has no
 * controllers.
 */
static bool
own_path(const char *cgroups, const char *controller, char *path, size_t size)
{
	char		text[CGROUP_SIZE];
	char	   *rest = NULL;

	snprintf(text, sizeof(text), "%s", cgroups);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
	{
		char	   *controllers = strchr(line, ':');
		char	   *where = controllers ? strchr(controllers + 1, ':') : NULL;

		if (where == NULL)
			continue;
		*where = '\0';
		if (controller ? has_word(controllers + 1, controller) : controllers[1] == '\0')
			return snprintf(path, size, "%s", where + 1) < (int) size;
	}
	return false;
}

/* One line of mountinfo, as far as it matters here. */
typedef struct Mount
{
	const char *root;			/* the group that is mounted */
	const char *point;
	const char *type;
	const char *options;
} Mount;

static bool
is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Blanks and backslashes stand as "\040" and "\134"; undone in place. */
static char *
unescape(char *text)
{
	char	   *end = text;

	for (const char *c = text; *c != '\0'; c++)
	{
		if (c[0] == '\\' && is_octal(c[1]) && is_octal(c[2]) && is_octal(c[3]))
		{
			*end++ = (char) ((c[1] - '0') * 64 + (c[2] - '0') * 8 + c[3] - '0');
			c += 3;
		}
		else
			*end++ = *c;
	}
	*end = '\0';
	return text;
}

/* "id parent major:minor root point options [tags] - type source options" */
static bool
parse_mount(char *line, Mount *m)
{
	char	   *fields[MOST_FIELDS];
	int			count = split(line, " ", fields, MOST_FIELDS);

	for (int i = 6; i + 3 < count; i++)
	{
		if (strcmp(fields[i], "-") != 0)
			continue;
		m->root = unescape(fields[3]);
		m->point = unescape(fields[4]);
		m->type = fields[i + 1];
		m->options = fields[i + 3];
		return true;
	}
	return false;
}

static bool
is_hierarchy_of(const Mount *m, const char *controller)
{
	if (controller == NULL)
		return strcmp(m->type, "cgroup2") == 0;
	return strcmp(m->type, "cgroup") == 0 && has_word(m->options, controller);
}

/* The path below a mount's root, or "" where it is not below it. */
static const char *
below(const char *path, const char *mount_root)
{
	size_t		length = strcmp(mount_root, "/") == 0 ? 0 : strlen(mount_root);

	if (strncmp(path, mount_root, length) != 0 ||
		(path[length] != '/' && path[length] != '\0') ||
		strcmp(path + length, "/") == 0 || strstr(path, "/..") != NULL)
		return "";
	return path + length;
}

static bool
locate(const char *root, const char *cgroups, const char *mountinfo,
	   const char *controller, AdmCgroupPlace *place)
{
	char		path[PATH_SIZE];
	char	   *text;
	char	   *rest = NULL;
	bool		found = false;

	place->top[0] = place->own[0] = '\0';
	place->v2 = controller == NULL;
	if (!own_path(cgroups, controller, path, sizeof(path)) ||
		(text = strdup(mountinfo)) == NULL)
		return false;
	for (char *line = strtok_r(text, "\n", &rest); line && !found;
		 line = strtok_r(NULL, "\n", &rest))
	{
		Mount		m;

		if (!parse_mount(line, &m) || !is_hierarchy_of(&m, controller))
			continue;
		found = snprintf(place->top, PATH_SIZE, "%s%s", root, m.point) < PATH_SIZE &&
			snprintf(place->own, PATH_SIZE, "%s%s%s", root, m.point,
					 below(path, m.root)) < PATH_SIZE;
	}
	free(text);
	if (!found)
		place->top[0] = place->own[0] = '\0';
	return found;
}

bool
adm_cgroup_find(const char *root, AdmCgroup *group)
{
	char		cgroups[CGROUP_SIZE];
	char	   *mountinfo = malloc(MOUNTINFO_SIZE);

	memset(group, 0, sizeof(*group));
	if (mountinfo != NULL &&
		adm_file_read_below(root, "/proc/self/cgroup", cgroups, sizeof(cgroups)) >= 0 &&
		adm_file_read_below(root, "/proc/self/mountinfo", mountinfo, MOUNTINFO_SIZE) >= 0)
	{
		(void) locate(root, cgroups, mountinfo, NULL, &group->unified);
		if (!locate(root, cgroups, mountinfo, "cpu", &group->cpu))
			group->cpu = group->unified;
		if (!locate(root, cgroups, mountinfo, "cpuacct", &group->usage))
			group->usage = group->unified;
		if (!locate(root, cgroups, mountinfo, "memory", &group->memory))
			group->memory = group->unified;
	}
	free(mountinfo);
	return group->cpu.own[0] != '\0' || group->memory.own[0] != '\0';
}

static bool
read_in(const char *directory, const char *name, char *text, size_t size)
{
	char		path[PATH_SIZE + 64];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return adm_file_read(path, text, size) >= 0;
}

/* A file that holds one number; -1 for "max", nonsense, or none. */
static int64_t
number_in(const char *directory, const char *name)
{
	char		text[64];
	const char *at = text;
	int64_t		number;

	if (!read_in(directory, name, text, sizeof(text)) || !adm_text_number(&at, &number))
		return ADM_UNKNOWN;
	return number;
}

/*
 * Goes up from our group to the mount; the directory is changed in place.
 * False at the top.
 */
static bool
climb(const AdmCgroupPlace *place, char *directory)
{
	char	   *slash = strrchr(directory, '/');

	if (strcmp(directory, place->top) == 0 || slash == NULL ||
		slash < directory + strlen(place->top))
		return false;
	*slash = '\0';
	return true;
}

/* Cores that the group in this directory may use; NaN: no quota. */
static double
quota_in(const AdmCgroupPlace *place, const char *directory)
{
	int64_t		quota_us = ADM_UNKNOWN;
	int64_t		period_us = ADM_UNKNOWN;

	if (place->v2)
	{
		char		text[64];
		const char *at = text;

		if (read_in(directory, "cpu.max", text, sizeof(text)) &&
			!(adm_text_number(&at, &quota_us) && adm_text_number(&at, &period_us)))
			quota_us = ADM_UNKNOWN;
	}
	else
	{
		quota_us = number_in(directory, "cpu.cfs_quota_us");
		period_us = number_in(directory, "cpu.cfs_period_us");
	}
	return quota_us > 0 && period_us > 0 ? (double) quota_us / (double) period_us : NAN;
}

/* The tightest quota, and the directory where it stands. */
static double
tightest_quota(const AdmCgroupPlace *place, char *where)
{
	char		directory[PATH_SIZE];
	double		tightest = NAN;

	memcpy(directory, place->own, PATH_SIZE);
	do
	{
		double		quota = quota_in(place, directory);

		if (isnan(quota) || quota >= tightest)
			continue;
		tightest = quota;
		memcpy(where, directory, PATH_SIZE);
	} while (climb(place, directory));
	return tightest;
}

/* The same group in another hierarchy: the same path below another mount. */
static bool
same_group(const char *directory, const AdmCgroupPlace *from,
		   const AdmCgroupPlace *to, char *result)
{
	return to->top[0] != '\0' &&
		snprintf(result, PATH_SIZE, "%s%s", to->top, directory + strlen(from->top)) < PATH_SIZE;
}

static void
read_cpu(const AdmCgroup *group, AdmReading *r)
{
	char		directory[PATH_SIZE];
	char		usage[PATH_SIZE];
	char		text[TEXT_SIZE];
	double		quota = tightest_quota(&group->cpu, directory);

	r->limited = !isnan(quota) && !(r->cores <= quota);
	if (!r->limited)
		return;
	r->cores = quota;
	if (read_in(directory, "cpu.stat", text, sizeof(text)))
	{
		r->group_periods = adm_text_number_after(text, "nr_periods ");
		r->group_throttled = adm_text_number_after(text, "nr_throttled ");
		if (group->cpu.v2)
			r->group_run_ns = adm_text_number_after(text, "usage_usec ");
		if (r->group_run_ns > INT64_MAX / NS_PER_US)
			r->group_run_ns = ADM_UNKNOWN;
		if (r->group_run_ns > 0)
			r->group_run_ns *= NS_PER_US;
	}
	if (!group->cpu.v2 && same_group(directory, &group->cpu, &group->usage, usage))
		r->group_run_ns = number_in(usage, "cpuacct.usage");
}

static int64_t
limit_in(const AdmCgroupPlace *place, const char *directory)
{
	int64_t		limit = number_in(directory, place->v2 ? "memory.max" : "memory.limit_in_bytes");

	return limit >= NO_LIMIT ? ADM_UNKNOWN : limit;
}

/* The sum of two numbers of memory.stat; what is missing counts 0. */
static uint64_t
sum_after(const char *stat, const char *one, const char *other)
{
	int64_t		a = adm_text_number_after(stat, one);
	int64_t		b = adm_text_number_after(stat, other);

	return (uint64_t) (a > 0 ? a : 0) + (uint64_t) (b > 0 ? b : 0);
}

/*
 * Pages of files that the kernel can drop at once: active ones too, but none
 * that must be written first.  Shared memory is not among them.
 */
static uint64_t
clean_cache(bool v2, const char *stat)
{
	uint64_t	cached = v2 ? sum_after(stat, "inactive_file ", "active_file ") :
		sum_after(stat, "total_inactive_file ", "total_active_file ");
	uint64_t	unwritten = v2 ? sum_after(stat, "file_dirty ", "file_writeback ") :
		sum_after(stat, "total_dirty ", "total_writeback ");

	return cached > unwritten ? cached - unwritten : 0;
}

/* What is in use and cannot be had back by dropping clean pages. */
static int64_t
memory_used_in(const AdmCgroupPlace *place, const char *directory)
{
	int64_t		used = number_in(directory, place->v2 ? "memory.current" : "memory.usage_in_bytes");
	uint64_t	clean;
	char		text[TEXT_SIZE];

	if (used < 0 || !read_in(directory, "memory.stat", text, sizeof(text)))
		return used;
	clean = clean_cache(place->v2, text);
	return (uint64_t) used > clean ? (int64_t) ((uint64_t) used - clean) : 0;
}

/*
 * The tightest limit, and the least that is left below any: a group above ours
 * with a larger limit may be nearly full of others.
 */
static void
read_memory(const AdmCgroup *group, AdmReading *r)
{
	char		directory[PATH_SIZE];

	memcpy(directory, group->memory.own, PATH_SIZE);
	do
	{
		int64_t		limit = limit_in(&group->memory, directory);
		int64_t		used = memory_used_in(&group->memory, directory);
		int64_t		left = limit > used ? limit - used : 0;

		if (limit <= 0 || used < 0)
			continue;
		if (r->memory_limit < 0 || limit < r->memory_limit)
		{
			r->memory_limit = limit;
			r->group_memory = true;
		}
		if (r->memory_available < 0 || left < r->memory_available)
			r->memory_available = left;
	} while (climb(&group->memory, directory));
}

/* The machine's own root has no events; the root that a container sees has. */
static bool
is_whole_machine(const AdmCgroupPlace *place)
{
	char		path[PATH_SIZE + 64];

	if (place->own[0] == '\0')
		return true;
	snprintf(path, sizeof(path), "%s/cgroup.events", place->own);
	return !adm_file_exists(path);
}

static void
read_stalls(const AdmCgroup *group, AdmReading *r)
{
	char		prefix[PATH_SIZE + 1];

	snprintf(prefix, sizeof(prefix), "%s/", group->unified.own);
	r->group_psi = adm_psi_read(prefix, ".pressure", r);
}

void
adm_cgroup_read(const AdmCgroup *group, AdmReading *r)
{
	if (group->cpu.own[0] != '\0')
		read_cpu(group, r);
	if (group->memory.own[0] != '\0')
		read_memory(group, r);
	if (!is_whole_machine(&group->unified))
		read_stalls(group, r);
}
