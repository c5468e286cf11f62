/* daemon: the files of a credential as they lie there now, by a place that only looks. Not here:
 * whether they may be rotated (decide/plan.h). */
#include "agent/base/path.h"
#include "agent/daemon/engine_rotate.h"
#include "agent/decide/plan.h"
#include "agent/store/sightings.h"

#include <stdio.h>

struct rv_rotate_paths {
	struct rv_plan_path list[RV_RUN_ITEMS];
	char *memory[RV_RUN_ITEMS]; /* of path and final */
	char *managers[RV_RUN_ITEMS];
	bool has_cert[RV_RUN_ITEMS], has_key[RV_RUN_ITEMS];
	size_t count;
	bool has_more;
};

void rv_rotate_paths_freep(struct rv_rotate_paths **paths)
{
	if (!*paths)
		return;
	for (size_t i = 0; i < (*paths)->count; i++) {
		free((*paths)->memory[i]);
		free((*paths)->managers[i]);
	}
	free(*paths);
	*paths = NULL;
}

const struct rv_plan_path *rv_rotate_paths_list(const struct rv_rotate_paths *paths,
						size_t *out_count)
{
	*out_count = paths->count;
	return paths->list;
}

static rv_status take_sighting(const struct rv_sighting *s, void *user)
{
	struct rv_rotate_paths *paths = user;
	bool is_cert = s->role == RV_SIGHTED_CERT, is_key = s->role == RV_SIGHTED_KEY;
	size_t i = 0;

	if ((!is_cert && !is_key) || !s->path.len || s->path.data[0] != '/')
		return RV_OK;
	while (i < paths->count && !rv_str_equal(paths->list[i].path, s->path))
		i++;
	if (i == RV_RUN_ITEMS) {
		paths->has_more = true;
		return RV_OK;
	}
	if (i == paths->count) {
		paths->memory[i] = rv_str_dup(s->path);
		if (!paths->memory[i])
			return rv_fail_nomem(NULL);
		paths->count++;
		paths->list[i].path = rv_str_of(paths->memory[i]);
		paths->list[i].final = paths->list[i].path;
	}
	paths->has_cert[i] |= is_cert;
	paths->has_key[i] |= is_key;
	paths->list[i].holds = paths->has_cert[i] && paths->has_key[i] ? "combined"
			       : is_key && !paths->has_cert[i]	       ? "key"
								       : "certificate";
	return RV_OK;
}

/* --- a place that looks ------------------------------------------------------------------------
 */
static rv_status survey_in(struct rv_engine *e, const char *dir, struct rv_str name,
			   struct rv_rec_surveyed *out, struct rv_rec_survey_item *out_item,
			   struct rv_frame *frame, struct rv_diag *diag)
{
	static const uint8_t salt[32] = {1}; /* the digests are not kept */
	struct rv_spawn_opts opts = {.role = RV_ROLE_PLACE,
				     .dirs = &dir,
				     .dir_count = 1,
				     .uid = UINT32_MAX,
				     .gid = UINT32_MAX};
	struct rv_rec_place_item item = {.name = name};
	struct rv_peer *place = NULL;
	struct rv_buf list;
	bool ok = true;

	RV_TRY(rv_engine_spawn(e, &opts, &place, diag));
	rv_buf_init(&list, 1024);
	rv_status s = rv_list_add(&list, &rv_desc_place_item, &item);
	struct rv_rec_survey ask = {.items = rv_buf_view(&list), .salt = {salt, sizeof(salt)}};
	if (rv_is_ok(s))
		s = rv_engine_call(e, place, RV_MSG_survey, &ask, RV_MSG_surveyed, 20000, frame,
				   diag);
	rv_buf_done(&list);
	if (rv_is_ok(s)) {
		s = rv_frame_body(frame, RV_MSG_surveyed, out, diag);
		if (rv_is_ok(s))
			s = rv_engine_outcome(out->outcome, out->text, diag);
		struct rv_str items = out->items;
		if (rv_is_ok(s) && !rv_list_next(&items, &rv_desc_survey_item, out_item, &ok))
			s = rv_fail(RV_CLASS_MALFORMED, diag, "place saw nothing");
		/* What is needed is copied by the caller's `keep` before the place goes. */
	}
	frame->header.job = place->job;
	rv_status kept = s;
	if (rv_is_ok(s) && out_item->link_target.len < 4096) {
		static char target[4096], manager[257];
		memcpy(target, out_item->link_target.data, out_item->link_target.len);
		out_item->link_target =
			(struct rv_str){(uint8_t *)target, out_item->link_target.len};
		rv_run_text(out->manager, manager, sizeof(manager));
		out->manager = rv_str_of(manager);
		out_item->text = out_item->certs = out_item->keyed = RV_STR_NONE;
	}
	rv_frame_done(frame);
	rv_engine_stop_job(e, place);
	return kept;
}

static rv_status survey_one(struct rv_engine *e, struct rv_str path, struct rv_rec_surveyed *out,
			    struct rv_rec_survey_item *out_item, struct rv_diag *diag)
{
	struct rv_str dir = rv_path_dir(path);
	RV_CLEANUP(rv_freep) char *text = rv_str_dup(dir);
	struct rv_frame frame = {0};

	if (!text)
		return rv_fail_nomem(diag);
	return survey_in(e, text, rv_path_base(path), out, out_item, &frame, diag);
}

static rv_status look_at(struct rv_engine *e, struct rv_rotate_paths *paths, size_t i,
			 struct rv_diag *diag)
{
	struct rv_plan_path *p = &paths->list[i];
	struct rv_rec_surveyed seen;
	struct rv_rec_survey_item item;

	RV_TRY(survey_one(e, p->final, &seen, &item, diag));
	if (item.outcome != RV_CLASS_OK || item.type == 4)
		return rv_fail(item.type == 4 ? RV_CLASS_NOT_FOUND : (enum rv_class)item.outcome,
			       diag, "%s cannot be looked at", paths->memory[i]);
	p->dev = item.dev;
	p->ino = item.ino;
	p->uid = (uint32_t)item.uid;
	p->gid = (uint32_t)item.gid;
	p->mode = (unsigned)item.mode;
	p->links = item.links;
	p->size_bytes = item.size_bytes;
	p->is_mount = item.is_mount != 0;
	if (seen.manager.len) {
		paths->managers[i] = rv_str_dup(seen.manager);
		p->manager = paths->managers[i];
	}
	return RV_OK;
}

rv_status rv_rotate_paths_of(struct rv_engine *e, const char *id, struct rv_rotate_paths **out,
			     struct rv_diag *diag)
{
	RV_CLEANUP(rv_rotate_paths_freep) struct rv_rotate_paths *paths = calloc(1, sizeof(*paths));

	if (!paths)
		return rv_fail_nomem(diag);
	RV_TRY(rv_sightings_each(e->db, id, false, take_sighting, paths, diag));
	if (paths->has_more)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "%s lies in more than %d files", id,
			       RV_RUN_ITEMS);
	for (size_t i = 0; i < paths->count; i++)
		RV_TRY(look_at(e, paths, i, diag));
	*out = RV_TAKE(paths);
	return RV_OK;
}

/* --- links -------------------------------------------------------------------------------------
 */
static rv_status next_hop(struct rv_str link, struct rv_str target, struct rv_buf *out)
{
	struct rv_buf joined;

	if (target.len && target.data[0] == '/') {
		rv_buf_reset(out);
		return rv_buf_put(out, target.data, target.len);
	}
	if (memmem(target.data, target.len, "..", 2))
		return rv_fail(RV_CLASS_CONFLICT, NULL, "a relative link leads upwards");
	rv_buf_init(&joined, 4096);
	rv_status s = rv_path_join(rv_path_dir(link), target, &joined);
	rv_buf_reset(out);
	if (rv_is_ok(s))
		s = rv_buf_put(out, joined.data, joined.len);
	rv_buf_done(&joined);
	return s;
}

rv_status rv_rotate_follow(struct rv_engine *e, const char *path, struct rv_buf *out,
			   struct rv_diag *diag)
{
	RV_TRY(rv_buf_put_str(out, path));
	for (int hops = 0; hops < RV_ROTATE_HOPS; hops++) {
		struct rv_rec_surveyed seen;
		struct rv_rec_survey_item item;
		RV_TRY(survey_one(e, rv_buf_view(out), &seen, &item, diag));
		if (item.type == 1)
			return RV_OK;
		if (item.type != 2)
			return rv_fail(RV_CLASS_NOT_FOUND, diag, "%s leads to no file", path);
		RV_CLEANUP(rv_freep) char *link = rv_str_dup(rv_buf_view(out));
		if (!link)
			return rv_fail_nomem(diag);
		RV_TRY(next_hop(rv_str_of(link), item.link_target, out));
	}
	return rv_fail(RV_CLASS_CONFLICT, diag, "%s is a loop of symbolic links", path);
}
