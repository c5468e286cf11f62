/* cli: --help, the manual's verb list and shell completions, all from the verb table. */
#pragma once

#include "agent/cli/verbs.h"

void rv_help_top(void);
void rv_help_verb(const struct rv_verb *verb);
/* The bash completion script, for `reeve --completion bash`. False for another shell. */
bool rv_help_completion(const char *shell);
/* The verb list in scdoc form, for docs/man (made at build). */
void rv_help_scdoc(void);
