/*
 * fuzz_rules.c - libFuzzer feeds texts to the rules of services.
 *
 * An input is a text of rules, then an empty line, then a line each with the
 * role, database, application name and address of somebody and the groups that
 * have him as a member, separated by blanks.  What is missing is empty.  The
 * text of rules is read as a list of names, too.
 */
#include "rules_laws.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts *text off before the separator; what is behind it. */
static char *
cut_off(char *text, const char *separator)
{
	char	   *end = strstr(text, separator);

	if (end == NULL)
		return text + strlen(text);
	*end = '\0';
	return end + strlen(separator);
}

/* Whether it is one of the words. */
static bool
is_member(void *words, const char *role)
{
	size_t		length = strlen(role);

	LAW(length > 0 && length < ADM_SERVICE_NAME_SIZE, role);
	for (const char *word = words; (word = strstr(word, role)) != NULL; word++)
	{
		if ((word == words || word[-1] == ' ') && (word[length] == ' ' || word[length] == '\0'))
			return true;
	}
	return false;
}

static void
ask(const AdmRules *rules, char *lines)
{
	char	   *role = lines;
	char	   *database = cut_off(role, "\n");
	char	   *application_name = cut_off(database, "\n");
	char	   *client_address = cut_off(application_name, "\n");
	char	   *groups = cut_off(client_address, "\n");
	AdmSubject	subject = {
		role, database, application_name, client_address, is_member, groups
	};

	cut_off(groups, "\n");
	law_match(rules, &subject);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static AdmRules rules;
	char		error[ADM_RULES_ERROR_SIZE];
	char	   *text = law_text_of(data, size);
	char	   *lines = cut_off(text, "\n\n");

	if (law_text(text, &rules, error))
		ask(&rules, lines);
	law_names(text);
	free(text);
	return 0;
}
