/* decide: facts, verdict and what place surveyed -> the steps of a rotation or revocation. Pure.
 * Not here: the document (model/plan.h), carrying it out (act/). */
#pragma once

#include "agent/decide/verdict.h"
#include "agent/model/plan.h"

/* One hop of a symbolic link chain: `link` (absolute) pointed at `target` when planned. */
struct rv_plan_hop {
	struct rv_str link;
	struct rv_str target;
	uint64_t dev, ino; /* of the link itself; 0 0: not known */
};

/* One file of the set, as surveyed. */
struct rv_plan_path {
	const char *holds;   /* "certificate", "key", "combined" */
	struct rv_str path;  /* as the consumer names it */
	struct rv_str final; /* after all hops: DIR/NAME that is swapped */
	const struct rv_plan_hop *hops;
	size_t hop_count;
	uint64_t dir_dev, dir_ino; /* of final's directory; 0 0: not known */
	uint64_t dev, ino;
	uint32_t uid, gid;
	unsigned mode;
	uint64_t links; /* hard links; more than one is refused */
	uint64_t size_bytes;
	bool is_mount;	     /* a bind mount: cannot be renamed */
	const char *manager; /* "certbot (/etc/letsencrypt/renewal/x.conf)"; NULL or "": none */
};

/* Somebody who uses it and must be seen using the new one. */
struct rv_plan_consumer {
	struct rv_str unit;  /* may be empty */
	struct rv_str where; /* "tls://127.0.0.1:443"; may be empty */
};

struct rv_plan_item {
	const struct rv_facts *facts;
	const struct rv_verdict *verdict;
	const char *version;	    /* the old version: serial or key id */
	const char *version_sha256; /* of the old certificate, hex; NULL none */
	const struct rv_plan_path *paths;
	size_t path_count;
	const struct rv_plan_consumer *consumers;
	size_t consumer_count;
	const char
		*provider_sha256; /* hash of the plugin file that the instance uses; NULL unknown */
};

struct rv_plan_request {
	const char *verb; /* "rotate" or "revoke" */
	const char *host;
	int64_t now_us;
	bool by_hand; /* root asks: the window and mode do not hold it back, everything else does */
	const struct rv_policy_set *set;
	const struct rv_plan_item *items;
	size_t count; /* at most 64 */
};

/* Builds and seals. CONFLICT or DENIED with the reason when an item may not be acted upon (held,
 * disputed, no acting policy, a conflict, a foreign manager, a bind mount, hard links); nothing is
 * planned then. *gives*. */
RV_NODISCARD rv_status rv_plan_build(const struct rv_plan_request *request, json_t **out,
				     struct rv_diag *diag);
