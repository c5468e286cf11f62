/* bind: owners.yaml, the registry of owners (docs/owners.md): who they are, who has left, and what
 * is theirs by rule. Not here: what evidence says (bind.h). */
#pragma once

#include "agent/base/yaml.h"
#include "agent/model/credential.h"

#define RV_OWNERS_MAX	   10000
#define RV_OWNER_RULES_MAX 10000
#define RV_OWNERS_FILE_MAX (4U << 20)

struct rv_owner {
	const char *key;	/* "team:web" or "person:alice" */
	const char *mail;	/* "" none */
	const char *revocation; /* who may revoke when it burns, "" none */
	const json_t *members;	/* array of account names, or NULL */
	int64_t left_us;	/* RV_TIME_NONE: still here */
};

struct rv_owner_rule {
	const char *path, *name, *unit, *account, *package; /* globs, NULL: any */
	unsigned kind;					    /* 0: any */
	const char *owner;				    /* key */
	unsigned line;
};

struct rv_owners;

/* All or nothing: on an error *out is untouched and diag says "file:line:column: ..". */
RV_NODISCARD rv_status rv_owners_parse(struct rv_str text, const char *file, struct rv_owners **out,
				       struct rv_diag *diag);
/* A file that does not exist is an empty registry. */
RV_NODISCARD rv_status rv_owners_load(const char *path, struct rv_owners **out,
				      struct rv_diag *diag);
void rv_owners_free(struct rv_owners *o);
void rv_owners_freep(struct rv_owners **o);
const char *rv_owners_file(const struct rv_owners *o);
size_t rv_owners_count(const struct rv_owners *o);
/* NULL when it is not listed. */
const struct rv_owner *rv_owners_find(const struct rv_owners *o, const char *key);
/* The team (or the person's own entry) an account belongs to; NULL. Teams first. */
const struct rv_owner *rv_owners_of_account(const struct rv_owners *o, const char *account);
/* The owner whose mail is this; NULL. */
const struct rv_owner *rv_owners_of_mail(const struct rv_owners *o, struct rv_str mail);
/* The first rule that matches one place of the credential; NULL. */
struct rv_owner_place {
	struct rv_str path;
	const char *unit, *package, *account;
};
const struct rv_owner_rule *rv_owners_match(const struct rv_owners *o, unsigned kind,
					    const char *name, const struct rv_owner_place *place);
