/* decide: what a plan was made for, pinned: states, owner, policy, files with every hop, inodes,
 * consumers, provider. No moment is in it but the credential's own, so that the same world gives
 * the same bytes later. */
#include "agent/decide/plan_private.h"

#include "agent/base/path.h"

static json_t *hops_json(const struct rv_plan_path *p)
{
	json_t *out = json_array();
	for (size_t i = 0; out != NULL && i < p->hop_count; i++) {
		const struct rv_plan_hop *hop = &p->hops[i];
		json_t *item = json_pack("{s:I,s:I}", "dev", (json_int_t)hop->dev, "ino",
					 (json_int_t)hop->ino);
		if (!rv_is_ok(rv_json_set_path(item, "link", hop->link)) ||
		    !rv_is_ok(rv_json_set_path(item, "target", hop->target)) ||
		    json_array_append(out, item) != 0) {
			json_decref(item);
			json_decref(out);
			return NULL;
		}
		json_decref(item);
	}
	return out;
}

static json_t *path_json(const struct rv_plan_path *p)
{
	json_t *out = json_pack(
		"{s:s,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "as", p->holds, "hops", hops_json(p),
		"dir_dev", (json_int_t)p->dir_dev, "dir_ino", (json_int_t)p->dir_ino, "dev",
		(json_int_t)p->dev, "ino", (json_int_t)p->ino, "uid", (json_int_t)p->uid, "gid",
		(json_int_t)p->gid, "mode", (json_int_t)p->mode, "size", (json_int_t)p->size_bytes);
	if (out != NULL && rv_is_ok(rv_json_set_path(out, "path", p->path)) &&
	    rv_is_ok(rv_json_set_path(out, "dir", rv_path_dir(p->final))) &&
	    rv_is_ok(rv_json_set_path(out, "name", rv_path_base(p->final))))
		return out;
	json_decref(out);
	return NULL;
}

json_t *rv_plan_files(const struct rv_plan_item *item)
{
	json_t *out = json_array();
	for (size_t i = 0; out != NULL && i < item->path_count; i++) {
		const struct rv_plan_path *p = &item->paths[i];
		json_t *file = json_pack("{s:s}", "as", p->holds);
		if (file == NULL ||
		    !rv_is_ok(rv_json_set_path(file, "dir", rv_path_dir(p->final))) ||
		    !rv_is_ok(rv_json_set_path(file, "name", rv_path_base(p->final))) ||
		    json_array_append(out, file) != 0) {
			json_decref(file);
			json_decref(out);
			return NULL;
		}
		json_decref(file);
	}
	return out;
}

static json_t *paths_json(const struct rv_plan_item *item)
{
	json_t *out = json_array();
	for (size_t i = 0; out != NULL && i < item->path_count; i++) {
		if (json_array_append_new(out, path_json(&item->paths[i])) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static json_t *consumers_json(const struct rv_plan_item *item)
{
	json_t *out = json_array();
	for (size_t i = 0; out != NULL && i < item->consumer_count; i++) {
		json_t *one = json_object();
		bool is_fine = rv_is_ok(rv_json_set_path(one, "unit", item->consumers[i].unit)) &&
			       rv_is_ok(rv_json_set_path(one, "where", item->consumers[i].where)) &&
			       json_array_append(out, one) == 0;
		json_decref(one);
		if (!is_fine) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static json_t *policy_json(const struct rv_plan_request *r, const struct rv_plan_item *item)
{
	const struct rv_policy *p = rv_policy_named(r->set, item->verdict->acting);
	return json_pack("{s:s,s:s,s:I}", "name", rv_policy_name(p), "file", p->src.file, "line",
			 (json_int_t)p->src.line);
}

static json_t *provider_json(const struct rv_plan_request *r, const struct rv_plan_item *item)
{
	const struct rv_policy_value *with =
		rv_verdict_acting_value(r->set, item->verdict, RV_PK_ROTATE_WITH);
	return json_pack("{s:s,s:s}", "instance", with->items[0], "sha256",
			 item->provider_sha256 ? item->provider_sha256 : "");
}

rv_status rv_plan_world(const struct rv_plan_request *r, const struct rv_plan_item *item,
			json_t **out)
{
	const struct rv_state *s = &item->facts->state;
	json_t *state = json_pack("{s:s,s:s}", "ownership", rv_ownership_name(s->ownership), "hold",
				  rv_hold_name(s->hold));
	json_t *world = json_pack("{s:o,s:o,s:o,s:s,s:s,s:o,s:o}", "state", state, "policy",
				  policy_json(r, item), "provider", provider_json(r, item),
				  "version", item->version, "version_sha256",
				  item->version_sha256 ? item->version_sha256 : "", "paths",
				  paths_json(item), "consumers", consumers_json(item));
	if (world == NULL)
		return rv_fail_nomem(NULL);
	if (!rv_is_ok(rv_json_set_path(world, "owner", item->facts->owner))) {
		json_decref(world);
		return rv_fail_nomem(NULL);
	}
	*out = world;
	return RV_OK;
}
