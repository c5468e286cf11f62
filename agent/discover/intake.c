/* discover: one file from descriptor to findings. Not here: what a block, value or line means
 * (intake_pem.c, intake_secret.c, intake_account.c). */
#include "agent/discover/intake.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/path.h"
#include "agent/discover/intake_parts.h"
#include "agent/model/kinds.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that goes on changing is read this often. */
#define TRIES	 2
#define TEXT_MAX 65536

static void key_id(const struct rv_secret *key, char out[16])
{
	char text[RV_FINGERPRINT_TEXT] = "";

	/* "hk1:" and eight digits: the id stands in every fingerprint. */
	if (rv_is_ok(rv_fingerprint(key, "key", RV_STR_NONE, text)))
		memcpy(out, text, 12);
	out[12] = '\0';
}

rv_status rv_intake_new(struct rv_scanner *scanner, const struct rv_secret *fleet,
			const struct rv_secret *host, struct rv_sink sink, struct rv_intake **out)
{
	RV_CLEANUP(rv_intake_freep) struct rv_intake *in = calloc(1, sizeof(*in));

	if (!in)
		return rv_fail_nomem(NULL);
	in->sink = sink;
	in->login_defs = (struct rv_login_defs){1000, 60000};
	rv_buf_init(&in->names, RV_SANS_MAX * 2);
	rv_buf_init(&in->text, TEXT_MAX);
	rv_buf_init(&in->path, RV_PATH_MAX);
	/* All at once: masked texts are views into it and it must not move. */
	if (!rv_buf_reserve(&in->text, TEXT_MAX))
		return rv_fail_nomem(NULL);
	in->piece = malloc(RV_INTAKE_PIECE);
	in->block = malloc(RV_PEM_BODY_MAX);
	in->cert = calloc(1, sizeof(*in->cert));
	in->unit = calloc(1, sizeof(*in->unit));
	if (!in->piece || !in->block || !in->cert || !in->unit)
		return rv_fail_nomem(NULL);
	RV_TRY(rv_lane_new(scanner, &in->lane));
	in->masker = (struct rv_masker){in->lane, fleet, host};
	key_id(fleet, in->fleet_id);
	key_id(host, in->host_id);
	*out = RV_TAKE(in);
	return RV_OK;
}

void rv_intake_free(struct rv_intake *in)
{
	if (!in)
		return;
	if (in->piece)
		explicit_bzero(in->piece, RV_INTAKE_PIECE);
	if (in->block)
		explicit_bzero(in->block, RV_PEM_BODY_MAX);
	free(in->piece);
	free(in->block);
	free(in->cert);
	free(in->unit);
	rv_buf_done(&in->names);
	rv_buf_done(&in->text);
	rv_buf_done(&in->path);
	rv_paths_done(&in->paths);
	rv_intake_forget_accounts(in);
	rv_lane_free(in->lane);
	free(in);
}

void rv_intake_freep(struct rv_intake **in)
{
	rv_intake_free(*in);
	*in = NULL;
}

uint64_t rv_intake_findings(const struct rv_intake *in)
{
	return in->findings;
}

rv_status rv_intake_tell(struct rv_intake *in, enum rv_msg type, const void *record)
{
	in->findings++;
	return in->sink.found(in->sink.user, type, record);
}

rv_status rv_intake_masked(struct rv_intake *in, struct rv_str text, size_t max, struct rv_str *out,
			   uint64_t *io_masked)
{
	size_t start = in->text.len;
	bool is_masked = false;

	RV_TRY(rv_mask_text(&in->masker, text, max, &in->text, &is_masked));
	*out = (struct rv_str){in->text.data + start, in->text.len - start};
	*io_masked |= is_masked;
	return RV_OK;
}

rv_status rv_intake_masked_list(struct rv_intake *in, const struct rv_intake_texts *texts,
				struct rv_str *out, uint64_t *io_masked)
{
	rv_buf_reset(&in->names);
	for (size_t i = 0; i < texts->count; i++) {
		size_t mark = in->text.len;
		size_t whole = in->names.len;
		struct rv_rec_text_item item = {0};

		RV_TRY(rv_intake_masked(in, rv_str_of(texts->texts + texts->at[i]), texts->each_max,
					&item.text, io_masked));
		rv_status added = rv_list_add(&in->names, &rv_desc_text_item, &item);
		in->text.len = mark;
		if (!rv_is_ok(added) || in->names.len > texts->all_max) {
			in->names.len = whole;
			break;
		}
	}
	*out = rv_buf_view(&in->names);
	return RV_OK;
}

rv_status rv_intake_not_looked(struct rv_intake *in, struct rv_str masked_path, uint64_t masked,
			       unsigned reason, uint64_t size)
{
	struct rv_rec_not_looked rec = {
		.path = masked_path, .masked = masked, .reason = reason, .size_bytes = size};

	return rv_intake_tell(in, RV_MSG_not_looked, &rec);
}

static int64_t us_of(struct timespec t)
{
	return (int64_t)t.tv_sec * RV_US_PER_S + t.tv_nsec / 1000;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       us_of(a->st_mtim) == us_of(b->st_mtim) && us_of(a->st_ctim) == us_of(b->st_ctim);
}

static rv_status look_at_piece(struct rv_intake *in, struct rv_intake_file *f,
			       const struct rv_intake_piece *piece)
{
	RV_TRY(rv_intake_pems(in, f, piece));
	return rv_intake_secrets(in, f, piece);
}

static rv_status look_at_whole(struct rv_intake *in, struct rv_intake_file *f, struct rv_str bytes)
{
	struct rv_intake_piece piece = {bytes, 0, bytes.len, true};

	switch (f->place.source) {
	case RV_SOURCE_PASSWD:
		return rv_intake_passwd(in, bytes);
	case RV_SOURCE_SHADOW:
		rv_intake_shadow(in, bytes);
		return RV_OK;
	case RV_SOURCE_LOGIN_DEFS:
		rv_login_defs_read(bytes, &in->login_defs);
		return RV_OK;
	case RV_SOURCE_DPKG_LIST:
		return rv_intake_package(in, f->real_path, bytes);
	case RV_SOURCE_UNIT:
		RV_TRY(rv_intake_unit(in, f, bytes));
		break;
	case RV_SOURCE_FILE:
		RV_TRY(rv_intake_der(in, f, bytes));
		break;
	default: /* outside data: a source of a newer open is looked at as a plain file */
		break;
	}
	return look_at_piece(in, f, &piece);
}

static rv_status not_looked_at(struct rv_intake *in, const struct rv_intake_file *f,
			       unsigned reason)
{
	return rv_intake_not_looked(in, f->place.path, f->place.masked, reason,
				    f->place.size_bytes);
}

/* Whole in one piece: nothing is told of a file that changed meanwhile. */
static rv_status read_whole(struct rv_intake *in, struct rv_intake_file *f, int fd,
			    struct stat before)
{
	for (int i = 0; i < TRIES; i++) {
		struct stat after;
		size_t len = 0;

		if (!rv_is_ok(rv_fd_read_at(fd, in->piece, RV_INTAKE_PIECE, 0, &len, NULL)))
			return not_looked_at(in, f, RV_SKIP_IO_ERROR);
		if (fstat(fd, &after) != 0)
			return not_looked_at(in, f, RV_SKIP_VANISHED);
		if (is_same(&before, &after) && len == (size_t)after.st_size) {
			in->bytes += len;
			rv_status s = look_at_whole(in, f, (struct rv_str){in->piece, len});
			explicit_bzero(in->piece, len);
			return s;
		}
		explicit_bzero(in->piece, len);
		before = after;
		f->place.size_bytes = (uint64_t)after.st_size;
		f->place.mtime_us = us_of(after.st_mtim);
	}
	return not_looked_at(in, f, RV_SKIP_CHANGED);
}

static rv_status read_pieces(struct rv_intake *in, struct rv_intake_file *f, int fd,
			     const struct stat *before)
{
	const uint64_t step = RV_INTAKE_PIECE - RV_INTAKE_OVERLAP;
	struct stat after;

	for (uint64_t at = 0; at < (uint64_t)before->st_size; at += step) {
		size_t len = 0;

		if (!rv_is_ok(rv_fd_read_at(fd, in->piece, RV_INTAKE_PIECE, at, &len, NULL)))
			return not_looked_at(in, f, RV_SKIP_IO_ERROR);
		bool is_last = at + len >= (uint64_t)before->st_size || len < RV_INTAKE_PIECE;
		struct rv_intake_piece piece = {
			{in->piece, len}, 0, is_last ? len : (size_t)step, is_last};

		in->bytes += is_last ? len : step;
		rv_status s = look_at_piece(in, f, &piece);
		explicit_bzero(in->piece, len);
		RV_TRY(s);
		if (is_last)
			break;
	}
	if (fstat(fd, &after) != 0 || !is_same(before, &after))
		return not_looked_at(in, f, RV_SKIP_CHANGED);
	return RV_OK;
}

rv_status rv_intake_file(struct rv_intake *in, int fd, const struct rv_rec_file_item *item)
{
	struct rv_intake_file f = {.place = *item, .real_path = item->path, .line = 1, .column = 1};
	struct stat st;
	bool is_masked = false;

	rv_buf_reset(&in->path);
	rv_buf_reset(&in->text);
	RV_TRY(rv_mask_text(&in->masker, item->path, RV_PATH_MAX, &in->path, &is_masked));
	f.place.path = rv_buf_view(&in->path);
	f.place.masked = is_masked;
	if (fstat(fd, &st) != 0)
		return not_looked_at(in, &f, RV_SKIP_VANISHED);
	if (!S_ISREG(st.st_mode) || st.st_ino != item->ino || st.st_dev != item->dev)
		return not_looked_at(in, &f, RV_SKIP_CHANGED);
	f.place.size_bytes = (uint64_t)st.st_size;
	f.place.mtime_us = us_of(st.st_mtim);
	in->files++;
	if (st.st_size < (off_t)RV_INTAKE_PIECE)
		RV_TRY(read_whole(in, &f, fd, st));
	else
		RV_TRY(read_pieces(in, &f, fd, &st));
	if (f.is_broken)
		RV_TRY(not_looked_at(in, &f, RV_SKIP_TRUNCATED));
	return f.is_cut ? not_looked_at(in, &f, RV_SKIP_TOO_LARGE) : RV_OK;
}

rv_status rv_intake_skipped(struct rv_intake *in, const struct rv_rec_skipped_file *skipped)
{
	struct rv_str path;
	uint64_t masked = 0;

	rv_buf_reset(&in->text);
	RV_TRY(rv_intake_masked(in, skipped->path, RV_PATH_MAX, &path, &masked));
	return rv_intake_not_looked(in, path, masked, (unsigned)skipped->reason,
				    skipped->size_bytes);
}

rv_status rv_intake_listener(struct rv_intake *in, const struct rv_rec_seen_listener *seen)
{
	struct rv_rec_found_listener rec;
	uint64_t masked = 0;

	_Static_assert(sizeof(rec) == sizeof(*seen), "one record under two names");
	memcpy(&rec, seen, sizeof(rec));
	rv_buf_reset(&in->text);
	if (seen->exe.len > 0)
		(void)rv_paths_add(&in->paths, seen->exe); /* full: its package stays unknown */
	RV_TRY(rv_intake_masked(in, seen->exe, RV_PATH_MAX, &rec.exe, &masked));
	RV_TRY(rv_intake_masked(in, seen->unit, RV_NAME_MAX, &rec.unit, &masked));
	return rv_intake_tell(in, RV_MSG_found_listener, &rec);
}

rv_status rv_intake_end(struct rv_intake *in, struct rv_rec_discovered *out)
{
	RV_TRY(rv_intake_accounts(in));
	*out = (struct rv_rec_discovered){
		.files = in->files,
		.bytes = in->bytes,
		.findings = in->findings,
		.fleet_key_id = rv_str_of(in->fleet_id),
		.host_key_id = rv_str_of(in->host_id),
	};
	rv_intake_forget_accounts(in);
	rv_paths_done(&in->paths);
	in->login_defs = (struct rv_login_defs){1000, 60000};
	in->files = 0;
	in->bytes = 0;
	in->findings = 0;
	return RV_OK;
}
