/* model: a credential and a sighting as every stage sees them: plain views, no ownership, no I/O.
 * store/ loads and saves them (credentials.h, sightings.h); decide/ judges them; report/ sends
 * them. Texts are NUL-terminated, never NULL ("" when absent); a time that is not known is
 * RV_TIME_NONE. */
#pragma once

#include "agent/model/kinds.h"

#define RV_TIME_NONE INT64_MIN
/* Lineage ids: "c" and 24 hex digits; sighting ids: "s" and 24. The NUL included. */
#define RV_ID_TEXT 26

struct rv_credential {
	char id[RV_ID_TEXT]; /* lineage: stable across rotation */
	unsigned kind;	     /* enum rv_kind */
	const char *name;    /* for people: common name, account name, provider and public id */
	const char *provider;
	const char *path;	 /* of its first live sighting, escaped for people; "" when none */
	const char *fingerprint; /* "hk1:..", or "sha256:<hex>" of a public part */
	const char *public_id;
	/* Certificates and keys; the current version. Digests are lower-case hex. */
	const char *cert_sha256;
	const char *spki;
	const char *serial;
	const char *subject;
	const char *issuer;
	const char *names; /* JSON array of text: the subject alternative names */
	unsigned alg;	   /* enum rv_alg, 0 none */
	unsigned bits;
	int64_t not_before_us;
	int64_t not_after_us;
	/* Accounts: last change of the password; else when the current version was first seen. */
	int64_t changed_us;
	unsigned version; /* counts from 1 */
	bool is_identified;
	bool is_masked;	    /* some place or name of it hides a secret: report only, never act */
	bool has_key;	    /* certificates: the private key lies on this host */
	unsigned max_hosts; /* on how many hosts the inventory knows it; 0 unknown */
	/* The three axes (docs/states.md). */
	unsigned ownership; /* enum rv_ownership */
	unsigned life;	    /* enum rv_life */
	unsigned hold;	    /* enum rv_hold */
	const char *hold_why;
	int64_t hold_until_us;
	/* Owner: "team:web", "person:alice", "package:openssl", "host"; "" when nobody. */
	const char *owner;
	const char *owner_source; /* registry, policy, inferred, "" */
	unsigned owner_percent;	  /* confidence, 0..100 */
	const char *orphan_reason;
	/* The verdict in short (the whole of it: store/verdicts.h). */
	const char *policy;
	const char *why;
	int compliant; /* 1 yes, 0 no, -1 unknown */
	int64_t due_us;
	int64_t first_seen_us;
	int64_t last_seen_us;
	int64_t rev; /* grows with each change to this row; what report sends as `rev` */
};

enum rv_sighting_role {
	RV_SIGHTED_VALUE = 1,  /* the secret itself, an account's entry */
	RV_SIGHTED_CERT = 2,   /* a certificate in a file */
	RV_SIGHTED_KEY = 3,    /* the private key of a certificate, or a key of its own */
	RV_SIGHTED_SERVED = 4, /* a listener presented this certificate */
};

struct rv_sighting {
	char id[RV_ID_TEXT];
	char credential[RV_ID_TEXT]; /* "" while not joined: a trust anchor, chain material */
	struct rv_str path;	     /* bytes; "tls://ADDR:PORT" when served, "account:NAME" */
	const char *locator;	     /* "cert:0", "key:0", "rule:fingerprint" */
	unsigned role;		     /* enum rv_sighting_role */
	bool is_masked;
	uint64_t dev, ino;
	uint32_t uid, gid, mode;
	int64_t mtime_us;
	unsigned line, column;
	unsigned ordinal, in_bundle;
	unsigned alg, bits;	 /* keys */
	const char *cert_sha256; /* hex; what was there when last seen */
	const char *spki;	 /* hex */
	const char *unit;	 /* systemd unit that uses it, "" */
	const char *package;	 /* that ships the file, "" */
	bool is_ca;
	bool is_stale; /* served: the listener holds another version than the file it was read from
			*/
	int64_t first_seen_us;
	int64_t last_seen_us;
	int64_t gone_us; /* RV_TIME_NONE while it is there */
};

/* The port a served certificate was seen at; 0 for other roles and for a place without one. The
 * path is bytes, not a string: nothing ends it. */
unsigned rv_sighting_port(const struct rv_sighting *s);
