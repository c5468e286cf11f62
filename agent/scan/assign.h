/* stub until the real one comes */
#pragma once
#include "agent/base/buf.h"
struct rv_assign {
	size_t name_start, value_start, value_len;
	uint8_t kind, confidence;
};
bool rv_assign_at(struct rv_str bytes, size_t keyword_start, size_t keyword_end, unsigned place,
		  struct rv_assign *out);
