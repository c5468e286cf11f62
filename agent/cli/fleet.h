/* cli: what `reeve login|logout|fleet ..` asks the inventory: documents in, no rendering. The login
 * (address, authority, reader token) is kept in ~/.config/reeve/fleet (0600); the token is written
 * nowhere else and never in argv. */
#pragma once

#include "agent/base/json.h"

enum rv_fleet_list {
	RV_FLEET_HOSTS,	   /* items: id hostname agent state enrolled_at seen_at credentials orphans
			      quarantined not_looked certificate_until denied_why */
	RV_FLEET_LIST,	   /* items: `item` of docs/protocol.md and host, hostname, days_left */
	RV_FLEET_ORPHANS,  /* the same, with orphan_reason */
	RV_FLEET_EXPIRING, /* the same, soonest first */
	RV_FLEET__COUNT
};

struct rv_fleet_ask {
	enum rv_fleet_list list;
	const char *within; /* expiring: "30d", or NULL */
	const char *host;   /* list: of one host id, or NULL */
	size_t limit;	    /* 0: 10000 */
};

/* Fetches the authority, compares its pin, tries the token (read from token_fd, borrowed), keeps
 * the login. *out = {url, ca_pin}. DENIED: pin or token not accepted; nothing is kept. */
RV_NODISCARD rv_status rv_fleet_login(const char *url, const char *ca_pin, int token_fd,
				      json_t **out, struct rv_diag *diag);
/* Removes the login; *out = {was_logged_in}. */
RV_NODISCARD rv_status rv_fleet_logout(json_t **out, struct rv_diag *diag);
/* All pages up to the limit: *out = {v, items, truncated}. MISCONFIGURED without a login. *gives*.
 */
RV_NODISCARD rv_status rv_fleet_get(const struct rv_fleet_ask *ask, json_t **out,
				    struct rv_diag *diag);
/* The CLI's exit code of such a status: unreachable 5, refused 4, else 2; ok 0. */
int rv_fleet_exit(rv_status status);
