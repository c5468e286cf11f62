/* Reeve plugin ABI 1 as it was first released. Never edited: tests/contract builds plugins and a
 * layout test against it, so that what was built once goes on working.
 *
 * A plugin is a shared object that exports one function, reeve_plugin_entry(). It is loaded by
 * reeve-plughost, a process of its own that has already given up its uid, files and (by profile)
 * the network. Everything is append-only: the host reads min(struct_size) of what it knows and
 * treats the rest as zero. Codes are int32_t. Views are borrowed for the length of the call. A
 * plugin keeps no state on disk, starts no thread or process, never sleeps, and keeps no secret
 * past close(). Every mutating call must be safe to repeat with the same idempotency key. */
#ifndef REEVE_PLUGIN_H
#define REEVE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define REEVE_PLUGIN_ABI 1

struct reeve_view {
	const uint8_t *data;
	size_t len;
};

/* What a call came to. UNKNOWN is a first-class answer: the provider may have done it; the host
 * will read back and never repeat blindly. */
#define REEVE_DONE	  1
#define REEVE_PENDING	  2 /* cookie and retry_after_ms are set */
#define REEVE_REJECTED	  3 /* the provider said no, definitely */
#define REEVE_UNREACHABLE 4 /* nothing was sent */
#define REEVE_UNKNOWN	  5 /* sent, no answer */
#define REEVE_UNSUPPORTED 6
#define REEVE_LIMIT	  7 /* quota or slots */

#define REEVE_KIND_PROVIDER  1
#define REEVE_KIND_STORE     2
#define REEVE_KIND_DIRECTORY 3
#define REEVE_KIND_NOTIFIER  4
#define REEVE_KIND_PROBE     5

/* Verbs; `verbs` in the plugin is a bit set of 1 << REEVE_VERB_x. A plugin with CREATE must have
 * REVOKE and PROBE, and IDENTIFY. */
#define REEVE_VERB_DESCRIBE	 1
#define REEVE_VERB_DISCOVER	 2
#define REEVE_VERB_STATUS	 3
#define REEVE_VERB_PREFLIGHT	 4
#define REEVE_VERB_CREATE	 5
#define REEVE_VERB_READ_BACK	 6
#define REEVE_VERB_PROBE	 7
#define REEVE_VERB_IDENTIFY	 8
#define REEVE_VERB_ENABLE	 9
#define REEVE_VERB_DISABLE	 10
#define REEVE_VERB_REVOKE	 11
#define REEVE_VERB_LIST_VERSIONS 12
#define REEVE_VERB_CLEANUP	 13

/* Field tags in requests and results. All public bytes. */
#define REEVE_F_CSR_DER	   1 /* CREATE: the request to sign */
#define REEVE_F_NOT_BEFORE 2 /* int64 microseconds UTC, little-endian */
#define REEVE_F_NOT_AFTER  3 /* int64 */
#define REEVE_F_CERT_DER \
	4 /* a certificate: result of CREATE/READ_BACK; argument of IDENTIFY/REVOKE */
#define REEVE_F_CHAIN_DER   5  /* repeated: issuers, nearest first */
#define REEVE_F_LEDGER	    6  /* all LEDGER_ADD records so far, in order, one after the other */
#define REEVE_F_LEDGER_ADD  7  /* result: a self-delimiting record to append, committed with it */
#define REEVE_F_SPKI_SHA256 8  /* 32 bytes */
#define REEVE_F_CERT_SHA256 9  /* 32 bytes */
#define REEVE_F_SERVER_NAME 10 /* PROBE: SNI to send, UTF-8; absent: none */
#define REEVE_F_RESUMED	    11 /* result of PROBE: 1 byte, 1 when the handshake was resumed */
#define REEVE_F_REVOKED_AT                                                                         \
	12		       /* int64; result of PROBE/STATUS on the issuer: it lists it revoked \
				*/
#define REEVE_F_REASON	    13 /* UTF-8 word for REVOKE: superseded, keyCompromise, unspecified */
#define REEVE_F_TLS_VERSION 14 /* UTF-8 */
#define REEVE_F_CRL_DER	    15 /* result of REVOKE/STATUS */
#define REEVE_F_TEXT	    16 /* UTF-8, for people; never a secret */
#define REEVE_F_VERSION	    17 /* LIST_VERSIONS, repeated: the name of a version that is alive */

struct reeve_field {
	uint32_t tag;
	uint32_t reserved;
	struct reeve_view bytes;
};

/* What the host offers a plugin; valid until close(). */
struct reeve_host {
	uint32_t struct_size;
	uint32_t abi;
	void *ctx;
	int64_t (*now_us)(void *ctx);				      /* microseconds UTC */
	int32_t (*random_bytes)(void *ctx, uint8_t *out, size_t len); /* 0 ok */
	/* Adds a field to the result of the running call; copies. 0 ok, -1 past 48 KiB in all. */
	int32_t (*emit)(void *ctx, uint32_t tag, const uint8_t *data, size_t len);
	/* For debugging; level 0 error .. 3 debug. Never a secret. */
	void (*log)(void *ctx, int32_t level, const char *message);
	int32_t (*cancelled)(void *ctx); /* 1 when the deadline has passed: return REEVE_UNKNOWN */
};

struct reeve_request {
	uint32_t struct_size;
	uint32_t verb;
	struct reeve_view rotation_id;
	struct reeve_view idempotency_key;
	struct reeve_view expected_version;
	int64_t deadline_us; /* UTC; 0 none */
	int32_t dry_run;
	int32_t fd; /* a connected socket for PROBE, owned by the host; -1 none */
	const struct reeve_field *fields;
	size_t field_count;
};

struct reeve_result {
	uint32_t struct_size;
	int32_t outcome; /* REEVE_DONE.. */
	uint32_t retry_after_ms;
	uint32_t reserved;
	char cookie[256];
	char version[128]; /* the provider's name of the version: a serial, a key id */
	int64_t not_before_us;
	int64_t expires_at_us;
	char text[512]; /* one sentence for people; never a secret */
};

struct reeve_plugin {
	uint32_t struct_size;
	uint32_t abi;
	const char *name;    /* [a-z0-9-], <= 32 */
	const char *version; /* <= 31 */
	uint64_t verbs;
	uint32_t kind;
	uint32_t reserved;
	/* 0 ok, else refused. */
	int32_t (*open)(const struct reeve_host *host, void **out_handle);
	int32_t (*config)(void *handle, struct reeve_view key, struct reeve_view value);
	int32_t (*secret)(void *handle, struct reeve_view key, struct reeve_view bytes);
	int32_t (*config_complete)(void *handle, char *text, size_t text_size);
	/* Fills *result; the return value is 0, or nonzero for a defect of the plugin itself. */
	int32_t (*call)(void *handle, const struct reeve_request *request,
			struct reeve_result *result);
	void (*close)(void *handle); /* wipes */
};

#if defined(__GNUC__)
#define REEVE_EXPORT __attribute__((visibility("default")))
#else
#define REEVE_EXPORT
#endif

/* The one exported symbol: */
REEVE_EXPORT const struct reeve_plugin *reeve_plugin_entry(void);

#ifdef __cplusplus
}
#endif
#endif
