/* model: the one codec. Not here: which records exist (finding.h, ipc/messages.def). */
#include "agent/model/record.h"

#define FIELD_HEADER 8

RV_RECORD_DESC(text_item)

_Static_assert(sizeof(struct rv_str) % 8 == 0 || sizeof(struct rv_str) == 8,
	       "members are multiples of 8 bytes, so they follow each other without holes");

static bool is_number(const struct rv_field_desc *field)
{
	return field->type == RV_FIELD_U64 || field->type == RV_FIELD_I64;
}

static size_t member_size(const struct rv_field_desc *field)
{
	return is_number(field) ? sizeof(uint64_t) : sizeof(struct rv_str);
}

static rv_status encode_header(const struct rv_field_desc *field, size_t len, struct rv_buf *out)
{
	if (len > UINT32_MAX)
		return (rv_status){RV_CLASS_BUG, 0};
	RV_TRY(rv_buf_put_u16(out, field->tag));
	RV_TRY(rv_buf_put_u16(out, 0));
	return rv_buf_put_u32(out, (uint32_t)len);
}

static rv_status encode_field(const struct rv_field_desc *field, const uint8_t *member,
			      struct rv_buf *out)
{
	if (is_number(field)) {
		uint64_t v;

		memcpy(&v, member, sizeof(v));
		if (field->type == RV_FIELD_U64 && v > field->max)
			return (rv_status){RV_CLASS_BUG, 0};
		RV_TRY(encode_header(field, sizeof(v), out));
		return rv_buf_put_u64(out, v);
	}
	struct rv_str s;

	memcpy(&s, member, sizeof(s));
	if (s.len > field->max || (s.len && !s.data))
		return (rv_status){RV_CLASS_BUG, 0};
	RV_TRY(encode_header(field, s.len, out));
	return rv_buf_put(out, s.data, s.len);
}

rv_status rv_record_encode(const struct rv_record_desc *desc, const void *rec, struct rv_buf *out)
{
	const uint8_t *member = rec;
	size_t before = out->len;

	for (size_t i = 0; i < desc->count; i++) {
		rv_status status = encode_field(&desc->fields[i], member, out);

		if (!rv_is_ok(status)) {
			out->len = before;
			return status;
		}
		member += member_size(&desc->fields[i]);
	}
	return RV_OK;
}

static rv_status malformed(const struct rv_record_desc *desc, const struct rv_field_desc *field,
			   struct rv_diag *diag, const char *why)
{
	return rv_fail(RV_CLASS_MALFORMED, diag, "record %s, field %s: %s", desc->name,
		       field ? field->name : "(end)", why);
}

/* Takes the next field off *rest and checks everything about it. */
static rv_status take_field(const struct rv_record_desc *desc, const struct rv_field_desc *field,
			    struct rv_str *rest, struct rv_str *out_bytes, struct rv_diag *diag)
{
	uint32_t len;

	if (rest->len < FIELD_HEADER)
		return malformed(desc, field, diag, "ends before the field");
	if (rv_get_u16(rest->data) != field->tag)
		return malformed(desc, field, diag, "another tag stands here");
	if (rv_get_u16(rest->data + 2) != 0)
		return malformed(desc, field, diag, "the reserved bytes are not zero");
	len = rv_get_u32(rest->data + 4);
	if (len > rest->len - FIELD_HEADER)
		return malformed(desc, field, diag, "longer than the record");
	*out_bytes = (struct rv_str){rest->data + FIELD_HEADER, len};
	if (is_number(field)) {
		if (len != sizeof(uint64_t))
			return malformed(desc, field, diag, "not 8 bytes");
		if (field->type == RV_FIELD_U64 && rv_get_u64(out_bytes->data) > field->max)
			return malformed(desc, field, diag, "over its maximum");
	} else if (len > field->max) {
		return malformed(desc, field, diag, "longer than its maximum");
	}
	rest->data += FIELD_HEADER + len;
	rest->len -= FIELD_HEADER + len;
	return RV_OK;
}

static rv_status check(const struct rv_record_desc *desc, struct rv_str bytes, struct rv_diag *diag)
{
	struct rv_str value;

	for (size_t i = 0; i < desc->count; i++)
		RV_TRY(take_field(desc, &desc->fields[i], &bytes, &value, diag));
	if (bytes.len)
		return malformed(desc, NULL, diag, "bytes follow the last field");
	return RV_OK;
}

rv_status rv_record_decode(const struct rv_record_desc *desc, struct rv_str bytes, void *rec,
			   struct rv_diag *diag)
{
	const uint8_t *at = bytes.data;
	uint8_t *member = rec;

	/* First all checks, then all writes: a failure leaves *rec as it was. */
	RV_TRY(check(desc, bytes, diag));
	for (size_t i = 0; i < desc->count; i++) {
		const struct rv_field_desc *field = &desc->fields[i];
		uint32_t len = rv_get_u32(at + 4);

		at += FIELD_HEADER;
		if (is_number(field)) {
			uint64_t v = rv_get_u64(at);

			memcpy(member, &v, sizeof(v));
		} else {
			struct rv_str s = {at, len};

			memcpy(member, &s, sizeof(s));
		}
		at += len;
		member += member_size(field);
	}
	return RV_OK;
}

rv_status rv_list_add(struct rv_buf *list, const struct rv_record_desc *desc, const void *rec)
{
	size_t before = list->len;
	rv_status status = rv_buf_put_u32(list, 0);
	size_t len;

	if (rv_is_ok(status))
		status = rv_record_encode(desc, rec, list);
	if (!rv_is_ok(status)) {
		list->len = before;
		return status;
	}
	len = list->len - before - sizeof(uint32_t);
	for (size_t i = 0; i < sizeof(uint32_t); i++)
		list->data[before + i] = (uint8_t)(len >> (8 * i));
	return RV_OK;
}

bool rv_list_next(struct rv_str *cursor, const struct rv_record_desc *desc, void *rec, bool *out_ok)
{
	uint32_t len;

	*out_ok = true;
	if (cursor->len == 0)
		return false;
	*out_ok = false;
	if (cursor->len < sizeof(uint32_t))
		return false;
	len = rv_get_u32(cursor->data);
	if (len > cursor->len - sizeof(uint32_t))
		return false;
	struct rv_str item = {cursor->data + sizeof(uint32_t), len};

	if (!rv_is_ok(rv_record_decode(desc, item, rec, NULL)))
		return false;
	cursor->data += sizeof(uint32_t) + len;
	cursor->len -= sizeof(uint32_t) + len;
	*out_ok = true;
	return true;
}
