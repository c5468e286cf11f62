/* cli: the options of `reeve scan`, with gitleaks' names for the same thing. */
#include "agent/cli/scan_verb.h"

const struct rv_opt rv_scan_options[] = {
	/* what */
	{.name = "git",
	 .type = RV_OPT_FLAG,
	 .help = "the whole history of a repository, unreachable objects too"},
	{.name = "range",
	 .type = RV_OPT_TEXT,
	 .value = "A..B",
	 .help = "of the history only these commits"},
	{.name = "since",
	 .type = RV_OPT_TEXT,
	 .value = "DATE",
	 .help = "of the history only commits from then on"},
	{.name = "staged",
	 .type = RV_OPT_FLAG,
	 .help = "what the next commit would add (pre-commit)"},
	{.name = "diff",
	 .type = RV_OPT_TEXT,
	 .value = "BASE",
	 .help = "what HEAD adds to BASE; rules and ignores come from BASE"},
	{.name = "worktree",
	 .type = RV_OPT_FLAG,
	 .help = "with --diff: what is not committed, too"},
	{.name = "policy-ref",
	 .type = RV_OPT_TEXT,
	 .value = "REF",
	 .help = "take configuration, ignores and baseline from REF"},
	{.name = "stdin", .type = RV_OPT_FLAG, .help = "standard input"},
	{.name = "exclude",
	 .type = RV_OPT_LIST,
	 .value = "GLOB",
	 .help = "leave these paths out (may be repeated)"},
	{.name = "follow-symlinks",
	 .type = RV_OPT_FLAG,
	 .help = "read the files that symbolic links lead to"},
	/* which findings */
	{.name = "config",
	 .type = RV_OPT_TEXT,
	 .value = "FILE",
	 .help = ".reeve.yaml or .gitleaks.toml to use",
	 .letter = 'c'},
	{.name = "baseline",
	 .type = RV_OPT_TEXT,
	 .value = "FILE",
	 .help = "known findings, which are not told again (default "
		 ".reeve-baseline.json)",
	 .letter = 'b'},
	{.name = "rules",
	 .type = RV_OPT_LIST,
	 .value = "FILE",
	 .help = "rules of your own, besides the built-in ones"},
	{.name = "enable-rule",
	 .type = RV_OPT_LIST,
	 .value = "ID",
	 .help = "only this rule (may be repeated)"},
	{.name = "min-confidence",
	 .type = RV_OPT_TEXT,
	 .value = "N",
	 .help = "0 to 100; default 50: what is weaker is only counted"},
	{.name = "all",
	 .type = RV_OPT_FLAG,
	 .help = "tell also what is weak, allowed or known; they fail nothing"},
	{.name = "validate",
	 .type = RV_OPT_FLAG,
	 .help = "ask the provider whether a secret lives; see "
		 "--allow-validate"},
	{.name = "allow-validate",
	 .type = RV_OPT_LIST,
	 .value = "ID",
	 .help = "consent to ask about this rule's findings (may be repeated)"},
	{.name = "validate-max",
	 .type = RV_OPT_TEXT,
	 .value = "N",
	 .help = "ask about at most N values; default 200"},
	{.name = "validate-ca",
	 .type = RV_OPT_TEXT,
	 .value = "FILE",
	 .help = "believe these authorities (PEM) alone when asking"},
	{.name = "dry-run",
	 .type = RV_OPT_FLAG,
	 .help = "with --validate: show each request, send none"},
	/* how it is told */
	{.name = "format",
	 .type = RV_OPT_TEXT,
	 .value = "F",
	 .help = "text, json, jsonl, sarif, csv, junit, html, github, gitlab, "
		 "gitleaks",
	 .letter = 'f'},
	{.name = "output",
	 .type = RV_OPT_TEXT,
	 .value = "FILE",
	 .help = "write the report there; its ending chooses the format",
	 .letter = 'o'},
	{.name = "verbose", .type = RV_OPT_FLAG, .help = "say what is done", .letter = 'v'},
	{.name = "exit-code",
	 .type = RV_OPT_TEXT,
	 .value = "N",
	 .help = "exit with N instead of 1 when something is found"},
	{.name = "strict",
	 .type = RV_OPT_FLAG,
	 .help = "exit 3 when something could not be scanned whole"},
	/* limits */
	{.name = "threads",
	 .type = RV_OPT_TEXT,
	 .value = "N",
	 .help = "default: one per processor",
	 .letter = 'j'},
	{.name = "max-file",
	 .type = RV_OPT_TEXT,
	 .value = "SIZE",
	 .help = "leave larger files out (64M, 2G); default: none"},
	{.name = "max-time",
	 .type = RV_OPT_TEXT,
	 .value = "T",
	 .help = "stop after this time (30s, 10min)"},
	{.name = "max-rss",
	 .type = RV_OPT_TEXT,
	 .value = "SIZE",
	 .help = "stop above this much memory"},
	{.name = "max-cpu", .type = RV_OPT_TEXT, .value = "PERCENT", .help = "of one processor"},
	{.name = "decode-depth",
	 .type = RV_OPT_TEXT,
	 .value = "N",
	 .help = "encodings inside encodings, 0 to 3; default 3"},
	{.name = "archive-depth",
	 .type = RV_OPT_TEXT,
	 .value = "N",
	 .help = "archives inside archives, 0 to 8; default 5"},
	{.name = "ledger",
	 .type = RV_OPT_TEXT,
	 .value = "FILE",
	 .help = "remember there what was scanned whole; skip it next time"},
	{.name = "no-confine",
	 .type = RV_OPT_FLAG,
	 .help = "go on where the kernel has no Landlock or seccomp"},
	/* gitleaks' names */
	{.name = "baseline-path", .type = RV_OPT_TEXT, .value = "FILE", .same = "baseline"},
	{.name = "report-path",
	 .type = RV_OPT_TEXT,
	 .value = "FILE",
	 .letter = 'r',
	 .same = "output"},
	{.name = "report-format", .type = RV_OPT_TEXT, .value = "F", .same = "report_format"},
	{.name = "report-template", .type = RV_OPT_TEXT, .value = "FILE"},
	{.name = "gitleaks-ignore-path", .type = RV_OPT_TEXT, .value = "FILE", .letter = 'i'},
	{.name = "log-level", .type = RV_OPT_TEXT, .value = "L", .letter = 'l'},
	{.name = "log-opts", .type = RV_OPT_TEXT, .value = "A..B"},
	{.name = "redact", .type = RV_OPT_MAYBE, .value = "PERCENT"},
	{.name = "no-banner", .type = RV_OPT_FLAG},
	{.name = "max-target-megabytes", .type = RV_OPT_TEXT, .value = "N"},
	{.name = "max-decode-depth", .type = RV_OPT_TEXT, .value = "N", .same = "decode_depth"},
	{.name = "max-archive-depth", .type = RV_OPT_TEXT, .value = "N", .same = "archive_depth"},
	{.name = "ignore-gitleaks-allow", .type = RV_OPT_FLAG},
	{.name = "timeout", .type = RV_OPT_TEXT, .value = "SECONDS"},
	{.name = "platform", .type = RV_OPT_TEXT, .value = "NAME"},
	{.name = "pre-commit", .type = RV_OPT_FLAG, .same = "staged"},
	{.name = "source", .type = RV_OPT_TEXT, .value = "PATH", .letter = 's'},
	{.name = "no-git", .type = RV_OPT_FLAG},
	{.name = "pipe", .type = RV_OPT_FLAG, .same = "stdin"},
	{.name = NULL},
};

const char rv_scan_help[] =
	"Without PATH: this directory. Finds keys, tokens, passwords and private keys by the form\n"
	"their issuers give them and by what they are assigned to; in archives, in encoded text "
	"and\n"
	"in git history. Needs no daemon, no configuration and no root, has no network (but for\n"
	"--validate), and never shows or keeps a secret: values are masked.\n"
	"\n"
	"A finding stays quiet when its line says  reeve:allow reason=\"...\" , when .reeveignore "
	"or\n"
	"the configuration (.reeve.yaml, .gitleaks.toml) says so, or when the baseline knows it\n"
	"(reeve baseline create). Under --diff these come from BASE: a change cannot excuse "
	"itself.\n"
	"\n"
	"Exit: 0 nothing found - 1 something found - 2 could not scan - 3 with --strict: not all "
	"of\n"
	"it was scanned. Options of gitleaks work under their own names (docs/from-gitleaks.md).";

const char rv_scan_examples[] = "  reeve scan .\n"
				"  reeve scan --git --output report.sarif\n"
				"  reeve scan --staged\n"
				"  reeve scan --diff origin/main --format github\n"
				"  docker save app | reeve scan --stdin\n"
				"  reeve scan --json src | jq '.leaks[] | {path, line, rule}'";
