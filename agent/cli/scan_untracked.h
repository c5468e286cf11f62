/* cli: files that git does not track, which `reeve scan --diff BASE --worktree` does not look at.
 * Names are asked for, nothing is read. Not here: scanning them (reeve scan PATH). */
#pragma once

#include "agent/git/repo.h"
#include "agent/sweep/config.h"

/* A note that names the first of them, if there is any; ignored ones count, as a rule that ignores
 * can be the change's own. What cannot be looked at is passed over. */
void rv_scan_note_untracked(const struct rv_git *git, struct rv_scan_config *config);
