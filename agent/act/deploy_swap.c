/* act: the swap: exchange the live and staged names of a whole set inside one declared window.
 * Not here: staging, and what happens to the service in between (nothing may). */
#include "agent/act/deploy.h"

static void window_of(const struct rv_deploy_set *set, size_t dir, struct rv_swap_window *out)
{
	*out = (struct rv_swap_window){.salt_len = set->salt.len};
	memcpy(out->tag, set->tag, sizeof(out->tag));
	memcpy(out->salt, set->salt.data, set->salt.len);
	for (size_t i = 0; i < set->count; i++) {
		const struct rv_deploy_item *item = &set->items[i];
		if (item->dir != dir)
			continue;
		struct rv_swap_window_item *to = &out->items[out->count++];
		memcpy(to->name, item->name, sizeof(to->name));
		memcpy(to->old_keyed, item->old_keyed, RV_SHA256_LEN);
		memcpy(to->new_keyed, item->new_keyed, RV_SHA256_LEN);
	}
}

/* True for the first item of each directory other than the first item's. */
static bool opens_part(const struct rv_deploy_set *set, size_t i)
{
	if (set->items[i].dir == set->items[0].dir)
		return false;
	for (size_t k = 0; k < i; k++)
		if (set->items[k].dir == set->items[i].dir)
			return false;
	return true;
}

/* The record whose removal ends the window goes first, then the parts: whoever finds a part alone
 * knows the set was whole. */
static rv_status close_window(const struct rv_deploy_set *set, struct rv_diag *diag)
{
	RV_TRY(rv_swap_window_remove(set->items[0].dir_fd, RV_SWAP_WINDOW_PREFIX, set->tag, diag));
	for (size_t i = 0; i < set->count; i++)
		if (opens_part(set, i))
			RV_TRY(rv_swap_window_remove(set->items[i].dir_fd, RV_SWAP_WINDOW_PART,
						     set->tag, diag));
	return RV_OK;
}

static rv_status open_window(const struct rv_deploy_set *set, struct rv_diag *diag)
{
	/* An interrupted one already describes the same exchange, and must outlive a failure here.
	 */
	bool was_open = rv_deploy_window_open(set);
	struct rv_swap_window window;
	rv_status r = RV_OK;

	for (size_t i = 0; rv_is_ok(r) && i < set->count; i++) {
		if (!opens_part(set, i))
			continue;
		window_of(set, set->items[i].dir, &window);
		r = rv_swap_window_write(set->items[i].dir_fd, RV_SWAP_WINDOW_PART, &window, diag);
	}
	if (rv_is_ok(r)) {
		window_of(set, set->items[0].dir, &window);
		r = rv_swap_window_write(set->items[0].dir_fd, RV_SWAP_WINDOW_PREFIX, &window,
					 diag);
	}
	if (!rv_is_ok(r) && !was_open)
		(void)rv_is_ok(close_window(set, NULL)); /* the failure is what is reported */
	return r;
}

static rv_status sync_all(const struct rv_deploy_set *set, struct rv_diag *diag)
{
	for (size_t i = 0; i < set->count; i++)
		if (i == 0 || opens_part(set, i))
			RV_TRY(rv_place_sync_dir(set->items[i].dir_fd, diag));
	return RV_OK;
}

/* Which items must be exchanged to bring all to `want`; CONFLICT when one cannot be. */
static rv_status sort_out(const struct rv_deploy_set *set, enum rv_place_state want,
			  bool todo[RV_SWAP_WINDOW_ITEMS], size_t *out_count, struct rv_diag *diag)
{
	enum rv_place_state other = want == RV_PLACE_NEW ? RV_PLACE_OLD : RV_PLACE_NEW;
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct rv_deploy_item *item = &set->items[i];
		todo[i] = item->live == other && item->beside == want;
		count += todo[i] ? 1 : 0;
		if (todo[i] || item->live == want)
			continue;
		return rv_fail(RV_CLASS_CONFLICT, diag, "%s is %s, its staged twin %s; not touched",
			       item->name, rv_place_state_name(item->live),
			       rv_place_state_name(item->beside));
	}
	*out_count = count;
	return RV_OK;
}

/* Takes back the exchanges of [0, upto). UNSURE when even that fails: the window stays. */
static rv_status take_back(const struct rv_deploy_set *set, const bool todo[RV_SWAP_WINDOW_ITEMS],
			   size_t upto, rv_status why, struct rv_diag *diag)
{
	struct rv_diag second = {0};

	for (size_t i = upto; i > 0; i--) {
		const struct rv_deploy_item *item = &set->items[i - 1];
		if (!todo[i - 1])
			continue;
		if (!rv_is_ok(rv_place_exchange(item->dir_fd, item->staged, item->name, &second)))
			return rv_fail(RV_CLASS_UNSURE, diag, "%s", second.text);
	}
	if (!rv_is_ok(sync_all(set, &second)) || !rv_is_ok(close_window(set, &second)))
		return rv_fail(RV_CLASS_UNSURE, diag, "%s", second.text);
	return why;
}

/* After the exchanges: what was displaced must be what was looked at before. */
static rv_status verify(struct rv_deploy_set *set, const bool todo[RV_SWAP_WINDOW_ITEMS],
			enum rv_place_state want, struct rv_diag *diag)
{
	enum rv_place_state other = want == RV_PLACE_NEW ? RV_PLACE_OLD : RV_PLACE_NEW;

	RV_TRY(rv_deploy_look(set, diag));
	for (size_t i = 0; i < set->count; i++)
		if (todo[i] && (set->items[i].live != want || set->items[i].beside != other))
			return rv_fail(RV_CLASS_CONFLICT, diag,
				       "%s was changed by someone else while it was swapped",
				       set->items[i].name);
	return RV_OK;
}

static rv_status exchange_all(struct rv_deploy_set *set, const bool todo[RV_SWAP_WINDOW_ITEMS],
			      enum rv_place_state want, struct rv_diag *diag)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct rv_deploy_item *item = &set->items[i];
		if (!todo[i])
			continue;
		rv_status r = rv_place_exchange(item->dir_fd, item->staged, item->name, diag);
		if (!rv_is_ok(r))
			return take_back(set, todo, i, r, diag);
	}
	rv_status r = verify(set, todo, want, diag);
	if (!rv_is_ok(r))
		return take_back(set, todo, set->count, r, diag);
	return sync_all(set, diag);
}

static rv_status swap(struct rv_deploy *d, const struct rv_rec_swap *ask)
{
	enum rv_place_state want = ask->back ? RV_PLACE_OLD : RV_PLACE_NEW;
	bool todo[RV_SWAP_WINDOW_ITEMS] = {false};
	struct rv_deploy_set *set = &d->set;
	size_t count = 0;

	RV_TRY(rv_deploy_set_of(d, ask->items, ask->tag, ask->salt, set, &d->diag));
	RV_TRY(rv_deploy_look(set, &d->diag));
	RV_TRY(sort_out(set, want, todo, &count, &d->diag));
	/* One file is one atomic exchange: no moment in which the set does not belong together. */
	if (count && set->count > 1)
		RV_TRY(open_window(set, &d->diag));
	if (count)
		RV_TRY(exchange_all(set, todo, want, &d->diag));
	return close_window(set, &d->diag);
}

void rv_deploy_swap(struct rv_deploy *d, const struct rv_rec_swap *ask, struct rv_rec_swapped *out)
{
	d->diag = (struct rv_diag){0};
	rv_status r = swap(d, ask);
	*out = (struct rv_rec_swapped){.outcome = r.class_id, .text = rv_str_of(d->diag.text)};
	if (out->text.len > RV_DEPLOY_TEXT)
		out->text.len = RV_DEPLOY_TEXT;
}
