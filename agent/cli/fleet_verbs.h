/* cli: the verbs that talk to the inventory (login, logout, fleet ...), not to the agent. */
#pragma once

#include "agent/cli/args.h"

int rv_run_login(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_logout(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_fleet_hosts(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_fleet_list(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_fleet_orphans(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_fleet_expiring(struct rv_out *out, const struct rv_verb_args *args);
