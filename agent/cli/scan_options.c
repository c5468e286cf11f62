/* cli: the options of `reeve scan`, with gitleaks' names for the same thing. */
#include "agent/cli/scan_verb.h"

const struct rv_opt rv_scan_options[] = {
	/* what */
	{"git", RV_OPT_FLAG, NULL, "the whole history of a repository, unreachable objects too"},
	{"range", RV_OPT_TEXT, "A..B", "of the history only these commits"},
	{"since", RV_OPT_TEXT, "DATE", "of the history only commits from then on"},
	{"staged", RV_OPT_FLAG, NULL, "what the next commit would add (pre-commit)"},
	{"diff", RV_OPT_TEXT, "BASE", "what HEAD adds to BASE; rules and ignores come from BASE"},
	{"worktree", RV_OPT_FLAG, NULL, "with --diff: what is not committed, too"},
	{"policy-ref", RV_OPT_TEXT, "REF", "take configuration, ignores and baseline from REF"},
	{"stdin", RV_OPT_FLAG, NULL, "standard input"},
	{"exclude", RV_OPT_LIST, "GLOB", "leave these paths out (may be repeated)"},
	{"follow-symlinks", RV_OPT_FLAG, NULL, "read the files that symbolic links lead to"},
	/* which findings */
	{"config", RV_OPT_TEXT, "FILE", ".reeve.yaml or .gitleaks.toml to use", .letter = 'c'},
	{"baseline", RV_OPT_TEXT, "FILE",
	 "known findings, which are not told again (default "
	 ".reeve-baseline.json)",
	 .letter = 'b'},
	{"rules", RV_OPT_LIST, "FILE", "rules of your own, besides the built-in ones"},
	{"enable-rule", RV_OPT_LIST, "ID", "only this rule (may be repeated)"},
	{"min-confidence", RV_OPT_TEXT, "N",
	 "0 to 100; default 50: what is weaker is only counted"},
	{"all", RV_OPT_FLAG, NULL, "tell also what is weak, allowed or known; they fail nothing"},
	{"validate", RV_OPT_FLAG, NULL,
	 "ask the provider whether a secret lives; see "
	 "--allow-validate"},
	{"allow-validate", RV_OPT_LIST, "ID", "consent to ask for this rule's findings"},
	{"dry-run", RV_OPT_FLAG, NULL, "with --validate: show each request, send none"},
	/* how it is told */
	{"format", RV_OPT_TEXT, "F",
	 "text, json, jsonl, sarif, csv, junit, html, github, gitlab, "
	 "gitleaks",
	 .letter = 'f'},
	{"output", RV_OPT_TEXT, "FILE", "write the report there; its ending chooses the format",
	 .letter = 'o'},
	{"verbose", RV_OPT_FLAG, NULL, "say what is done", .letter = 'v'},
	{"exit-code", RV_OPT_TEXT, "N", "exit with N instead of 1 when something is found"},
	{"strict", RV_OPT_FLAG, NULL, "exit 3 when something could not be scanned whole"},
	/* limits */
	{"threads", RV_OPT_TEXT, "N", "default: one per processor", .letter = 'j'},
	{"max-file", RV_OPT_TEXT, "SIZE", "leave larger files out (64M, 2G); default: none"},
	{"max-time", RV_OPT_TEXT, "T", "stop after this time (30s, 10min)"},
	{"max-rss", RV_OPT_TEXT, "SIZE", "stop above this much memory"},
	{"max-cpu", RV_OPT_TEXT, "PERCENT", "of one processor"},
	{"decode-depth", RV_OPT_TEXT, "N", "encodings inside encodings, 0 to 3; default 3"},
	{"archive-depth", RV_OPT_TEXT, "N", "archives inside archives, 0 to 8; default 5"},
	{"ledger", RV_OPT_TEXT, "FILE", "remember there what was scanned whole; skip it next time"},
	{"no-confine", RV_OPT_FLAG, NULL, "go on where the kernel has no Landlock or seccomp"},
	/* gitleaks' names */
	{"baseline-path", RV_OPT_TEXT, "FILE", NULL, .same = "baseline"},
	{"report-path", RV_OPT_TEXT, "FILE", NULL, .letter = 'r', .same = "output"},
	{"report-format", RV_OPT_TEXT, "F", NULL, .same = "report_format"},
	{"report-template", RV_OPT_TEXT, "FILE", NULL},
	{"gitleaks-ignore-path", RV_OPT_TEXT, "FILE", NULL, .letter = 'i'},
	{"log-level", RV_OPT_TEXT, "L", NULL, .letter = 'l'},
	{"log-opts", RV_OPT_TEXT, "A..B", NULL},
	{"redact", RV_OPT_MAYBE, "PERCENT", NULL},
	{"no-banner", RV_OPT_FLAG, NULL, NULL},
	{"max-target-megabytes", RV_OPT_TEXT, "N", NULL},
	{"max-decode-depth", RV_OPT_TEXT, "N", NULL, .same = "decode_depth"},
	{"max-archive-depth", RV_OPT_TEXT, "N", NULL, .same = "archive_depth"},
	{"ignore-gitleaks-allow", RV_OPT_FLAG, NULL, NULL},
	{"timeout", RV_OPT_TEXT, "SECONDS", NULL},
	{"platform", RV_OPT_TEXT, "NAME", NULL},
	{"pre-commit", RV_OPT_FLAG, NULL, NULL, .same = "staged"},
	{"source", RV_OPT_TEXT, "PATH", NULL, .letter = 's'},
	{"no-git", RV_OPT_FLAG, NULL, NULL},
	{"pipe", RV_OPT_FLAG, NULL, NULL, .same = "stdin"},
	{NULL},
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
