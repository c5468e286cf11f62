/* unpack: see program.h. System V ABI, "ELF Header" and "Program Header"; Microsoft, "PE Format".
 */
#include "agent/unpack/program.h"

#include "agent/unpack/reader.h"

#define ELF_HEAD     64
#define ELF_PARTS    128 /* program headers that are asked */
#define ELF_PART_MAX 56
#define PE_AT	     0x3c
#define PE_HEAD	     24
#define PE_PART	     40
#define PE_PARTS     96

static bool is_container(struct rv_str bytes)
{
	bytes.len = bytes.len < RV_UNPACK_HEAD ? bytes.len : RV_UNPACK_HEAD;
	return rv_unpack_is_entered(rv_unpack_kind_by_start(bytes));
}

static bool find_behind_line(struct rv_str text, uint64_t *out_at)
{
	const uint8_t *at = text.data;
	const uint8_t *end = text.data + text.len;

	if (!memchr(at, '\0', text.len))
		return false;
	while ((at = memchr(at, '\n', (size_t)(end - at)))) {
		at++;
		if (is_container((struct rv_str){at, (size_t)(end - at)})) {
			*out_at = (uint64_t)(at - text.data);
			return true;
		}
	}
	return false;
}

/* The first bytes of the flow from a place on; `room` is used for those of a file. */
static struct rv_str bytes_at(const struct rv_flow *flow, uint64_t at, size_t len, uint8_t **room)
{
	uint64_t whole = rv_flow_len(flow);

	if (at >= whole)
		return RV_STR_NONE;
	len = whole - at < len ? (size_t)(whole - at) : len;
	if (flow->is_memory)
		return (struct rv_str){flow->bytes.data + at, len};
	*room = malloc(len);
	return (struct rv_str){*room, *room ? rv_flow_peek(flow, at, *room, len) : 0};
}

/* Numbers that no file is as long as are none. */
static uint64_t sum(uint64_t a, uint64_t b)
{
	return a < INT64_MAX / 2 && b < INT64_MAX / 2 ? a + b : UINT64_MAX;
}

/* Where the last of its tables and segments ends. */
static uint64_t end_of_elf(const struct rv_flow *flow, const uint8_t *head)
{
	uint8_t parts[ELF_PARTS * ELF_PART_MAX];
	bool is_64 = head[4] == 2;
	const uint8_t *n = head + (is_64 ? 54 : 42); /* sizes and numbers of both tables */
	uint64_t table = is_64 ? rv_get_u64(head + 40) : rv_get_u32(head + 32);
	uint64_t first = is_64 ? rv_get_u64(head + 32) : rv_get_u32(head + 28);
	uint64_t end = sum(table, (uint64_t)rv_get_u16(n + 4) * rv_get_u16(n + 6));
	size_t size = rv_get_u16(n);
	size_t count = rv_get_u16(n + 2);

	if (end >= rv_flow_len(flow))
		return end; /* nearly every one */
	if (size != (is_64 ? 56U : 32U) || count > ELF_PARTS ||
	    rv_flow_peek(flow, first, parts, size * count) < size * count)
		return UINT64_MAX;
	for (const uint8_t *p = parts; p < parts + size * count; p += size) {
		uint64_t until = is_64 ? sum(rv_get_u64(p + 8), rv_get_u64(p + 32))
				       : sum(rv_get_u32(p + 4), rv_get_u32(p + 16));

		end = until > end ? until : end;
	}
	return end;
}

/* Where the last of its sections ends. */
static uint64_t end_of_pe(const struct rv_flow *flow, const uint8_t *head)
{
	uint8_t pe[PE_HEAD];
	uint8_t parts[PE_PARTS * PE_PART];
	uint64_t at = rv_get_u32(head + PE_AT);
	uint64_t end = 0;
	size_t count;

	if (rv_flow_peek(flow, at, pe, sizeof(pe)) < sizeof(pe) || memcmp(pe, "PE\0\0", 4) != 0)
		return UINT64_MAX;
	count = rv_get_u16(pe + 6);
	if (!count || count > PE_PARTS ||
	    rv_flow_peek(flow, at + PE_HEAD + rv_get_u16(pe + 20), parts, count * PE_PART) <
		    count * PE_PART)
		return UINT64_MAX;
	for (const uint8_t *p = parts; p < parts + count * PE_PART; p += PE_PART) {
		uint64_t until = sum(rv_get_u32(p + 20), rv_get_u32(p + 16));

		end = until > end ? until : end;
	}
	return end;
}

static bool find_behind_end(struct rv_str tail, uint64_t *out_at)
{
	static const char mark[] = "7z\xbc\xaf\x27\x1c";
	size_t at = 0;

	while (at < tail.len && !tail.data[at])
		at++;
	if (at == tail.len)
		return false;
	if (!is_container((struct rv_str){tail.data + at, tail.len - at})) {
		const uint8_t *found = memmem(tail.data, tail.len, mark, sizeof(mark) - 1);

		if (!found)
			return false;
		at = (size_t)(found - tail.data);
	}
	*out_at = at;
	return true;
}

bool rv_program_find(const struct rv_flow *flow, uint64_t *out_at)
{
	RV_CLEANUP(rv_freep) uint8_t *room = NULL;
	uint8_t head[ELF_HEAD] = {0};
	uint64_t end;

	if (rv_flow_peek(flow, 0, head, sizeof(head)) < sizeof(head))
		return false;
	if (head[0] == '#' && head[1] == '!')
		return find_behind_line(bytes_at(flow, 0, RV_PROGRAM_SCRIPT_MAX, &room), out_at);
	if (memcmp(head,
		   "\x7f"
		   "ELF",
		   4) == 0 &&
	    head[5] == 1) /* the little end first */
		end = end_of_elf(flow, head);
	else
		end = head[0] == 'M' && head[1] == 'Z' ? end_of_pe(flow, head) : UINT64_MAX;
	if (end >= rv_flow_len(flow) ||
	    !find_behind_end(bytes_at(flow, end, RV_PROGRAM_TAIL_MAX, &room), out_at))
		return false;
	*out_at += end;
	return true;
}
