"""reeve-inventory as people and programs read it: pages, session, API, escaping."""
import html.parser
import http.client
import re
import unittest
import urllib.parse

from server import Host, Server, digest_of, item, run

HOSTILE = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'-alert(1)-'",
           '</td></tr></table><h1>owned', '&lt;b&gt;', 'javascript:alert(1)', '\u202eevil',
           '{{7*7}}', '%3Cscript%3E']


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.links = [], [], []
        self.open, self.errors = [], []
        self.feed(text)

    VOID = {"meta", "link", "br", "input", "img"}

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.errors.append(tag)

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


class People(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()
        cls.reader = cls.server.token("--role", "reader")
        cls.host = Host(cls.server, name=HOSTILE[0])
        cls.items = [item(n, name=text, owner=None, ownership="orphaned", orphan_reason=text,
                          issuer=text, not_after=f"203{n}-01-01T00:00:00Z",
                          sightings=[{"where": "/etc/" + text, "uid": 0, "mode": "0600",
                                      "unit": text, "package": None}])
                     for n, text in enumerate(HOSTILE)]
        answer = cls.host.report(cls.items)
        assert answer.status == 200, answer
        cls.quiet = Host(cls.server, name="quiet-host")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def api(self, path, token=None):
        return self.server.call("people", "GET", path, headers={
            "Authorization": f"Bearer {token or self.reader}"})

    def login(self, token=None, **headers):
        return self.server.call("people", "POST", "/login", f"token={self.reader if token is None else token}".encode(),
                                headers=headers)

    def page(self, path):
        cookie = self.login().headers["Set-Cookie"].split(";")[0]
        answer = self.server.call("people", "GET", path, headers={"Cookie": cookie})
        self.assertEqual(answer.status, 200, answer)
        return answer, Page(answer.text)

    def test_pages_are_behind_a_login(self):
        for path in ("/", "/hosts", "/credentials", "/orphans", "/expiring", "/hosts/x"):
            answer = self.server.call("people", "GET", path)
            self.assertEqual((answer.status, answer.headers["Location"]), (303, "/login"), path)
            forged = self.server.call("people", "GET", path,
                                      headers={"Cookie": "__Host-reeve=rvs1_" + "0" * 64})
            self.assertEqual(forged.status, 303)

    def test_the_session_cookie_is_locked_down(self):
        answer = self.login()
        self.assertEqual((answer.status, answer.headers["Location"]), (303, "/"))
        cookie = answer.headers["Set-Cookie"]
        for flag in ("__Host-", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(flag, cookie)
        self.assertNotIn(self.reader, cookie)

    def test_wrong_tokens_do_not_log_in(self):
        enrol = self.server.token()
        for token in ("x", "rvt1_" + "0" * 64, enrol, "", "a" * 3000):
            answer = self.login(token)
            self.assertIn(answer.status, (403,), token)
            self.assertNotIn("Set-Cookie", answer.headers)

    def test_a_form_from_another_site_is_refused(self):
        self.assertEqual(self.login(Origin="https://evil.example").status, 403)
        here = f"https://localhost:{self.server.ports['people']}"
        self.assertEqual(self.login(Origin=here).status, 303)

    def test_signing_out_ends_the_session(self):
        cookie = self.login().headers["Set-Cookie"].split(";")[0]
        out = self.server.call("people", "POST", "/logout", b"", headers={"Cookie": cookie})
        self.assertEqual(out.status, 303)
        self.assertEqual(self.server.call("people", "GET", "/", headers={"Cookie": cookie}).status,
                         303)

    def test_a_revoked_reader_loses_session_and_api(self):
        token = self.server.token("--role", "reader", "--note", "leaver")
        cookie = self.login(token).headers["Set-Cookie"].split(";")[0]
        self.assertEqual(self.api("/api/v1/hosts", token).status, 200)
        row = [line for line in run("token", "list", "--dir", self.server.dir).stdout.splitlines()
               if "leaver" in line][0]
        run("token", "revoke", "--dir", self.server.dir, row.split()[0])
        self.assertEqual(self.api("/api/v1/hosts", token).code, "login_required")
        self.assertEqual(self.server.call("people", "GET", "/", headers={"Cookie": cookie}).status,
                         303)

    def test_hostile_names_stay_text_on_every_page(self):
        for path in ("/", "/hosts", "/credentials", "/orphans", "/expiring",
                     f"/hosts/{self.host.id}"):
            answer, page = self.page(path)
            self.assertEqual(page.all("script") + page.all("img"), [], path)
            self.assertEqual((page.open, page.errors), ([], []), path)
            for _, attrs in page.tags:
                self.assertFalse([a for a in attrs if a.startswith("on") or a == "style"], path)
            self.assertFalse([h for h in page.links if not h.startswith(("/", "#"))], path)
            shown = "".join(page.text)
            if path not in ("/hosts",):
                for text in HOSTILE:
                    self.assertIn(text, shown, path)
            self.assertIn(HOSTILE[0], shown)

    def test_headers_forbid_what_pages_do_not_need(self):
        answer, _ = self.page("/")
        policy = answer.headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        style = self.server.call("people", "GET", "/style.css")
        self.assertEqual((style.status, style.headers["Content-Type"]),
                         (200, "text/css; charset=utf-8"))

    def test_tables_have_captions_and_scopes(self):
        for path in ("/", "/hosts", "/orphans", f"/hosts/{self.host.id}"):
            _, page = self.page(path)
            self.assertEqual(page.all("html")[0]["lang"], "en")
            self.assertEqual(len(page.all("h1")), 1)
            self.assertEqual(len(page.all("table")), len(page.all("caption")))
            self.assertTrue(all("scope" in th for th in page.all("th")))
            self.assertTrue(page.all("main") and page.all("nav"))

    def test_the_overview_says_orphans_with_reasons_and_states_in_words(self):
        answer, page = self.page("/")
        shown = "".join(page.text)
        self.assertIn("orphaned: " + HOSTILE[3], shown)
        self.assertIn("nobody", shown)
        self.assertIn("enrolled, no report yet", shown)
        self.assertIn("reporting", shown)

    def test_a_silent_host_is_said_to_be_silent(self):
        server = Server()
        self.addCleanup(server.close)
        server.start("--next-checkin", "1", "--spread", "0")
        reader = server.token("--role", "reader")
        host = Host(server, name="gone-quiet")
        host.report([item(1)])
        state, tries = "", 0
        while state != "silent" and tries < 3000:  # each try is a request; 2 s suffice
            state = server.call("people", "GET", "/api/v1/hosts", headers={
                "Authorization": f"Bearer {reader}"}).doc["items"][0]["state"]
            tries += 1
        self.assertEqual(state, "silent")

    def test_the_api_needs_a_bearer_token(self):
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp4"},
                        {"Cookie": self.login().headers["Set-Cookie"].split(";")[0]}):
            answer = self.server.call("people", "GET", "/api/v1/hosts", headers=headers)
            self.assertEqual((answer.status, answer.code), (401, "login_required"))
            self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")

    def walk(self, path):
        seen, after = [], None
        while True:
            sep = "&" if "?" in path else "?"
            answer = self.api(path + (f"{sep}after={after}" if after else ""))
            self.assertEqual(answer.status, 200, answer)
            seen += answer.doc["items"]
            after = answer.doc["next"]
            if not after:
                return seen

    def test_cursors_walk_every_row_once(self):
        ids = [i["id"] for i in self.items]
        for path in ("/api/v1/credentials?limit=2", "/api/v1/orphans?limit=4",
                     "/api/v1/expiring?limit=1", f"/api/v1/credentials?host={self.host.id}&limit=3"):
            self.assertEqual([i["id"] for i in self.walk(path)], ids, path)
        self.assertEqual(sorted(h["id"] for h in self.walk("/api/v1/hosts?limit=1")),
                         sorted([self.host.id, self.quiet.id]))

    def test_expiring_takes_a_window(self):
        self.assertEqual(self.walk("/api/v1/expiring?within=1d"), [])
        soonest = self.walk("/api/v1/expiring?within=2500d")
        self.assertTrue(0 < len(soonest) < len(self.items))
        self.assertIn("days_left", soonest[0])

    def test_bad_questions_are_refused(self):
        for path in ("/api/v1/hosts?limit=0", "/api/v1/hosts?limit=1001", "/api/v1/hosts?limit=x",
                     "/api/v1/hosts?after=zz", "/api/v1/hosts?after=5b5d",
                     "/api/v1/expiring?within=soon", "/api/v1/credentials?after=" + "5b" * 600,
                     "/api/v1/expiring?after=" + b'["a","b","c"]'.hex() + "00"):
            answer = self.api(path)
            self.assertEqual((answer.status, answer.code), (400, "malformed"), path)
        odd = self.api("/api/v1/credentials?after=" + b'[1,{}]'.hex())
        self.assertEqual(odd.status, 200)

    def test_there_is_no_such_host(self):
        cookie = self.login().headers["Set-Cookie"].split(";")[0]
        for name in ("x", "..%2f..%2fca.key", "%00", "'; DROP TABLE host; --"):
            path = "/hosts/" + urllib.parse.quote(name, safe="%")
            answer = self.server.call("people", "GET", path, headers={"Cookie": cookie})
            self.assertIn(answer.status, (400, 404), path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
