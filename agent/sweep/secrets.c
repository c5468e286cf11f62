/* sweep: see secrets.h. */
#include "agent/sweep/secrets.h"

#include <stdlib.h>

#define HOLDINGS_LOOK 64 /* back, for the same value of the same blob */
#define FORMS_MASK    0xfffU

void rv_secrets_init(struct rv_secrets *s)
{
	*s = (struct rv_secrets){0};
	rv_git_oidmap_init(&s->blobs);
}

void rv_secrets_done(struct rv_secrets *s)
{
	rv_git_oidmap_done(&s->blobs);
	free(s->hashes);
	free(s->slots);
	free(s->holdings);
	free(s->gapped);
	*s = (struct rv_secrets){0};
}

/* The hashes are keyed: their low bits are as good as any. */
static uint32_t slot_of(const struct rv_secrets *s, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & s->mask;

	while (s->slots[at] != 0 && s->hashes[s->slots[at] - 1] != hash)
		at = (at + 1) & s->mask;
	return at;
}

static bool grow_slots(struct rv_secrets *s)
{
	uint32_t size = s->slots ? (s->mask + 1) * 2 : 256;
	uint32_t *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return false;
	free(s->slots);
	s->slots = slots;
	s->mask = size - 1;
	for (uint32_t i = 0; i < s->count; i++)
		s->slots[slot_of(s, s->hashes[i])] = i + 1;
	return true;
}

uint32_t rv_secrets_find(const struct rv_secrets *s, uint64_t hash)
{
	uint32_t at = s->slots ? slot_of(s, hash) : 0;

	return s->slots && s->slots[at] ? s->slots[at] - 1 : RV_GIT_NONE;
}

static rv_status number_of(struct rv_secrets *s, uint64_t hash, uint32_t *out)
{
	if ((!s->slots || s->count >= s->mask / 2) && !grow_slots(s))
		return rv_fail_nomem(NULL);
	uint32_t at = slot_of(s, hash);
	if (s->slots[at] != 0) {
		*out = s->slots[at] - 1;
		return RV_OK;
	}
	if (s->count == s->room) {
		uint32_t room = s->room ? s->room * 2 : 64;
		uint64_t *more = realloc(s->hashes, room * sizeof(*more));

		if (!more)
			return rv_fail_nomem(NULL);
		s->hashes = more;
		s->room = room;
	}
	s->hashes[s->count++] = hash;
	s->slots[at] = s->count;
	*out = s->count - 1;
	return RV_OK;
}

/* Known already of this blob? Its values come one after the other. */
static bool join(struct rv_secrets *s, uint32_t blob, uint32_t secret, unsigned forms)
{
	for (uint32_t i = s->holding_count; i > 0 && s->holding_count - i < HOLDINGS_LOOK; i--) {
		struct rv_holding *h = &s->holdings[i - 1];

		if (h->blob != blob)
			return false;
		if (h->secret != secret)
			continue;
		h->forms = rv_forms_join(h->forms, forms) & FORMS_MASK;
		return true;
	}
	return false;
}

rv_status rv_secrets_add(struct rv_secrets *s, const struct rv_git_oid *blob, uint64_t hash,
			 unsigned forms)
{
	uint32_t secret = 0;
	uint32_t number = 0;

	if (s->count >= RV_SECRETS_MAX || s->holding_count >= RV_HOLDINGS_MAX) {
		s->is_full = true;
		return RV_OK;
	}
	RV_TRY(number_of(s, hash, &secret));
	RV_TRY(rv_git_oidmap_put(&s->blobs, blob, &number, NULL));
	if (join(s, number, secret, forms))
		return RV_OK;
	if (s->holding_count == s->holding_room) {
		uint32_t room = s->holding_room ? s->holding_room * 2 : 64;
		struct rv_holding *more = realloc(s->holdings, room * sizeof(*more));

		if (!more)
			return rv_fail_nomem(NULL);
		s->holdings = more;
		s->holding_room = room;
	}
	s->holdings[s->holding_count++] =
		(struct rv_holding){.blob = number,
				    .secret = secret & (RV_SECRETS_MAX - 1),
				    .forms = forms & FORMS_MASK};
	return RV_OK;
}

rv_status rv_secrets_add_gapped(struct rv_secrets *s, const struct rv_git_oid *blob)
{
	uint32_t number = 0;

	RV_TRY(rv_git_oidmap_put(&s->blobs, blob, &number, NULL));
	if (s->gapped_count == s->gapped_room) {
		uint32_t room = s->gapped_room ? s->gapped_room * 2 : 16;
		uint32_t *more = realloc(s->gapped, room * sizeof(*more));

		if (!more)
			return rv_fail_nomem(NULL);
		s->gapped = more;
		s->gapped_room = room;
	}
	s->gapped[s->gapped_count++] = number;
	return RV_OK;
}

rv_status rv_secrets_join(struct rv_secrets *s, const struct rv_secrets *from)
{
	for (uint32_t i = 0; i < from->holding_count; i++)
		RV_TRY(rv_secrets_add(s, &from->blobs.oids[from->holdings[i].blob],
				      from->hashes[from->holdings[i].secret],
				      from->holdings[i].forms));
	for (uint32_t i = 0; i < from->gapped_count; i++)
		RV_TRY(rv_secrets_add_gapped(s, &from->blobs.oids[from->gapped[i]]));
	s->is_full |= from->is_full;
	return RV_OK;
}
