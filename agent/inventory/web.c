/* inventory: the pages for people. Server-rendered, no script; tables with captions and scopes; a
 * state is always a word, never a colour alone. */
#include "agent/inventory/ask.h"
#include "agent/inventory/html.h"
#include "agent/inventory/pages.h"
#include "agent/inventory/style_css.h"

#include "agent/base/clock.h"

#include <stdio.h>

static void cell(struct rv_page *p, const json_t *row, const char *key)
{
	rv_page_raw(p, "<td>");
	rv_page_text(p, rv_json_text(row, key, NULL));
	rv_page_raw(p, "</td>");
}

static void number(struct rv_page *p, const json_t *row, const char *key)
{
	rv_page_raw(p, "<td class=\"number\">");
	rv_page_int(p, rv_json_int(row, key, 0));
	rv_page_raw(p, "</td>");
}

static void host_link(struct rv_page *p, const char *id, const char *hostname)
{
	rv_page_raw(p, "<a href=\"/hosts/");
	rv_page_url(p, id);
	rv_page_raw(p, "\">");
	rv_page_text(p, *hostname ? hostname : id);
	rv_page_raw(p, "</a>");
}

/* The first `len` characters of an RFC 3339 time, the whole of it for machines. */
static void moment(struct rv_page *p, const char *at, int len)
{
	char text[32];

	if (!at)
		return;
	snprintf(text, sizeof(text), "%.*s", len, at);
	if (len > 10 && text[10] == 'T')
		text[10] = ' ';
	rv_page_raw(p, "<time datetime=\"");
	rv_page_text(p, at);
	rv_page_raw(p, "\">");
	rv_page_text(p, text);
	rv_page_raw(p, "</time>");
}

static void host_rows(struct rv_page *p, const json_t *hosts)
{
	for (size_t i = 0; i < json_array_size(hosts); i++) {
		const json_t *host = json_array_get(hosts, i);
		const char *state = rv_json_text(host, "state", "");
		rv_page_raw(p, "<tr><th scope=\"row\">");
		host_link(p, rv_json_text(host, "id", ""), rv_json_text(host, "hostname", ""));
		rv_page_raw(p, "</th><td><span class=\"state ");
		rv_page_text(p, state);
		rv_page_raw(p, "\">");
		rv_page_text(p, strcmp(state, "enrolled") == 0 ? "enrolled, no report yet" : state);
		rv_page_raw(p, "</span></td>");
		rv_page_raw(p, "<td>");
		moment(p, rv_json_text(host, "seen_at", NULL), 16);
		rv_page_raw(p, "</td>");
		number(p, host, "credentials");
		number(p, host, "orphans");
		number(p, host, "quarantined");
		number(p, host, "not_looked");
		rv_page_raw(p, "</tr>");
	}
}

static void host_table(struct rv_page *p, const char *caption, const json_t *hosts,
		       const char *when_none)
{
	if (json_array_size(hosts) == 0) {
		rv_page_raw(p, "<p>");
		rv_page_text(p, when_none);
		rv_page_raw(p, "</p>");
		return;
	}
	rv_page_raw(p, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
	rv_page_text(p, caption);
	rv_page_raw(p, "\"><table><caption>");
	rv_page_text(p, caption);
	rv_page_raw(p,
		    "</caption><thead><tr><th scope=\"col\">Host</th><th scope=\"col\">State</th>"
		    "<th scope=\"col\">Last heard (UTC)</th><th scope=\"col\">Credentials</th>"
		    "<th scope=\"col\">Orphans</th><th scope=\"col\">Set aside</th>"
		    "<th scope=\"col\">Not looked at</th></tr></thead><tbody>");
	host_rows(p, hosts);
	rv_page_raw(p, "</tbody></table></div>");
}

static void days_cell(struct rv_page *p, const json_t *item)
{
	const json_t *left = json_object_get(item, "days_left");

	rv_page_raw(p, "<td>");
	moment(p, rv_json_text(item, "not_after", NULL), 10);
	if (left) {
		const int64_t days = json_integer_value(left);
		if (days < 0)
			rv_page_raw(p, "<br><strong>expired</strong>");
		else
			rv_page_raw(p, "<br>");
		if (days >= 0)
			rv_page_int(p, days);
		if (days >= 0)
			rv_page_text(p, days == 1 ? " day left" : " days left");
	}
	rv_page_raw(p, "</td>");
}

static void where_cell(struct rv_page *p, const json_t *item)
{
	const json_t *sightings = json_object_get(item, "sightings");
	const size_t count = json_array_size(sightings);

	rv_page_raw(p, "<td class=\"where\">");
	for (size_t i = 0; i < count && i < 3; i++) {
		rv_page_raw(p, "<code>");
		rv_page_text(p, rv_json_text(json_array_get(sightings, i), "where", ""));
		rv_page_raw(p, "</code> ");
	}
	if (count > 3) {
		rv_page_raw(p, "and ");
		rv_page_int(p, (int64_t)count - 3);
		rv_page_raw(p, " more");
	}
	rv_page_raw(p, "</td>");
}

static void item_rows(struct rv_page *p, const json_t *items)
{
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);
		const char *owner = rv_json_text(item, "owner", "");
		rv_page_raw(p, "<tr><th scope=\"row\">");
		rv_page_text(p, rv_json_text(item, "name", ""));
		rv_page_raw(p, "<br><code>");
		rv_page_text(p, rv_json_text(item, "id", ""));
		rv_page_raw(p, "</code></th>");
		cell(p, item, "kind");
		rv_page_raw(p, "<td>");
		host_link(p, rv_json_text(item, "host", ""), rv_json_text(item, "hostname", ""));
		rv_page_raw(p, "</td>");
		where_cell(p, item);
		rv_page_raw(p, "<td>");
		rv_page_text(p, *owner ? owner : "nobody");
		rv_page_raw(p, "</td><td>");
		rv_page_text(p, rv_json_text(item, "ownership", ""));
		if (rv_json_text(item, "orphan_reason", NULL)) {
			rv_page_raw(p, ": ");
			rv_page_text(p, rv_json_text(item, "orphan_reason", ""));
		}
		rv_page_raw(p, "</td>");
		cell(p, item, "life");
		days_cell(p, item);
		rv_page_raw(p, "</tr>");
	}
}

static void item_table(struct rv_page *p, const char *caption, const json_t *items,
		       const char *when_none)
{
	if (json_array_size(items) == 0) {
		rv_page_raw(p, "<p>");
		rv_page_text(p, when_none);
		rv_page_raw(p, "</p>");
		return;
	}
	rv_page_raw(p, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
	rv_page_text(p, caption);
	rv_page_raw(p, "\"><table><caption>");
	rv_page_text(p, caption);
	rv_page_raw(p, "</caption><thead><tr><th scope=\"col\">Credential</th>"
		       "<th scope=\"col\">Kind</th><th scope=\"col\">Host</th>"
		       "<th scope=\"col\">Where</th><th scope=\"col\">Owner</th>"
		       "<th scope=\"col\">Ownership</th><th scope=\"col\">Life</th>"
		       "<th scope=\"col\">Valid until</th></tr></thead><tbody>");
	item_rows(p, items);
	rv_page_raw(p, "</tbody></table></div>");
}

static void next_link(struct rv_page *p, const char *path, const json_t *list)
{
	const char *next = rv_json_text(list, "next", NULL);

	if (!next)
		return;
	rv_page_raw(p, "<p><a rel=\"next\" href=\"");
	rv_page_text(p, path);
	rv_page_raw(p, "?after=");
	rv_page_url(p, next);
	rv_page_raw(p, "\">Next page</a></p>");
}

static void summary_entry(struct rv_page *p, const char *name, int64_t n)
{
	rv_page_raw(p, "<div><dt>");
	rv_page_text(p, name);
	rv_page_raw(p, "</dt><dd>");
	rv_page_int(p, n);
	rv_page_raw(p, "</dd></div>");
}

static void fail(struct rv_request *req, rv_status status, const struct rv_diag *diag)
{
	rv_answer_problem(req,
			  rv_class_of(status) == RV_CLASS_MALFORMED ? RV_PROBLEM_MALFORMED
								    : RV_PROBLEM_INTERNAL,
			  diag->text);
}

struct overview {
	json_t *silent, *orphans, *due, *hosts;
};

static void overview_done(struct overview *o)
{
	rv_jsonp(&o->silent);
	rv_jsonp(&o->orphans);
	rv_jsonp(&o->due);
	rv_jsonp(&o->hosts);
}

static rv_status overview_read(struct rv_request *req, struct overview *out, struct rv_diag *diag)
{
	struct rv_invdb *db = req->listener->reader;
	struct rv_query q;

	RV_TRY(rv_ask(req, 20, &q, diag));
	q.after = NULL;
	RV_TRY(rv_query_silent(db, &q, &out->silent));
	RV_TRY(rv_query_items(db, RV_LIST_ORPHANS, &q, &out->orphans, diag));
	RV_TRY(rv_query_items(db, RV_LIST_EXPIRING, &q, &out->due, diag));
	return rv_query_hosts(db, &q, &out->hosts, diag);
}

void rv_web_overview(struct rv_request *req)
{
	RV_CLEANUP(overview_done) struct overview o = {0};
	struct rv_invdb *db = req->listener->reader;
	struct rv_diag diag = {0};
	struct rv_page p;

	rv_status status = overview_read(req, &o, &diag);
	if (!rv_is_ok(status)) {
		fail(req, status, &diag);
		return;
	}
	rv_page_begin(&p, req, 200, "Overview", true);
	rv_page_raw(&p, "<h1>Overview</h1><dl class=\"summary\">");
	summary_entry(&p, "Hosts", rv_query_counter(db, "hosts"));
	summary_entry(&p, "Credentials", rv_query_counter(db, "credentials"));
	summary_entry(&p, "Orphans", rv_query_counter(db, "orphans"));
	summary_entry(&p, "Reports taken", rv_query_counter(db, "reports"));
	rv_page_raw(&p, "</dl><h2>Silent hosts</h2>");
	host_table(&p, "Hosts that have not been heard of in time, longest silence first", o.silent,
		   "Every host was heard of in time.");
	rv_page_raw(&p, "<h2>Orphans</h2>");
	item_table(&p, "Credentials nobody owns, with the reason",
		   json_object_get(o.orphans, "items"), "Every credential has an owner.");
	next_link(&p, "/orphans", o.orphans);
	rv_page_raw(&p, "<h2>Soonest expiry</h2>");
	item_table(&p, "Credentials in use, soonest end of validity first",
		   json_object_get(o.due, "items"), "No credential has an end date.");
	next_link(&p, "/expiring", o.due);
	rv_page_raw(&p, "<h2>Hosts</h2>");
	host_table(&p, "Enrolled hosts", json_object_get(o.hosts, "items"),
		   "No host is enrolled. Make a token with: reeve-inventory token create");
	next_link(&p, "/hosts", o.hosts);
	rv_page_end(&p);
}

void rv_web_hosts(struct rv_request *req)
{
	RV_CLEANUP(rv_jsonp) json_t *list = NULL;
	struct rv_diag diag = {0};
	struct rv_query q;
	struct rv_page p;

	rv_status status = rv_ask(req, 100, &q, &diag);
	if (rv_is_ok(status))
		status = rv_query_hosts(req->listener->reader, &q, &list, &diag);
	if (!rv_is_ok(status)) {
		fail(req, status, &diag);
		return;
	}
	rv_page_begin(&p, req, 200, "Hosts", true);
	rv_page_raw(&p, "<h1>Hosts</h1>");
	host_table(&p, "Enrolled hosts", json_object_get(list, "items"), "No host here.");
	next_link(&p, "/hosts", list);
	rv_page_end(&p);
}

static void item_page(struct rv_request *req, enum rv_list which, const char *title,
		      const char *path, const char *when_none)
{
	RV_CLEANUP(rv_jsonp) json_t *list = NULL;
	struct rv_diag diag = {0};
	struct rv_query q;
	struct rv_page p;

	rv_status status = rv_ask(req, 100, &q, &diag);
	q.host = NULL;
	if (rv_is_ok(status))
		status = rv_query_items(req->listener->reader, which, &q, &list, &diag);
	if (!rv_is_ok(status)) {
		fail(req, status, &diag);
		return;
	}
	rv_page_begin(&p, req, 200, title, true);
	rv_page_raw(&p, "<h1>");
	rv_page_text(&p, title);
	rv_page_raw(&p, "</h1>");
	item_table(&p, title, json_object_get(list, "items"), when_none);
	next_link(&p, path, list);
	rv_page_end(&p);
}

void rv_web_credentials(struct rv_request *req)
{
	item_page(req, RV_LIST_CREDENTIALS, "Credentials", "/credentials", "No credential here.");
}

void rv_web_orphans(struct rv_request *req)
{
	item_page(req, RV_LIST_ORPHANS, "Orphans", "/orphans", "Every credential has an owner.");
}

void rv_web_expiring(struct rv_request *req)
{
	item_page(req, RV_LIST_EXPIRING, "Expiring", "/expiring", "No credential has an end date.");
}

static void quarantine_list(struct rv_page *p, const json_t *bad)
{
	if (json_array_size(bad) == 0)
		return;
	rv_page_raw(p, "<h2>Set aside</h2><p>Reported, but not in a form that could be taken:</p>"
		       "<ul>");
	for (size_t i = 0; i < json_array_size(bad); i++) {
		rv_page_raw(p, "<li><code>");
		rv_page_text(p, rv_json_text(json_array_get(bad, i), "id", ""));
		rv_page_raw(p, "</code>: ");
		rv_page_text(p, rv_json_text(json_array_get(bad, i), "why", ""));
		rv_page_raw(p, "</li>");
	}
	rv_page_raw(p, "</ul>");
}

static void host_page(struct rv_request *req, const json_t *host, const json_t *list,
		      const json_t *bad)
{
	RV_CLEANUP(rv_jsonp) json_t *one = json_pack("[O]", host);
	const char *id = rv_json_text(host, "id", "");
	const char *hostname = rv_json_text(host, "hostname", id);
	char path[160];
	struct rv_page p;

	rv_page_begin(&p, req, 200, hostname, true);
	rv_page_raw(&p, "<h1>");
	rv_page_text(&p, hostname);
	rv_page_raw(&p, "</h1><p>Host id <code>");
	rv_page_text(&p, id);
	rv_page_raw(&p, "</code>, agent ");
	rv_page_text(&p, rv_json_text(host, "agent", "unknown"));
	rv_page_raw(&p, ", enrolled ");
	rv_page_text(&p, rv_json_text(host, "enrolled_at", ""));
	rv_page_raw(&p, ", its certificate ends ");
	rv_page_text(&p, rv_json_text(host, "certificate_until", ""));
	rv_page_raw(&p, ".</p>");
	host_table(&p, "State", one, "");
	quarantine_list(&p, bad);
	rv_page_raw(&p, "<h2>Credentials</h2>");
	item_table(&p, "Credentials of this host", json_object_get(list, "items"),
		   "It has reported no credential.");
	snprintf(path, sizeof(path), "/hosts/%.80s", id);
	next_link(&p, path, list);
	rv_page_end(&p);
}

void rv_web_host(struct rv_request *req)
{
	RV_CLEANUP(rv_jsonp) json_t *host = NULL;
	RV_CLEANUP(rv_jsonp) json_t *list = NULL;
	RV_CLEANUP(rv_jsonp) json_t *bad = NULL;
	struct rv_invdb *db = req->listener->reader;
	struct rv_diag diag = {0};
	struct rv_query q;

	rv_status status = rv_ask(req, 100, &q, &diag);
	q.host = req->rest;
	if (rv_is_ok(status))
		status = rv_query_host(db, req->rest, &q, &host);
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND) {
		rv_answer_problem(req, RV_PROBLEM_NOT_FOUND, NULL);
		return;
	}
	if (rv_is_ok(status))
		status = rv_query_items(db, RV_LIST_CREDENTIALS, &q, &list, &diag);
	if (rv_is_ok(status))
		status = rv_query_quarantine(db, req->rest, &bad);
	if (rv_is_ok(status))
		host_page(req, host, list, bad);
	else
		fail(req, status, &diag);
}

void rv_web_style(struct rv_request *req)
{
	rv_answer_empty(req, 200);
	req->answer.type = "text/css; charset=utf-8";
	rv_answer_header(req, "Cache-Control", "public, max-age=3600");
	if (!rv_is_ok(rv_buf_put(&req->answer.body, rv_style_css, sizeof(rv_style_css))))
		rv_answer_problem(req, RV_PROBLEM_BUSY, NULL);
}
