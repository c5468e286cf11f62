/* scan: rule files into rows: documents, ids over all of them, samples. Not here: one rule's keys
 * (rules_row.c), the composition of regexes (rules_compose.c). */
#include "agent/scan/rules_load.h"

#include "agent/base/arena.h"
#include "agent/base/yaml.h"
#include "agent/scan/rules_row.h"

#define FILES_MAX   1024
#define ARENA_BYTES ((size_t)64 << 20)

struct entry {
	struct rv_rule row;
	struct rv_rule_samples samples;
	const struct rv_yaml *y; /* for the messages of the seal */
	const json_t *node;
};

struct rv_rules {
	struct rv_arena arena;
	struct rv_rules_words words;
	struct rv_yaml *files[FILES_MAX]; /* until the seal */
	size_t file_count;
	struct entry *entries;
	size_t count;
	size_t room;
	struct rv_rule *rows; /* after the seal */
	struct rv_rule_samples *samples;
};

rv_status rv_rules_new(const struct rv_rules_words *words, struct rv_rules **out)
{
	struct rv_rules *rules = calloc(1, sizeof(*rules));

	if (!rules)
		return rv_fail_nomem(NULL);
	rv_arena_init(&rules->arena, ARENA_BYTES);
	if (words)
		rules->words = *words;
	*out = rules;
	return RV_OK;
}

static void drop_files(struct rv_rules *rules)
{
	for (size_t i = 0; i < rules->file_count; i++)
		rv_yaml_free(rules->files[i]);
	rules->file_count = 0;
	free(RV_TAKE(rules->entries));
	rules->room = 0;
}

void rv_rules_free(struct rv_rules *rules)
{
	if (!rules)
		return;
	drop_files(rules);
	rv_arena_done(&rules->arena);
	free(rules);
}

void rv_rules_freep(struct rv_rules **rules)
{
	rv_rules_free(*rules);
	*rules = NULL;
}

static rv_status make_room(struct rv_rules *rules, struct rv_diag *diag)
{
	if (rules->count < rules->room)
		return RV_OK;
	if (rules->count == RV_RULESET_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "more than %d rules", RV_RULESET_MAX);
	size_t room = rules->room ? rules->room * 2 : 64;
	struct entry *entries = reallocarray(rules->entries, room, sizeof(*entries));

	if (!entries)
		return rv_fail_nomem(diag);
	rules->entries = entries;
	rules->room = room;
	return RV_OK;
}

static bool is_taken(const struct rv_rules *rules, const char *id)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (strcmp(rules->entries[i].row.id, id) == 0)
			return true;
	}
	return false;
}

static rv_status add_rule(struct rv_rules *rules, const struct rv_yaml *y, const json_t *node,
			  struct rv_diag *diag)
{
	struct rv_rules_reader reader = {&rules->arena, y, &rules->words, diag};
	struct entry entry = {.y = y, .node = node};

	RV_TRY(make_room(rules, diag));
	RV_TRY(rv_rules_read_row(&reader, node, &entry.row, &entry.samples));
	if (is_taken(rules, entry.row.id))
		return rv_yaml_fail(y, node, "id", diag, "the id %s is taken",
				    rv_yaml_quoted(entry.row.id));
	rules->entries[rules->count++] = entry;
	return RV_OK;
}

static rv_status add_document(struct rv_rules *rules, const struct rv_yaml *y, struct rv_diag *diag)
{
	static const char *const keys[] = {"version", "rules", NULL};
	const json_t *root = rv_yaml_root(y);
	struct rv_rules_reader reader = {&rules->arena, y, &rules->words, diag};

	if (!json_is_object(root))
		return rv_yaml_fail(y, root, NULL, diag,
				    "a rule file has the keys version and rules");
	RV_TRY(rv_rules_check_keys(&reader, root, keys));
	if (rv_json_int(root, "version", 0) != 2)
		return rv_yaml_fail(y, root, "version", diag, "version: 2 is wanted");
	const json_t *list = json_object_get(root, "rules");
	if (!json_is_array(list))
		return rv_yaml_fail(y, root, "rules", diag, "rules is a list");
	for (size_t i = 0; i < json_array_size(list); i++)
		RV_TRY(add_rule(rules, y, json_array_get(list, i), diag));
	return RV_OK;
}

rv_status rv_rules_add(struct rv_rules *rules, struct rv_str text, const char *file,
		       struct rv_diag *diag)
{
	RV_BUG_ON(rules->rows);
	if (rules->file_count == FILES_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "%s: more than %d rule files", file,
			       FILES_MAX);
	RV_TRY(rv_yaml_parse(text, file, &rules->files[rules->file_count], diag));
	return add_document(rules, rules->files[rules->file_count++], diag);
}

static rv_status check_near(const struct rv_rules *rules, const struct entry *entry,
			    struct rv_diag *diag)
{
	const struct rv_rules_words *words = &rules->words;

	for (const char *const *near = entry->row.near; near && *near; near++) {
		if (strcmp(*near, entry->row.id) == 0)
			return rv_yaml_fail(entry->y, entry->node, "near", diag,
					    "a rule is not near itself");
		if (!is_taken(rules, *near) &&
		    !(words->has_rule && words->has_rule(words->context, *near)))
			return rv_yaml_fail(entry->y, entry->node, "near", diag,
					    "there is no rule %s", rv_yaml_quoted(*near));
	}
	return RV_OK;
}

static int by_id(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return strcmp(a->row.id, b->row.id);
}

rv_status rv_rules_seal(struct rv_rules *rules, struct rv_diag *diag)
{
	for (size_t i = 0; i < rules->count; i++)
		RV_TRY(check_near(rules, &rules->entries[i], diag));
	rules->rows = rv_arena_array(&rules->arena, rules->count, sizeof(*rules->rows));
	rules->samples = rv_arena_array(&rules->arena, rules->count, sizeof(*rules->samples));
	if (!rules->rows || !rules->samples)
		return rv_fail_nomem(diag);
	if (rules->count)
		qsort(rules->entries, rules->count, sizeof(*rules->entries), by_id);
	for (size_t i = 0; i < rules->count; i++) {
		rules->rows[i] = rules->entries[i].row;
		rules->samples[i] = rules->entries[i].samples;
	}
	drop_files(rules);
	return RV_OK;
}

const struct rv_rule *rv_rules_rows(const struct rv_rules *rules, size_t *out_count)
{
	*out_count = rules->rows ? rules->count : 0;
	return rules->rows;
}

const struct rv_rule_samples *rv_rules_samples(const struct rv_rules *rules, size_t *out_count)
{
	*out_count = rules->samples ? rules->count : 0;
	return rules->samples;
}
