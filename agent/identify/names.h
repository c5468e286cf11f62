/* identify: the names of a certificate: as JSON, as one title, compared. Pure. Also the put that
 * identify.c and join.c share. */
#pragma once

#include "agent/identify/identify.h"

/* A LIST of text items as a JSON array of escaped texts, in order. */
RV_NODISCARD rv_status rv_names_json(struct rv_str list, struct rv_buf *out, struct rv_diag *diag);
/* The name for people: the subject's common name, else the first name, else the subject. */
RV_NODISCARD rv_status rv_names_title(struct rv_str subject, struct rv_str list,
				      struct rv_buf *out);
/* True when two arrays as made by rv_names_json share an element. */
bool rv_names_overlap(const char *a, const char *b);

/* rv_credential_put and, for a new one, the event. */
RV_NODISCARD rv_status rv_identify_put(struct rv_identify *i, const struct rv_credential *c,
				       struct rv_diag *diag);
/* A certificate that is a credential for sure: its lineage, row and version; the id in out. */
RV_NODISCARD rv_status rv_identify_lineage(struct rv_identify *i,
					   const struct rv_rec_found_certificate *f,
					   char out[RV_ID_TEXT], struct rv_diag *diag);
