/* sweep: see added.h. */
#include "agent/sweep/added.h"

#include <stdlib.h>

/* One pass over either side. */
struct passing {
	const struct rv_added_ask *ask;
	struct rv_sweeper *w;
	struct rv_told old; /* values that are open findings of the old side */
	uint64_t hash;	    /* of the value in hand; 0: it has none, the finding is the file */
	bool is_of_old, is_of_rest; /* which pass; neither: of what is added */
};

/* Counters that a look at what is known leaves as they were. */
struct counts {
	size_t gap_count;
	uint64_t gap_total, weak, allowed, known;
};

static struct counts counts_of(const struct rv_leaks *leaks)
{
	return (struct counts){leaks->gap_count, leaks->gap_total, leaks->weak, leaks->allowed,
			       leaks->known};
}

static void take_back(struct rv_leaks *leaks, const struct counts *before)
{
	leaks->gap_count = before->gap_count;
	leaks->gap_total = before->gap_total;
	leaks->weak = before->weak;
	leaks->allowed = before->allowed;
	leaks->known = before->known;
}

static rv_status complete(void *user, struct rv_leaks *leaks, struct rv_leak *leak)
{
	const struct passing *p = user;

	(void)leaks; /* no text of its own */
	leak->reach = p->ask->reach;
	return RV_OK;
}

static bool wants(void *user, uint64_t hash)
{
	struct passing *p = user;

	p->hash = hash;
	return !p->is_of_rest || !rv_told_has(&p->old, hash);
}

static bool keeps(void *user, struct rv_leaks *leaks, const struct rv_leak *leak)
{
	struct passing *p = user;
	bool is_open = leak->state == RV_LEAK_OPEN || leak->state == RV_LEAK_NEW_RULE;
	uint64_t hash = p->hash ? p->hash : (uint64_t)(uintptr_t)leak->rule;

	(void)leaks; /* no text of it is asked for */
	p->hash = 0;
	if (p->is_of_old && is_open)
		rv_told_add(&p->old, hash);
	if (p->is_of_rest)
		return is_open && !rv_told_has(&p->old, hash);
	return !p->is_of_old;
}

static rv_status pass(struct rv_run *run, struct passing *p, const struct rv_doc *doc,
		      const struct rv_doc_added *added, bool is_of_values)
{
	const struct rv_doc_choice choice = {.wants = wants,
					     .complete = complete,
					     .user = p,
					     .keeps = keeps,
					     .is_of_values = is_of_values,
					     .added = added};

	p->hash = 0;
	p->w->touched = 0;
	p->w->choice = &choice;
	rv_status status = rv_run_document(run, p->w, doc, -1);
	p->w->choice = NULL;
	return status;
}

/* What is open in the old text. */
static rv_status pass_old(struct rv_run *run, struct passing *p)
{
	const struct counts before = counts_of(&p->w->leaks);
	const struct rv_str old_path = p->ask->old_path;
	const struct rv_doc doc = {.path = old_path.len > 0 ? old_path : p->ask->path,
				   .bytes = p->ask->old_text};

	p->is_of_old = true;
	rv_status status = pass(run, p, &doc, NULL, false);
	p->is_of_old = false;
	take_back(&p->w->leaks, &before);
	return status;
}

/* What is not added, was touched, and was no finding. */
static rv_status pass_rest(struct rv_run *run, struct passing *p, const struct rv_doc *doc,
			   struct rv_doc_added *added)
{
	const struct counts before = counts_of(&p->w->leaks);

	RV_TRY(pass_old(run, p));
	added->is_rest = true;
	p->is_of_rest = true;
	/* Of the file itself the first pass has told, unless it only moved. */
	rv_status status = pass(run, p, doc, added, !added->is_moved || added->count > 0);
	take_back(&p->w->leaks, &before);
	return status;
}

/* Rules judge by the path alone: there may be no value at all. */
static bool may_be_found_itself(const struct passing *p, const struct rv_doc_added *added)
{
	const struct rv_rule *const *rules = p->w->shared->path_rules;

	return added->is_moved && added->count == 0 && rules && rules[0];
}

static rv_status scan_lines(struct rv_run *run, struct passing *p, const struct rv_doc *doc,
			    struct rv_doc_added *added)
{
	if (added->count == 0 && !added->is_moved && !added->has_lost)
		return RV_OK;
	RV_TRY(pass(run, p, doc, added, added->count == 0));
	return p->w->touched > 0 || may_be_found_itself(p, added) ? pass_rest(run, p, doc, added)
								  : RV_OK;
}

rv_status rv_added_scan(struct rv_run *run, struct rv_sweeper *w, const struct rv_added_ask *ask)
{
	RV_CLEANUP(rv_freep) struct rv_span *spans = NULL;
	const struct rv_doc doc = {.path = ask->path, .bytes = ask->text};
	struct passing p = {.ask = ask, .w = w};
	struct rv_doc_added added = {.is_moved = ask->old_path.len > 0,
				     .has_marks = run->options->source == RV_SWEEP_STAGED};
	size_t added_len = 0;

	if (!ask->lines)
		return pass(run, &p, &doc, NULL, false);
	spans = calloc(ask->lines->count + 1, sizeof(*spans));
	if (!spans)
		return rv_fail_nomem(NULL);
	for (size_t i = 0; i < ask->lines->count; i++) {
		const struct rv_git_added *piece = &ask->lines->items[i];

		spans[i] = (struct rv_span){piece->at, piece->at + piece->len};
		added_len += piece->len;
	}
	added.spans = spans;
	added.count = ask->lines->count;
	added.has_lost = ask->old_text.len + added_len > ask->text.len;
	rv_status status = scan_lines(run, &p, &doc, &added);
	rv_told_done(&p.old);
	return status;
}
