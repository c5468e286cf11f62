/* cli: verbs that do part of their work here: files in, files out, a private agent, and the calls
 * that every verb shares. */
#pragma once

#include "agent/cli/args.h"
#include "agent/cli/client.h"

int rv_run_discover(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_plan(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_apply(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_evidence_export(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_evidence_verify(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_version(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_plugin_check(struct rv_out *out, const struct rv_verb_args *args);

/* Asks the agent at args->socket; on failure prints the message and gives its exit code (5 when
 * nobody answers), else -1 and the reply. */
int rv_ask_agent(struct rv_out *out, const struct rv_verb_args *args, const char *wire,
		 const json_t *request, struct rv_reply *reply);
/* Prints a reply: --json, --jsonl, an error with its next step, or through render. Gives the exit
 * code. render NULL prints the data as JSON. */
int rv_show_reply(struct rv_out *out, const struct rv_reply *reply,
		  void (*render)(struct rv_out *, const json_t *, const struct rv_verb_args *),
		  const struct rv_verb_args *args);
/* Prints a failure of our own on stderr and gives its exit code (protocol.md §8). */
int rv_show_failure(rv_status status, const struct rv_diag *diag);
