/* verify: evidence bundles. Not here: reading files and printing (cli/verify_main.c). */
#include "agent/verify/bundle.h"

#define HEX32 (2 * 32 + 1)
#define HEX64 (2 * 64 + 1)
/* An event and its hash. */
#define LINE_MAX_BYTES (RV_EVENT_MAX + 128)

/* --- writing -----------------------------------------------------------------------------------
 */
static rv_status put_doc(struct rv_buf *out, json_t *doc)
{
	rv_status st = doc ? rv_json_canonical(doc, out) : rv_fail_nomem(NULL);
	json_decref(doc);
	RV_TRY(st);
	return rv_buf_put_byte(out, '\n');
}

rv_status rv_bundle_put_header(struct rv_buf *out, uint64_t first, uint64_t last,
			       const struct rv_digest *previous)
{
	char hex[HEX32];
	rv_hex(previous->bytes, sizeof(previous->bytes), hex);
	return put_doc(out, json_pack("{s:{s:I, s:I, s:s, s:i}}", "reeve_evidence", "first",
				      (json_int_t)first, "last", (json_int_t)last, "previous", hex,
				      "v", 1));
}

rv_status rv_bundle_put_event(struct rv_buf *out, struct rv_str canonical,
			      const struct rv_digest *hash)
{
	char hex[HEX32];
	rv_hex(hash->bytes, sizeof(hash->bytes), hex);
	RV_TRY(rv_buf_put_str(out, "{\"event\":"));
	RV_TRY(rv_buf_put(out, canonical.data, canonical.len));
	return rv_buf_printf(out, ",\"hash\":\"%s\"}\n", hex);
}

rv_status rv_bundle_put_head(struct rv_buf *out, const struct rv_signed_head *head)
{
	char hash[HEX32];
	char key[HEX32];
	char signature[HEX64];
	rv_hex(head->hash.bytes, sizeof(head->hash.bytes), hash);
	rv_hex(head->public_key, sizeof(head->public_key), key);
	rv_hex(head->signature, sizeof(head->signature), signature);
	return put_doc(out, json_pack("{s:{s:s, s:s, s:I, s:s}}", "head", "hash", hash, "key", key,
				      "seq", (json_int_t)head->seq, "sig", signature));
}

/* --- checking ----------------------------------------------------------------------------------
 */
struct check {
	struct rv_chain chain;
	const struct rv_digest *key_name;
	rv_bundle_event_fn *fn;
	void *user;
	struct rv_bundle_report *report;
	int64_t last_at_us;
	bool has_header;
	bool has_key;
};

static rv_status bad(struct rv_diag *diag, const char *what)
{
	return rv_fail(RV_CLASS_MALFORMED, diag, "%s", what);
}

/* Exactly `len` bytes in lower-case hex: another spelling of the same bytes is an alteration. */
static bool take_hex(const json_t *obj, const char *key, uint8_t *out, size_t len)
{
	char again[HEX64];
	const char *text = json_string_value(json_object_get(obj, key));
	if (!text || strlen(text) != 2 * len || 2 * len >= sizeof(again) ||
	    !rv_is_ok(rv_unhex(rv_str_of(text), out, len)))
		return false;
	rv_hex(out, len, again);
	return strcmp(text, again) == 0;
}

static bool take_count(const json_t *obj, const char *key, uint64_t *out)
{
	const json_t *n = json_object_get(obj, key);
	if (!json_is_integer(n) || json_integer_value(n) < 0)
		return false;
	*out = (uint64_t)json_integer_value(n);
	return true;
}

static rv_status on_header(struct check *c, const json_t *header, struct rv_diag *diag)
{
	struct rv_digest previous;
	struct rv_bundle_report *r = c->report;
	if (!json_is_object(header) || json_object_size(header) != 4 ||
	    !take_count(header, "first", &r->first) || !take_count(header, "last", &r->last) ||
	    !take_hex(header, "previous", previous.bytes, sizeof(previous.bytes)) ||
	    rv_json_int(header, "v", 0) != 1)
		return bad(diag, "the header is not one of a version 1 bundle");
	if (r->last < r->first)
		return bad(diag, "the header announces no event");
	c->has_header = true;
	return rv_chain_begin(&c->chain, r->first, &previous, diag);
}

static rv_status check_event_fields(const json_t *event, uint64_t *out_seq, int64_t *out_at,
				    struct rv_diag *diag)
{
	if (!json_is_object(event) || json_object_size(event) != 7 ||
	    !take_count(event, "seq", out_seq) || !json_is_integer(json_object_get(event, "at")) ||
	    !json_is_string(json_object_get(event, "cred")) ||
	    !json_is_string(json_object_get(event, "run")) ||
	    !json_is_string(json_object_get(event, "type")) ||
	    !json_is_object(json_object_get(event, "data")))
		return bad(diag, "not an event");
	if (rv_json_int(event, "v", 0) != RV_EVENT_VERSION)
		return bad(diag, "an event of a version this program does not know");
	*out_at = json_integer_value(json_object_get(event, "at"));
	return RV_OK;
}

/* No memory is no finding about the bundle: it comes out as EXHAUSTED. */
static rv_status canonical_of(const json_t *doc, struct rv_buf *out, struct rv_diag *diag)
{
	rv_status st = rv_json_canonical(doc, out);
	if (rv_is_ok(st))
		return RV_OK;
	return rv_class_of(st) == RV_CLASS_EXHAUSTED ? rv_fail_nomem(diag)
						     : bad(diag, "values that no event may have");
}

static rv_status on_event(struct check *c, const json_t *line, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf canonical = {0};
	const json_t *event = json_object_get(line, "event");
	struct rv_digest claimed;
	uint64_t seq = 0;
	int64_t at_us = 0;
	rv_buf_init(&canonical, LINE_MAX_BYTES);
	if (json_object_size(line) != 2 ||
	    !take_hex(line, "hash", claimed.bytes, sizeof(claimed.bytes)))
		return bad(diag, "an event without its hash");
	RV_TRY(check_event_fields(event, &seq, &at_us, diag));
	RV_TRY(canonical_of(event, &canonical, diag));
	RV_TRY(rv_chain_take(&c->chain, seq, rv_buf_view(&canonical), &claimed, diag));
	c->report->events++;
	c->report->head = c->chain.hash;
	c->report->clock_steps += at_us < c->last_at_us;
	c->last_at_us = at_us;
	if (c->fn)
		c->fn(event, c->user);
	return RV_OK;
}

static rv_status check_key(struct check *c, const uint8_t key[32], struct rv_diag *diag)
{
	struct rv_digest name = rv_key_name(key);
	char hex[HEX32];
	rv_hex(name.bytes, sizeof(name.bytes), hex);
	if (c->key_name && !rv_digest_equal(&name, c->key_name))
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "signed by another key (sha256:%s) than the one given", hex);
	if (c->has_key && memcmp(key, c->report->public_key, 32) != 0)
		return rv_fail(RV_CLASS_CONFLICT, diag, "signed by more than one key (sha256:%s)",
			       hex);
	memcpy(c->report->public_key, key, 32);
	c->has_key = true;
	return RV_OK;
}

/* A head follows the event it signs. */
static rv_status on_head(struct check *c, const json_t *doc, struct rv_diag *diag)
{
	struct rv_signed_head head = {0};
	if (!json_is_object(doc) || json_object_size(doc) != 4 ||
	    !take_count(doc, "seq", &head.seq) ||
	    !take_hex(doc, "hash", head.hash.bytes, sizeof(head.hash.bytes)) ||
	    !take_hex(doc, "key", head.public_key, sizeof(head.public_key)) ||
	    !take_hex(doc, "sig", head.signature, sizeof(head.signature)))
		return bad(diag, "not a signed head");
	RV_TRY(check_key(c, head.public_key, diag));
	if (head.seq != c->chain.seq || !rv_digest_equal(&head.hash, &c->chain.hash) ||
	    c->report->events == 0)
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "the head of event %llu does not stand after that event, or is of "
			       "another chain",
			       (unsigned long long)head.seq);
	if (!rv_head_is_signed(&head))
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "the signature over the head of event %llu is not good",
			       (unsigned long long)head.seq);
	c->report->heads++;
	c->report->signed_to = head.seq;
	return RV_OK;
}

/* The bytes of a line are the only ones its content can have. */
static rv_status check_spelling(const json_t *doc, struct rv_str line, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf again = {0};
	/* The canonical form of a text is never longer than the text. */
	rv_buf_init(&again, line.len + 64);
	RV_TRY(canonical_of(doc, &again, diag));
	return rv_str_equal(rv_buf_view(&again), line) ? RV_OK : bad(diag, "not in canonical form");
}

static rv_status check_line(struct check *c, struct rv_str line, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *doc = NULL;
	struct rv_diag why = {0};
	if (line.len > LINE_MAX_BYTES)
		return bad(diag, "longer than any line of a bundle");
	rv_status st = rv_json_parse(line, &doc, &why);
	if (rv_class_of(st) == RV_CLASS_EXHAUSTED)
		return rv_fail_nomem(diag);
	if (!rv_is_ok(st))
		return rv_fail(RV_CLASS_MALFORMED, diag, "not JSON (%s)", why.text);
	RV_TRY(check_spelling(doc, line, diag));
	const json_t *header = json_object_get(doc, "reeve_evidence");
	if (!c->has_header)
		return header && json_object_size(doc) == 1
			       ? on_header(c, header, diag)
			       : bad(diag, "the first line is not a bundle's header");
	if (json_object_get(doc, "event"))
		return on_event(c, doc, diag);
	if (json_object_get(doc, "head") && json_object_size(doc) == 1)
		return on_head(c, json_object_get(doc, "head"), diag);
	return bad(diag, "neither an event nor a head");
}

static rv_status check_end(const struct rv_bundle_report *r, const struct check *c,
			   struct rv_diag *diag)
{
	if (!c->has_header)
		return bad(diag, "the bundle is empty");
	if (c->chain.seq != r->last)
		return rv_fail(
			RV_CLASS_CONFLICT, diag,
			"the bundle ends at event %llu of %llu: its tail was cut off, or more "
			"was added",
			(unsigned long long)c->chain.seq, (unsigned long long)r->last);
	if (r->signed_to != r->last)
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "no signature covers event %llu, the last: everything after event "
			       "%llu could be anybody's",
			       (unsigned long long)r->last, (unsigned long long)r->signed_to);
	return RV_OK;
}

rv_status rv_bundle_check(struct rv_str bytes, const struct rv_digest *key_name,
			  rv_bundle_event_fn *fn, void *user, struct rv_bundle_report *out,
			  struct rv_diag *diag)
{
	struct check c = {.key_name = key_name, .fn = fn, .user = user, .report = out};
	*out = (struct rv_bundle_report){0};
	c.last_at_us = INT64_MIN;
	while (bytes.len > 0) {
		out->line++;
		const uint8_t *end = memchr(bytes.data, '\n', bytes.len);
		struct rv_str line = {bytes.data, end ? (size_t)(end - bytes.data) : bytes.len};
		rv_status st = end ? check_line(&c, line, diag)
				   : bad(diag, "the last line has no end: the tail was cut off");
		if (!rv_is_ok(st)) {
			rv_diag_prefix(diag, "line %llu", (unsigned long long)out->line);
			return st;
		}
		bytes.data += line.len + 1;
		bytes.len -= line.len + 1;
	}
	return check_end(out, &c, diag);
}
