/* sweep: one finding of `reeve scan`, as it is filtered, kept in a baseline and reported. It never
 * holds the secret: the masked text and the fingerprint are made while the buffer is there, and the
 * bytes stay behind. Not here: how it is found (scan/), where from (input.h), how it is printed
 * (report.h). */
#pragma once

#include "agent/base/buf.h"

struct rv_rule;

/* Why a finding is told or not. One that is not RV_LEAK_OPEN never fails a build. */
enum rv_leak_state {
	RV_LEAK_OPEN,	  /* to be looked at; exit 1 */
	RV_LEAK_NEW_RULE, /* by a rule younger than the rule set of the base: warns */
	RV_LEAK_BASELINE, /* known: in the baseline, and not expired */
	RV_LEAK_ALLOWED,  /* a marker, an ignore file or an allowlist says so */
	RV_LEAK_WEAK,	  /* confidence below the threshold; told on request only */
	RV_LEAK__COUNT
};
/* "open", "new-rule", "baseline", "allowed", "weak"; else "invalid". */
const char *rv_leak_state_name(enum rv_leak_state state);

/* Where in the history (docs/scanning.md). Times are int64 microseconds UTC; 0 and less unknown. */
enum rv_leak_reach {
	RV_REACH_NONE,	      /* not from a repository */
	RV_REACH_HEAD,	      /* still in HEAD's tree */
	RV_REACH_REF,	      /* in the history of a branch or tag */
	RV_REACH_REFLOG,      /* only a reflog or stash leads there */
	RV_REACH_UNREACHABLE, /* nothing leads there; the object is still stored */
	RV_REACH_INDEX,	      /* staged, not committed */
	RV_REACH_WORK_TREE,   /* neither, yet */
	RV_REACH__COUNT
};
/* "none", "head", "ref", "reflog", "unreachable", "index", "work-tree"; else
 * "invalid". */
const char *rv_leak_reach_name(enum rv_leak_reach reach);

/* What its provider says (--validate). */
enum rv_leak_alive {
	RV_ALIVE_NO_CONSENT = -3, /* could be asked about; nobody consented for its rule */
	RV_ALIVE_NOT_ASKED = -2,
	RV_ALIVE_UNKNOWN = -1, /* asked; the answer says nothing */
	RV_ALIVE_REFUSED = 0,
	RV_ALIVE_LIVES = 1,
};

struct rv_leak_commit {
	const char *id; /* hex, or NULL: unknown */
	const char *author;
	const char *email;
	const char *message; /* first line */
	int64_t at_utc_us;
	bool is_author_cut, is_email_cut, is_message_cut; /* at their ends */
};

/* All strings are NUL-terminated and owned by the list's arena (leaks.h), never NULL unless said.
 */
struct rv_leak {
	const struct rv_rule *rule;
	struct rv_str path;  /* as given or in the repository; bytes, not NUL-terminated */
	const char *inside;  /* archive members "a.tar!b/c.env", any bytes, or NULL */
	const char *layers;  /* how it was encoded: "base64", "percent>base64", or NULL */
	uint32_t line;	     /* from 1; 0: no lines (binary) */
	uint32_t match_line; /* where what the rule matched begins: a key's BEGIN */
	uint32_t end_line;   /* of the value's last byte */
	uint64_t column;     /* from 1, in bytes; a hole in a file is no end of a line */
	uint64_t end_column; /* just past the value */
	uint64_t offset;     /* of the value in the file or member */
	const char *masked;  /* "ghp_..9f" for people: at most 6 bytes of the value (mask.h) */
	const char *context; /* the masked line, at most 200 bytes, UTF-8; secrets in it masked */
	const char *fingerprint; /* "rv1:" + 32 hex: rule and value under the repository's salt; "":
				    not made, the state is ALLOWED or WEAK without it */
	const char *public_id;	 /* what names it in public (a key id), or NULL */
	const char *facts;	 /* proven offline, for people: "expires 2027-01-01", or NULL */
	const char *note;	 /* why allowed or known (the reason given, by what), or NULL */
	const char *owner_hint;	 /* who added it (author, or the file's owner), or NULL */
	struct rv_leak_commit first, last; /* history; of a change the one that added it is first */
	uint32_t commit_count;		   /* commits that introduce it; 0 unknown */
	uint8_t reach;			   /* enum rv_leak_reach */
	uint8_t state;			   /* enum rv_leak_state */
	uint8_t confidence;		   /* 0..100 */
	uint8_t context_cut; /* RV_CUT_.. (values.h): where it is a part of its line */
	bool is_identified;  /* a check digit, structure or key id proves what it is */
	bool is_in_tests;    /* by its path */
	bool is_marked;	     /* RV_LEAK_ALLOWED by a marker in the source itself; else by a file */
	bool is_passing;     /* the fingerprint is of this run alone: no baseline takes it */
	int8_t alive;	     /* --validate: enum rv_leak_alive */
	uint32_t places; /* further places of the same rule and value that this row stands for */
};
