/* discover: inside of the intake, for intake*.c alone. */
#pragma once

#include "agent/discover/account.h"
#include "agent/discover/cert.h"
#include "agent/discover/intake.h"
#include "agent/discover/mask.h"
#include "agent/discover/paths.h"
#include "agent/discover/pem.h"
#include "agent/discover/unit.h"

#define RV_ACCOUNTS_MAX 65536

struct rv_intake_account {
	char *name;
	char *home;
	uint32_t uid;
	uint32_t gid;
	uint8_t password;
	bool can_login;
	bool has_shadow;
	struct rv_shadow shadow; /* its name is not used */
};

struct rv_intake {
	struct rv_masker masker;
	struct rv_lane *lane;
	struct rv_sink sink;
	uint8_t *piece; /* RV_INTAKE_PIECE bytes */
	uint8_t *block; /* RV_PEM_BODY_MAX bytes: one decoded PEM block */
	struct rv_cert *cert;
	struct rv_unit *unit;
	struct rv_buf names;   /* scratch for LIST fields */
	struct rv_buf text;    /* scratch for masked texts of the record at hand */
	struct rv_buf path;    /* the masked path of the file at hand */
	struct rv_paths paths; /* where something was found, or asked for its package */
	struct rv_intake_account *accounts;
	size_t account_count;
	struct rv_login_defs login_defs;
	char fleet_id[16];
	char host_id[16];
	uint64_t files;
	uint64_t bytes;
	uint64_t findings;
};

/* The file at hand. */
struct rv_intake_file {
	struct rv_rec_file_item place; /* path masked, numbers as fstat says now */
	struct rv_str real_path;
	size_t ordinal_cert;
	size_t ordinal_key;
	size_t cert_count; /* in this piece */
	bool is_broken;	   /* a PEM block that does not parse was seen */
	bool is_cut;	   /* more values than the scanner tells */
	/* Line and column of `counted` in the piece. */
	size_t counted;
	uint32_t line;
	uint32_t column;
};

/* A piece of the file: what begins in [from, until) is of this piece. */
struct rv_intake_piece {
	struct rv_str bytes;
	size_t from;
	size_t until;
	bool is_last;
};

RV_NODISCARD rv_status rv_intake_tell(struct rv_intake *in, enum rv_msg type, const void *record);
/* Masked text in in->text, valid until the next rv_buf_reset of it. */
RV_NODISCARD rv_status rv_intake_masked(struct rv_intake *in, struct rv_str text, size_t max,
					struct rv_str *out, uint64_t *io_masked);
/* NUL-ended texts by their offsets, and how large one and all of them may become in a LIST field.
 */
struct rv_intake_texts {
	const char *texts;
	const uint16_t *at;
	size_t count;
	size_t each_max;
	size_t all_max;
};
/* The list of masked texts in in->names, valid until the next call; what does not fit the field is
 * left out. */
RV_NODISCARD rv_status rv_intake_masked_list(struct rv_intake *in,
					     const struct rv_intake_texts *texts,
					     struct rv_str *out, uint64_t *io_masked);
RV_NODISCARD rv_status rv_intake_not_looked(struct rv_intake *in, struct rv_str masked_path,
					    uint64_t masked, unsigned reason, uint64_t size);

RV_NODISCARD rv_status rv_intake_pems(struct rv_intake *in, struct rv_intake_file *f,
				      const struct rv_intake_piece *piece);
/* A whole file that is one DER structure; nothing happens when it is none we know. */
RV_NODISCARD rv_status rv_intake_der(struct rv_intake *in, struct rv_intake_file *f,
				     struct rv_str bytes);
RV_NODISCARD rv_status rv_intake_secrets(struct rv_intake *in, struct rv_intake_file *f,
					 const struct rv_intake_piece *piece);
RV_NODISCARD rv_status rv_intake_unit(struct rv_intake *in, struct rv_intake_file *f,
				      struct rv_str bytes);
RV_NODISCARD rv_status rv_intake_package(struct rv_intake *in, struct rv_str list_path,
					 struct rv_str bytes);
RV_NODISCARD rv_status rv_intake_passwd(struct rv_intake *in, struct rv_str bytes);
void rv_intake_shadow(struct rv_intake *in, struct rv_str bytes);
RV_NODISCARD rv_status rv_intake_accounts(struct rv_intake *in);
void rv_intake_forget_accounts(struct rv_intake *in);
