/* inventory: escaping and the frame of a page. */
#include "agent/inventory/html.h"

rv_status rv_html_escape(const char *text, struct rv_buf *out)
{
	for (const char *c = text; *c; c++) {
		switch (*c) {
		case '&':
			RV_TRY(rv_buf_put_str(out, "&amp;"));
			break;
		case '<':
			RV_TRY(rv_buf_put_str(out, "&lt;"));
			break;
		case '>':
			RV_TRY(rv_buf_put_str(out, "&gt;"));
			break;
		case '"':
			RV_TRY(rv_buf_put_str(out, "&quot;"));
			break;
		case '\'':
			RV_TRY(rv_buf_put_str(out, "&#39;"));
			break;
		default:
			RV_TRY(rv_buf_put_byte(out, (uint8_t)*c));
			break;
		}
	}
	return RV_OK;
}

void rv_page_markup(struct rv_page *page, const char *markup)
{
	if (rv_is_ok(page->status))
		page->status = rv_buf_put_str(&page->req->answer.body, markup);
}

void rv_page_text(struct rv_page *page, const char *text)
{
	if (rv_is_ok(page->status) && text)
		page->status = rv_html_escape(text, &page->req->answer.body);
}

void rv_page_int(struct rv_page *page, int64_t n)
{
	if (rv_is_ok(page->status))
		page->status = rv_buf_printf(&page->req->answer.body, "%lld", (long long)n);
}

void rv_page_url(struct rv_page *page, const char *text)
{
	for (const char *c = text; *c && rv_is_ok(page->status); c++) {
		const bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
				      (*c >= '0' && *c <= '9') || strchr("-._~", *c);
		page->status =
			is_plain ? rv_buf_put_byte(&page->req->answer.body, (uint8_t)*c)
				 : rv_buf_printf(&page->req->answer.body, "%%%02X", (uint8_t)*c);
	}
}

void rv_page_begin(struct rv_page *page, struct rv_request *req, unsigned status, const char *title,
		   bool has_nav)
{
	*page = (struct rv_page){.req = req, .status = RV_OK};
	rv_answer_empty(req, status);
	req->answer.type = "text/html; charset=utf-8";
	rv_page_raw(page, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
			  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
			  "<title>");
	rv_page_text(page, title);
	rv_page_raw(page,
		    " · Reeve inventory</title><link rel=\"stylesheet\" href=\"/style.css\">"
		    "</head><body><a class=\"skip\" href=\"#main\">Skip to content</a><header>"
		    "<p class=\"brand\">Reeve inventory</p>");
	if (has_nav)
		rv_page_raw(page,
			    "<nav aria-label=\"Main\"><ul><li><a href=\"/\">Overview</a></li>"
			    "<li><a href=\"/hosts\">Hosts</a></li>"
			    "<li><a href=\"/credentials\">Credentials</a></li>"
			    "<li><a href=\"/orphans\">Orphans</a></li>"
			    "<li><a href=\"/expiring\">Expiring</a></li></ul></nav>"
			    "<form method=\"post\" action=\"/logout\"><button>Sign out</button>"
			    "</form>");
	rv_page_raw(page, "</header><main id=\"main\">");
}

void rv_page_end(struct rv_page *page)
{
	rv_page_raw(page, "</main></body></html>\n");
	if (!rv_is_ok(page->status))
		rv_answer_problem(page->req, RV_PROBLEM_INTERNAL, NULL);
}
