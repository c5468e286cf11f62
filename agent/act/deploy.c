/* act: the frame around the place verbs: sets, secrets, observe, clean. Not here: survey
 * (deploy_survey.c), capture and stage (deploy_stage.c), swap (deploy_swap.c). */
#include "agent/act/deploy.h"

void rv_deploy_init(struct rv_deploy *d, const struct rv_role_args *args)
{
	*d = (struct rv_deploy){.args = args};
	rv_buf_init(&d->out, RV_FRAME_MAX);
}

void rv_deploy_done(struct rv_deploy *d)
{
	for (size_t i = 0; i < d->secret_count; i++)
		rv_secret_freep(&d->secrets[i].bytes);
	d->secret_count = 0;
	rv_buf_done(&d->out);
}

rv_status rv_deploy_secret(struct rv_deploy *d, uint64_t ref, struct rv_str bytes)
{
	if (d->secret_count == RV_DEPLOY_SECRETS)
		return rv_fail(RV_CLASS_EXHAUSTED, &d->diag, "too many secrets in hand");
	RV_TRY(rv_secret_new(bytes.data, bytes.len, &d->secrets[d->secret_count].bytes));
	d->secrets[d->secret_count++].ref = ref;
	return RV_OK;
}

int rv_deploy_dir(const struct rv_deploy *d, uint64_t index)
{
	return index < d->args->dir_count ? d->args->dirs[index].fd : -1;
}

static rv_status item_of(const struct rv_deploy *d, const struct rv_rec_swap_item *rec,
			 struct rv_str tag, struct rv_deploy_item *out, struct rv_diag *diag)
{
	out->dir = (size_t)rec->dir;
	out->dir_fd = rv_deploy_dir(d, rec->dir);
	if (out->dir_fd < 0)
		return rv_fail(RV_CLASS_MALFORMED, diag, "no such directory in this role");
	if (rec->old_keyed.len != RV_SHA256_LEN || rec->new_keyed.len != RV_SHA256_LEN)
		return rv_fail(RV_CLASS_MALFORMED, diag, "a digest has 32 bytes");
	memcpy(out->old_keyed, rec->old_keyed.data, RV_SHA256_LEN);
	memcpy(out->new_keyed, rec->new_keyed.data, RV_SHA256_LEN);
	RV_TRY(rv_place_name(rec->name, out->name, diag));
	return rv_place_staged(tag, '-', out->name, out->staged, diag);
}

rv_status rv_deploy_set_of(const struct rv_deploy *d, struct rv_str list, struct rv_str tag,
			   struct rv_str salt, struct rv_deploy_set *out, struct rv_diag *diag)
{
	struct rv_rec_swap_item rec;
	bool ok = true;

	*out = (struct rv_deploy_set){.salt = salt};
	if (!salt.len || salt.len > 32 || !tag.len || tag.len >= sizeof(out->tag))
		return rv_fail(RV_CLASS_MALFORMED, diag, "no salt or tag");
	memcpy(out->tag, tag.data, tag.len);
	while (rv_list_next(&list, &rv_desc_swap_item, &rec, &ok)) {
		if (out->count == RV_SWAP_WINDOW_ITEMS)
			return rv_fail(RV_CLASS_EXHAUSTED, diag, "at most %d files in a set",
				       RV_SWAP_WINDOW_ITEMS);
		RV_TRY(item_of(d, &rec, tag, &out->items[out->count], diag));
		out->count++;
	}
	if (!ok || !out->count)
		return rv_fail(RV_CLASS_MALFORMED, diag, "no whole list of files");
	return RV_OK;
}

rv_status rv_deploy_look(struct rv_deploy_set *set, struct rv_diag *diag)
{
	for (size_t i = 0; i < set->count; i++) {
		struct rv_deploy_item *item = &set->items[i];
		struct rv_str old_keyed = {item->old_keyed, RV_SHA256_LEN};
		struct rv_str new_keyed = {item->new_keyed, RV_SHA256_LEN};
		RV_TRY(rv_place_classify(item->dir_fd, item->name, set->salt, old_keyed, new_keyed,
					 &item->live, diag));
		RV_TRY(rv_place_classify(item->dir_fd, item->staged, set->salt, old_keyed,
					 new_keyed, &item->beside, diag));
	}
	return RV_OK;
}

bool rv_deploy_window_open(const struct rv_deploy_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (rv_swap_window_exists(set->items[i].dir_fd, RV_SWAP_WINDOW_PREFIX, set->tag) ||
		    rv_swap_window_exists(set->items[i].dir_fd, RV_SWAP_WINDOW_PART, set->tag))
			return true;
	return false;
}

static rv_status observe(struct rv_deploy *d, const struct rv_rec_observe *ask,
			 struct rv_rec_observed *out)
{
	struct rv_deploy_set *set = &d->set;

	RV_TRY(rv_deploy_set_of(d, ask->items, ask->tag, ask->salt, set, &d->diag));
	RV_TRY(rv_deploy_look(set, &d->diag));
	for (size_t i = 0; i < set->count; i++) {
		struct rv_rec_observed_item item = {.state = set->items[i].live,
						    .staged = set->items[i].beside};
		RV_TRY(rv_list_add(&d->out, &rv_desc_observed_item, &item));
	}
	out->items = rv_buf_view(&d->out);
	out->window_open = rv_deploy_window_open(set);
	return RV_OK;
}

void rv_deploy_observe(struct rv_deploy *d, const struct rv_rec_observe *ask,
		       struct rv_rec_observed *out)
{
	d->diag = (struct rv_diag){0};
	rv_buf_reset(&d->out);
	*out = (struct rv_rec_observed){0};
	rv_status r = observe(d, ask, out);
	out->outcome = r.class_id;
	out->text = rv_str_of(d->diag.text);
	if (out->text.len > RV_DEPLOY_TEXT)
		out->text.len = RV_DEPLOY_TEXT;
	if (!rv_is_ok(r))
		out->items = RV_STR_NONE;
}

/* A window may only be forgotten when the set is whole: all old or all new. */
static bool is_whole(const struct rv_deploy_set *set)
{
	for (size_t i = 1; i < set->count; i++)
		if (set->items[i].live != set->items[0].live)
			return false;
	return set->items[0].live == RV_PLACE_OLD || set->items[0].live == RV_PLACE_NEW;
}

static rv_status clean(struct rv_deploy *d, const struct rv_rec_clean *ask)
{
	struct rv_deploy_set *set = &d->set;
	char doomed[RV_PLACE_NAME];
	rv_status kept = RV_OK;

	RV_TRY(rv_deploy_set_of(d, ask->items, ask->tag, ask->salt, set, &d->diag));
	RV_TRY(rv_deploy_look(set, &d->diag));
	if (rv_deploy_window_open(set) && !is_whole(set))
		return rv_fail(RV_CLASS_CONFLICT, &d->diag,
			       "a swap window is open and the files do not belong together");
	for (size_t i = 0; i < set->count; i++) {
		const struct rv_deploy_item *item = &set->items[i];
		RV_TRY(rv_place_staged(ask->tag, '~', item->name, doomed, &d->diag));
		RV_TRY(rv_place_shred(item->dir_fd, doomed, doomed, &d->diag));
		if (item->beside == RV_PLACE_OLD || item->beside == RV_PLACE_NEW)
			RV_TRY(rv_place_shred(item->dir_fd, item->staged, doomed, &d->diag));
		else if (item->beside == RV_PLACE_FOREIGN)
			kept = rv_fail(RV_CLASS_CONFLICT, &d->diag,
				       "%s is not what was staged; left alone", item->staged);
		RV_TRY(rv_swap_window_remove(item->dir_fd, RV_SWAP_WINDOW_PREFIX, set->tag,
					     &d->diag));
	}
	for (size_t i = 0; i < set->count; i++) {
		/* A record that died before it had its name. */
		RV_TRY(rv_place_staged(ask->tag, '~', "window", doomed, &d->diag));
		RV_TRY(rv_place_shred(set->items[i].dir_fd, doomed, doomed, &d->diag));
		RV_TRY(rv_swap_window_remove(set->items[i].dir_fd, RV_SWAP_WINDOW_PART, set->tag,
					     &d->diag));
		RV_TRY(rv_place_sync_dir(set->items[i].dir_fd, &d->diag));
	}
	return kept;
}

void rv_deploy_clean(struct rv_deploy *d, const struct rv_rec_clean *ask,
		     struct rv_rec_cleaned *out)
{
	d->diag = (struct rv_diag){0};
	rv_status r = clean(d, ask);
	*out = (struct rv_rec_cleaned){.outcome = r.class_id, .text = rv_str_of(d->diag.text)};
	if (out->text.len > RV_DEPLOY_TEXT)
		out->text.len = RV_DEPLOY_TEXT;
}
