/* plughost: reeve-plugin-check's side of a plughost: it plays reeved, engine and broker for one
 * real, confined reeve-plughost and keeps the plugin's ledger. Private to the check. */
#pragma once

#include "agent/base/secret.h"
#include "agent/ipc/channel.h"

#include <reeve/plugin.h>

#include <sys/types.h>

#define CHECK_WAIT_MS 8000

struct check_setting {
	const char *key;
	struct rv_str value;
};

struct check_subject {
	const char *plughost; /* path of the program */
	char name[33];	      /* the plugin's, from the file name */
	const char *profile;
	int memfd; /* the sealed plugin */
	char sha256[65];
	struct check_setting settings[16];
	size_t setting_count;
	const char *secret_name; /* NULL: none */
	struct rv_secret *secret;
	struct rv_buf secret_tail; /* bytes that must never come back */
};

/* A running plughost. */
struct check_session {
	const struct check_subject *subject;
	pid_t pid;
	struct rv_channel *sup;
	struct rv_channel *engine;
	struct rv_channel *broker;
	uint64_t walls;
	struct rv_rec_plug_ready ready; /* borrows from ready_text */
	struct rv_buf ready_text;
	struct rv_buf ledger;
};

/* Starts a plughost and waits for its HELLO. */
RV_NODISCARD rv_status check_start(const struct check_subject *subject, struct check_session *out,
				   struct rv_diag *diag);
/* Hands the secret over (when `with_secret`) and opens the plugin. OK also when the plugin refuses:
 * see session->ready.outcome. `extra` (key NULL: none) is one more setting. */
RV_NODISCARD rv_status check_open(struct check_session *s, struct check_setting extra,
				  bool with_secret, struct rv_diag *diag);
/* Ends it; *out_signal is the signal it died of by itself, 0 when it was alive. */
void check_stop(struct check_session *s, int *out_signal);

struct check_field {
	uint32_t tag;
	struct rv_str bytes;
};

struct check_ask {
	unsigned verb;
	const char *key; /* idempotency key, or NULL */
	int64_t deadline_us;
	bool dry_run;
	bool without_ledger;
	bool keep_nothing; /* do not commit what the answer adds to the ledger */
	int socket;	   /* 0 or below: none */
	const char *expected_version;
	const struct check_field *fields;
	size_t field_count;
};

struct check_answer {
	unsigned outcome;
	char version[129];
	char text[513];
	int64_t not_before_us;
	int64_t expires_at_us;
	struct rv_buf fields; /* LIST of plug_field, a copy */
	int64_t took_us;
};
/* UNSURE: no answer in time, or the plughost died: what the engine would call `unknown`. */
RV_NODISCARD rv_status check_call(struct check_session *s, const struct check_ask *ask,
				  struct check_answer *out, struct rv_diag *diag);
void check_answer_done(struct check_answer *a);
/* The first field with that tag; {NULL, 0} when there is none. */
struct rv_str check_field_of(const struct check_answer *a, uint32_t tag);
size_t check_field_count(const struct check_answer *a, uint32_t tag);
