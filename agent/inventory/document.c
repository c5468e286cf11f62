/* inventory: strict reading of the hosts' documents. */
#include "agent/inventory/document.h"

#include "agent/base/clock.h"

#include <stdio.h>

#define REPORT_CANONICAL_MAX ((size_t)64 * 1024 * 1024)

enum member_type { MEMBER_TEXT, MEMBER_INT, MEMBER_LIST, MEMBER_OBJECT };

struct member {
	const char *name;
	enum member_type type;
	bool is_required;
	size_t max; /* bytes of a text, members of a list */
};

bool rv_doc_depth_is_ok(struct rv_str text, unsigned max)
{
	unsigned depth = 0;
	bool in_text = false;

	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.data[i];
		if (in_text) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_text = false;
		} else if (c == '"') {
			in_text = true;
		} else if (c == '{' || c == '[') {
			if (++depth > max)
				return false;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return true;
}

rv_status rv_doc_parse(struct rv_str text, json_t **out, struct rv_diag *diag)
{
	if (!rv_doc_depth_is_ok(text, RV_DOC_DEPTH))
		return rv_fail(RV_CLASS_MALFORMED, diag, "nested deeper than %d levels",
			       RV_DOC_DEPTH);
	return rv_json_parse(text, out, diag);
}

static rv_status check_member(const struct member *m, const json_t *value, struct rv_diag *diag)
{
	switch (m->type) {
	case MEMBER_TEXT:
		if (json_is_string(value) && json_string_length(value) <= m->max &&
		    strlen(json_string_value(value)) == json_string_length(value))
			return RV_OK;
		break;
	case MEMBER_INT:
		if (json_is_integer(value) && json_integer_value(value) >= 0)
			return RV_OK;
		break;
	case MEMBER_LIST:
		if (json_is_array(value) && json_array_size(value) <= m->max)
			return RV_OK;
		break;
	case MEMBER_OBJECT:
		if (json_is_object(value))
			return RV_OK;
		break;
	}
	return rv_fail(RV_CLASS_MALFORMED, diag, "%s: wrong type, or too long", m->name);
}

static bool is_known(const struct member *members, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(members[i].name, name) == 0)
			return true;
	}
	return false;
}

static rv_status check_members(json_t *obj, const struct member *members, size_t count,
			       struct rv_diag *diag)
{
	if (!json_is_object(obj))
		return rv_fail(RV_CLASS_MALFORMED, diag, "not an object");
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(obj, members[i].name);
		const bool is_absent = !value || json_is_null(value);
		if (is_absent && members[i].is_required)
			return rv_fail(RV_CLASS_MALFORMED, diag, "%s: missing", members[i].name);
		if (!is_absent)
			RV_TRY(check_member(&members[i], value, diag));
	}
	for (void *it = json_object_iter(obj); it; it = json_object_iter_next(obj, it)) {
		if (!is_known(members, count, json_object_iter_key(it)))
			return rv_fail(RV_CLASS_MALFORMED, diag, "unknown field");
	}
	return RV_OK;
}

/* Syntax, version, members: what the calls have in common. */
static rv_status open_document(struct rv_str body, const struct member *members, size_t count,
			       bool has_version, json_t **out, enum rv_problem *out_problem,
			       struct rv_diag *diag)
{
	*out_problem = RV_PROBLEM_MALFORMED;
	RV_TRY(rv_doc_parse(body, out, diag));
	*out_problem = RV_PROBLEM_UNPROCESSABLE;
	if (has_version && json_is_object(*out) && rv_json_int(*out, "v", 0) != RV_DOC_VERSION) {
		*out_problem = RV_PROBLEM_VERSION_TOO_OLD;
		return rv_fail(RV_CLASS_MALFORMED, diag, "v: only version %d is spoken here",
			       RV_DOC_VERSION);
	}
	return check_members(*out, members, count, diag);
}

static bool is_hex_digest(const char *text)
{
	return text && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static rv_status wrong(struct rv_diag *diag, const char *what)
{
	return rv_fail(RV_CLASS_MALFORMED, diag, "%s", what);
}

rv_status rv_doc_checkin_parse(struct rv_str body, struct rv_doc_checkin *out,
			       enum rv_problem *out_problem, struct rv_diag *diag)
{
	static const struct member members[] = {
		{"v", MEMBER_INT, true, 0},
		{"host", MEMBER_TEXT, true, 63},
		{"seq", MEMBER_INT, true, 0},
		{"digest", MEMBER_TEXT, true, 64},
	};

	*out = (struct rv_doc_checkin){0};
	RV_TRY(open_document(body, members, RV_LEN(members), true, &out->root, out_problem, diag));
	out->host = rv_json_text(out->root, "host", "");
	out->digest = rv_json_text(out->root, "digest", "");
	out->seq = rv_json_int(out->root, "seq", 0);
	if (!is_hex_digest(out->digest))
		return wrong(diag, "digest: not 64 hex digits");
	return RV_OK;
}

void rv_doc_checkin_done(struct rv_doc_checkin *doc)
{
	rv_jsonp(&doc->root);
}

static int by_id(const void *a, const void *b)
{
	const struct rv_doc_item *x = a;
	const struct rv_doc_item *y = b;

	return strcmp(x->facts.id, y->facts.id);
}

static void put_aside(struct rv_doc_report *doc, size_t index, const char *id, const char *why)
{
	struct rv_doc_bad *bad = &doc->bad[doc->bad_count++];

	if (id)
		snprintf(bad->id, sizeof(bad->id), "%s", id);
	else
		snprintf(bad->id, sizeof(bad->id), "#%zu", index);
	snprintf(bad->why, sizeof(bad->why), "%.127s", why);
}

static rv_status take_item(struct rv_doc_report *doc, size_t index, const json_t *item)
{
	struct rv_diag why = {0};
	struct rv_doc_item *slot = &doc->items[doc->item_count];

	if (!rv_is_ok(rv_item_check(item, &slot->facts, &why))) {
		put_aside(doc, index, slot->facts.id, why.text);
		return RV_OK;
	}
	slot->at = doc->canonical.len;
	RV_TRY(rv_json_canonical(item, &doc->canonical));
	slot->len = doc->canonical.len - slot->at;
	if (slot->len > RV_ITEM_BYTES_MAX) {
		doc->canonical.len = slot->at;
		put_aside(doc, index, slot->facts.id, "the item is too large");
		return RV_OK;
	}
	doc->item_count++;
	return RV_OK;
}

static rv_status take_items(struct rv_doc_report *doc, struct rv_diag *diag)
{
	const json_t *items = json_object_get(doc->root, "items");
	const size_t count = json_array_size(items);

	doc->items = calloc(count + 1, sizeof(*doc->items));
	doc->bad = calloc(count + 1, sizeof(*doc->bad));
	if (!doc->items || !doc->bad)
		return rv_fail_nomem(diag);
	for (size_t i = 0; i < count; i++)
		RV_TRY(take_item(doc, i, json_array_get(items, i)));
	qsort(doc->items, doc->item_count, sizeof(*doc->items), by_id);
	for (size_t i = 1; i < doc->item_count; i++) {
		if (by_id(&doc->items[i - 1], &doc->items[i]) == 0)
			return wrong(diag, "items: one id twice");
	}
	return RV_OK;
}

static rv_status check_gone(const json_t *gone, struct rv_diag *diag)
{
	for (size_t i = 0; i < json_array_size(gone); i++) {
		if (!rv_item_id_is_valid(json_string_value(json_array_get(gone, i))))
			return wrong(diag, "gone: not a list of ids");
	}
	return RV_OK;
}

static rv_status check_counts(json_t *counts, int64_t *out_not_looked, struct rv_diag *diag)
{
	static const struct member members[] = {
		{"not_looked", MEMBER_INT, false, 0}, {"credentials", MEMBER_INT, false, 0},
		{"owned", MEMBER_INT, false, 0},      {"orphans", MEMBER_INT, false, 0},
		{"due", MEMBER_INT, false, 0},	      {"stuck", MEMBER_INT, false, 0},
	};

	if (!counts)
		return RV_OK;
	RV_TRY(check_members(counts, members, RV_LEN(members), diag));
	*out_not_looked = rv_json_int(counts, "not_looked", 0);
	return RV_OK;
}

static rv_status check_report(struct rv_doc_report *doc, struct rv_diag *diag)
{
	const char *kind = rv_json_text(doc->root, "kind", "");

	doc->is_full = strcmp(kind, "full") == 0;
	if (!doc->is_full && strcmp(kind, "delta") != 0)
		return wrong(diag, "kind: not delta or full");
	if (!is_hex_digest(doc->digest))
		return wrong(diag, "digest: not 64 hex digits");
	if (!doc->is_full && !is_hex_digest(doc->base))
		return wrong(diag, "base: not 64 hex digits");
	if (strlen(doc->batch_id) < 16)
		return wrong(diag, "batch_id: shorter than 16 characters");
	RV_TRY(rv_time_parse(rv_str_of(rv_json_text(doc->root, "at", "")), &doc->at_us, diag));
	return check_gone(doc->gone, diag);
}

rv_status rv_doc_report_parse(struct rv_str body, struct rv_doc_report *out,
			      enum rv_problem *out_problem, struct rv_diag *diag)
{
	static const struct member members[] = {
		{"v", MEMBER_INT, true, 0},
		{"host", MEMBER_TEXT, true, 63},
		{"seq", MEMBER_INT, true, 0},
		{"batch_id", MEMBER_TEXT, true, 64},
		{"kind", MEMBER_TEXT, true, 8},
		{"base", MEMBER_TEXT, false, 64},
		{"digest", MEMBER_TEXT, true, 64},
		{"at", MEMBER_TEXT, true, 40},
		{"items", MEMBER_LIST, true, RV_DOC_ITEMS_MAX},
		{"gone", MEMBER_LIST, false, RV_DOC_ITEMS_MAX},
		{"counts", MEMBER_OBJECT, false, 0},
	};

	*out = (struct rv_doc_report){0};
	rv_buf_init(&out->canonical, REPORT_CANONICAL_MAX);
	RV_TRY(open_document(body, members, RV_LEN(members), true, &out->root, out_problem, diag));
	out->host = rv_json_text(out->root, "host", "");
	out->batch_id = rv_json_text(out->root, "batch_id", "");
	out->base = rv_json_text(out->root, "base", NULL);
	out->digest = rv_json_text(out->root, "digest", "");
	out->seq = rv_json_int(out->root, "seq", 0);
	out->gone = json_object_get(out->root, "gone");
	RV_TRY(check_report(out, diag));
	RV_TRY(check_counts(json_object_get(out->root, "counts"), &out->not_looked, diag));
	return take_items(out, diag);
}

void rv_doc_report_done(struct rv_doc_report *doc)
{
	free(doc->items);
	free(doc->bad);
	doc->items = NULL;
	doc->bad = NULL;
	rv_buf_done(&doc->canonical);
	rv_jsonp(&doc->root);
}

struct rv_str rv_doc_item_text(const struct rv_doc_report *doc, size_t i)
{
	return (struct rv_str){doc->canonical.data + doc->items[i].at, doc->items[i].len};
}

static const char *plain(const json_t *facts, const char *key)
{
	const char *text = rv_json_text(facts, key, "");

	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return NULL;
	}
	return text;
}

rv_status rv_doc_enrol_parse(struct rv_str body, struct rv_doc_enrol *out,
			     enum rv_problem *out_problem, struct rv_diag *diag)
{
	static const struct member members[] = {
		{"token", MEMBER_TEXT, true, 256},
		{"csr_pem", MEMBER_TEXT, true, 8192},
		{"facts", MEMBER_OBJECT, true, 0},
	};
	static const struct member fact_members[] = {
		{"hostname", MEMBER_TEXT, true, 255},
		{"machine_id_digest", MEMBER_TEXT, false, 128},
		{"agent", MEMBER_TEXT, false, 64},
	};

	*out = (struct rv_doc_enrol){0};
	RV_TRY(open_document(body, members, RV_LEN(members), false, &out->root, out_problem, diag));
	json_t *facts = json_object_get(out->root, "facts");
	RV_TRY(check_members(facts, fact_members, RV_LEN(fact_members), diag));
	out->token = rv_json_text(out->root, "token", "");
	out->csr_pem = rv_json_text(out->root, "csr_pem", "");
	out->hostname = plain(facts, "hostname");
	out->machine = plain(facts, "machine_id_digest");
	out->agent = plain(facts, "agent");
	if (!out->hostname || !out->machine || !out->agent)
		return wrong(diag, "facts: control characters");
	return RV_OK;
}

rv_status rv_doc_renew_parse(struct rv_str body, struct rv_doc_enrol *out,
			     enum rv_problem *out_problem, struct rv_diag *diag)
{
	static const struct member members[] = {{"csr_pem", MEMBER_TEXT, true, 8192}};

	*out = (struct rv_doc_enrol){0};
	RV_TRY(open_document(body, members, RV_LEN(members), false, &out->root, out_problem, diag));
	out->csr_pem = rv_json_text(out->root, "csr_pem", "");
	return RV_OK;
}

void rv_doc_enrol_done(struct rv_doc_enrol *doc)
{
	rv_jsonp(&doc->root);
}
