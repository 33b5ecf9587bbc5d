/*
 * storm_options.c - what the command line asks for, from one table that is
 * also the usage text.
 */
#include "storm_options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MS			INT64_C(86400000)

typedef struct OptionSpec OptionSpec;

/* False if the text is no value of the option. */
typedef bool (*OptionParser) (const OptionSpec *spec, const char *text, Options *options);

struct OptionSpec
{
	const char *name;
	const char *argument;		/* what to call it in the usage text */
	const char *preset;
	const char *help;
	OptionParser parse;
	size_t		offset;			/* of the field in Options */
	int64_t		min;
	int64_t		max;
};

static const char *const protocol_names[PROTOCOL_KINDS] = {
	[PROTOCOL_SIMPLE] = "simple",
	[PROTOCOL_EXTENDED] = "extended",
	[PROTOCOL_PREPARED] = "prepared"
};

/*
 * Parsers.
 */

static bool
parse_text(const OptionSpec *spec, const char *text, Options *options)
{
	*(const char **) ((char *) options + spec->offset) = text;
	return true;
}

static bool
parse_integer(const OptionSpec *spec, const char *text, Options *options)
{
	char	   *end;
	long long	value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return false;
	if (value < spec->min || value > spec->max)
		return false;
	*(int64_t *) ((char *) options + spec->offset) = value;
	return true;
}

/* A number with a fraction, into a field of the thousandth part's unit. */
static bool
parse_thousandths(const OptionSpec *spec, const char *text, Options *options)
{
	char	   *end;
	double		value = strtod(text, &end) * 1000;

	if (end == text || *end != '\0')
		return false;
	if (!(value >= spec->min && value <= spec->max))
		return false;
	*(int64_t *) ((char *) options + spec->offset) = llround(value);
	return true;
}

static bool
parse_rate(const OptionSpec *spec, const char *text, Options *options)
{
	char	   *end;
	double		value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value > 0 && isfinite(value)))
		return false;
	*(double *) ((char *) options + spec->offset) = value;
	return true;
}

static bool
parse_query(const OptionSpec *spec, const char *text, Options *options)
{
	(void) spec;
	return script_add(&options->script, text);
}

static bool
parse_protocol(const OptionSpec *spec, const char *text, Options *options)
{
	(void) spec;
	for (int i = 0; i < PROTOCOL_KINDS; i++)
		if (strcmp(protocol_names[i], text) == 0)
		{
			options->protocol = i;
			return true;
		}
	return false;
}

static bool
parse_profile(const OptionSpec *spec, const char *text, Options *options)
{
	(void) spec;
	return profile_parse(&options->profile, text);
}

/* "NAME=SHARE" up to a comma or the end. */
static bool
parse_app(const char *text, size_t length, App *app)
{
	const char *equals = memchr(text, '=', length);
	char	   *end;

	if (equals == NULL || equals == text || equals - text >= OPTIONS_NAME_SIZE)
		return false;
	memcpy(app->name, text, equals - text);
	app->name[equals - text] = '\0';
	app->share = strtod(equals + 1, &end);
	return end == text + length && end > equals + 1 && app->share >= 0 &&
		isfinite(app->share);
}

static bool
make_shares_of_one(Options *options)
{
	double		sum = 0;

	for (int i = 0; i < options->app_count; i++)
		sum += options->apps[i].share;
	if (sum <= 0)
		return false;
	for (int i = 0; i < options->app_count; i++)
		options->apps[i].share /= sum;
	return true;
}

static bool
parse_apps(const OptionSpec *spec, const char *text, Options *options)
{
	(void) spec;
	options->app_count = 0;
	for (;;)
	{
		size_t		length = strcspn(text, ",");

		if (options->app_count == OPTIONS_MAX_APPS)
			return false;
		if (!parse_app(text, length, &options->apps[options->app_count]))
			return false;
		options->app_count++;
		if (text[length] == '\0')
			return make_shares_of_one(options);
		text += length + 1;
	}
}

int
options_app_at(const Options *options, double point)
{
	int			app = 0;

	while (app < options->app_count - 1 && point > options->apps[app].share)
		point -= options->apps[app++].share;
	return app;
}

const char *
options_protocol_name(Protocol protocol)
{
	return protocol_names[protocol];
}

/*
 * The table.
 */

#define FIELD(name)		offsetof(Options, name)

static const OptionSpec specs[] = {
	{"conninfo", "CONNINFO", NULL,
		"where the requests go; the host must be a socket\n"
		"directory or an IP address (required)",
	parse_text, FIELD(conninfo), 0, 0},
	{"profile", "RATE:SECONDS,...", NULL,
		"requests per second to arrive, step by step (required)",
	parse_profile, 0, 0, 0},
	{"mode", "MODE", "connect",
		"connect: a connection for each request;\n"
		"pool: app servers with persistent connections",
	parse_text, FIELD(mode), 0, 0},
	{"pools", "N", "20",
		"mode pool: app servers; a request belongs to a random one,\n"
		"and waits there for a free connection, first come first\n"
		"served; each is of one class, in proportion to the shares",
	parse_integer, FIELD(pools), 1, 10000},
	{"pool-size", "N", "25",
		"mode pool: connections of each app server, opened before\n"
		"the storm and opened again when they are dropped or lost",
	parse_integer, FIELD(pool_size), 1, 10000},
	{"open-timeout", "SECONDS", "60",
		"mode pool: the time for opening all connections",
	parse_thousandths, FIELD(open_timeout_ms), 1, MAX_MS},
	{"query", "SQL", "SELECT count(*) FROM generate_series(1, 20000)",
		"what a request asks; given several times, these statements\n"
		"one after the other, each after the answer to the one\n"
		"before. {A..B} stands for a random integer from A to B,\n"
		"drawn for each request",
	parse_query, 0, 0, 0},
	{"think", "MS", "0",
		"pause between two statements, with a fraction if need be",
	parse_thousandths, FIELD(think_us), 0, MAX_MS},
	{"protocol", "PROTOCOL", "simple",
		"simple; extended: parsed each time; prepared: each statement\n"
		"once in each connection, with the integers as parameters",
	parse_protocol, 0, 0, 0},
	{"app", "NAME=SHARE,...", "storm=1",
		"classes of requests (application_name) and their shares",
	parse_apps, 0, 0, 0},
	{"timeout", "MS", "2000",
		"an attempt's, waiting for a connection included; then the\n"
		"client closes its socket without cancelling. Also the age\n"
		"up to which an answer is in time, from the request's first\n"
		"arrival",
	parse_integer, FIELD(timeout_ms), 1, MAX_MS},
	{"retries", "N", "3",
		"attempts after the first that failed or timed out",
	parse_integer, FIELD(retries), 0, 1000},
	{"backoff", "MS", "100",
		"wait before the first retry, doubled for each further one,\n"
		"times a random 0.5 to 1.5; likewise before a pool tries\n"
		"again to open a connection, but 5 s at most",
	parse_integer, FIELD(backoff_ms), 0, MAX_MS},
	{"closed", "N", "0",
		"closed loop: N clients, each starts a request when its last\n"
		"one has ended, rates ignored; 0: open loop",
	parse_integer, FIELD(closed_clients), 0, 100000},
	{"gate", "N", "0",
		"attempts under way at once, of all clients together; the\n"
		"others wait in line before they are sent, which costs the\n"
		"server nothing; 0: any number",
	parse_integer, FIELD(gate), 0, 100000},
	{"gate-wait", "MS", "100",
		"in that line at most; then the attempt is refused",
	parse_integer, FIELD(gate_wait_ms), 0, MAX_MS},
	{"persist", "SECONDS", "0",
		"mode connect: keep the connection open and idle after the\n"
		"answer",
	parse_thousandths, FIELD(persist_ms), 0, MAX_MS},
	{"max-open", "N", "900",
		"connections at most; mode connect drops requests above\n"
		"(not_sent)",
	parse_integer, FIELD(max_open), 1, 100000},
	{"capacity", "RATE", NULL,
		"requests per second that the server can answer; the summary\n"
		"gives the goodput as a share of it",
	parse_rate, FIELD(capacity_per_s), 0, 0},
	{"seed", "N", "1",
		"of the arrivals, the classes, the app servers, the integers\n"
		"in queries and the jitter",
	parse_integer, FIELD(seed), 0, INT64_MAX},
	{"csv", "FILE", NULL,
		"write a line for each second",
	parse_text, FIELD(csv), 0, 0},
	{"probe", "CONNINFO", NULL,
		"log in, SELECT 1, and close, once a second (an administrator)",
	parse_text, FIELD(probe), 0, 0},
	{"probe-timeout", "MS", "5000",
		"after which a probe has failed",
	parse_integer, FIELD(probe_timeout_ms), 1, MAX_MS},
	{"help", NULL, NULL,
		"print this and exit",
	NULL, 0, 0, 0}
};

#define SPEC_COUNT		((int) (sizeof(specs) / sizeof(specs[0])))

/*
 * Usage.
 */

/* Continues each line of a help text below its first. */
static void
print_help(FILE *file, const char *help)
{
	for (; *help; help++)
	{
		fputc(*help, file);
		if (*help == '\n')
			fprintf(file, "        ");
	}
}

static void
print_option(FILE *file, const OptionSpec *spec)
{
	fprintf(file, "  --%s", spec->name);
	if (spec->argument)
		fprintf(file, " %s", spec->argument);
	fprintf(file, "\n        ");
	print_help(file, spec->help);
	if (spec->preset)
		fprintf(file, "\n        default: %s", spec->preset);
	fprintf(file, "\n");
}

#define SYNOPSIS \
	"Usage:\n  storm --conninfo CONNINFO --profile RATE:SECONDS,... [OPTION]...\n"

void
options_usage(FILE *file)
{
	fprintf(file, SYNOPSIS "\n\"storm --help\" tells all options.\n");
}

void
options_help(FILE *file)
{
	fprintf(file,
			"storm sends requests to a PostgreSQL server as impatient clients do.\n\n"
			SYNOPSIS "\nOptions:\n");
	for (int i = 0; i < SPEC_COUNT; i++)
		print_option(file, &specs[i]);
	fprintf(file,
			"\nA summary in JSON goes to standard output.  Exit status: 0 when the storm has\n"
			"run its course, 1 when it could not, 2 for unusable arguments.\n");
}

/*
 * Reading the arguments.
 */

static bool
set_option(Options *options, const OptionSpec *spec, const char *text)
{
	if (spec->parse(spec, text, options))
		return true;
	fprintf(stderr, "storm: unusable value for --%s: \"%s\"", spec->name, text);
	if (spec->max > 0 && spec->parse == parse_integer)
		fprintf(stderr, " (an integer from %lld to %lld)",
				(long long) spec->min, (long long) spec->max);
	fprintf(stderr, "\n");
	return false;
}

static bool
set_presets(Options *options)
{
	memset(options, 0, sizeof(*options));
	for (int i = 0; i < SPEC_COUNT; i++)
		if (specs[i].preset && !set_option(options, &specs[i], specs[i].preset))
			return false;
	return true;
}

static OptionsOutcome
read_arguments(Options *options, int argc, char **argv)
{
	struct option long_options[SPEC_COUNT + 1];
	int			i;

	memset(long_options, 0, sizeof(long_options));
	for (i = 0; i < SPEC_COUNT; i++)
	{
		long_options[i].name = specs[i].name;
		long_options[i].has_arg = specs[i].argument ? required_argument : no_argument;
	}
	for (;;)
	{
		int			c = getopt_long(argc, argv, "", long_options, &i);

		if (c == -1)
			return OPTIONS_GOOD;
		if (c != 0)
			return OPTIONS_BAD;
		if (specs[i].parse == NULL)
			return OPTIONS_HELP;
		if (!set_option(options, &specs[i], optarg))
			return OPTIONS_BAD;
	}
}

/* What the arguments do not say together; NULL if nothing is wrong. */
static const char *
find_problem(const Options *options, bool arguments_left)
{
	bool		pooled = strcmp(options->mode, "pool") == 0;

	if (arguments_left)
		return "there are no arguments but options";
	if (options->conninfo == NULL)
		return "--conninfo is required";
	if (options->profile.step_count == 0)
		return "--profile is required";
	if (!pooled && options->closed_clients > options->max_open)
		return "--closed must not exceed --max-open";
	if (pooled && options->pools * options->pool_size > options->max_open)
		return "--pools times --pool-size must not exceed --max-open";
	return NULL;
}

OptionsOutcome
options_parse(Options *options, int argc, char **argv)
{
	OptionsOutcome outcome;
	Script		preset;
	const char *problem;

	if (!set_presets(options))
		return OPTIONS_BAD;
	preset = options->script;
	memset(&options->script, 0, sizeof(Script));
	outcome = read_arguments(options, argc, argv);
	if (outcome != OPTIONS_GOOD)
		return outcome;
	if (options->script.statement_count == 0)
		options->script = preset;
	problem = find_problem(options, optind < argc);
	if (problem == NULL)
		return OPTIONS_GOOD;
	fprintf(stderr, "storm: %s\n", problem);
	return OPTIONS_BAD;
}
