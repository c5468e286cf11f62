/* git: finds the commit that a name means. Not here: ranges and dates (rev_range.c). */
#include "agent/git/rev.h"

#define STEPS_MAX 1000000 /* of ~N */

static rv_status not_found(struct rv_str text, struct rv_diag *diag)
{
	rv_diag_next(diag, "name a branch, a tag, HEAD or a commit's id");
	return rv_fail(RV_CLASS_NOT_FOUND, diag, "'%.*s' names nothing in this repository",
		       (int)(text.len < 200 ? text.len : 200), (const char *)text.data);
}

static rv_status find_base(const struct rv_git_names *names, struct rv_str text,
			   struct rv_git_oid *out, struct rv_diag *diag)
{
	const struct rv_git_ref *ref;
	rv_status status;

	if (text.len == 1 && text.data[0] == '@')
		text = RV_STR_LIT("HEAD");
	if (rv_git_oid_parse(text, names->git->oid_len, out))
		return RV_OK;
	ref = rv_git_refs_lookup(names->refs, text);
	if (ref) {
		*out = ref->oid;
		return RV_OK;
	}
	status = rv_git_odb_expand(&names->git->odb, text, out, NULL);
	if (rv_class_of(status) == RV_CLASS_CONFLICT)
		return rv_git_odb_expand(&names->git->odb, text, out, diag);
	return rv_is_ok(status) || rv_class_of(status) != RV_CLASS_NOT_FOUND
		       ? status
		       : not_found(text, diag);
}

/* Follows tags; the object itself must be there. */
static rv_status peel(const struct rv_git_names *names, struct rv_str text, struct rv_git_oid *oid,
		      enum rv_git_type *out_type, struct rv_diag *diag)
{
	char hex[RV_GIT_HEX_MAX];
	rv_status status = rv_git_peel(names->graph->reader, names->git->oid_len, oid, out_type);

	rv_git_oid_hex(oid, names->git->oid_len, hex);
	if (!rv_is_ok(status))
		return rv_fail(rv_class_of(status), diag, "'%.*s': object %s: %s",
			       (int)(text.len < 200 ? text.len : 200), (const char *)text.data, hex,
			       rv_git_trouble_text(rv_git_trouble_of(status)));
	return RV_OK;
}

static rv_status to_commit(const struct rv_git_names *names, struct rv_str text,
			   struct rv_git_oid *oid, uint32_t *out_n, struct rv_diag *diag)
{
	enum rv_git_type type = RV_GIT_TYPE_NONE;

	RV_TRY(peel(names, text, oid, &type, diag));
	if (type != RV_GIT_COMMIT)
		return rv_fail(RV_CLASS_MALFORMED, diag, "'%.*s' is not a commit",
			       (int)(text.len < 200 ? text.len : 200), (const char *)text.data);
	RV_TRY(rv_git_graph_add(names->graph, oid, out_n));
	return rv_git_graph_read(names->graph, *out_n);
}

/* The n-th parent (1..), or the commit itself for 0. */
static rv_status go_to_parent(const struct rv_git_names *names, struct rv_str text,
			      struct rv_git_oid *oid, uint32_t which, uint32_t steps,
			      struct rv_diag *diag)
{
	struct rv_git_graph *graph = names->graph;
	uint32_t n = 0;

	RV_TRY(to_commit(names, text, oid, &n, diag));
	for (uint32_t i = 0; i < steps && which > 0; i++) {
		if (which > graph->nodes[n].parent_count)
			return not_found(text, diag);
		n = rv_git_graph_parent(graph, n, which - 1);
		RV_TRY(rv_git_graph_read(graph, n));
		if (graph->nodes[n].state != RV_GIT_NODE_READ)
			return not_found(text, diag);
	}
	*oid = graph->ids.oids[n];
	return RV_OK;
}

/* ^{commit}, ^{tree}, ^{blob}, ^{tag}, ^{object}, ^{} */
static rv_status convert(const struct rv_git_names *names, struct rv_str text, struct rv_str word,
			 struct rv_git_oid *oid, struct rv_diag *diag)
{
	enum rv_git_type type = RV_GIT_TYPE_NONE;
	uint32_t n = 0;

	if (rv_str_is(word, "object"))
		return RV_OK;
	if (rv_str_is(word, "commit"))
		return to_commit(names, text, oid, &n, diag);
	RV_TRY(peel(names, text, oid, &type, diag));
	if (word.len == 0)
		return RV_OK;
	if (!rv_str_is(word, "tree"))
		return rv_fail(RV_CLASS_MALFORMED, diag, "'^{%.*s}' is not understood",
			       (int)(word.len < 100 ? word.len : 100), (const char *)word.data);
	if (type == RV_GIT_TREE)
		return RV_OK;
	RV_TRY(to_commit(names, text, oid, &n, diag));
	*oid = names->graph->nodes[n].tree;
	return RV_OK;
}

static bool take_count(struct rv_str *rest, uint32_t *out)
{
	uint32_t value = 0;
	size_t i = 0;

	for (; i < rest->len && rest->data[i] >= '0' && rest->data[i] <= '9'; i++) {
		value = value * 10 + (uint32_t)(rest->data[i] - '0');
		if (value > STEPS_MAX)
			return false;
	}
	*out = i > 0 ? value : 1;
	rest->data += i;
	rest->len -= i;
	return true;
}

static rv_status apply(const struct rv_git_names *names, struct rv_str text, struct rv_str rest,
		       struct rv_git_oid *oid, struct rv_diag *diag)
{
	while (rest.len > 0) {
		uint8_t op = rest.data[0];
		uint32_t count = 1;

		rest.data++;
		rest.len--;
		if (op == '^' && rest.len > 0 && rest.data[0] == '{') {
			const uint8_t *end = memchr(rest.data, '}', rest.len);
			struct rv_str word;

			if (!end)
				return not_found(text, diag);
			word = (struct rv_str){rest.data + 1, (size_t)(end - rest.data) - 1};
			rest.len -= (size_t)(end - rest.data) + 1;
			rest.data = end + 1;
			RV_TRY(convert(names, text, word, oid, diag));
			continue;
		}
		if ((op != '^' && op != '~') || !take_count(&rest, &count))
			return not_found(text, diag);
		RV_TRY(go_to_parent(names, text, oid, op == '^' ? count : 1, op == '^' ? 1 : count,
				    diag));
	}
	return RV_OK;
}

rv_status rv_git_rev_parse(const struct rv_git_names *names, struct rv_str text,
			   struct rv_git_oid *out, struct rv_diag *diag)
{
	struct rv_str base = {text.data, 0};
	struct rv_git_oid oid = {{0}};

	if (text.len == 0 || text.len > RV_GIT_REV_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "not a name of a commit");
	while (base.len < text.len && text.data[base.len] != '^' && text.data[base.len] != '~' &&
	       text.data[base.len] != ':')
		base.len++;
	if (base.len == 0 || (base.len < text.len && text.data[base.len] == ':') ||
	    memmem(base.data, base.len, "@{", 2))
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "'%.*s': names with ':' or '@{' are not understood here",
			       (int)(text.len < 200 ? text.len : 200), (const char *)text.data);
	RV_TRY(find_base(names, base, &oid, diag));
	RV_TRY(apply(names, text, (struct rv_str){text.data + base.len, text.len - base.len}, &oid,
		     diag));
	*out = oid;
	return RV_OK;
}

rv_status rv_git_rev_commit(const struct rv_git_names *names, struct rv_str text, uint32_t *out_n,
			    struct rv_diag *diag)
{
	struct rv_git_oid oid;

	RV_TRY(rv_git_rev_parse(names, text, &oid, diag));
	return to_commit(names, text, &oid, out_n, diag);
}
