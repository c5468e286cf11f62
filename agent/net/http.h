/* net: one bounded HTTPS request over libcurl. Linked by reeve-report, plughosts with the net
 * profile and the command line alone (a link test shows it). Never follows a redirect, never reads
 * proxy or other settings from the environment, speaks TLS 1.2 or later only. Not here: retries
 * (the caller decides from the class), what a reply means. */
#pragma once

#include "agent/base/buf.h"

struct rv_http_tls {
	const char *ca_pem;   /* the only authority that is believed; NULL: the system's */
	const char *cert_pem; /* with key_pem: who we are */
	const char *key_pem;
	/* The authority is not known yet: believe any. For fetching the authority itself, which is
	 * then compared with a pin; nothing else may be asked this way. */
	bool is_blind;
	bool ignores_dates; /* enrolment: our own clock may be wrong */
	int64_t offset_us;  /* the server's clock minus ours, as learnt before */
};

struct rv_http_ask {
	const char *method; /* "GET", "HEAD" or "POST" */
	const char *url;    /* https only; its path is sent as it stands */
	struct rv_str body; /* of a POST */
	const char *content_type;
	const char *bearer; /* a token for Authorization, or NULL */
	/* Whole lines "Name: text", NULL-ended: then these are sent, in this order, and neither
	 * content_type nor bearer nor anything of libcurl's own but Host before them and, of a
	 * POST, Content-Length after them. The caller has looked for line ends. NULL: none. */
	const char *const *headers;
	struct rv_http_tls tls;
	long connect_ms, total_ms; /* 0: 10 s and 60 s */
	size_t max_reply;	   /* 0: 1 MiB */
};

struct rv_http_reply {
	unsigned status;
	struct rv_buf body;
	char content_type[64]; /* without parameters */
	unsigned retry_after_s;
	int64_t date_us; /* the reply's Date, 0 when absent */
	/* Set on failure too: the certificate's dates do not fit our clock. */
	bool is_clock_skew;
};
void rv_http_reply_done(struct rv_http_reply *reply);

/* Once per process, before confinement: libcurl's own start-up. */
RV_NODISCARD rv_status rv_http_init(void);
/* The same, and whatever libcurl frees is wiped first: for who sends secrets in a request. */
RV_NODISCARD rv_status rv_http_init_wiping(void);
/* Any status is a success here; look at reply->status.
 * RETRY: not reached, nothing was sent. UNSURE: sent, no whole answer (a POST may have been done).
 * DENIED: the peer's certificate is not to be believed. MALFORMED: the answer is too large or no
 * HTTP. MISCONFIGURED: the URL. */
RV_NODISCARD rv_status rv_http_call(const struct rv_http_ask *ask, struct rv_http_reply *reply,
				    struct rv_diag *diag);

#define RV_PIN_BYTES 72 /* "sha256:" + 64 hex digits + NUL */
/* The pin of a certificate in PEM: SHA-256 of its public key (SPKI). MALFORMED. */
RV_NODISCARD rv_status rv_pin_of(const char *cert_pem, char out[RV_PIN_BYTES],
				 struct rv_diag *diag);
/* Asks `base_url`/v1/ca without belief, and gives the authority only when its pin is `pin`.
 * DENIED with both pins otherwise. *gives* PEM in out. */
RV_NODISCARD rv_status rv_pin_fetch_ca(const char *base_url, const char *pin, char **out_pem,
				       struct rv_diag *diag);
