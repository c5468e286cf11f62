/* discover: fingerprints, and texts in which every secret-looking span is replaced by its own. Not
 * here: what a secret looks like (policies/detectors). */
#pragma once

#include "agent/base/secret.h"
#include "agent/scan/scan.h"

struct rv_masker {
	struct rv_lane *lane;
	const struct rv_secret *fleet; /* values random by construction */
	const struct rv_secret *host;  /* values that may be guessed */
};

/* The fingerprint of a value found by the rule, under the key the rule names. */
RV_NODISCARD rv_status rv_mask_fingerprint(const struct rv_masker *m, const struct rv_rule *rule,
					   struct rv_str value, char out[RV_FINGERPRINT_TEXT]);
/* Appends text to out with secret-looking spans as "{hk1:..}", cut at max bytes (never inside a
 * fingerprint); sets *io_masked when there was one, and leaves it otherwise. */
RV_NODISCARD rv_status rv_mask_text(const struct rv_masker *m, struct rv_str text, size_t max,
				    struct rv_buf *out, bool *io_masked);
