/* sweep: a document that may be an archive, a database or a key store: its members are documents of
 * their own. Not here: opening them (unpack/). */
#include "agent/model/kinds.h"
#include "agent/scan/context.h"
#include "agent/sweep/fixture.h"
#include "agent/sweep/mask.h"
#include "agent/sweep/run.h"
#include "agent/sweep/window.h"
#include "agent/unpack/keystore.h"

#define MEMBER_BYTES ((size_t)8 << 20) /* held at once; larger members come in windows */
/* What archives in encodings may give in all: so much, and of a document in memory max_ratio times
 * its length. Each alone is bounded too, but one of 16 MiB fits into 20 KB of base64. */
#define ENCODED_BYTES	((uint64_t)16 << 20)
#define KEYSTORE_ROUNDS UINT64_C(50000000) /* of MACs, of all key stores of a run */

/* A key store that anybody can open. It is found by its structure: no anchor leads here. */
static const struct rv_rule keystore_rule = {
	.id = "keystore-open",
	.name = "Key store without a password of its own",
	.provider = "generic",
	.docs = "https://www.rfc-editor.org/rfc/rfc7292",
	.since = 20261127,
	.flags = RV_RULE_FLEET,
	.kind = RV_KIND_PRIVATE_KEY,
	.confidence = 95,
};

struct opening {
	struct rv_run *run;
	struct rv_sweeper *w;
	const struct rv_doc *outer;
	rv_status status;
	struct rv_window window; /* of the member in hand */
	char inside[RV_UNPACK_NAME_MAX * 2];
};

/* Threads that ask at one time may take a store each more than is left. */
static uint64_t rounds_left(struct rv_run *run)
{
	uint64_t taken = atomic_load_explicit(&run->keystore_rounds, memory_order_relaxed);

	return taken < KEYSTORE_ROUNDS ? KEYSTORE_ROUNDS - taken : 0;
}

static rv_status look_at_keystore(struct rv_run *run, struct rv_sweeper *w,
				  const struct rv_doc *doc, enum rv_unpack_kind kind)
{
	struct rv_keystore store;

	rv_status s = rv_keystore_look(doc->bytes, kind, rounds_left(run), &store);
	if (!rv_is_ok(s)) {
		bool is_bad = rv_class_of(s) == RV_CLASS_MALFORMED;

		rv_leaks_gap(&w->leaks, doc->path, doc->inside, is_bad ? "damaged" : "memory",
			     "a key store");
		return RV_OK;
	}
	atomic_fetch_add_explicit(&run->keystore_rounds, store.rounds, memory_order_relaxed);
	bool is_open = store.has_plain_key || store.lock == RV_KEYSTORE_OPEN_EMPTY ||
		       store.lock == RV_KEYSTORE_OPEN_KNOWN;
	if (!is_open && store.lock != RV_KEYSTORE_TOO_SLOW && store.lock != RV_KEYSTORE_SPENT &&
	    (store.lock == RV_KEYSTORE_LOCKED || store.lock == RV_KEYSTORE_UNTRIED ||
	     store.is_partial))
		rv_leaks_gap(&w->leaks, doc->path, doc->inside, "encrypted", "a key store");
	else if (!is_open && store.lock == RV_KEYSTORE_TOO_SLOW)
		rv_leaks_gap(&w->leaks, doc->path, doc->inside, "archive-limit",
			     "a key store whose MAC asks for more rounds than are taken");
	else if (!is_open && store.lock == RV_KEYSTORE_SPENT)
		rv_leaks_gap(&w->leaks, doc->path, doc->inside, "run-limit",
			     "the run has tried as many passwords as it may");
	uint32_t keys =
		store.counts[RV_KEYSTORE_PRIVATE_KEY] + store.counts[RV_KEYSTORE_SECRET_KEY];
	if (!is_open || keys == 0)
		return RV_OK;
	/* With a password that everybody knows, and in a test: it was made for that. */
	bool is_test = rv_context_of(rv_doc_place(doc)).is_test;
	struct rv_found found = {.rule = &keystore_rule,
				 .len = doc->bytes.len,
				 .match_len = doc->bytes.len,
				 .kind = keystore_rule.kind,
				 .confidence =
					 is_test ? RV_FIXTURE_CONFIDENCE : keystore_rule.confidence,
				 .is_identified = true};
	return rv_sweeper_tell(w, doc, &found);
}

/* The part of a member's name that is not its container's, without values that it holds: it is
 * reported, and the ledger keeps it. Nothing else is under way in the lane here. */
static struct rv_str shown_name(struct opening *o, struct rv_str path)
{
	struct rv_buf *text = &o->w->text;

	rv_buf_reset(text);
	rv_lane_set_path(o->w->lane, RV_STR_NONE); /* a name is no line of the file */
	return rv_is_ok(rv_mask_name(o->w->lane, path, text)) ? rv_buf_view(text)
							      : RV_STR_LIT("*****");
}

/* "outer!inner", cut to fit. */
static void name_member(struct opening *o, struct rv_str path)
{
	const char *outer = o->outer->inside;
	size_t at = 0;
	size_t room = sizeof(o->inside) - 1;

	if (outer) {
		at = strlen(outer) < room - 1 ? strlen(outer) : room - 1;
		memcpy(o->inside, outer, at);
		o->inside[at++] = '!';
	}
	path = shown_name(o, path);
	size_t len = path.len < room - at ? path.len : room - at;
	if (len > 0)
		memcpy(o->inside + at, path.data, len);
	o->inside[at + len] = '\0';
}

/* Its members, or keys, are looked at, and not its bytes. */
static bool is_container(const struct opening *o, const struct rv_unpack_member *m)
{
	return m->kind == RV_UNPACK_PKCS12 || m->kind == RV_UNPACK_JKS ||
	       (m->kind != RV_UNPACK_NONE && m->kind != RV_UNPACK_BUNDLE &&
		m->depth < o->run->options->archive_depth);
}

/* What git keeps in it is packed: its bytes say nothing but names of refs. */
static void tell_bundle(struct rv_sweeper *w, const struct rv_doc *doc)
{
	rv_leaks_gap(&w->leaks, doc->path, doc->inside, "unsupported",
		     "a git bundle; next: git clone it, then reeve scan --git");
}

static bool on_member(const struct rv_unpack_member *m, void *user)
{
	struct opening *o = user;
	struct rv_doc doc = {.path = o->outer->path,
			     .root_len = o->outer->root_len,
			     .inside = o->inside,
			     .bytes = m->bytes};

	name_member(o, m->path);
	if (m->offset == 0)
		rv_window_begin(&o->window, RV_UNPACK_OVERLAP);
	rv_window_bound(&o->window, m->offset, m->is_last, &doc);
	if (m->kind == RV_UNPACK_PKCS12 || m->kind == RV_UNPACK_JKS)
		o->status = look_at_keystore(o->run, o->w, &doc, (enum rv_unpack_kind)m->kind);
	else if (!is_container(o, m))
		o->status = rv_sweeper_doc(o->w, &doc);
	if (m->kind == RV_UNPACK_BUNDLE)
		tell_bundle(o->w, &doc);
	if (is_container(o, m) && rv_is_ok(o->status))
		o->status = rv_sweeper_path(o->w, &doc);
	if (!m->is_last)
		rv_window_pass(&o->window, m->bytes);
	return rv_is_ok(o->status);
}

static void on_trouble(struct rv_str path, enum rv_unpack_reason reason, const char *detail,
		       void *user)
{
	struct opening *o = user;

	const char *word = reason == RV_UNPACK_OVER ? atomic_load(&o->run->stop_reason)
						    : rv_unpack_reason_name(reason);

	name_member(o, path);
	rv_leaks_gap(&o->w->leaks, o->outer->path, o->inside[0] ? o->inside : NULL, word, detail);
}

static bool is_over(void *user)
{
	const struct opening *o = user;

	return atomic_load_explicit(&o->run->stop, memory_order_relaxed);
}

static rv_status open_up(struct rv_run *run, struct rv_sweeper *w, const struct rv_doc *doc,
			 const struct rv_unpack_source *source, uint64_t *room, bool *out_is_opened)
{
	struct opening o = {.run = run, .w = w, .outer = doc, .status = RV_OK};
	struct rv_unpack_limits limits = RV_UNPACK_LIMITS_DEFAULT;
	struct rv_unpack_events events = {on_member, on_trouble, is_over, &o};

	*out_is_opened = false;
	if (run->options->archive_depth == 0) {
		rv_leaks_gap(&w->leaks, doc->path, doc->inside, "archive-limit",
			     "not opened: the archive depth is 0");
		return RV_OK;
	}
	limits.depth = run->options->archive_depth;
	limits.room = room;
	limits.max_member_bytes = MEMBER_BYTES;
	if (run->options->max_file > 0 && run->options->max_file < limits.max_member_bytes)
		limits.max_member_bytes = run->options->max_file > RV_UNPACK_MEMBER_MIN
						  ? (size_t)run->options->max_file
						  : RV_UNPACK_MEMBER_MIN;
	rv_status status = rv_unpack_walk(source, &limits, &events, NULL);
	RV_TRY(o.status);
	*out_is_opened = rv_class_of(status) != RV_CLASS_NOT_FOUND;
	if (rv_is_ok(status) || !*out_is_opened || rv_class_of(status) == RV_CLASS_EXHAUSTED)
		return *out_is_opened ? status : RV_OK;
	rv_leaks_gap(&w->leaks, doc->path, doc->inside, "unreadable", "an archive");
	return RV_OK;
}

/* What an encoding holds may be an archive, as any file may. */
rv_status rv_run_layer(void *user, struct rv_sweeper *w, const struct rv_doc *doc,
		       struct rv_str bytes, bool *out_is_opened)
{
	struct rv_run *run = user;
	enum rv_unpack_kind kind = rv_unpack_kind(bytes);
	struct rv_doc inner = {.path = doc->path,
			       .root_len = doc->root_len,
			       .inside = doc->inside,
			       .bytes = bytes};

	const struct rv_unpack_source source = {.bytes = bytes, .fd = -1};
	*out_is_opened = false;
	if (kind == RV_UNPACK_PKCS12 || kind == RV_UNPACK_JKS) {
		*out_is_opened = true;
		return look_at_keystore(run, w, &inner, kind);
	}
	if (kind == RV_UNPACK_BUNDLE)
		tell_bundle(w, &inner);
	if (kind == RV_UNPACK_NONE || kind == RV_UNPACK_BUNDLE)
		return RV_OK;
	if (w->open_room > 0)
		return open_up(run, w, &inner, &source, &w->open_room, out_is_opened);
	if (!w->has_told_room)
		rv_leaks_gap(&w->leaks, doc->path, doc->inside, "archive-limit",
			     "further archives in encodings, which were not opened");
	w->has_told_room = true;
	return RV_OK;
}

static void make_room(struct rv_sweeper *w, const struct rv_doc *doc, bool is_large)
{
	const struct rv_unpack_limits limits = RV_UNPACK_LIMITS_DEFAULT;

	w->open_room = is_large ? limits.max_total_bytes
				: ENCODED_BYTES + limits.max_ratio * (uint64_t)doc->bytes.len;
	w->has_told_room = false;
}

/* What the document holds when it is a container; `source` is all of it. */
static rv_status open_document(struct rv_run *run, struct rv_sweeper *w, const struct rv_doc *doc,
			       const struct rv_unpack_source *source)
{
	bool is_large = source->fd >= 0 || source->pull;
	enum rv_unpack_kind kind = RV_UNPACK_NONE;
	bool is_opened = false;

	make_room(w, doc, is_large);
	if (doc->offset == 0)
		rv_told_reset(&w->told);
	if (run->options->max_cpu > 0)
		rv_run_pace(run);
	if (doc->offset == 0 && !doc->parts)
		kind = rv_unpack_kind(doc->bytes);
	if (kind == RV_UNPACK_NONE && source->fd >= 0)
		kind = rv_unpack_kind_by_end(source->fd);
	if (kind == RV_UNPACK_BUNDLE)
		tell_bundle(w, doc);
	if (kind == RV_UNPACK_NONE || kind == RV_UNPACK_BUNDLE)
		return RV_OK;
	if (kind == RV_UNPACK_PKCS12 || kind == RV_UNPACK_JKS)
		return look_at_keystore(run, w, doc, kind);
	w->told.collecting++;
	rv_status s = open_up(run, w, doc, source, NULL, &is_opened);
	w->told.collecting--;
	return s;
}

rv_status rv_run_document(struct rv_run *run, struct rv_sweeper *w, const struct rv_doc *doc,
			  int fd)
{
	const struct rv_unpack_source source = {.bytes = doc->bytes, .fd = fd};

	RV_TRY(open_document(run, w, doc, &source));
	make_room(w, doc, false);
	/* An archive's own bytes too: what stands before, between and behind its members. */
	return rv_sweeper_doc(w, doc);
}

rv_status rv_run_stream(struct rv_run *run, struct rv_sweeper *w, const struct rv_doc *doc,
			ssize_t (*pull)(void *user, const void **out), void *user)
{
	const struct rv_unpack_source source = {
		.bytes = doc->bytes, .fd = -1, .pull = pull, .pull_user = user};

	return open_document(run, w, doc, &source);
}
