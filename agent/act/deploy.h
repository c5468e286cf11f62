/* act: what reeve-place does with a set of files in the directories it was given: survey, capture,
 * stage, swap (and back), observe, clean; one function per message of ipc/messages.def (100-111),
 * whose records are the arguments. Every act is safe to repeat. A file whose digest is neither the
 * expected old nor the new is foreign: said, never overwritten. Nothing here judges or decides.
 * Order of system calls and what a crash leaves at each: docs/rotation.md. */
#pragma once

#include "agent/act/swap_window.h"
#include "agent/ipc/role.h"

#define RV_DEPLOY_SECRETS 8
#define RV_DEPLOY_TEXT	  512

/* One file of a set, with its names, and what lies there now. */
struct rv_deploy_item {
	size_t dir;
	int dir_fd;
	char name[RV_PLACE_NAME];
	char staged[RV_PLACE_NAME];
	uint8_t old_keyed[RV_SHA256_LEN];
	uint8_t new_keyed[RV_SHA256_LEN];
	enum rv_place_state live, beside;
};
struct rv_deploy_set {
	struct rv_deploy_item items[RV_SWAP_WINDOW_ITEMS];
	size_t count;
	char tag[65];
	struct rv_str salt;
};

struct rv_deploy {
	const struct rv_role_args *args; /* dirs; borrowed */
	struct {
		uint64_t ref;
		struct rv_secret *bytes; /* owned */
	} secrets[RV_DEPLOY_SECRETS];
	size_t secret_count;
	struct rv_deploy_set set; /* of the running call */
	struct rv_buf out;	  /* backs the lists and texts of the last answer */
	struct rv_diag diag;
};

void rv_deploy_init(struct rv_deploy *d, const struct rv_role_args *args);
void rv_deploy_done(struct rv_deploy *d); /* wipes */
/* A `secret` frame arrived. EXHAUSTED past RV_DEPLOY_SECRETS. Copies; the caller wipes its own. */
RV_NODISCARD rv_status rv_deploy_secret(struct rv_deploy *d, uint64_t ref, struct rv_str bytes);

/* Each fills the answer (outcome is an rv_class); STR and LIST fields borrow from d until the next
 * call. They fail by the answer, not by a result. */
void rv_deploy_survey(struct rv_deploy *d, const struct rv_rec_survey *ask,
		      struct rv_rec_surveyed *out);
/* On success *out_content is the file, to be sent to the broker and freed by the caller. keyed is
 * an unsalted HMAC with an empty key only of use to compare two captures. */
void rv_deploy_capture(struct rv_deploy *d, const struct rv_rec_capture *ask,
		       struct rv_rec_captured *out, struct rv_secret **out_content);
void rv_deploy_stage(struct rv_deploy *d, const struct rv_rec_stage *ask,
		     struct rv_rec_staged *out);
void rv_deploy_swap(struct rv_deploy *d, const struct rv_rec_swap *ask, struct rv_rec_swapped *out);
void rv_deploy_observe(struct rv_deploy *d, const struct rv_rec_observe *ask,
		       struct rv_rec_observed *out);
void rv_deploy_clean(struct rv_deploy *d, const struct rv_rec_clean *ask,
		     struct rv_rec_cleaned *out);

/* --- shared by the sources of this file ------------------------------------------------------- */

/* From a LIST of swap_item. MALFORMED: a bad name, digest, tag or directory, or none or too many.
 */
RV_NODISCARD rv_status rv_deploy_set_of(const struct rv_deploy *d, struct rv_str list,
					struct rv_str tag, struct rv_str salt,
					struct rv_deploy_set *out, struct rv_diag *diag);
/* Fills live and beside of each item. */
RV_NODISCARD rv_status rv_deploy_look(struct rv_deploy_set *set, struct rv_diag *diag);
/* True when a record of the set's tag lies in any of its directories. */
bool rv_deploy_window_open(const struct rv_deploy_set *set);
/* The fd of directory `index`, or -1. */
int rv_deploy_dir(const struct rv_deploy *d, uint64_t index);
/* Who else manages this file, in words ("certbot (live/ layout)"), or false. content may be NULL.
 */
bool rv_deploy_manager(const char *dir_path, int dir_fd, const char *name,
		       const struct rv_secret *content, char *out, size_t size);
