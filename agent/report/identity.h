/* report: who this host is to its inventory: one file, replaced whole, so that key, certificate and
 * authority always fit each other. 0600, in a directory only reeve-report may write. Not here:
 * HTTP. */
#pragma once

#include "agent/base/buf.h"

#define RV_IDENTITY_FILE "identity.pem"
#define RV_IDENTITY_NEXT "identity.next" /* a key whose enrolment has not been answered yet */
#define RV_IDENTITY_MAX	 65536

struct rv_identity {
	char host_id[64];
	char url[1024]; /* where to report */
	int64_t issued_us, not_after_us;
	int64_t offset_us; /* the server's clock minus ours, when it was issued */
	char *key_pem;	   /* owned, wiped */
	char *cert_pem, *ca_pem;
};
void rv_identity_done(struct rv_identity *id); /* accepts a zeroed one */

/* NOT_FOUND when this host is not enrolled. */
RV_NODISCARD rv_status rv_identity_load(const char *dir, struct rv_identity *out,
					struct rv_diag *diag);
RV_NODISCARD rv_status rv_identity_save(const char *dir, const struct rv_identity *id,
					struct rv_diag *diag);
/* Removes both files; missing ones are fine. */
RV_NODISCARD rv_status rv_identity_forget(const char *dir, struct rv_diag *diag);

/* The key of an enrolment under way: made once and kept until it is answered, so that a repeated
 * request is the same request. *gives* in out. */
RV_NODISCARD rv_status rv_identity_next_key(const char *dir, char **out_key_pem,
					    struct rv_diag *diag);
RV_NODISCARD rv_status rv_identity_drop_next(const char *dir, struct rv_diag *diag);
/* A signing request by that key. *gives* in out. */
RV_NODISCARD rv_status rv_identity_csr(const char *key_pem, char **out_csr_pem,
				       struct rv_diag *diag);
/* Wipes and frees; for RV_CLEANUP on key texts. */
void rv_key_text_freep(char **text);
