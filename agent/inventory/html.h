/* inventory: HTML safe by construction: markup is literals, everything else goes through
 * rv_page_text. No inline style or script (the policy header forbids them). */
#pragma once

#include "agent/inventory/http.h"

struct rv_page {
	struct rv_request *req;
	rv_status status; /* the first failure; later calls do nothing */
};

/* Head, skip link and, for signed-in pages, the navigation. title is escaped. */
void rv_page_begin(struct rv_page *page, struct rv_request *req, unsigned status, const char *title,
		   bool has_nav);
void rv_page_end(struct rv_page *page);
#define rv_page_raw(page, literal) rv_page_markup((page), "" literal)
void rv_page_markup(struct rv_page *page, const char *markup);
void rv_page_text(struct rv_page *page, const char *text); /* NULL prints nothing */
void rv_page_int(struct rv_page *page, int64_t n);
/* Letters, digits and -._~ stay: for the value of a link's parameter or path part. */
void rv_page_url(struct rv_page *page, const char *text);
/* The escaping itself. */
RV_NODISCARD rv_status rv_html_escape(const char *text, struct rv_buf *out);
