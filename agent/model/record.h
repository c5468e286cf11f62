/* model: the one codec. A record is a fixed list of fields declared once as an X-macro; the struct,
 * the encoder, the decoder and the documentation all follow from it. Pure: no I/O.
 *
 * Wire form of a record: its fields in declared order, each {u16 tag, u16 zero, u32 len, bytes},
 * little-endian. Every field is present exactly once, so one value has one encoding (it can be
 * hashed). U64 and I64 are 8 bytes; STR is 0..max bytes of anything; LIST is 0..max bytes holding
 * {u32 len, record} items. A wrong tag, order, length, value over its maximum, or trailing byte is
 * MALFORMED. */
#pragma once

#include "agent/base/buf.h"

enum rv_field_type { RV_FIELD_U64, RV_FIELD_I64, RV_FIELD_STR, RV_FIELD_LIST };

struct rv_field_desc {
	const char *name;
	uint16_t tag;
	uint16_t type; /* enum rv_field_type */
	uint64_t max;  /* largest value (U64), or largest length in bytes (STR, LIST) */
};

struct rv_record_desc {
	const char *name;
	const struct rv_field_desc *fields;
	size_t count;
	size_t size; /* of the struct */
};

/* A record is declared as   #define RV_REC_<name>(F) F(U64, tag, field, max) F(STR, ...) ...
 * and then RV_RECORD_STRUCT(name) in a header, RV_RECORD_DESC(name) in one source. Members are 8
 * bytes (U64, I64) or one struct rv_str (STR, LIST), in field order, so the codec needs no offsets.
 */
#define RV_CTYPE_U64				uint64_t
#define RV_CTYPE_I64				int64_t
#define RV_CTYPE_STR				struct rv_str
#define RV_CTYPE_LIST				struct rv_str
#define RV_RECORD_FIELD_(type, tag, field, max) RV_CTYPE_##type field;
/* A record without fields keeps one unused byte: an empty struct is not C. */
#define RV_RECORD_STRUCT(name)                                   \
	struct rv_rec_##name {                                   \
		RV_REC_##name(RV_RECORD_FIELD_) uint8_t unused_; \
	};                                                       \
	extern const struct rv_record_desc rv_desc_##name;
#define RV_RECORD_DESC_ENTRY_(type, tag, field, max) {#field, tag, RV_FIELD_##type, max},
#define RV_RECORD_DESC(name)                                                        \
	static const struct rv_field_desc rv_fields_##name[] = {                    \
		RV_REC_##name(RV_RECORD_DESC_ENTRY_){NULL, 0, 0, 0}};               \
	const struct rv_record_desc rv_desc_##name = {#name, rv_fields_##name,      \
						      RV_LEN(rv_fields_##name) - 1, \
						      sizeof(struct rv_rec_##name)};

/* Appends the encoding; EXHAUSTED when out is full, BUG when a value breaks its own maximum. */
RV_NODISCARD rv_status rv_record_encode(const struct rv_record_desc *desc, const void *rec,
					struct rv_buf *out);
/* Decodes all of `bytes`; STR and LIST fields borrow from it. On failure *rec is untouched and diag
 * names the record and field. */
RV_NODISCARD rv_status rv_record_decode(const struct rv_record_desc *desc, struct rv_str bytes,
					void *rec, struct rv_diag *diag);
/* Appends one item to the bytes of a LIST field. */
RV_NODISCARD rv_status rv_list_add(struct rv_buf *list, const struct rv_record_desc *desc,
				   const void *rec);
/* Takes the next item off *cursor (start it at the LIST field). False at the end; a malformed list
 * gives false with *out_ok = false. */
bool rv_list_next(struct rv_str *cursor, const struct rv_record_desc *desc, void *rec,
		  bool *out_ok);
/* A LIST of one STR each: paths, arguments, names. */
#define RV_REC_text_item(F) F(STR, 1, text, 65535)
RV_RECORD_STRUCT(text_item)
