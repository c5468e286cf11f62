/* sweep: gitleaks' JSON report as a baseline. Its fingerprints name lines; here a finding is known
 * by rule, file and secret, or, when the report is redacted, by rule, file, line and commit; by our
 * own of a history, wherever its value lies. */
#include "agent/scan/pem_key.h"
#include "agent/sweep/baseline_private.h"
#include "agent/sweep/fields.h"

#include <openssl/crypto.h>
#include <strings.h>

/* What a row of our own report knows of its value. */
enum learnt { LEARNT_NOTHING, LEARNING, LEARNT_VALUE };

static const char *text_of(struct rv_baseline *baseline, const json_t *item, const char *key)
{
	const char *text = rv_json_text(item, key, "");
	char *copy = rv_arena_text(&baseline->arena, rv_str_of(text));

	for (char *p = copy; p && *p && strcmp(key, "File") == 0; p++)
		*p = *p == '\\' ? '/' : *p;
	return copy;
}

/* "REDACTED", or as much as --redact=N left and "...", or masked as our own report of that form has
 * it (mask.h). */
static bool is_redacted(const char *secret)
{
	size_t len = strlen(secret);

	return len == 0 || strcmp(secret, "REDACTED") == 0 ||
	       (len >= 3 && strcmp(secret + len - 3, "...") == 0) || strstr(secret, "*****");
}

static void wipe(const json_t *item, const char *key)
{
	const char *text = json_string_value(json_object_get(item, key));

	if (text)
		OPENSSL_cleanse((char *)(uintptr_t)text, strlen(text));
}

/* Of a private key gitleaks tells BEGIN and END as well; here the value is what they enclose. */
static struct rv_str value_of(const char *secret)
{
	struct rv_str text = rv_str_of(secret);
	struct rv_pem_key key;

	if (!rv_pem_private_at(text, 0, &key))
		return text;
	return (struct rv_str){text.data + key.start, key.len};
}

static rv_status read_item(struct rv_baseline *baseline, const json_t *item,
			   struct rv_baseline_foreign *out)
{
	const char *secret = rv_json_text(item, "Secret", "");
	json_int_t line = rv_json_int(item, "StartLine", 0);

	out->rule = text_of(baseline, item, "RuleID");
	out->path = text_of(baseline, item, "File");
	out->commit = text_of(baseline, item, "Commit");
	out->line = line > 0 && line < UINT32_MAX ? (uint32_t)line : 0;
	out->is_redacted = is_redacted(secret);
	out->is_ours = out->commit && *out->commit && strstr(secret, "*****");
	struct rv_str value = value_of(secret);
	out->value = rv_hmac_sha256(baseline->salt, sizeof(baseline->salt), value.data, value.len);
	wipe(item, "Secret");
	wipe(item, "Match");
	return out->rule && out->path && out->commit ? RV_OK : rv_fail_nomem(NULL);
}

rv_status rv_baseline_read_foreign(struct rv_baseline *baseline, const char *name, json_t *list,
				   struct rv_diag *diag)
{
	size_t count = json_array_size(list);

	baseline->is_foreign = true;
	if (count > RV_BASELINE_ENTRIES_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "%s: more than %d findings", name,
			       RV_BASELINE_ENTRIES_MAX);
	baseline->foreign = calloc(count ? count : 1, sizeof(*baseline->foreign));
	if (!baseline->foreign)
		return rv_fail_nomem(diag);
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(list, i);

		if (!json_is_string(json_object_get(item, "RuleID")) ||
		    !json_is_string(json_object_get(item, "File")))
			return rv_fail(RV_CLASS_MALFORMED, diag,
				       "%s: finding %zu has no RuleID and File: not a JSON report "
				       "of gitleaks",
				       name, i + 1);
		if (!rv_is_ok(read_item(baseline, item, &baseline->foreign[i])))
			return rv_fail_nomem(diag);
		baseline->foreign_count++;
	}
	return RV_OK;
}

static struct rv_str plain(struct rv_str path)
{
	while (path.len > 2 && path.data[0] == '.' && path.data[1] == '/')
		path = (struct rv_str){path.data + 2, path.len - 2};
	return path;
}

/* A member is "archive.zip!member". */
static bool is_named(struct rv_str known, struct rv_str path, const char *inside)
{
	size_t len = inside ? strlen(inside) : 0;

	if (!inside)
		return rv_str_equal(known, path);
	return known.len == path.len + 1 + len && path.len > 0 && known.data[path.len] == '!' &&
	       memcmp(known.data, path.data, path.len) == 0 &&
	       memcmp(known.data + path.len + 1, inside, len) == 0;
}

static bool has_learnt(const struct rv_baseline_foreign *f, const struct rv_digest *value)
{
	return __atomic_load_n(&f->learnt, __ATOMIC_ACQUIRE) == LEARNT_VALUE &&
	       rv_digest_equal(&f->value, value);
}

/* False: it has one already. */
static bool learn(struct rv_baseline_foreign *f, const struct rv_digest *value)
{
	uint8_t nothing = LEARNT_NOTHING;

	if (!__atomic_compare_exchange_n(&f->learnt, &nothing, LEARNING, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return false;
	f->value = *value;
	__atomic_store_n(&f->learnt, LEARNT_VALUE, __ATOMIC_RELEASE);
	return true;
}

static bool is_there(const struct rv_baseline_foreign *f, const struct rv_baseline_question *q)
{
	return (f->line == q->line || f->line == q->match_line) &&
	       (!*f->commit || !q->commit || strcasecmp(f->commit, q->commit) == 0);
}

bool rv_baseline_foreign_has(struct rv_baseline *baseline, const struct rv_baseline_question *q)
{
	struct rv_digest value =
		rv_hmac_sha256(baseline->salt, sizeof(baseline->salt),
			       q->value.len ? q->value.data : (const uint8_t *)"", q->value.len);
	struct rv_str path = plain(q->path);
	struct rv_str shown = plain(q->shown.len ? q->shown : q->path);
	bool is_known = false;

	for (size_t i = 0; i < baseline->foreign_count; i++) {
		struct rv_baseline_foreign *f = &baseline->foreign[i];

		struct rv_str known = plain(rv_str_of(f->path));

		if (!rv_fields_is_rule(q->rule, rv_str_of(f->rule)))
			continue;
		if (f->is_ours && q->commit && has_learnt(f, &value))
			return true;
		if (!is_named(known, path, q->inside) && !is_named(known, shown, q->inside))
			continue;
		if (!f->is_redacted && rv_digest_equal(&f->value, &value))
			return true;
		if (!f->is_redacted || !is_there(f, q))
			continue;
		/* Two values of one line are two rows. */
		is_known = true;
		if (!f->is_ours || !q->commit || learn(f, &value))
			return true;
	}
	return is_known;
}
