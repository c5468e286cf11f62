/* scan: secrets that bear no provider's mark: found by the word beside them (password, secret,
 * token, key ..), told apart by how they read. Pure functions over a buffer: no allocation, no
 * state. Not here: finding the words (the engine's literal matcher), provider formats (rule.h). */
#pragma once

#include "agent/model/kinds.h"
#include "agent/scan/context.h"

/* The words the engine looks for, case folded. Ids are the index in rv_assign_anchors. */
struct rv_assign_anchor {
	const char *text;
	uint8_t len;
	uint8_t family; /* enum rv_assign_family */
};

enum rv_assign_family {
	RV_FAMILY_PASSWORD,
	RV_FAMILY_SECRET,
	RV_FAMILY_TOKEN,
	RV_FAMILY_KEY,
	RV_FAMILY_AUTH,
	RV_FAMILY_CREDENTIAL,
	RV_FAMILY_SALT,
	RV_FAMILY_URL,	  /* "://": user:password@ */
	RV_FAMILY_SCHEME, /* Bearer, Basic */
	RV_FAMILY_CURL,	  /* -u user:password */
	RV_FAMILY_TOOL,	  /* other commands with an option for a password */
	RV_FAMILY_SQL,	  /* IDENTIFIED BY */
	RV_FAMILY_HASH,	  /* $6$ and its like */
};

extern const struct rv_assign_anchor rv_assign_anchors[];
extern const size_t rv_assign_anchor_count;

/* Bits of rv_assign.reasons, in the order of assign_features.def. */
enum rv_feature {
#define RV_FEATURE(name, weight, sentence) RV_FEATURE_##name,
#include "agent/scan/assign_features.def"
#undef RV_FEATURE
	RV_FEATURE__COUNT
};
#define RV_BIT(name) (UINT64_C(1) << RV_FEATURE_##name)

struct rv_assign {
	size_t start; /* the value */
	size_t len;
	size_t name_start; /* the name, keyword and all; len 0 where none is */
	size_t name_len;
	uint64_t reasons;
	uint8_t kind;	    /* enum rv_kind: PASSWORD, TOKEN, API_KEY */
	uint8_t confidence; /* 0..100; calibrated: of those at 80, four of five are secrets */
};

#define RV_ASSIGN_DEFAULT   50	 /* reported from here on when nobody asks for less */
#define RV_ASSIGN_VALUE_MAX 4096 /* longer values are not looked at */
#define RV_ASSIGN_NAME_MAX  64
#define RV_ASSIGN_REACH	    128 /* bytes before the keyword that are looked at; and its line's */

/* Call for each occurrence of an anchor; `end` is the offset after its last byte (as the matcher
 * tells it). False: nothing here can be a secret; out is untouched. True: out holds a value and
 * what it is worth, often little: the caller drops what lies under its threshold. Two anchors of
 * one name
 * ("secret_token") give the same value twice: drop equal spans. Borrows all for the call;
 * the context is completed when that is needed. Most occurrences are refused by the bytes that
 * follow the word, in a few nanoseconds. */
bool rv_assign_at(struct rv_str bytes, struct rv_context *context, unsigned anchor, size_t end,
		  struct rv_assign *out);

/* The first look of rv_assign_at, for who would have to make the context: false is false there too.
 */
bool rv_assign_may(struct rv_str bytes, unsigned anchor, size_t end);
/* What looks at one occurrence have in common, whatever the file: {0} before the first. */
enum rv_known { RV_UNKNOWN = 0, RV_KNOWN_NO, RV_KNOWN_YES };
struct rv_assign_common {
	uint8_t is_named; /* enum rv_known: is it the name of a secret? When not, no look finds */
	uint8_t in_string, in_comment; /* enum rv_known: the name */
	uint8_t kind;
	uint64_t name_bits;
	size_t start, len; /* the value last looked at, and what it is; len 0: none */
	uint64_t features;
	bool is_quoted, is_reference;
};
/* The rest of rv_assign_at, where rv_assign_may said true. */
bool rv_assign_look(struct rv_str bytes, struct rv_context *context, unsigned anchor, size_t end,
		    struct rv_assign_common *common, struct rv_assign *out);

/* Does all that both look at for this occurrence surely lie in [from, to), when rv_assign_may was
 * true? What ends the buffer ends a look too. False also when that cannot be told cheaply: no line
 * end before the name, or none behind the value, in [from, to). `from` is 0 or RV_ASSIGN_REACH or
 * more before the keyword. When rv_assign_may is false it looks from the keyword's end past
 * RV_ASSIGN_NAME_MAX bytes only over blanks and what closes a name (rv_assign_goes_over). */
bool rv_assign_stays_within(struct rv_str bytes, unsigned anchor, size_t end, size_t from,
			    size_t to);
bool rv_assign_goes_over(uint8_t byte);

/* "the name says password", for reports; NULL past the last. */
const char *rv_feature_sentence(unsigned feature);
const char *rv_feature_name(unsigned feature);

/* Files whose every line is a credential by the file's name: .pgpass; .htpasswd, .htdigest, shadow.
 */
enum rv_listed { RV_LISTED_NOT = 0, RV_LISTED_PGPASS, RV_LISTED_ACCOUNTS };
enum rv_listed rv_assign_listed(struct rv_str path);
/* As which does one of its first lines read? 1 << enum rv_listed or more of them; 0: none. For
 * files whose name is not known: many that are none do. */
unsigned rv_assign_may_be_listed(struct rv_str bytes);
/* Looks at the line at `*at` and moves on to the next; false at the end. out->len is 0 for a line
 * without a credential (a locked account, a comment). Hashes of the same lines are found by their
 * anchors as well: drop equal spans. */
bool rv_assign_next_line(enum rv_listed listed, struct rv_str bytes, size_t *at,
			 struct rv_assign *out);
