/* act: one run (a rotation, a revocation, an undo) as it stands: the whole of what is committed
 * before and after each step (docs/rotation.md). Public facts and digests only; sealed blobs live
 * beside it by purpose. Encoded by the one codec. Not here: the steps (rotation.h), the table that
 * keeps it (store/journal.h). */
#pragma once

#include "agent/base/digest.h"
#include "agent/base/uuid.h"
#include "agent/model/evidence.h"
#include "agent/model/record.h"

#define RV_RUN_ITEMS   8
#define RV_RUN_TARGETS 32
#define RV_RUN_HOLDERS 128
#define RV_RUN_CHAIN   8
#define RV_RUN_BYTES   1048576 /* of one encoded run */

/* X(symbol, number, "text"): append only. */
#define RV_RUN_VERBS(X)        \
	X(ROTATE, 1, "rotate") \
	X(REVOKE, 2, "revoke") \
	X(UNDO, 3, "undo")
#define RV_RUN_STATES(X)                                                            \
	X(RUNNING, 1, "running")                                                    \
	X(DONE, 2, "done")                                                          \
	X(STUCK, 3, "stuck")	 /* went back as far as it could; needs a person */ \
	X(REFUSED, 4, "refused") /* nothing was changed */                          \
	X(UNDONE, 5, "undone")	 /* another run took it back */
#define RV_RUN_STEPS(X)                 \
	X(ADMIT, 1, "admit")            \
	X(PREFLIGHT, 2, "preflight")    \
	X(INTENT, 3, "intent")          \
	X(CREATE, 4, "create")          \
	X(GATE, 5, "gate")              \
	X(STAGE, 6, "stage")            \
	X(SWAP, 7, "swap")              \
	X(TEST, 8, "test")              \
	X(RELOAD, 9, "reload")          \
	X(PROVE, 10, "prove")           \
	X(PROMOTE, 11, "promote")       \
	X(TIDY, 12, "tidy")             \
	X(GRACE, 13, "grace")           \
	X(REVOKE, 14, "revoke")         \
	X(SHOW_DEAD, 15, "show-dead")   \
	X(CLOSE, 16, "close")           \
	X(UNSWAP, 20, "unswap")         \
	X(RELOAD_OLD, 21, "reload-old") \
	X(PROVE_OLD, 22, "prove-old")   \
	X(REVOKE_NEW, 23, "revoke-new") \
	X(TIDY_BACK, 24, "tidy-back")   \
	X(END, 30, "end")

enum rv_run_verb {
#define RV_ITEM_(s, n, t) RV_RUN_VERB_##s = n,
	RV_RUN_VERBS(RV_ITEM_)
#undef RV_ITEM_
};
enum rv_run_state {
#define RV_ITEM_(s, n, t) RV_RUN_##s = n,
	RV_RUN_STATES(RV_ITEM_)
#undef RV_ITEM_
};
enum rv_run_step {
#define RV_ITEM_(s, n, t) RV_AT_##s = n,
	RV_RUN_STEPS(RV_ITEM_)
#undef RV_ITEM_
};
const char *rv_run_verb_name(uint64_t n);
const char *rv_run_state_name(uint64_t n);
const char *rv_run_step_name(uint64_t n);

/* What a file of the set holds. */
enum rv_run_part { RV_PART_COMBINED = 1, RV_PART_CERTIFICATE = 2, RV_PART_KEY = 3 };

/* One file. links: text_items "LINK\0TARGET" of every hop that led to it, pinned. dev and ino: 0
 * when no plan pinned them. */
#define RV_REC_run_item(F)         \
	F(STR, 1, dir, 4096)       \
	F(STR, 2, name, 255)       \
	F(U64, 3, part, 3)         \
	F(U64, 4, dev, UINT64_MAX) \
	F(U64, 5, ino, UINT64_MAX) \
	F(U64, 6, uid, UINT32_MAX) \
	F(U64, 7, gid, UINT32_MAX) \
	F(LIST, 8, links, 32768)   \
	F(STR, 9, old_keyed, 32)   \
	F(STR, 10, new_keyed, 32)  \
	F(U64, 11, is_captured, 1)
RV_RECORD_STRUCT(run_item)

/* Where the credential is served: loopback address (4 or 16 bytes), port, name to send ("" none).
 */
#define RV_REC_run_target(F) F(STR, 1, addr, 16) F(U64, 2, port, 65535) F(STR, 3, name, 255)
RV_RECORD_STRUCT(run_target)

#define RV_REC_run_holder(F)   \
	F(U64, 1, port, 65535) \
	F(U64, 2, pid, UINT32_MAX) F(I64, 3, started_us, 0) F(U64, 4, accepts, 1)
RV_RECORD_STRUCT(run_holder)

#define RV_REC_run(F)                                                      \
	F(U64, 1, version, 1)                                              \
	F(STR, 2, id, 36)                                                  \
	F(STR, 3, cred, 64)                                                \
	F(U64, 4, verb, 3)                                                 \
	F(U64, 5, state, 5)                                                \
	F(U64, 6, step, 30)                                                \
	F(U64, 7, is_begun, 1) /* the step's `about` is committed */       \
	F(STR, 8, parent, 36)  /* undo: the run taken back */              \
	F(U64, 9, attempt, 255)                                            \
	F(STR, 10, tag, 64)                                                \
	F(STR, 11, salt, 32)                                               \
	F(STR, 12, idempotency_key, 64)                                    \
	F(STR, 13, policy, 256)                                            \
	F(STR, 14, instance, 64) /* of plugins.d */                        \
	F(STR, 15, test, 1024)	 /* hook, "" none */                       \
	F(LIST, 16, units, 8192) /* to reload */                           \
	F(LIST, 17, targets, 16384)                                        \
	F(I64, 18, grace_us, 0)                                            \
	F(I64, 19, grace_until_us, 0)                                      \
	F(U64, 20, alg, 255)                                               \
	F(STR, 21, old_der, 32768)                                         \
	F(STR, 22, old_version, 128)                                       \
	F(STR, 23, new_der, 32768)                                         \
	F(STR, 24, new_version, 128)                                       \
	F(LIST, 25, chain, 131072)                                         \
	F(STR, 26, csr_der, 16384)                                         \
	F(STR, 27, spki_sha256, 32)                                        \
	F(LIST, 28, items, 524288)                                         \
	F(LIST, 29, holders, 32768) /* who listened before the reload */   \
	F(U64, 30, was_reloaded, 1)                                        \
	F(U64, 31, grade, 4)                                               \
	F(STR, 32, reason, 1024) /* why refused or stuck */                \
	F(I64, 33, started_us, 0)                                          \
	F(I64, 34, ended_us, 0)                                            \
	F(I64, 35, retry_at_us, 0)                                         \
	F(U64, 36, retries, 65535)                                         \
	F(U64, 37, new_revoked, 1)                                         \
	F(STR, 38, next, 256)		       /* what a person can do */  \
	F(U64, 39, max_lifetime_us, INT64_MAX) /* 0: the provider's own */ \
	F(STR, 40, old_sha256, 32)	       /* what was known to be there; empty: whatever is */
RV_RECORD_STRUCT(run)

/* The record with its lists taken apart. Every view points into memory that the run keeps until
 * it is freed. */
struct rv_run {
	struct rv_rec_run r; /* the LIST members are made on encoding */
	struct rv_rec_run_item items[RV_RUN_ITEMS];
	size_t item_count;
	struct rv_rec_run_target targets[RV_RUN_TARGETS];
	size_t target_count;
	struct rv_holder holders[RV_RUN_HOLDERS];
	size_t holder_count;
	struct rv_str chain[RV_RUN_CHAIN];
	size_t chain_count;
	struct rv_str units[RV_RUN_ITEMS];
	size_t unit_count;
	struct rv_run_block *kept;
};

/* A fresh run: id, tag and salt are random, state running, step admit. *gives*. */
RV_NODISCARD rv_status rv_run_new(enum rv_run_verb verb, const char *cred, struct rv_run **out);
void rv_run_free(struct rv_run *run);
void rv_run_freep(struct rv_run **run);
/* Copies bytes into the run's memory and points *slot at them. */
RV_NODISCARD rv_status rv_run_keep(struct rv_run *run, struct rv_str *slot, struct rv_str bytes);
RV_NODISCARD rv_status rv_run_encode(const struct rv_run *run, struct rv_buf *out);
/* MALFORMED when the bytes are not a run of this version. *gives*. */
RV_NODISCARD rv_status rv_run_decode(struct rv_str bytes, struct rv_run **out,
				     struct rv_diag *diag);
/* A NUL-terminated copy of a short view ("" when it does not fit). */
void rv_run_text(struct rv_str view, char *out, size_t size);
/* The purpose a sealed blob of this run is bound to: what is "key", or "old" with its index. */
#define RV_RUN_PURPOSE 128
void rv_run_purpose(struct rv_str run, const char *what, size_t index, char out[RV_RUN_PURPOSE]);
