/* report: the three things reeve-report does for the engine: enrol, post, forget. Holds the one TLS
 * identity; parses only what the inventory answers. Not here: what is reported
 * (daemon/engine_report), when to try again (decide by class and retry_after_s). */
#pragma once

#include "agent/net/http.h"
#include "agent/report/identity.h"

#define RV_COURIER_CODE	  64
#define RV_TOKEN_FILE_MAX 2048

struct rv_courier {
	const char *dir; /* borrowed: the identity directory */
	struct rv_identity id;
	bool is_enrolled;
	int64_t offset_us; /* the server's clock minus ours */
};

/* Loads the identity when there is one. */
RV_NODISCARD rv_status rv_courier_open(const char *dir, struct rv_courier *out,
				       struct rv_diag *diag);
void rv_courier_done(struct rv_courier *courier);

struct rv_courier_result {
	char code[RV_COURIER_CODE]; /* the refusal's code; "" when none */
	unsigned http_status;
	unsigned retry_after_s;
	struct rv_buf body; /* of a success or problem; at most 48 KiB */
};
void rv_courier_result_done(struct rv_courier_result *r);

/* The class that a refusal's code means to the agent (docs/protocol.md section 6). */
enum rv_class rv_courier_class(unsigned http_status, const char *code);

/* Enrols with the token read from token_fd (the one-line token file, or the bare token). url and
 * ca_pin as given by the operator; a token file that names others is refused. `facts` is JSON. The
 * old identity stays until the new one is whole. */
RV_NODISCARD rv_status rv_courier_enrol(struct rv_courier *courier, const char *url,
					const char *ca_pin, int token_fd, const char *facts,
					struct rv_courier_result *out, struct rv_diag *diag);
/* Posts `body` to `path`, after a renewal when half of the certificate's life is over. */
RV_NODISCARD rv_status rv_courier_post(struct rv_courier *courier, const char *path,
				       struct rv_str body, struct rv_courier_result *out,
				       struct rv_diag *diag);
RV_NODISCARD rv_status rv_courier_forget(struct rv_courier *courier, struct rv_diag *diag);
