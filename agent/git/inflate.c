/* git: libdeflate for objects. Not here: where the bytes come from. */
#include "agent/git/inflate.h"

#include <errno.h>
#include <libdeflate.h>

#define MALFORMED      ((rv_status){RV_CLASS_MALFORMED, 0})
#define HEADER_MAX     32 /* "commit 18446744073709551615" and its NUL */
#define FIRST_GUESS    6  /* times the compressed size: enough for most text */
#define FIRST_GUESS_AT ((size_t)4096)

void rv_git_scratch_done(struct rv_git_scratch *scratch)
{
	if (!scratch)
		return;
	free(scratch->data);
	*scratch = (struct rv_git_scratch){0};
}

bool rv_git_scratch_need(struct rv_git_scratch *scratch, size_t len)
{
	size_t cap = len + len / 4 + 4096;

	if (len <= scratch->cap && scratch->data)
		return true;
	if (cap < len)
		return false;
	free(scratch->data);
	scratch->cap = 0;
	scratch->data = malloc(cap);
	if (!scratch->data)
		return false;
	scratch->cap = cap;
	return true;
}

rv_status rv_git_inflate(struct libdeflate_decompressor *zlib, struct rv_str in, uint8_t *out,
			 size_t len)
{
	size_t used = 0, got = 0;
	enum libdeflate_result result;

	result = libdeflate_zlib_decompress_ex(zlib, in.data, in.len, out, len, &used, &got);
	return result == LIBDEFLATE_SUCCESS && got == len ? RV_OK : MALFORMED;
}

enum rv_git_type rv_git_type_of(struct rv_str word)
{
	static const char *const names[] = {[RV_GIT_COMMIT] = "commit",
					    [RV_GIT_TREE] = "tree",
					    [RV_GIT_BLOB] = "blob",
					    [RV_GIT_TAG] = "tag"};

	for (size_t i = RV_GIT_COMMIT; i < RV_LEN(names); i++) {
		if (rv_str_is(word, names[i]))
			return (enum rv_git_type)i;
	}
	return RV_GIT_TYPE_NONE;
}

/* A stream of unknown size: guesses, then doubles. Twice the work at worst. */
static rv_status inflate_all(struct libdeflate_decompressor *zlib, struct rv_str in, size_t max,
			     struct rv_git_scratch *scratch, size_t *out_len)
{
	size_t room = in.len * FIRST_GUESS + FIRST_GUESS_AT;

	for (;;) {
		enum libdeflate_result result;
		size_t used = 0, got = 0;

		if (room > max)
			room = max;
		if (!rv_git_scratch_need(scratch, room))
			return (rv_status){RV_CLASS_EXHAUSTED, ENOMEM};
		result = libdeflate_zlib_decompress_ex(zlib, in.data, in.len, scratch->data, room,
						       &used, &got);
		if (result == LIBDEFLATE_SUCCESS) {
			*out_len = got;
			return RV_OK;
		}
		if (result != LIBDEFLATE_INSUFFICIENT_SPACE)
			return MALFORMED;
		if (room == max)
			return (rv_status){RV_CLASS_EXHAUSTED, 0};
		room *= 2;
	}
}

static bool read_decimal(struct rv_str digits, uint64_t *out)
{
	uint64_t value = 0;

	if (digits.len == 0 || digits.len > 19)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(digits.data[i] - '0');
	}
	*out = value;
	return true;
}

rv_status rv_git_inflate_loose(struct libdeflate_decompressor *zlib, struct rv_str in, size_t max,
			       struct rv_git_scratch *scratch, enum rv_git_type *out_type,
			       struct rv_str *out_bytes)
{
	const uint8_t *nul, *space;
	enum rv_git_type type;
	uint64_t size = 0;
	size_t len = 0, head;

	if (in.len > max + max / 8 + 4096) /* zlib never adds that much */
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	RV_TRY(inflate_all(zlib, in, max + HEADER_MAX, scratch, &len));
	nul = memchr(scratch->data, 0, len < HEADER_MAX ? len : HEADER_MAX);
	space = nul ? memchr(scratch->data, ' ', (size_t)(nul - scratch->data)) : NULL;
	if (!space)
		return MALFORMED;
	type = rv_git_type_of((struct rv_str){scratch->data, (size_t)(space - scratch->data)});
	head = (size_t)(nul - scratch->data) + 1;
	if (type == RV_GIT_TYPE_NONE ||
	    !read_decimal((struct rv_str){space + 1, (size_t)(nul - space) - 1}, &size) ||
	    size != len - head)
		return MALFORMED;
	if (size > max)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	*out_type = type;
	*out_bytes = (struct rv_str){scratch->data + head, (size_t)size};
	return RV_OK;
}
