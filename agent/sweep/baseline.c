/* sweep: our own baseline file. Not here: gitleaks' report (baseline_foreign.c). */
#include "agent/sweep/baseline.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/path.h"
#include "agent/base/yaml.h"
#include "agent/sweep/baseline_private.h"
#include "agent/sweep/fields.h"
#include "agent/sweep/identity.h"

#include <openssl/crypto.h>

#define TEXT_MAX    1024
#define ARENA_BYTES ((size_t)256 << 20)
#define BUCKETS	    256 /* fixed lines between the entries: one a first byte */
#define FILE_MODE   0644

rv_status rv_baseline_new(uint32_t rules_day, int64_t now_utc_us, struct rv_baseline **out)
{
	struct rv_baseline *baseline = calloc(1, sizeof(*baseline));

	if (!baseline)
		return rv_fail_nomem(NULL);
	rv_arena_init(&baseline->arena, ARENA_BYTES);
	baseline->rules_day = rules_day;
	baseline->now_utc_us = now_utc_us;
	rv_random(baseline->salt, sizeof(baseline->salt));
	*out = baseline;
	return RV_OK;
}

void rv_baseline_free(struct rv_baseline *baseline)
{
	if (!baseline)
		return;
	free(baseline->slots);
	free(baseline->view);
	free(baseline->foreign);
	rv_arena_done(&baseline->arena);
	OPENSSL_cleanse(baseline->salt, sizeof(baseline->salt));
	free(baseline);
}

void rv_baseline_freep(struct rv_baseline **baseline)
{
	rv_baseline_free(*baseline);
	*baseline = NULL;
}

/* The slot of the fingerprint, or where it would be. */
static size_t place_of(const struct rv_baseline *baseline, const char *fingerprint,
		       bool *out_is_there)
{
	size_t low = 0, high = baseline->count;

	*out_is_there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(fingerprint, baseline->slots[middle].entry.fingerprint);

		if (order == 0) {
			*out_is_there = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static int by_fingerprint(const void *a, const void *b)
{
	const struct rv_baseline_slot *x = a, *y = b;
	int order = strcmp(x->entry.fingerprint, y->entry.fingerprint);

	if (order == 0)
		order = (x->added_at > y->added_at) - (x->added_at < y->added_at);
	if (order == 0)
		order = strcmp(x->entry.added, y->entry.added);
	if (order == 0)
		order = (x->end_utc_us < y->end_utc_us) - (x->end_utc_us > y->end_utc_us);
	return order ? order : (x->read_at > y->read_at) - (x->read_at < y->read_at);
}

/* A union merge may leave an entry twice: the one that came in later holds, of one day the one that
 * ends earlier, or what one branch ended would come back without an end; and one that was added
 * before any that was read. Sorted once: each in its place at once would cost the square. */
static void sort_entries(struct rv_baseline *baseline)
{
	struct rv_baseline_slot *slots = baseline->slots;
	size_t kept = 0;

	if (baseline->count > 1)
		qsort(slots, baseline->count, sizeof(*slots), by_fingerprint);
	for (size_t i = 0; i < baseline->count; i++) {
		if (i + 1 < baseline->count &&
		    strcmp(slots[i].entry.fingerprint, slots[i + 1].entry.fingerprint) == 0)
			continue;
		slots[kept++] = slots[i];
	}
	baseline->count = kept;
	baseline->is_unsettled = false;
}

static void settle(struct rv_baseline *baseline)
{
	if (baseline->is_unsettled)
		sort_entries(baseline);
}

static rv_status make_room(struct rv_baseline *baseline, struct rv_diag *diag)
{
	size_t room = baseline->room ? baseline->room * 2 : 64;

	if (baseline->count < baseline->room)
		return RV_OK;
	if (baseline->count >= RV_BASELINE_ENTRIES_MAX)
		settle(baseline);
	if (baseline->count >= RV_BASELINE_ENTRIES_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "more than %d entries in the baseline",
			       RV_BASELINE_ENTRIES_MAX);
	struct rv_baseline_slot *slots = reallocarray(baseline->slots, room, sizeof(*slots));
	if (!slots)
		return rv_fail_nomem(diag);
	baseline->slots = slots;
	struct rv_baseline_entry *view = reallocarray(baseline->view, room, sizeof(*view));
	if (!view)
		return rv_fail_nomem(diag);
	baseline->view = view;
	baseline->room = room;
	return RV_OK;
}

static bool is_utf8(struct rv_str text)
{
	uint32_t point;

	while (text.len > 0) {
		size_t len = rv_utf8_at(text, &point);

		if (len == 0)
			return false;
		text = (struct rv_str){text.data + len, text.len - len};
	}
	return true;
}

static rv_status check_entry(const struct rv_baseline_entry *e, int64_t *out_end,
			     struct rv_diag *diag)
{
	int64_t day;
	const char *const texts[] = {e->rule, e->path, e->reason, e->by};

	if (!rv_identity_is_text(rv_str_of(e->fingerprint)))
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "a fingerprint is rv1: and 32 hexadecimal digits");
	for (size_t i = 0; i < RV_LEN(texts); i++) {
		if (strlen(texts[i]) > TEXT_MAX || !is_utf8(rv_str_of(texts[i])))
			return rv_fail(RV_CLASS_MALFORMED, diag,
				       "a text is UTF-8 of at most %d bytes", TEXT_MAX);
	}
	if (!*e->rule)
		return rv_fail(RV_CLASS_MALFORMED, diag, "an entry has a rule");
	*out_end = INT64_MAX;
	if ((*e->until && !rv_fields_day_end(rv_str_of(e->until), out_end)) ||
	    (*e->added && !rv_fields_day_end(rv_str_of(e->added), &day)))
		return rv_fail(RV_CLASS_MALFORMED, diag, "added and until are days, as 2027-01-01");
	return RV_OK;
}

/* Checks the entry and makes it ours; there is room for one more then. */
static rv_status slot_of(struct rv_baseline *baseline, const struct rv_baseline_entry *entry,
			 struct rv_baseline_slot *out, struct rv_diag *diag)
{
	struct rv_baseline_slot slot = {.is_found = true};
	const char *const from[] = {entry->fingerprint, entry->rule,  entry->path, entry->reason,
				    entry->by,		entry->added, entry->until};
	const char **const to[] = {&slot.entry.fingerprint, &slot.entry.rule, &slot.entry.path,
				   &slot.entry.reason,	    &slot.entry.by,   &slot.entry.added,
				   &slot.entry.until};

	RV_TRY(check_entry(entry, &slot.end_utc_us, diag));
	RV_TRY(make_room(baseline, diag));
	for (size_t i = 0; i < RV_LEN(to); i++) {
		*to[i] = rv_arena_text(&baseline->arena, rv_str_of(from[i]));
		if (!*to[i])
			return rv_fail_nomem(diag);
	}
	*out = slot;
	return RV_OK;
}

rv_status rv_baseline_add(struct rv_baseline *baseline, const struct rv_baseline_entry *entry,
			  struct rv_diag *diag)
{
	struct rv_baseline_slot slot;

	if (baseline->is_foreign)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "a report of gitleaks takes no entries: make a baseline of our own");
	RV_TRY(slot_of(baseline, entry, &slot, diag));
	slot.added_at = ++baseline->added;
	baseline->slots[baseline->count++] = slot;
	baseline->is_unsettled = true;
	return RV_OK;
}

/* Puts it last: sorting is for when all are read, or a file in no order would cost its square. */
static rv_status read_entry(struct rv_baseline *baseline, const json_t *item, struct rv_diag *diag)
{
	static const char *const keys[] = {"fingerprint", "rule",  "path",   "reason", "by",
					   "added",	  "until", "bucket", NULL};
	const char *key;
	json_t *value;

	if (!json_is_object(item))
		return rv_fail(RV_CLASS_MALFORMED, diag, "an entry is an object");
	json_object_foreach ((json_t *)(uintptr_t)item, key, value) {
		bool is_known = false;

		for (const char *const *k = keys; *k && !is_known; k++)
			is_known = strcmp(*k, key) == 0;
		if (!is_known || !json_is_string(value))
			return rv_fail(RV_CLASS_MALFORMED, diag,
				       is_known ? "%s is text" : "unknown key %s",
				       rv_yaml_quoted(key));
	}
	if (json_object_get(item, "bucket"))
		return RV_OK;
	const struct rv_baseline_entry entry = {
		.fingerprint = rv_json_text(item, "fingerprint", ""),
		.rule = rv_json_text(item, "rule", ""),
		.path = rv_json_text(item, "path", ""),
		.reason = rv_json_text(item, "reason", ""),
		.by = rv_json_text(item, "by", ""),
		.added = rv_json_text(item, "added", ""),
		.until = rv_json_text(item, "until", ""),
	};
	struct rv_baseline_slot slot;
	RV_TRY(slot_of(baseline, &entry, &slot, diag));
	slot.is_found = false;
	slot.read_at = baseline->count;
	baseline->slots[baseline->count++] = slot;
	return RV_OK;
}

static rv_status read_own(struct rv_baseline *baseline, const char *name, const json_t *root,
			  struct rv_diag *diag)
{
	struct rv_str salt = rv_str_of(rv_json_text(root, "salt", ""));
	const char *schema = rv_json_text(root, "schema", "");
	const char *day = rv_json_text(root, "rules_day", "");
	const json_t *entries = json_object_get(root, "entries");

	if (strcmp(schema, RV_BASELINE_SCHEMA) != 0)
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "%s: schema is \"%s\"; " RV_BASELINE_SCHEMA " is wanted", name,
			       *schema ? rv_yaml_path_quoted(schema) : "");
	if (salt.len != sizeof(baseline->salt) * 2 ||
	    !rv_is_ok(rv_unhex(salt, baseline->salt, sizeof(baseline->salt))))
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: salt is 64 hexadecimal digits", name);
	baseline->rules_day = rv_fields_day_number(rv_str_of(day));
	if (*day && !baseline->rules_day)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: rules_day is a day", name);
	if (!json_is_array(entries))
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: entries is a list", name);
	for (size_t i = 0; i < json_array_size(entries); i++) {
		struct rv_diag why = {0};
		rv_status status = read_entry(baseline, json_array_get(entries, i), &why);

		if (!rv_is_ok(status))
			return rv_fail(rv_class_of(status), diag, "%s: entry %zu: %s", name, i + 1,
				       why.text);
	}
	sort_entries(baseline);
	return RV_OK;
}

rv_status rv_baseline_parse(struct rv_str text, const char *name, int64_t now_utc_us,
			    struct rv_baseline **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *baseline = NULL;
	RV_CLEANUP(rv_jsonp) json_t *root = NULL;
	struct rv_diag why = {0};
	bool had_two_days;

	if (text.len > RV_BASELINE_FILE_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: larger than 64 MiB", name);
	rv_status status = rv_baseline_parse_merged(text, &root, &had_two_days, &why);
	if (rv_class_of(status) == RV_CLASS_MALFORMED &&
	    rv_baseline_is_half_merged(text, name, diag))
		return status;
	if (!rv_is_ok(status)) {
		rv_diag_next(diag, "take it from the last commit that had it whole, or make it "
				   "anew with `reeve baseline create`");
		return rv_fail(rv_class_of(status), diag, "the baseline %s: %s", name, why.text);
	}
	if (!rv_is_ok(rv_baseline_new(0, now_utc_us, &baseline)))
		return rv_fail_nomem(diag);
	baseline->had_two_days = had_two_days;
	if (json_is_array(root))
		RV_TRY(rv_baseline_read_foreign(baseline, name, root, diag));
	else if (json_is_object(root))
		RV_TRY(read_own(baseline, name, root, diag));
	else
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s is no baseline", name);
	*out = RV_TAKE(baseline);
	return RV_OK;
}

const uint8_t *rv_baseline_salt(const struct rv_baseline *baseline)
{
	return baseline->is_foreign ? NULL : baseline->salt;
}

uint32_t rv_baseline_rules_day(const struct rv_baseline *baseline)
{
	return baseline->rules_day;
}

bool rv_baseline_had_two_days(const struct rv_baseline *baseline)
{
	return baseline->had_two_days;
}

void rv_baseline_set_rules_day(struct rv_baseline *baseline, uint32_t day)
{
	baseline->rules_day = day;
}

enum rv_baseline_answer rv_baseline_match(struct rv_baseline *baseline,
					  const struct rv_baseline_question *q,
					  const struct rv_baseline_entry **out_entry)
{
	bool is_there;

	if (out_entry)
		*out_entry = NULL;
	if (baseline->is_foreign)
		return rv_baseline_foreign_has(baseline, q) ? RV_BASELINE_KNOWN
							    : RV_BASELINE_UNKNOWN;
	if (!q->fingerprint)
		return RV_BASELINE_UNKNOWN;
	settle(baseline);
	size_t place = place_of(baseline, q->fingerprint, &is_there);
	if (!is_there)
		return RV_BASELINE_UNKNOWN;
	struct rv_baseline_slot *slot = &baseline->slots[place];
	__atomic_store_n(&slot->is_found, true, __ATOMIC_RELAXED);
	if (out_entry)
		*out_entry = &slot->entry;
	return slot->end_utc_us > baseline->now_utc_us ? RV_BASELINE_KNOWN : RV_BASELINE_ENDED;
}

const struct rv_baseline_entry *rv_baseline_entries(struct rv_baseline *baseline, size_t *out_count)
{
	settle(baseline);
	for (size_t i = 0; i < baseline->count; i++)
		baseline->view[i] = baseline->slots[i].entry;
	*out_count = baseline->count;
	return baseline->view;
}

bool rv_baseline_has_ended(const struct rv_baseline *baseline,
			   const struct rv_baseline_entry *entry)
{
	int64_t end = INT64_MAX;

	return *entry->until && rv_fields_day_end(rv_str_of(entry->until), &end) &&
	       end <= baseline->now_utc_us;
}

void rv_baseline_forget_found(struct rv_baseline *baseline)
{
	for (size_t i = 0; i < baseline->count; i++)
		baseline->slots[i].is_found = false;
}

size_t rv_baseline_prune(struct rv_baseline *baseline, rv_baseline_keeps_fn *keeps, void *user)
{
	settle(baseline);
	size_t kept = 0, before = baseline->count;

	for (size_t i = 0; i < baseline->count; i++) {
		const struct rv_baseline_slot *slot = &baseline->slots[i];

		if (slot->is_found || (keeps && keeps(user, &slot->entry)))
			baseline->slots[kept++] = *slot;
	}
	baseline->count = kept;
	return before - kept;
}

size_t rv_baseline_drop_ended(struct rv_baseline *baseline)
{
	settle(baseline);
	size_t kept = 0, before = baseline->count;

	for (size_t i = 0; i < baseline->count; i++) {
		if (baseline->slots[i].end_utc_us > baseline->now_utc_us)
			baseline->slots[kept++] = baseline->slots[i];
	}
	baseline->count = kept;
	return before - kept;
}

/* The first byte of the fingerprint. */
static unsigned bucket_of(const char *fingerprint)
{
	uint8_t byte = 0;
	struct rv_str digits = {(const uint8_t *)fingerprint + 4, 2};

	if (!rv_is_ok(rv_unhex(digits, &byte, 1)))
		return 0; /* never: it was checked when it came in */
	return byte;
}

static rv_status print_entry(const struct rv_baseline_entry *e, struct rv_buf *out)
{
	const char *const pairs[][2] = {{"fingerprint", e->fingerprint},
					{"rule", e->rule},
					{"path", e->path},
					{"reason", e->reason},
					{"by", e->by},
					{"added", e->added},
					{"until", e->until}};
	const char *before = "    {";

	for (size_t i = 0; i < RV_LEN(pairs); i++) {
		if (!*pairs[i][1])
			continue;
		RV_CLEANUP(rv_jsonp) json_t *text = json_string(pairs[i][1]);
		char *dumped = text ? json_dumps(text, JSON_ENCODE_ANY) : NULL;

		/* Text that is not UTF-8 has no JSON form: paths come escaped. */
		if (!dumped)
			return rv_fail_nomem(NULL);
		rv_status status = rv_buf_printf(out, "%s\"%s\": %s", before, pairs[i][0], dumped);
		free(dumped);
		RV_TRY(status);
		before = ", ";
	}
	return rv_buf_put_str(out, "},\n");
}

rv_status rv_baseline_print(struct rv_baseline *baseline, struct rv_buf *out)
{
	char salt[2 * RV_IDENTITY_SALT + 1];
	uint32_t day = baseline->rules_day;
	size_t i = 0;

	settle(baseline);
	rv_hex(baseline->salt, sizeof(baseline->salt), salt);
	RV_TRY(rv_buf_printf(
		out, "{\n  \"schema\": \"" RV_BASELINE_SCHEMA "\",\n  \"salt\": \"%s\",\n", salt));
	if (day)
		RV_TRY(rv_buf_printf(out, "  \"rules_day\": \"%04u-%02u-%02u\",\n", day / 10000,
				     day / 100 % 100, day % 100));
	RV_TRY(rv_buf_put_str(out, "  \"entries\": [\n"));
	for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
		RV_TRY(rv_buf_printf(out, "    {\"bucket\": \"%02x\"},\n", bucket));
		for (; i < baseline->count &&
		       bucket_of(baseline->slots[i].entry.fingerprint) == bucket;
		     i++)
			RV_TRY(print_entry(&baseline->slots[i].entry, out));
	}
	return rv_buf_put_str(out, "    {\"bucket\": \"end\"}\n  ]\n}\n");
}

rv_status rv_baseline_save(struct rv_baseline *baseline, const char *path, struct rv_diag *diag)
{
	struct rv_buf text;

	if (baseline->is_foreign)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "%s: a report of gitleaks is not written over", path);
	rv_buf_init(&text, RV_BASELINE_FILE_MAX);
	rv_status status = rv_baseline_print(baseline, &text);
	if (!rv_is_ok(status))
		status = rv_fail(rv_class_of(status), diag, "writing %s: too large or no memory",
				 path);
	else
		status = rv_file_replace(path, text.data, text.len, FILE_MODE, diag);
	rv_buf_done(&text);
	return status;
}
