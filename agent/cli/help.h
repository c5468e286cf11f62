/* cli: --help, the manual's verb list and shell completions, all from the verb table. */
#pragma once

#include "agent/cli/verbs.h"

void rv_help_top(void);
void rv_help_verb(const struct rv_verb *verb);
/* The verbs that begin with that word, as `reeve baseline --help`. False: there are none. */
bool rv_help_group(const char *first);
/* The bash completion script, for `reeve --completion bash`. False for another shell. */
bool rv_help_completion(const char *shell);
/* The verb list in scdoc form, for docs/man (made at build). first NULL: all, without the options
 * of those that have a page of their own; else that verb or group, with all options. */
void rv_help_scdoc(const char *first);
