/* cli: the verb table. One row here is a verb, its help, its completion and its line in the manual.
 */
#include "agent/cli/verbs.h"

#include "agent/base/yaml.h"
#include "agent/cli/baseline_verb.h"
#include "agent/cli/fleet_verbs.h"
#include "agent/cli/local_verbs.h"
#include "agent/cli/render.h"
#include "agent/cli/rules_verb.h"
#include "agent/cli/scan_verb.h"

static const struct rv_verb verb_table[] = {
	{.name = "scan",
	 .summary = "look for secrets in files, standard input or git history",
	 .positionals = {"paths*?"},
	 .more = rv_scan_options,
	 .help = rv_scan_help,
	 .examples = rv_scan_examples,
	 .run = rv_run_scan},
	{.name = "dir",
	 .summary = "reeve scan PATH.., by the name gitleaks gives it",
	 .positionals = {"paths*?"},
	 .more = rv_scan_options,
	 .examples = "  reeve dir src -f json -r report.json",
	 .run = rv_run_scan_dir},
	{.name = "git",
	 .summary = "reeve scan --git, by the name gitleaks gives it",
	 .positionals = {"paths*?"},
	 .more = rv_scan_options,
	 .examples = "  reeve git --log-opts main..HEAD .",
	 .run = rv_run_scan_git},
	{.name = "stdin",
	 .summary = "reeve scan --stdin, by the name gitleaks gives it",
	 .more = rv_scan_options,
	 .examples = "  kubectl get secret app -o yaml | reeve stdin",
	 .run = rv_run_scan_stdin},
	{.name = "detect",
	 .summary = "what gitleaks before 8.19 called git and dir",
	 .more = rv_scan_options,
	 .is_hidden = true,
	 .examples = "  reeve detect --no-git --source src",
	 .run = rv_run_scan_detect},
	{.name = "protect",
	 .summary = "what gitleaks before 8.19 called git --staged",
	 .more = rv_scan_options,
	 .is_hidden = true,
	 .examples = "  reeve protect --staged",
	 .run = rv_run_scan_protect},
	{.name = "baseline create",
	 .summary = "scan, and take every finding into the baseline",
	 .positionals = {"paths*?"},
	 .more = rv_baseline_create_options,
	 .help = rv_baseline_help,
	 .examples =
		 "  reeve baseline create --git --reason \"before we scanned\" --until 2027-03-31",
	 .run = rv_run_baseline_create},
	{.name = "baseline add",
	 .summary = "take one finding into the baseline, by its fingerprint",
	 .positionals = {"fingerprint"},
	 .more = rv_baseline_add_options,
	 .examples = "  reeve baseline add rv1:0a1b... --reason \"revoked on 3 May\"",
	 .run = rv_run_baseline_add},
	{.name = "baseline expire",
	 .summary = "end an entry: the finding is told again",
	 .positionals = {"fingerprint"},
	 .more = rv_baseline_expire_options,
	 .examples = "  reeve baseline expire rv1:0a1b... --on 2027-01-31",
	 .run = rv_run_baseline_expire},
	{.name = "baseline prune",
	 .summary = "scan, and drop what is not found any more",
	 .positionals = {"paths*?"},
	 .more = rv_baseline_prune_options,
	 .help = "Scan as the baseline was made: what was taken from history needs --git. Refuses, "
		 "with\n"
		 "exit 3, when not all could be scanned.",
	 .examples = "  reeve baseline prune --git",
	 .run = rv_run_baseline_prune},
	{.name = "baseline list",
	 .summary = "the entries, who added them and why",
	 .more = rv_baseline_list_options,
	 .examples = "  reeve baseline list --ended",
	 .run = rv_run_baseline_list},
	{.name = "rules list",
	 .summary = "the rules that reeve scan has built in",
	 .more = rv_rules_list_options,
	 .examples = "  reeve rules list --kind password",
	 .run = rv_run_rules_list},
	{.name = "rules show",
	 .summary = "one rule: by what it finds, how sure, where its keys are rolled",
	 .positionals = {"rule"},
	 .examples = "  reeve rules show npm-token",
	 .run = rv_run_rules_show},
	{.name = "rules test",
	 .summary = "try rules on their samples",
	 .positionals = {"paths*?"},
	 .help = rv_rules_test_help,
	 .examples = "  reeve rules test\n  reeve rules test ci/rules.yaml",
	 .run = rv_run_rules_test},
	{.name = "rules cost",
	 .summary = "scan, and tell the ten rules that took most of the time",
	 .positionals = {"paths*?"},
	 .more = rv_rules_cost_options,
	 .examples = "  reeve rules cost .",
	 .run = rv_run_rules_cost},
	{.name = "status",
	 .wire = "status",
	 .summary = "is the agent up, when did it last look, what did it count",
	 .examples = "  reeve status\n  reeve status --json | jq .data.counts",
	 .render = rv_render_status},
	{.name = "discover",
	 .summary = "look at this host now",
	 .options = {{"once", RV_OPT_FLAG, NULL,
		      "no agent, no root: what you can see; writes nothing"},
		     {"root", RV_OPT_LIST, "D", "look only below D (may be repeated)"},
		     {"exclude", RV_OPT_LIST, "GLOB", "leave out what matches"}},
	 .help = "Finds certificates and private keys, API keys in files, accounts, service units "
		 "and\n"
		 "TLS listeners. What could not be looked at is listed with the reason. With "
		 "--once a\n"
		 "private agent of your own rights does it in memory and lists what it found.",
	 .examples = "  reeve discover --once\n  reeve discover --once --root /etc/nginx --json",
	 .render = rv_render_discover,
	 .run = rv_run_discover},
	{.name = "list",
	 .wire = "list",
	 .summary = "the credentials of this host",
	 .options = {{"due", RV_OPT_TEXT, "30d", "due or expiring within that time"},
		     {"orphans", RV_OPT_FLAG, NULL, "only those without a live owner"},
		     {"kind", RV_OPT_TEXT, "K", "account, api_key, certificate, private_key, ..."},
		     {"owner", RV_OPT_TEXT, "O", "only those of O"},
		     {"stuck", RV_OPT_FLAG, NULL, "only those a person must look at"}},
	 .examples = "  reeve list --orphans\n  reeve list --due 30d --kind certificate",
	 .render = rv_render_list},
	{.name = "show",
	 .wire = "show",
	 .summary = "one credential: where it is, who uses it, its versions",
	 .positionals = {"id"},
	 .examples = "  reeve show /etc/nginx/tls/site.pem\n  reeve show c19f2",
	 .render = rv_render_show},
	{.name = "why",
	 .wire = "why",
	 .summary = "whose it is and what is asked of it, with the evidence and the rule",
	 .positionals = {"id"},
	 .examples = "  reeve why /srv/report/.env",
	 .render = rv_render_why},
	{.name = "history",
	 .wire = "history",
	 .summary = "what happened to it, from the audit chain",
	 .positionals = {"id"},
	 .examples = "  reeve history c19f2",
	 .render = rv_render_history},
	{.name = "plan",
	 .wire = "plan",
	 .summary = "what would be done, bound by a hash; changes nothing",
	 .positionals = {"ids*"},
	 .options = {{"policy", RV_OPT_TEXT, "P", "all that policy P says is due"},
		     {"output", RV_OPT_LOCAL, "FILE", "keep the plan (also -o), for reeve apply"}},
	 .examples = "  reeve plan /etc/nginx/tls/site.pem -o plan.json\n  reeve apply plan.json",
	 .render = rv_render_plan,
	 .run = rv_run_plan},
	{.name = "apply",
	 .summary = "do a plan, if the world is still as it was",
	 .positionals = {"file"},
	 .help = "A plan whose world has changed is refused (exit 4) with each difference named.",
	 .examples = "  reeve apply plan.json",
	 .render = rv_render_runs,
	 .run = rv_run_apply},
	{.name = "rotate",
	 .wire = "rotate",
	 .summary = "replace a credential and prove the new one is used, the old one dead",
	 .positionals = {"id"},
	 .options = {{"dry-run", RV_OPT_FLAG, NULL, "only the plan"}},
	 .examples = "  reeve rotate /etc/nginx/tls/site.pem --dry-run\n"
		     "  reeve rotate /etc/nginx/tls/site.pem",
	 .render = rv_render_runs},
	{.name = "revoke",
	 .wire = "revoke",
	 .summary = "end a credential at its issuer and show it dead",
	 .positionals = {"id"},
	 .options = {{"emergency", RV_OPT_FLAG, NULL, "even while it is in use"},
		     {"dry-run", RV_OPT_FLAG, NULL, "only the plan"}},
	 .examples = "  reeve revoke c19f2",
	 .render = rv_render_runs},
	{.name = "undo",
	 .wire = "undo",
	 .summary = "put back what a run replaced, while the old one still lives",
	 .positionals = {"run"},
	 .examples = "  reeve undo 0192f0c4-...",
	 .render = rv_render_runs},
	{.name = "pause",
	 .wire = "pause",
	 .summary = "start no change; discovery and reports go on",
	 .options = {{"for", RV_OPT_TEXT, "4h", "and resume by itself after that"},
		     {"reason", RV_OPT_TEXT, "R", "kept in the record"}},
	 .examples = "  reeve pause --for 4h --reason \"freeze CHG-881\"",
	 .render = rv_render_paused},
	{.name = "resume",
	 .wire = "resume",
	 .summary = "end a pause",
	 .examples = "  reeve resume",
	 .render = rv_render_paused},
	{.name = "owner set",
	 .wire = "owner",
	 .action = "set",
	 .summary = "say whose it is",
	 .positionals = {"id", "owner"},
	 .examples = "  reeve owner set /srv/report/.env team:bi",
	 .render = rv_render_owner},
	{.name = "owner claim",
	 .wire = "owner",
	 .action = "claim",
	 .summary = "it is mine",
	 .positionals = {"id"},
	 .examples = "  reeve owner claim c19f2",
	 .render = rv_render_owner},
	{.name = "owner confirm",
	 .wire = "owner",
	 .action = "confirm",
	 .summary = "the inferred owner is right",
	 .positionals = {"id"},
	 .examples = "  reeve owner confirm c19f2",
	 .render = rv_render_owner},
	{.name = "owner dispute",
	 .wire = "owner",
	 .action = "dispute",
	 .summary = "the owner is wrong",
	 .positionals = {"id"},
	 .examples = "  reeve owner dispute c19f2",
	 .render = rv_render_owner},
	{.name = "policy lint",
	 .wire = "policy",
	 .action = "lint",
	 .summary = "check the policy files; changes nothing",
	 .examples = "  reeve policy lint",
	 .render = rv_render_policy_lint},
	{.name = "policy explain",
	 .wire = "policy",
	 .action = "explain",
	 .summary = "every effective value for a credential, with its file and line",
	 .positionals = {"id"},
	 .examples = "  reeve policy explain /etc/nginx/tls/site.pem",
	 .render = rv_render_policy_explain},
	{.name = "policy reload",
	 .wire = "policy",
	 .action = "reload",
	 .summary = "read the policy files again; a broken set is refused whole",
	 .examples = "  reeve policy reload",
	 .render = rv_render_policy_lint},
	{.name = "policy diff",
	 .wire = "policy",
	 .action = "diff",
	 .summary = "what a reload of the edited files would change; exit 1 when something",
	 .examples = "  reeve policy diff"},
	{.name = "policy schema",
	 .wire = "policy",
	 .action = "schema",
	 .summary = "the JSON Schema of policy files",
	 .examples = "  reeve policy schema > policy.schema.json"},
	{.name = "evidence export",
	 .summary = "write the audit chain as a bundle that verifies offline",
	 .positionals = {"id?"},
	 .options = {{"output", RV_OPT_LOCAL, "FILE",
		      "where to (also -o); default standard output"}},
	 .examples = "  reeve evidence export -o record.jsonl\n"
		     "  reeve-verify --key sha256:.. record.jsonl",
	 .run = rv_run_evidence_export},
	{.name = "evidence verify",
	 .summary = "check a bundle offline (the same as reeve-verify)",
	 .positionals = {"file"},
	 .options = {{"key", RV_OPT_LOCAL, "K",
		      "the key it must be signed by: a file, or sha256:.."}},
	 .examples = "  reeve evidence verify record.jsonl --key sha256:..",
	 .run = rv_run_evidence_verify},
	{.name = "plugin list",
	 .wire = "plugin",
	 .action = "list",
	 .summary = "the granted plugins and whether each can be trusted",
	 .examples = "  reeve plugin list",
	 .render = rv_render_plugins},
	{.name = "plugin check",
	 .summary = "ask a granted plugin what it is; or try a file NAME.so",
	 .positionals = {"name"},
	 .help = "A name is asked by the agent, in a plughost of its own. A file that ends in .so "
		 "goes\n"
		 "through the conformance suite (reeve-plugin-check), without an agent.",
	 .examples = "  reeve plugin check localca\n  reeve plugin check ./vault.so",
	 .run = rv_run_plugin_check},
	{.name = "plugin init",
	 .wire = "plugin",
	 .action = "init",
	 .summary = "make the root of a local CA instance; prints its certificate",
	 .positionals = {"instance"},
	 .examples = "  reeve plugin init web-ca > web-ca.pem",
	 .render = rv_render_plugin_init},
	{.name = "enroll",
	 .wire = "enroll",
	 .summary = "join a central inventory",
	 .positionals = {"url"},
	 .options = {{"token-file", RV_OPT_FD, "F",
		      "the one-time token, read by the report role only"},
		     {"ca-pin", RV_OPT_TEXT, "PIN", "sha256:.. of the inventory's CA key"}},
	 .examples = "  reeve enroll https://inventory.example:8443 --token-file token "
		     "--ca-pin sha256:...",
	 .render = rv_render_enrolled},
	{.name = "report",
	 .wire = "report",
	 .summary = "tell the inventory now what it has not heard yet",
	 .help = "Reports go out by themselves; this one does not wait for its turn. Exit 3 when "
		 "the\n"
		 "inventory could not be told: what waits is kept.",
	 .examples = "  reeve report",
	 .render = rv_render_report},
	{.name = "unenroll",
	 .wire = "unenroll",
	 .summary = "leave the inventory; what was reported stays there",
	 .examples = "  reeve unenroll"},
	{.name = "login",
	 .summary = "remember an inventory for reeve fleet",
	 .positionals = {"url"},
	 .options = {{"token-file", RV_OPT_FD, "F", "a reader's token"},
		     {"ca-pin", RV_OPT_TEXT, "PIN", "sha256:.. of the inventory's CA key"}},
	 .examples = "  reeve login https://inventory.example:8444 --token-file reader.token "
		     "--ca-pin sha256:...",
	 .run = rv_run_login},
	{.name = "logout",
	 .summary = "forget it and its token",
	 .examples = "  reeve logout",
	 .run = rv_run_logout},
	{.name = "fleet hosts",
	 .summary = "the hosts the inventory knows",
	 .examples = "  reeve fleet hosts",
	 .render = rv_render_fleet_hosts,
	 .run = rv_run_fleet_hosts},
	{.name = "fleet list",
	 .summary = "the credentials of all hosts",
	 .options = {{"host", RV_OPT_TEXT, "H", "only of that host's id"}},
	 .examples = "  reeve fleet list --json",
	 .render = rv_render_fleet_items,
	 .run = rv_run_fleet_list},
	{.name = "fleet orphans",
	 .summary = "those that nobody owns, with the reason",
	 .examples = "  reeve fleet orphans --json",
	 .render = rv_render_fleet_items,
	 .run = rv_run_fleet_orphans},
	{.name = "fleet expiring",
	 .summary = "soonest expiry first",
	 .options = {{"within", RV_OPT_TEXT, "30d", "only those that end within that time"}},
	 .examples = "  reeve fleet expiring --within 30d",
	 .render = rv_render_fleet_items,
	 .run = rv_run_fleet_expiring},
	{.name = "doctor",
	 .wire = "doctor",
	 .summary = "what is wrong, and the command that mends it",
	 .examples = "  reeve doctor",
	 .render = rv_render_doctor},
};

const struct rv_verb *rv_verbs(size_t *out_count)
{
	*out_count = RV_LEN(verb_table);
	return verb_table;
}

static bool is_two_words(const char *name, const char *first, const char *second)
{
	size_t len = strlen(first);
	return strncmp(name, first, len) == 0 && name[len] == ' ' &&
	       strcmp(name + len + 1, second) == 0;
}

const struct rv_opt *rv_verb_option(const struct rv_verb *verb, size_t n)
{
	size_t own = 0;
	while (own < RV_VERB_OPTIONS && verb->options[own].name)
		own++;
	if (n < own)
		return &verb->options[n];
	for (const struct rv_opt *option = verb->more; option && option->name; option++)
		if (n-- == own)
			return option;
	return NULL;
}

const struct rv_verb *rv_verb_find(int argc, char *const *argv, int *out_words)
{
	for (size_t i = 0; i < RV_LEN(verb_table); i++) {
		const char *name = verb_table[i].name;
		bool is_pair = strchr(name, ' ') != NULL;
		if (is_pair ? argc > 1 && is_two_words(name, argv[0], argv[1])
			    : strcmp(name, argv[0]) == 0) {
			*out_words = is_pair ? 2 : 1;
			return &verb_table[i];
		}
	}
	return NULL;
}

const char *rv_verb_suggest(const char *word)
{
	static char first_words[RV_LEN(verb_table)][32];
	const char *known[RV_LEN(verb_table) + 1] = {0};
	for (size_t i = 0; i < RV_LEN(verb_table); i++) {
		size_t len = strcspn(verb_table[i].name, " ");
		RV_BUG_ON(len >= sizeof(first_words[i]));
		memcpy(first_words[i], verb_table[i].name, len);
		known[i] = first_words[i];
	}
	return rv_suggest(word, known);
}
