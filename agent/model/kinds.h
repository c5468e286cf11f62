/* model: the closed word lists every process and the server share. Numbers are wire and disk
 * format: append only, never renumber. Names are the field's terms (docs/architecture.md). */
#pragma once

#include "agent/base/buf.h"

/* X(symbol, number, "text") */
#define RV_KINDS(X)                      \
	X(ACCOUNT, 1, "account")         \
	X(API_KEY, 2, "api_key")         \
	X(TOKEN, 3, "token")             \
	X(PASSWORD, 4, "password")       \
	X(CERTIFICATE, 5, "certificate") \
	X(PRIVATE_KEY, 6, "private_key") \
	X(SSH_KEY, 7, "ssh_key")         \
	X(KEYTAB, 8, "keytab")

/* Why something was not looked at, or only in part. */
#define RV_SKIPS(X)                                    \
	X(UNREADABLE, 1, "permission denied")          \
	X(REMOTE_FS, 2, "network file system")         \
	X(FUSE, 3, "FUSE file system")                 \
	X(FIFO, 4, "fifo")                             \
	X(SOCKET, 5, "socket")                         \
	X(DEVICE, 6, "device")                         \
	X(TOO_LARGE, 7, "larger than the limit")       \
	X(VANISHED, 8, "vanished while looking")       \
	X(CHANGED, 9, "changed while reading")         \
	X(LOOP, 10, "symbolic link loop")              \
	X(TRUNCATED, 11, "truncated or malformed PEM") \
	X(PSEUDO_FS, 12, "kernel file system")         \
	X(TOO_DEEP, 13, "nested too deep")             \
	X(IO_ERROR, 14, "read error")                  \
	X(EXCLUDED, 15, "excluded by configuration")

/* Key algorithms of a public part. */
#define RV_ALGS(X)               \
	X(RSA, 1, "rsa")         \
	X(EC_P256, 2, "ec-p256") \
	X(EC_P384, 3, "ec-p384") \
	X(EC_OTHER, 4, "ec")     \
	X(ED25519, 5, "ed25519") \
	X(OTHER, 6, "other")

/* How strongly the old credential is shown dead; strongest last. */
#define RV_GRADES(X)               \
	X(UNKNOWN, 1, "unknown")   \
	X(UNSERVED, 2, "unserved") \
	X(REVOKED, 3, "revoked")   \
	X(DENIED, 4, "denied")

/* What a plugin call came to (the same numbers as include/reeve/plugin.h). */
#define RV_OUTCOMES(X)                   \
	X(DONE, 1, "done")               \
	X(PENDING, 2, "pending")         \
	X(REJECTED, 3, "rejected")       \
	X(UNREACHABLE, 4, "unreachable") \
	X(UNKNOWN, 5, "unknown")         \
	X(UNSUPPORTED, 6, "unsupported") \
	X(LIMIT, 7, "limit")

/* The three axes of a credential's state (docs/states.md). */
#define RV_OWNERSHIPS(X)           \
	X(UNKNOWN, 1, "unknown")   \
	X(OWNED, 2, "owned")       \
	X(DISPUTED, 3, "disputed") \
	X(ORPHANED, 4, "orphaned")
#define RV_LIVES(X)                \
	X(SEEN, 1, "seen")         \
	X(ACTIVE, 2, "active")     \
	X(DUE, 3, "due")           \
	X(ROTATING, 4, "rotating") \
	X(GRACE, 5, "grace")       \
	X(RETIRED, 6, "retired")   \
	X(REVOKING, 7, "revoking") \
	X(REVOKED, 8, "revoked")   \
	X(GONE, 9, "gone")
#define RV_HOLDS(X)                \
	X(NONE, 1, "none")         \
	X(APPROVAL, 2, "approval") \
	X(PAUSED, 3, "paused")     \
	X(EXCEPTED, 4, "excepted") \
	X(STUCK, 5, "stuck")

/* enum rv_kind { RV_KIND_ACCOUNT = 1, .. }, const char *rv_kind_name(unsigned), and
 * unsigned rv_kind_of(struct rv_str) (0 when unknown); likewise for each list. rv_X_name gives
 * "invalid" for a number outside the list. */
#define RV_ENUM_ITEM_KIND(s, n, t)	RV_KIND_##s = n,
#define RV_ENUM_ITEM_SKIP(s, n, t)	RV_SKIP_##s = n,
#define RV_ENUM_ITEM_ALG(s, n, t)	RV_ALG_##s = n,
#define RV_ENUM_ITEM_GRADE(s, n, t)	RV_GRADE_##s = n,
#define RV_ENUM_ITEM_OUTCOME(s, n, t)	RV_OUTCOME_##s = n,
#define RV_ENUM_ITEM_OWNERSHIP(s, n, t) RV_OWNERSHIP_##s = n,
#define RV_ENUM_ITEM_LIFE(s, n, t)	RV_LIFE_##s = n,
#define RV_ENUM_ITEM_HOLD(s, n, t)	RV_HOLD_##s = n,

enum rv_kind { RV_KINDS(RV_ENUM_ITEM_KIND) };
enum rv_skip { RV_SKIPS(RV_ENUM_ITEM_SKIP) };
enum rv_alg { RV_ALGS(RV_ENUM_ITEM_ALG) };
enum rv_grade { RV_GRADES(RV_ENUM_ITEM_GRADE) };
enum rv_outcome { RV_OUTCOMES(RV_ENUM_ITEM_OUTCOME) };
enum rv_ownership { RV_OWNERSHIPS(RV_ENUM_ITEM_OWNERSHIP) };
enum rv_life { RV_LIVES(RV_ENUM_ITEM_LIFE) };
enum rv_hold { RV_HOLDS(RV_ENUM_ITEM_HOLD) };

const char *rv_kind_name(unsigned n);
const char *rv_skip_name(unsigned n);
const char *rv_alg_name(unsigned n);
const char *rv_grade_name(unsigned n);
const char *rv_outcome_name(unsigned n);
const char *rv_ownership_name(unsigned n);
const char *rv_life_name(unsigned n);
const char *rv_hold_name(unsigned n);
unsigned rv_kind_of(struct rv_str name);
unsigned rv_skip_of(struct rv_str name);
unsigned rv_alg_of(struct rv_str name);
unsigned rv_grade_of(struct rv_str name);
unsigned rv_outcome_of(struct rv_str name);
unsigned rv_ownership_of(struct rv_str name);
unsigned rv_life_of(struct rv_str name);
unsigned rv_hold_of(struct rv_str name);
