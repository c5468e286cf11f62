/* cli: the options of `reeve baseline`. */
#include "agent/cli/baseline_verb.h"

#define FILE_OPTION                                                       \
	{                                                                 \
		.name = "baseline", .type = RV_OPT_TEXT, .value = "FILE", \
		.help = "default .reeve-baseline.json", .letter = 'b'     \
	}
/* Of a scan; the others of `reeve scan` are left to the configuration. */
#define SCAN_OPTIONS                                                        \
	{.name = "git",                                                     \
	 .type = RV_OPT_FLAG,                                               \
	 .help = "the whole history of a repository, not only files"},      \
		{.name = "config",                                          \
		 .type = RV_OPT_TEXT,                                       \
		 .value = "FILE",                                           \
		 .help = ".reeve.yaml or .gitleaks.toml to use",            \
		 .letter = 'c'},                                            \
		{.name = "rules",                                           \
		 .type = RV_OPT_LIST,                                       \
		 .value = "FILE",                                           \
		 .help = "rules of your own, besides the built-in ones"},   \
		{.name = "min-confidence",                                  \
		 .type = RV_OPT_TEXT,                                       \
		 .value = "N",                                              \
		 .help = "0 to 100; default 50"},                           \
		{.name = "threads",                                         \
		 .type = RV_OPT_TEXT,                                       \
		 .value = "N",                                              \
		 .help = "default: one per processor",                      \
		 .letter = 'j'},                                            \
	{                                                                   \
		.name = "no-confine", .type = RV_OPT_FLAG,                  \
		.help = "go on where the kernel has no Landlock or seccomp" \
	}
#define LABEL_OPTIONS                                                                       \
	{.name = "reason",                                                                  \
	 .type = RV_OPT_TEXT,                                                               \
	 .value = "R",                                                                      \
	 .help = "why this may stay; wanted"},                                              \
		{.name = "until",                                                           \
		 .type = RV_OPT_TEXT,                                                       \
		 .value = "DATE",                                                           \
		 .help = "the last day it may; default: no end"},                           \
	{                                                                                   \
		.name = "by", .type = RV_OPT_TEXT, .value = "WHO", .help = "default: $USER" \
	}

const struct rv_opt rv_baseline_create_options[] = {LABEL_OPTIONS,
						    {.name = "output",
						     .type = RV_OPT_TEXT,
						     .value = "FILE",
						     .help = "default: .reeve-baseline.json beside "
							     "what is scanned",
						     .letter = 'o'},
						    FILE_OPTION,
						    SCAN_OPTIONS,
						    {.name = "exclude",
						     .type = RV_OPT_LIST,
						     .value = "GLOB",
						     .help = "leave these paths out (may be "
							     "repeated)"},
						    {NULL}};
const struct rv_opt rv_baseline_add_options[] = {
	LABEL_OPTIONS,
	{.name = "rule", .type = RV_OPT_TEXT, .value = "ID", .help = "for people: which rule"},
	{.name = "path", .type = RV_OPT_TEXT, .value = "PATH", .help = "for people: where"},
	FILE_OPTION,
	{NULL}};
const struct rv_opt rv_baseline_expire_options[] = {
	{.name = "on",
	 .type = RV_OPT_TEXT,
	 .value = "DATE",
	 .help = "the last day it holds, not after its present one; default: yesterday"},
	FILE_OPTION,
	{NULL}};
/* Those of `reeve scan` that look at less are known, to say why not (baseline_verb.c). */
const struct rv_opt rv_baseline_prune_options[] = {
	FILE_OPTION,
	SCAN_OPTIONS,
	{.name = "exclude", .type = RV_OPT_LIST, .value = "GLOB"},
	{.name = "enable-rule", .type = RV_OPT_LIST, .value = "ID"},
	{.name = "max-file", .type = RV_OPT_TEXT, .value = "N"},
	{.name = "decode-depth", .type = RV_OPT_TEXT, .value = "N"},
	{.name = "archive-depth", .type = RV_OPT_TEXT, .value = "N"},
	{.name = "range", .type = RV_OPT_TEXT, .value = "A..B"},
	{.name = "since", .type = RV_OPT_TEXT, .value = "DATE"},
	{NULL}};
const struct rv_opt rv_baseline_list_options[] = {
	{.name = "ended", .type = RV_OPT_FLAG, .help = "only those whose last day has passed"},
	FILE_OPTION,
	{NULL}};

const char rv_baseline_help[] =
	"A baseline holds what is known, so that reeve scan tells and fails only what is new. It "
	"is\n"
	"a file to commit: fingerprints of rule and value, no secret, one entry a line; edits, "
	"moves\n"
	"and rebases do not change it, and branches that add entries merge, without a conflict "
	"where\n"
	".gitattributes has: .reeve-baseline.json merge=union";
