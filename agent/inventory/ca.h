/* inventory: the server's own certificate authority (P-256): its files, the server's certificate,
 * the signing of hosts' requests, and the judgement of a client certificate. Not here: TLS
 * (http.c). */
#pragma once

#include "agent/base/buf.h"
#include "agent/base/digest.h"

#define RV_PIN_TEXT	    72 /* "sha256:" + 64 hex + NUL */
#define RV_HOST_CERT_DAYS   30 /* renewed at half life */
#define RV_RENEW_GRACE_DAYS 30 /* an expired certificate may still renew */

struct rv_ca;

/* Writes ca.key (0600), ca.pem, server.key (0600), server.pem into dir. `names`: comma-separated
 * host names and addresses of the server. Existing files: CONFLICT, nothing is changed. */
RV_NODISCARD rv_status rv_ca_create(const char *dir, const char *names, struct rv_diag *diag);
/* Loads the authority; makes a new server certificate when less than 30 days are left. */
RV_NODISCARD rv_status rv_ca_open(const char *dir, const char *names, struct rv_ca **out,
				  struct rv_diag *diag);
void rv_ca_free(struct rv_ca *ca);
void rv_ca_freep(struct rv_ca **ca);
const char *rv_ca_pem(const struct rv_ca *ca);
const char *rv_ca_pin(const struct rv_ca *ca); /* "sha256:.." of the SPKI */
/* PEM texts for the TLS listeners; borrowed. */
const char *rv_ca_server_pem(const struct rv_ca *ca);
const char *rv_ca_server_key_pem(const struct rv_ca *ca);

/* A request whose self-signature holds: its key's fingerprint. MALFORMED otherwise (only P-256,
 * P-384, Ed25519 and RSA >= 2048 keys are taken). */
RV_NODISCARD rv_status rv_ca_read_csr(struct rv_str csr_pem, struct rv_digest *out_key_fp,
				      struct rv_diag *diag);
/* A 30-day client certificate for `host_id` with the request's key; nothing else of the request is
 * believed. Not before one hour ago: clocks differ. *gives* PEM in out. */
RV_NODISCARD rv_status rv_ca_sign(const struct rv_ca *ca, struct rv_str csr_pem,
				  const char *host_id, char **out_pem, int64_t *out_not_after_us,
				  struct rv_diag *diag);

/* What a client certificate (DER) is to us. */
enum rv_ca_verdict {
	RV_CA_GOOD,
	RV_CA_FOREIGN, /* not ours, not for clients, or does not parse */
	RV_CA_EARLY,   /* not yet valid: a clock is wrong */
	RV_CA_EXPIRED, /* ours, within the renewal grace */
	RV_CA_LAPSED   /* ours, past the grace */
};
struct rv_ca_client {
	char host_id[64];
	struct rv_digest key_fp;
	int64_t not_before_us, not_after_us;
};
/* Fills *out for every verdict but FOREIGN. */
enum rv_ca_verdict rv_ca_judge(const struct rv_ca *ca, struct rv_str der, int64_t now_us,
			       struct rv_ca_client *out);
/* Recomputes GOOD/EXPIRED/LAPSED from dates already read: a connection may outlive them. */
enum rv_ca_verdict rv_ca_judge_dates(const struct rv_ca_client *client, int64_t now_us);

/* "sha256:.." of the SPKI of a certificate in PEM. */
RV_NODISCARD rv_status rv_ca_pin_of_pem(struct rv_str pem, char out[RV_PIN_TEXT]);
