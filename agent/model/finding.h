/* model: the closed finding schema: what reeve-discover may say. Enums, integers, path bytes,
 * public ids and keyed fingerprints; no snippet, no argv, no free text. Every path, subject and
 * name has been run through the detectors and any secret-looking span in it replaced by
 * "{hk1:...}" (its fingerprint); `masked` is then 1 and the thing can be reported but not acted on.
 * Each record is the body of the message of the same name (ipc/messages.def). */
#pragma once

#include "agent/model/record.h"

#define RV_PATH_MAX 4096
#define RV_NAME_MAX 256
#define RV_DN_MAX   1024
#define RV_SANS_MAX 8192

/* Where and as whom a file lies; opened by reeve-open, read by reeve-discover. */
#define RV_PLACE_FIELDS(F)           \
	F(STR, 1, path, RV_PATH_MAX) \
	F(U64, 2, masked, 1)         \
	F(U64, 3, dev, UINT64_MAX)   \
	F(U64, 4, ino, UINT64_MAX)   \
	F(U64, 5, uid, UINT32_MAX)   \
	F(U64, 6, gid, UINT32_MAX)   \
	F(U64, 7, mode, 07777)       \
	F(I64, 8, mtime_us, 0)

/* A certificate in a file (ordinal counts from 0 in it) or served by a listener (path is then
 * "tls://ADDR:PORT", the numbers 0). Digests are SHA-256 over DER: public parts. */
#define RV_REC_found_certificate(F)     \
	RV_PLACE_FIELDS(F)              \
	F(U64, 20, ordinal, 65535)      \
	F(STR, 21, cert_sha256, 32)     \
	F(STR, 22, spki_sha256, 32)     \
	F(STR, 23, serial, 64)          \
	F(STR, 24, subject, RV_DN_MAX)  \
	F(STR, 25, issuer, RV_DN_MAX)   \
	F(LIST, 26, names, RV_SANS_MAX) \
	F(I64, 27, not_before_us, 0)    \
	F(I64, 28, not_after_us, 0)     \
	F(U64, 29, alg, 255)            \
	F(U64, 30, bits, 65535)         \
	F(U64, 31, is_ca, 1)            \
	F(U64, 32, self_issued, 1)      \
	F(STR, 33, issuer_key_id, 64)   \
	F(U64, 34, in_bundle, 65535) /* how many certificates the same file holds */

/* A private key. spki_sha256 is empty when the key is encrypted and does not show its public part
 * (OpenSSH's own form does). */
#define RV_REC_found_key(F)         \
	RV_PLACE_FIELDS(F)          \
	F(U64, 20, ordinal, 65535)  \
	F(STR, 21, spki_sha256, 32) \
	F(U64, 22, alg, 255)        \
	F(U64, 23, bits, 65535)     \
	F(U64, 24, encrypted, 1)    \
	F(U64, 25, openssh, 1)

/* A secret value in a file, matched by a detector. */
#define RV_REC_found_secret(F)                                                            \
	RV_PLACE_FIELDS(F)                                                                \
	F(U64, 20, line, UINT32_MAX)                                                      \
	F(U64, 21, column, UINT32_MAX)                                                    \
	F(STR, 22, rule, RV_NAME_MAX)                                                     \
	F(STR, 23, provider, RV_NAME_MAX)                                                 \
	F(U64, 24, kind, 255)                                                             \
	F(STR, 25, fingerprint, 64)                                                       \
	F(STR, 26, public_id, 128) /* e.g. a cloud key id; empty when none */             \
	F(U64, 27, identified, 1)  /* public id or provider checksum proves what it is */ \
	F(U64, 28, confidence, 100)

/* One passwd entry joined with shadow. Days are as in shadow(5): since 1970, -1 when empty.
 * password: 1 locked, 2 none (may log in without), 3 set, 4 shadow not readable. */
#define RV_REC_found_account(F)                                      \
	F(STR, 1, name, RV_NAME_MAX)                                 \
	F(U64, 2, uid, UINT32_MAX)                                   \
	F(U64, 3, gid, UINT32_MAX)                                   \
	F(STR, 4, home, RV_PATH_MAX)                                 \
	F(U64, 5, can_login, 1) /* the shell is not nologin/false */ \
	F(U64, 6, password, 4)                                       \
	F(I64, 7, changed_day, 0)                                    \
	F(I64, 8, max_days, 0)                                       \
	F(I64, 9, expire_day, 0)                                     \
	F(U64, 10, masked, 1)                                        \
	F(U64, 11, human, 1) /* uid in login.defs' UID_MIN..UID_MAX */

/* A systemd service unit file. */
#define RV_REC_found_unit(F)                                                      \
	RV_PLACE_FIELDS(F)                                                        \
	F(STR, 20, unit, RV_NAME_MAX)                                             \
	F(STR, 21, user, RV_NAME_MAX)                                             \
	F(STR, 22, exec, RV_PATH_MAX)                                             \
	F(LIST, 23, files, 16384) /* EnvironmentFile=, LoadCredential= sources */ \
	F(U64, 24, dynamic_user, 1)                                               \
	F(STR, 25, working_dir, RV_PATH_MAX)

/* The package that owns a path in which something was found. */
#define RV_REC_found_package(F)         \
	F(STR, 1, path, RV_PATH_MAX)    \
	F(STR, 2, package, RV_NAME_MAX) \
	F(STR, 3, manager, 16)

/* A process holding a listening TCP socket. addr is 4 or 16 bytes, network order. accepts: 1 when
 * the fd is in one of its epoll sets or it has no other way known, 0 when shown not to accept. */
#define RV_REC_found_listener(F)                                      \
	F(STR, 1, addr, 16)                                           \
	F(U64, 2, port, 65535)                                        \
	F(U64, 3, socket_inode, UINT64_MAX)                           \
	F(U64, 4, pid, UINT32_MAX)                                    \
	F(U64, 5, ppid, UINT32_MAX)                                   \
	F(I64, 6, started_us, 0) /* CLOCK_BOOTTIME, of the process */ \
	F(U64, 7, uid, UINT32_MAX)                                    \
	F(STR, 8, exe, RV_PATH_MAX)                                   \
	F(STR, 9, unit, RV_NAME_MAX)                                  \
	F(U64, 10, accepts, 1)

/* Something that was not looked at, with the reason (RV_SKIPS). */
#define RV_REC_not_looked(F)         \
	F(STR, 1, path, RV_PATH_MAX) \
	F(U64, 2, masked, 1)         \
	F(U64, 3, reason, 255)       \
	F(U64, 4, size_bytes, UINT64_MAX)

RV_RECORD_STRUCT(found_certificate)
RV_RECORD_STRUCT(found_key)
RV_RECORD_STRUCT(found_secret)
RV_RECORD_STRUCT(found_account)
RV_RECORD_STRUCT(found_unit)
RV_RECORD_STRUCT(found_package)
RV_RECORD_STRUCT(found_listener)
RV_RECORD_STRUCT(not_looked)
