/* cli: see help.h. */
#include "agent/cli/help.h"

#include "agent/cli/baseline_verb.h"

#include <stdio.h>

static void print_usage(const struct rv_verb *verb)
{
	printf("reeve %s", verb->name);
	for (size_t i = 0; i < RV_VERB_POSITIONALS && verb->positionals[i]; i++) {
		const char *name = verb->positionals[i];
		size_t len = strcspn(name, "?*");
		bool is_optional = name[len] != '\0';
		bool is_many = name[len] == '*';
		printf(" %s", is_optional ? "[" : "");
		for (size_t c = 0; c < len; c++)
			putchar(name[c] >= 'a' && name[c] <= 'z' ? name[c] - 'a' + 'A' : name[c]);
		printf("%s%s", is_many ? ".." : "", is_optional ? "]" : "");
	}
	const struct rv_opt *option;
	if (verb->more)
		printf(" [OPTIONS]");
	for (size_t i = 0; !verb->more && (option = rv_verb_option(verb, i)); i++)
		printf(" [--%s%s%s]", option->name, option->value ? " " : "",
		       option->value ? option->value : "");
}

void rv_help_top(void)
{
	puts("reeve - keeps account of this machine's non-human credentials\n\n"
	     "Usage: reeve [GLOBAL] VERB [WORDS]\n\nVerbs:");
	size_t count;
	const struct rv_verb *verbs = rv_verbs(&count);
	for (size_t i = 0; i < count; i++)
		if (!verbs[i].is_hidden)
			printf("  %-16s %s\n", verbs[i].name, verbs[i].summary);
	puts("\nAn X is an id, a unique prefix of one, or a path.\n\n"
	     "Global:\n"
	     "  --json, --jsonl    the whole document, or its items one a line\n"
	     "  --socket PATH      the agent's control socket (REEVE_SOCKET; default\n"
	     "                     /run/reeve/control.sock)\n"
	     "  --libexec DIR      where the roles are, for verbs that need no agent\n"
	     "  --no-color, -q     no colour (also NO_COLOR), no hints or progress\n"
	     "  --completion bash  prints the completion script\n"
	     "  --version, --help\n\n"
	     "Exit: 0 done - 1 something to look at - 2 could not do it - 3 incomplete or\n"
	     "unknown - 4 refused - 5 agent or inventory unreachable.\n\n"
	     "Begin with:  reeve discover --once      (no agent, no root, writes nothing)\n"
	     "One verb:    reeve VERB --help");
}

void rv_help_verb(const struct rv_verb *verb)
{
	printf("reeve %s - %s\n\nUsage: ", verb->name, verb->summary);
	print_usage(verb);
	putchar('\n');
	if (verb->help)
		printf("\n%s\n", verb->help);
	if (rv_verb_option(verb, 0))
		puts("\nOptions:");
	const struct rv_opt *option;
	for (size_t i = 0; (option = rv_verb_option(verb, i)); i++) {
		char left[48];
		char letter[5] = {'-', option->letter, ',', ' ', '\0'};
		if (!option->help)
			continue;
		snprintf(left, sizeof(left), "%s--%s %s", option->letter ? letter : "",
			 option->name, option->value ? option->value : "");
		printf("  %-*s %s\n", verb->more ? 28 : 22, left, option->help);
	}
	if (rv_verb_option(verb, 0))
		puts("Of every verb: --json, --jsonl, --no-color, -q: reeve --help");
	if (verb->examples)
		printf("\nExamples:\n%s\n", verb->examples);
}

/* Is it the verb `first`, or one of that group? */
static bool is_of(const struct rv_verb *verb, const char *first)
{
	size_t len = strlen(first);

	return strncmp(verb->name, first, len) == 0 &&
	       (verb->name[len] == '\0' || verb->name[len] == ' ');
}

static const struct {
	const char *first, *help;
} groups[] = {
	{"baseline", rv_baseline_help},
	{"rules", "A rule says by what reeve scan knows a secret, how sure that is, and where its "
		  "owner rolls it.\n"
		  "Most are built in; --rules FILE and .reeve.yaml (scan.rules) bring your own, "
		  "and\n"
		  ".gitleaks.toml those of gitleaks' form. --enable-rule ID scans with one alone."},
};

bool rv_help_group(const char *first)
{
	size_t count;
	const struct rv_verb *verbs = rv_verbs(&count);
	bool is_group = false;

	for (size_t i = 0; i < count; i++) {
		if (!is_of(&verbs[i], first) || verbs[i].is_hidden)
			continue;
		if (!is_group)
			printf("Usage: reeve %s VERB [WORDS]\n\nVerbs:\n", first);
		printf("  reeve %-18s %s\n", verbs[i].name, verbs[i].summary);
		is_group = true;
	}
	for (size_t i = 0; i < RV_LEN(groups); i++) {
		if (is_group && strcmp(groups[i].first, first) == 0)
			printf("\n%s\n", groups[i].help);
	}
	for (size_t i = 0, told = 0; is_group && i < count; i++) {
		if (is_of(&verbs[i], first) && verbs[i].examples && !verbs[i].is_hidden)
			printf("%s%s\n", told++ ? "" : "\nExamples:\n", verbs[i].examples);
	}
	if (is_group)
		printf("\nOne of them: reeve %s VERB --help\n", first);
	return is_group;
}

static void complete_words(const struct rv_verb *verbs, size_t count)
{
	printf("\tlocal verbs=\"");
	for (size_t i = 0; i < count; i++)
		if (!verbs[i].is_hidden)
			printf("%s%s", i ? "|" : "", verbs[i].name);
	puts("\"");
	puts("\tdeclare -A opts=(");
	for (size_t i = 0; i < count; i++) {
		printf("\t\t[\"%s\"]=\"", verbs[i].name);
		const struct rv_opt *option;
		for (size_t o = 0; (option = rv_verb_option(&verbs[i], o)); o++)
			if (option->help)
				printf("--%s ", option->name);
		puts("--help\"");
	}
	puts("\t)");
}

bool rv_help_completion(const char *shell)
{
	if (strcmp(shell, "bash") != 0)
		return false;
	size_t count;
	const struct rv_verb *verbs = rv_verbs(&count);
	puts("# bash completion for reeve; made from its own verb table by `reeve --completion "
	     "bash`\n_reeve()\n{");
	puts("\tlocal cur=${COMP_WORDS[COMP_CWORD]} first= second= w i=1");
	complete_words(verbs, count);
	puts("\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	     "\t\tw=${COMP_WORDS[i]}\n"
	     "\t\tcase $w in\n"
	     "\t\t--socket|--libexec) ((i++)) ;;\n"
	     "\t\t-*) ;;\n"
	     "\t\t*) if [[ -z $first ]]; then first=$w; elif [[ -z $second ]]; then second=$w; fi "
	     ";;\n"
	     "\t\tesac\n"
	     "\tdone\n"
	     "\tlocal IFS='|' v words=()\n"
	     "\tif [[ -z $first ]]; then\n"
	     "\t\tif [[ $cur == -* ]]; then\n"
	     "\t\t\twords=(--json --jsonl --socket --libexec --no-color --version --help)\n"
	     "\t\telse\n"
	     "\t\t\tfor v in $verbs; do\n"
	     "\t\t\t\t[[ \" ${words[*]} \" == *\"${v%% *}\"* ]] || words+=(\"${v%% *}\")\n"
	     "\t\t\tdone\n"
	     "\t\tfi\n"
	     "\telif [[ -z $second && $cur != -* ]]; then\n"
	     "\t\tfor v in $verbs; do [[ $v == \"$first \"* ]] && words+=(\"${v#* }\"); done\n"
	     "\telse\n"
	     "\t\tlocal key=\"$first $second\"\n"
	     "\t\t[[ -n ${opts[$key]} ]] || key=$first\n"
	     "\t\tIFS=' '\n"
	     "\t\t[[ $cur == -* ]] && words=(${opts[$key]})\n"
	     "\tfi\n"
	     "\tIFS=$'\\n'\n"
	     "\tCOMPREPLY=($(compgen -W \"${words[*]}\" -- \"$cur\"))\n"
	     "\t[[ ${#COMPREPLY[@]} -eq 0 && $cur != -* ]] && COMPREPLY=($(compgen -f -- "
	     "\"$cur\"))\n"
	     "\treturn 0\n}\ncomplete -F _reeve reeve");
	return true;
}

/* scdoc's own signs are taken literally. */
static void put_plain(const char *text)
{
	for (; *text; text++) {
		if (strchr("*_\\", *text))
			putchar('\\');
		putchar(*text);
	}
}

static void put_option(const struct rv_opt *option)
{
	if (option->letter)
		printf("\t*-%c*, ", option->letter);
	else
		putchar('\t');
	printf("*--%s*", option->name);
	if (option->value) {
		fputs(" _", stdout);
		put_plain(option->value);
		putchar('_');
	}
	fputs(": ", stdout);
	put_plain(option->help);
	fputs("\n\n", stdout);
}

void rv_help_scdoc(const char *first)
{
	size_t count;
	const struct rv_verb *verbs = rv_verbs(&count);
	for (size_t i = 0; i < count; i++) {
		if (verbs[i].is_hidden || (first && !is_of(&verbs[i], first)))
			continue;
		fputs("*", stdout);
		print_usage(&verbs[i]);
		printf("*\n\t%s\n\n", verbs[i].summary);
		const struct rv_opt *option;
		if (verbs[i].more && !first)
			continue; /* a page of its own has them */
		for (size_t o = 0; (option = rv_verb_option(&verbs[i], o)); o++)
			if (option->help)
				put_option(option);
	}
}
