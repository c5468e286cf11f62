/* act: runs as records. Not here: what a step does. */
#include "agent/act/run.h"

#include "agent/base/clock.h"

#include <stdio.h>

RV_RECORD_DESC(run_item)
RV_RECORD_DESC(run_target)
RV_RECORD_DESC(run_holder)
RV_RECORD_DESC(run)

#define RV_ITEM_(s, n, t) \
	case n:           \
		return t;

const char *rv_run_verb_name(uint64_t n)
{
	switch (n) {
		RV_RUN_VERBS(RV_ITEM_)
	default:
		return "invalid";
	}
}

const char *rv_run_state_name(uint64_t n)
{
	switch (n) {
		RV_RUN_STATES(RV_ITEM_)
	default:
		return "invalid";
	}
}

const char *rv_run_step_name(uint64_t n)
{
	switch (n) {
		RV_RUN_STEPS(RV_ITEM_)
	default:
		return "invalid";
	}
}

struct rv_run_block {
	struct rv_run_block *next;
	uint8_t bytes[];
};

rv_status rv_run_keep(struct rv_run *run, struct rv_str *slot, struct rv_str bytes)
{
	if (!bytes.len) {
		*slot = RV_STR_NONE;
		return RV_OK;
	}
	struct rv_run_block *block = malloc(sizeof(*block) + bytes.len);
	if (!block)
		return rv_fail_nomem(NULL);
	memcpy(block->bytes, bytes.data, bytes.len);
	block->next = run->kept;
	run->kept = block;
	*slot = (struct rv_str){block->bytes, bytes.len};
	return RV_OK;
}

void rv_run_free(struct rv_run *run)
{
	while (run && run->kept) {
		struct rv_run_block *block = run->kept;
		run->kept = block->next;
		free(block);
	}
	free(run);
}

void rv_run_freep(struct rv_run **run)
{
	rv_run_free(*run);
	*run = NULL;
}

rv_status rv_run_new(enum rv_run_verb verb, const char *cred, struct rv_run **out)
{
	RV_CLEANUP(rv_run_freep) struct rv_run *run = calloc(1, sizeof(*run));
	char id[RV_UUID_TEXT], tag[17];
	uint8_t salt[32];

	if (!run)
		return rv_fail_nomem(NULL);
	rv_uuid7(id);
	rv_random(salt, sizeof(salt));
	rv_hex(salt, 8, tag); /* the tag is a name on disk; the salt keys the digests */
	rv_random(salt, sizeof(salt));
	run->r.version = 1;
	run->r.verb = verb;
	run->r.state = RV_RUN_RUNNING;
	run->r.step = RV_AT_ADMIT;
	run->r.attempt = 1;
	run->r.grade = 0;
	run->r.started_us = rv_now_utc_us();
	RV_TRY(rv_run_keep(run, &run->r.id, rv_str_of(id)));
	RV_TRY(rv_run_keep(run, &run->r.cred, rv_str_of(cred)));
	RV_TRY(rv_run_keep(run, &run->r.tag, rv_str_of(tag)));
	RV_TRY(rv_run_keep(run, &run->r.salt, (struct rv_str){salt, sizeof(salt)}));
	*out = RV_TAKE(run);
	return RV_OK;
}

/* The lists, in the order they stand in the record. */
static rv_status put_lists(const struct rv_run *run, struct rv_buf lists[5])
{
	for (size_t i = 0; i < run->unit_count; i++)
		RV_TRY(rv_list_add(&lists[0], &rv_desc_text_item,
				   &(struct rv_rec_text_item){.text = run->units[i]}));
	for (size_t i = 0; i < run->target_count; i++)
		RV_TRY(rv_list_add(&lists[1], &rv_desc_run_target, &run->targets[i]));
	for (size_t i = 0; i < run->chain_count; i++)
		RV_TRY(rv_list_add(&lists[2], &rv_desc_text_item,
				   &(struct rv_rec_text_item){.text = run->chain[i]}));
	for (size_t i = 0; i < run->item_count; i++)
		RV_TRY(rv_list_add(&lists[3], &rv_desc_run_item, &run->items[i]));
	for (size_t i = 0; i < run->holder_count; i++) {
		const struct rv_holder *h = &run->holders[i];
		struct rv_rec_run_holder rec = {.port = h->port,
						.pid = h->pid,
						.started_us = h->started_us,
						.accepts = h->accepts};
		RV_TRY(rv_list_add(&lists[4], &rv_desc_run_holder, &rec));
	}
	return RV_OK;
}

rv_status rv_run_encode(const struct rv_run *run, struct rv_buf *out)
{
	struct rv_rec_run rec = run->r;
	struct rv_buf lists[5];

	for (size_t i = 0; i < RV_LEN(lists); i++)
		rv_buf_init(&lists[i], RV_RUN_BYTES);
	rv_status r = put_lists(run, lists);
	rec.units = rv_buf_view(&lists[0]);
	rec.targets = rv_buf_view(&lists[1]);
	rec.chain = rv_buf_view(&lists[2]);
	rec.items = rv_buf_view(&lists[3]);
	rec.holders = rv_buf_view(&lists[4]);
	if (rv_is_ok(r))
		r = rv_record_encode(&rv_desc_run, &rec, out);
	for (size_t i = 0; i < RV_LEN(lists); i++)
		rv_buf_done(&lists[i]);
	return r;
}

static rv_status take_lists(struct rv_run *run, struct rv_diag *diag)
{
	struct rv_rec_text_item text;
	struct rv_rec_run_holder h;
	struct rv_str at = run->r.units;
	bool ok = true, more = true;

	while (ok && run->unit_count < RV_RUN_ITEMS &&
	       rv_list_next(&at, &rv_desc_text_item, &text, &ok))
		run->units[run->unit_count++] = text.text;
	more = more && at.len == 0;
	at = run->r.targets;
	while (ok && run->target_count < RV_RUN_TARGETS &&
	       rv_list_next(&at, &rv_desc_run_target, &run->targets[run->target_count], &ok))
		run->target_count++;
	more = more && at.len == 0;
	at = run->r.chain;
	while (ok && run->chain_count < RV_RUN_CHAIN &&
	       rv_list_next(&at, &rv_desc_text_item, &text, &ok))
		run->chain[run->chain_count++] = text.text;
	more = more && at.len == 0;
	at = run->r.items;
	while (ok && run->item_count < RV_RUN_ITEMS &&
	       rv_list_next(&at, &rv_desc_run_item, &run->items[run->item_count], &ok))
		run->item_count++;
	more = more && at.len == 0;
	at = run->r.holders;
	while (ok && run->holder_count < RV_RUN_HOLDERS &&
	       rv_list_next(&at, &rv_desc_run_holder, &h, &ok))
		run->holders[run->holder_count++] = (struct rv_holder){.port = (uint16_t)h.port,
								       .pid = (uint32_t)h.pid,
								       .started_us = h.started_us,
								       .accepts = h.accepts != 0};
	if (!ok || !more || at.len)
		return rv_fail(RV_CLASS_MALFORMED, diag, "a stored run has a broken list");
	return RV_OK;
}

rv_status rv_run_decode(struct rv_str bytes, struct rv_run **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_run_freep) struct rv_run *run = calloc(1, sizeof(*run));
	struct rv_str copy;

	if (!run)
		return rv_fail_nomem(diag);
	RV_TRY(rv_run_keep(run, &copy, bytes));
	RV_TRY(rv_record_decode(&rv_desc_run, copy, &run->r, diag));
	if (run->r.version != 1)
		return rv_fail(RV_CLASS_MALFORMED, diag, "a stored run is of another version");
	RV_TRY(take_lists(run, diag));
	*out = RV_TAKE(run);
	return RV_OK;
}

void rv_run_text(struct rv_str view, char *out, size_t size)
{
	size_t len = view.len < size ? view.len : 0;

	if (len)
		memcpy(out, view.data, len);
	out[len] = '\0';
}

void rv_run_purpose(struct rv_str run, const char *what, size_t index, char out[RV_RUN_PURPOSE])
{
	int n = snprintf(out, RV_RUN_PURPOSE, "run:%.*s:%s:%zu", (int)(run.len < 40 ? run.len : 40),
			 (const char *)run.data, what, index);
	RV_BUG_ON(n < 0 || n >= RV_RUN_PURPOSE);
}
