/* A provider that issues tokens of its own making, for the conformance suite: sound by default, and
 * one fault each when built with FAKE_<fault>. It keeps its versions in the host's ledger as lines
 * "+key-digest version cert-digest" and "-version time". */
#include <reeve/plugin.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#ifndef FAKE_ABI
#define FAKE_ABI REEVE_PLUGIN_ABI
#endif
#ifndef FAKE_NAME
#define FAKE_NAME "fake"
#endif
#ifndef FAKE_VERBS
#define FAKE_VERBS                                                                          \
	(1U << REEVE_VERB_DESCRIBE | 1U << REEVE_VERB_CREATE | 1U << REEVE_VERB_READ_BACK | \
	 1U << REEVE_VERB_PROBE | 1U << REEVE_VERB_IDENTIFY | 1U << REEVE_VERB_REVOKE |     \
	 1U << REEVE_VERB_LIST_VERSIONS)
#endif
/* Which fault, if any; a number so that the code below needs no conditional compilation. */
#define FAULT_NONE	 0
#define FAULT_CRASH	 1 /* dies in create */
#define FAULT_HANG	 2 /* never comes back from create */
#define FAULT_TWICE	 3 /* a new version for every call */
#define FAULT_REHEARSES	 4 /* dry_run does it */
#define FAULT_LATE	 5 /* begins after the deadline */
#define FAULT_ANYONE	 6 /* identifies everything */
#define FAULT_NO_OUTCOME 7 /* forgets the outcome */
#define FAULT_ESCAPES	 8 /* opens a socket: the jail kills it */
#define FAULT_STAYS	 9 /* revokes and still lists */
#ifndef FAKE_FAULT
#define FAKE_FAULT FAULT_NONE
#endif

#define LINE 256

struct fake {
	const struct reeve_host *host;
	unsigned calls;
};

static struct reeve_view field(const struct reeve_request *q, uint32_t tag)
{
	for (size_t i = 0; i < q->field_count; i++)
		if (q->fields[i].tag == tag)
			return q->fields[i].bytes;
	return (struct reeve_view){NULL, 0};
}

static void say(struct reeve_result *r, int32_t outcome, const char *text)
{
	r->outcome = outcome;
	snprintf(r->text, sizeof(r->text), "%s", text);
}

/* FNV-1a: names, not security. */
static uint64_t digest(struct reeve_view v)
{
	uint64_t h = UINT64_C(1469598103934665603);
	for (size_t i = 0; i < v.len; i++)
		h = (h ^ v.data[i]) * UINT64_C(1099511628211);
	return h;
}

/* The last ledger line that starts with `head`, or false. */
static bool find(const struct reeve_request *q, const char *head, char out[LINE])
{
	struct reeve_view ledger = field(q, REEVE_F_LEDGER);
	bool found = false;
	for (size_t at = 0; at < ledger.len;) {
		const uint8_t *end = memchr(ledger.data + at, '\n', ledger.len - at);
		size_t len = end ? (size_t)(end - (ledger.data + at)) : ledger.len - at;
		if (len < LINE && len >= strlen(head) &&
		    memcmp(ledger.data + at, head, strlen(head)) == 0) {
			memcpy(out, ledger.data + at, len);
			out[len] = '\0';
			found = true;
		}
		at += len + 1;
	}
	return found;
}

static bool is_sound(const struct reeve_request *q)
{
	struct reeve_view ledger = field(q, REEVE_F_LEDGER);
	for (size_t i = 0; i < ledger.len; i++)
		if (ledger.data[i] != '\n' && (ledger.data[i] < 0x20 || ledger.data[i] > 0x7e))
			return false;
	return ledger.len == 0 || ledger.data[ledger.len - 1] == '\n';
}

static void add_line(struct fake *f, const char *line)
{
	f->host->emit(f->host->ctx, REEVE_F_LEDGER_ADD, (const uint8_t *)line, strlen(line));
}

/* The "credential" is a text that names its version; a DER sequence is nobody's. */
static void emit_cert(struct fake *f, const char *version)
{
	char text[LINE];
	snprintf(text, sizeof(text), "fake credential %s", version);
	f->host->emit(f->host->ctx, REEVE_F_CERT_DER, (const uint8_t *)text, strlen(text));
}

static bool version_of(const struct reeve_request *q, char out[64])
{
	static const char head[] = "fake credential ";
	struct reeve_view cert = field(q, REEVE_F_CERT_DER);
	size_t skip = sizeof(head) - 1;
	if (cert.len <= skip || cert.len - skip >= 64 || memcmp(cert.data, head, skip) != 0)
		return FAKE_FAULT == FAULT_ANYONE && snprintf(out, 64, "anyone") > 0;
	memcpy(out, cert.data + skip, cert.len - skip);
	out[cert.len - skip] = '\0';
	return true;
}

static void misbehave(void)
{
	volatile int *nowhere = NULL;
	if (FAKE_FAULT == FAULT_CRASH)
		*nowhere = 1;
	while (FAKE_FAULT == FAULT_HANG)
		;
	if (FAKE_FAULT == FAULT_ESCAPES)
		(void)socket(AF_UNIX, SOCK_STREAM, 0); /* never comes back */
}

/* A CSR is taken when its outermost length is its own. */
static bool is_whole(struct reeve_view der)
{
	if (der.len < 5 || der.data[0] != 0x30)
		return false;
	if (der.data[1] == 0x81)
		return (size_t)der.data[2] + 3 == der.len;
	return der.data[1] == 0x82 && (size_t)(der.data[2] << 8 | der.data[3]) + 4 == der.len;
}

static void create(struct fake *f, const struct reeve_request *q, struct reeve_result *r)
{
	char head[LINE];
	char line[LINE];
	char version[64];
	uint64_t csr = digest(field(q, REEVE_F_CSR_DER));
	misbehave();
	if (!is_whole(field(q, REEVE_F_CSR_DER)) || field(q, REEVE_F_NOT_AFTER).len != 8) {
		say(r, REEVE_REJECTED, "not a request");
		return;
	}
	snprintf(head, sizeof(head), "+%016llx ", (unsigned long long)digest(q->idempotency_key));
	snprintf(version, sizeof(version), "v%016llx",
		 (unsigned long long)(digest(q->idempotency_key) +
				      (FAKE_FAULT == FAULT_TWICE ? ++f->calls : 0)));
	bool known = find(q, head, line);
	if (known && strtoull(strrchr(line, ' ') + 1, NULL, 16) != csr) {
		say(r, REEVE_REJECTED, "this key was used for something else");
		return;
	}
	if (q->dry_run && FAKE_FAULT != FAULT_REHEARSES) {
		say(r, REEVE_DONE, "would be made");
		return;
	}
	if (!known) {
		snprintf(line, sizeof(line), "%s%s %llx\n", head, version, (unsigned long long)csr);
		add_line(f, line);
	}
	emit_cert(f, version);
	snprintf(r->version, sizeof(r->version), "%s", version);
	memcpy(&r->expires_at_us, field(q, REEVE_F_NOT_AFTER).data, 8);
	say(r, FAKE_FAULT == FAULT_NO_OUTCOME ? 0 : REEVE_DONE, "made");
}

static void read_back(const struct reeve_request *q, struct reeve_result *r)
{
	char head[LINE];
	char line[LINE];
	snprintf(head, sizeof(head), "+%016llx ", (unsigned long long)digest(q->idempotency_key));
	if (!find(q, head, line)) {
		say(r, REEVE_REJECTED, "nothing was made");
		return;
	}
	snprintf(r->version, sizeof(r->version), "%.17s", line + 18);
	say(r, REEVE_DONE, "made");
}

/* identify, revoke and probe of one version. */
static void about(struct fake *f, const struct reeve_request *q, struct reeve_result *r)
{
	char version[64];
	char head[LINE];
	char line[LINE];
	if (!version_of(q, version)) {
		say(r, REEVE_REJECTED, "not one of ours");
		return;
	}
	snprintf(head, sizeof(head), "-%s ", version);
	bool revoked = find(q, head, line);
	long long at =
		revoked ? strtoll(strchr(line, ' ') + 1, NULL, 10) : f->host->now_us(f->host->ctx);
	if (q->verb == REEVE_VERB_REVOKE && !revoked && !q->dry_run) {
		snprintf(line, sizeof(line), "%s%lld\n", head, at);
		add_line(f, line);
		revoked = true;
	}
	if (revoked && q->verb != REEVE_VERB_IDENTIFY)
		f->host->emit(f->host->ctx, REEVE_F_REVOKED_AT, (const uint8_t *)&at, sizeof(at));
	say(r, REEVE_DONE, "one of ours");
}

static void list_versions(struct fake *f, const struct reeve_request *q, struct reeve_result *r)
{
	struct reeve_view ledger = field(q, REEVE_F_LEDGER);
	for (size_t at = 0; at + 36 < ledger.len; at++) {
		char head[LINE];
		char line[LINE];
		if (ledger.data[at] != '+' || (at > 0 && ledger.data[at - 1] != '\n'))
			continue;
		snprintf(head, sizeof(head), "-%.17s ", (const char *)ledger.data + at + 18);
		if (!find(q, head, line) || FAKE_FAULT == FAULT_STAYS)
			f->host->emit(f->host->ctx, REEVE_F_VERSION, ledger.data + at + 18, 17);
	}
	say(r, REEVE_DONE, "what is alive");
}

static int32_t fake_call(void *handle, const struct reeve_request *q, struct reeve_result *r)
{
	struct fake *f = handle;
	if (f->host->cancelled(f->host->ctx) && FAKE_FAULT != FAULT_LATE) {
		say(r, REEVE_UNREACHABLE, "too late");
		return 0;
	}
	if (!is_sound(q)) {
		say(r, REEVE_REJECTED, "the ledger is damaged");
		return 0;
	}
	switch (q->verb) {
	case REEVE_VERB_DESCRIBE:
		say(r, REEVE_DONE, "makes things up");
		return 0;
	case REEVE_VERB_CREATE:
		create(f, q, r);
		return 0;
	case REEVE_VERB_READ_BACK:
		read_back(q, r);
		return 0;
	case REEVE_VERB_IDENTIFY:
	case REEVE_VERB_REVOKE:
	case REEVE_VERB_PROBE:
		about(f, q, r);
		return 0;
	case REEVE_VERB_LIST_VERSIONS:
		list_versions(f, q, r);
		return 0;
	default:
		say(r, REEVE_UNSUPPORTED, "no such verb");
		return 0;
	}
}

/* --- the rest ----------------------------------------------------------------------------------
 */
static int32_t fake_open(const struct reeve_host *host, void **out_handle)
{
	struct fake *f = calloc(1, sizeof(*f));
	if (!f)
		return -1;
	f->host = host;
	*out_handle = f;
	return 0;
}

static int32_t fake_refuse(void *handle, struct reeve_view key, struct reeve_view value)
{
	(void)handle;
	(void)key;
	(void)value;
	return -1;
}

static int32_t fake_complete(void *handle, char *text, size_t text_size)
{
	(void)handle;
	(void)text;
	(void)text_size;
	return 0;
}

static void fake_close(void *handle)
{
	free(handle);
}

static const struct reeve_plugin plugin = {
	.struct_size = sizeof(plugin),
	.abi = FAKE_ABI,
	.name = FAKE_NAME,
	.version = "1",
	.verbs = FAKE_VERBS,
	.kind = REEVE_KIND_PROVIDER,
	.open = fake_open,
	.config = fake_refuse,
	.secret = fake_refuse,
	.config_complete = fake_complete,
	.call = fake_call,
	.close = fake_close,
};

const struct reeve_plugin *reeve_plugin_entry(void)
{
	return &plugin;
}
