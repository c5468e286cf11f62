/* stub */
#pragma once
#include "agent/base/buf.h"
struct rv_pem_private {
	size_t start, len, body_start, body_len;
	uint8_t confidence;
};
bool rv_pem_private_at(struct rv_str bytes, size_t at, struct rv_pem_private *out);
