/* Plans: what they hold, when none is made, and what has changed since. */
#include "unit/decide/support.h"

#include "agent/base/clock.h"
#include "agent/decide/plan.h"

static const char policy[] =
	"version: 1\n"
	"policies:\n"
	"  - name: web\n"
	"    why: w\n"
	"    match: {kind: [certificate, token], path: \"/etc/nginx/**\"}\n"
	"    owner: {team: web}\n"
	"    require: {max_lifetime: 90d}\n"
	"    renew: {when_left: 33%}\n"
	"    rotate: {with: web-ca, window: \"Mon 09:00-10:00 UTC\"}\n"
	"    deploy: {test: \"nginx -t\", reload: nginx.service, prove: \"tls://localhost:443\"}\n"
	"    mode: enforce\n"
	"    grace: 0s\n";

static const char facts_text[] =
	"{\"id\": \"c1\", \"kind\": \"certificate\", \"name\": \"shop\", \"places\": [{\"path\": "
	"\"/etc/nginx/shop.crt\", \"mode\": \"0644\"}], \"issued\": \"2026-09-15T00:00:00Z\", "
	"\"expires\": \"2026-12-14T00:00:00Z\", \"owner\": \"team:web\"}";

struct scene {
	struct rv_policy_set *set;
	struct rvt_facts facts;
	struct rv_verdict verdict;
	struct rv_plan_hop hop;
	struct rv_plan_path paths[2];
	struct rv_plan_consumer consumer;
	struct rv_plan_item item;
	struct rv_plan_request request;
};

static void arrange(struct scene *s)
{
	*s = (struct scene){.set = rvt_set(policy, "/nowhere")};
	rvt_facts_init(&s->facts, facts_text);
	s->hop = (struct rv_plan_hop){RV_STR_LIT("/etc/nginx/shop.crt"), RV_STR_LIT("tls/shop.crt"),
				      8, 101};
	s->paths[0] = (struct rv_plan_path){.holds = "certificate",
					    .path = RV_STR_LIT("/etc/nginx/shop.crt"),
					    .final = RV_STR_LIT("/etc/nginx/tls/shop.crt"),
					    .hops = &s->hop,
					    .hop_count = 1,
					    .dev = 8,
					    .ino = 102,
					    .mode = 0644,
					    .links = 1};
	s->paths[1] = (struct rv_plan_path){.holds = "key",
					    .path = RV_STR_LIT("/etc/nginx/shop.key"),
					    .final = RV_STR_LIT("/etc/nginx/shop.key"),
					    .dev = 8,
					    .ino = 103,
					    .mode = 0600,
					    .links = 1};
	s->consumer = (struct rv_plan_consumer){RV_STR_LIT("nginx.service"),
						RV_STR_LIT("tls://127.0.0.1:443")};
	s->item = (struct rv_plan_item){.facts = &s->facts.facts,
					.verdict = &s->verdict,
					.version = "0A1B",
					.paths = s->paths,
					.path_count = 2,
					.consumers = &s->consumer,
					.consumer_count = 1,
					.provider_sha256 = "00ff"};
	s->request = (struct rv_plan_request){.verb = "rotate",
					      .host = "h1",
					      .now_us = rvt_time("2026-11-23T09:30:00Z"),
					      .set = s->set,
					      .items = &s->item,
					      .count = 1};
}

static rv_status build(struct scene *s, json_t **out, struct rv_diag *diag)
{
	rv_verdict_make(s->set, &s->facts.facts, s->request.now_us, &s->verdict);
	return rv_plan_build(&s->request, out, diag);
}

static void done(struct scene *s)
{
	rvt_facts_done(&s->facts);
	rv_policy_set_free(s->set);
}

static void holds_every_step_in_order(void **state)
{
	(void)state;
	struct scene s;
	arrange(&s);
	json_t *plan = NULL;
	assert_true(rv_is_ok(build(&s, &plan, NULL)));
	assert_true(rv_is_ok(rv_plan_check(plan, NULL)));
	const json_t *steps = json_object_get(plan, "steps");
	assert_int_equal(json_array_size(steps), 15);
	size_t i = 0;
	const json_t *step = NULL;
	json_array_foreach (steps, i, step) {
		assert_string_equal(rv_json_text(step, "step", ""), rv_step_name((unsigned)i + 1));
		assert_int_equal(rv_json_int(step, "n", 0), i + 1);
		assert_string_equal(rv_json_text(step, "cred", ""), "c1");
	}
	const json_t *swap = json_array_get(steps, RV_STEP_SWAP - 1);
	assert_true(rv_json_bool(swap, "declared_window", false));
	const json_t *file = json_array_get(json_object_get(swap, "files"), 0);
	assert_string_equal(rv_json_text(file, "dir", ""), "/etc/nginx/tls");
	assert_string_equal(rv_json_text(file, "name", ""), "shop.crt");
	json_decref(plan);
	done(&s);
}

static void the_same_world_gives_the_same_plan(void **state)
{
	(void)state;
	struct scene s;
	arrange(&s);
	json_t *first = NULL;
	json_t *second = NULL;
	json_t *later = NULL;
	assert_true(rv_is_ok(build(&s, &first, NULL)));
	assert_true(rv_is_ok(build(&s, &second, NULL)));
	assert_true(json_equal(first, second));
	s.request.now_us += 60 * RV_US_PER_S;
	assert_true(rv_is_ok(build(&s, &later, NULL)));
	json_t *differences = NULL;
	assert_true(rv_is_ok(rv_plan_compare(first, later, &differences)));
	assert_int_equal(json_array_size(differences), 0);
	assert_true(rv_is_ok(rv_plan_refuse_stale(differences, NULL)));
	json_decref(differences);
	json_decref(first);
	json_decref(second);
	json_decref(later);
	done(&s);
}

static void names_what_has_changed(void **state)
{
	(void)state;
	struct scene s;
	arrange(&s);
	json_t *before = NULL;
	json_t *after = NULL;
	json_t *differences = NULL;
	assert_true(rv_is_ok(build(&s, &before, NULL)));
	s.paths[1].ino = 999;
	s.hop.target = RV_STR_LIT("elsewhere/shop.crt");
	s.item.version = "0C2D";
	assert_true(rv_is_ok(build(&s, &after, NULL)));
	assert_true(rv_is_ok(rv_plan_compare(before, after, &differences)));
	char *text = json_dumps(differences, JSON_COMPACT);
	assert_non_null(
		strstr(text, "{\"field\":\"world.c1.paths[1].ino\",\"planned\":103,\"now\":999}"));
	assert_non_null(strstr(text, "{\"field\":\"world.c1.paths[0].hops[0].target\",\"planned\":"
				     "\"tls/shop.crt\",\"now\":\"elsewhere/shop.crt\"}"));
	assert_non_null(strstr(text, "world.c1.version\""));
	free(text);
	struct rv_diag diag = {0};
	assert_int_equal(rv_class_of(rv_plan_refuse_stale(differences, &diag)), RV_CLASS_CONFLICT);
	assert_non_null(strstr(diag.text, "the plan is stale: world.c1."));
	assert_non_null(strstr(diag.next, "reeve plan"));
	json_decref(differences);
	json_decref(before);
	json_decref(after);
	done(&s);
}

static void an_altered_plan_is_no_plan(void **state)
{
	(void)state;
	struct scene s;
	arrange(&s);
	json_t *plan = NULL;
	assert_true(rv_is_ok(build(&s, &plan, NULL)));
	json_t *step = json_array_get(json_object_get(plan, "steps"), RV_STEP_TEST - 1);
	json_object_set_new(step, "hook", json_string("true"));
	struct rv_diag diag = {0};
	assert_int_equal(rv_class_of(rv_plan_check(plan, &diag)), RV_CLASS_MALFORMED);
	assert_non_null(strstr(diag.text, "altered"));
	assert_true(rv_is_ok(rv_plan_seal(plan)));
	json_object_set_new(step, "step", json_string("dance"));
	assert_false(rv_is_ok(rv_plan_check(plan, NULL)));
	json_object_set_new(plan, "v", json_integer(2));
	assert_false(rv_is_ok(rv_plan_check(plan, NULL)));
	json_decref(plan);
	assert_false(rv_is_ok(rv_plan_check(NULL, NULL)));
	done(&s);
}

static void refused(struct scene *s, enum rv_class class_id, const char *says)
{
	json_t *plan = NULL;
	struct rv_diag diag = {0};
	rv_status r = build(s, &plan, &diag);
	assert_null(plan);
	assert_int_equal(rv_class_of(r), class_id);
	if (strstr(diag.text, says) == NULL)
		rvt_die("says \"%s\", not \"%s\"", diag.text, says);
	done(s);
	arrange(s);
}

static void plans_nothing_that_may_not_be_done(void **state)
{
	(void)state;
	struct scene s;
	arrange(&s);
	s.facts.facts.state.hold = RV_HOLD_STUCK;
	refused(&s, RV_CLASS_CONFLICT,
		"life cannot go from active to rotating while hold is stuck");
	s.facts.facts.state.ownership = RV_OWNERSHIP_DISPUTED;
	refused(&s, RV_CLASS_CONFLICT, "while ownership is disputed");
	s.facts.facts.state.life = RV_LIFE_REVOKED;
	refused(&s, RV_CLASS_CONFLICT, "life cannot go from revoked to rotating");
	s.request.now_us = rvt_time("2026-11-24T09:30:00Z");
	refused(&s, RV_CLASS_DENIED, "outside rotate.window");
	s.paths[0].manager = "certbot";
	refused(&s, RV_CLASS_DENIED, "/etc/nginx/shop.crt is managed by certbot");
	s.paths[1].is_mount = true;
	refused(&s, RV_CLASS_CONFLICT, "is a mount of its own");
	s.paths[1].links = 2;
	refused(&s, RV_CLASS_CONFLICT, "2 hard links");
	s.item.path_count = 1;
	refused(&s, RV_CLASS_CONFLICT, "certificate and private key are not both known");
	s.facts.facts.kind = RV_KIND_TOKEN;
	s.request.by_hand = true;
	refused(&s, RV_CLASS_DENIED, "a token cannot be rotated yet");
	s.facts.facts.kind = RV_KIND_ACCOUNT;
	refused(&s, RV_CLASS_DENIED, "no policy says how to act on it");
	done(&s);
}

static void by_hand_needs_no_window(void **state)
{
	(void)state;
	struct scene s;
	arrange(&s);
	s.request.now_us = rvt_time("2026-11-24T09:30:00Z");
	s.request.by_hand = true;
	json_t *plan = NULL;
	assert_true(rv_is_ok(build(&s, &plan, NULL)));
	json_decref(plan);
	done(&s);
}

static void a_revocation_is_four_steps(void **state)
{
	(void)state;
	struct scene s;
	arrange(&s);
	s.request.verb = "revoke";
	json_t *plan = NULL;
	assert_true(rv_is_ok(build(&s, &plan, NULL)));
	assert_true(rv_is_ok(rv_plan_check(plan, NULL)));
	assert_int_equal(json_array_size(json_object_get(plan, "steps")), 4);
	json_decref(plan);
	done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_every_step_in_order),
		cmocka_unit_test(the_same_world_gives_the_same_plan),
		cmocka_unit_test(names_what_has_changed),
		cmocka_unit_test(an_altered_plan_is_no_plan),
		cmocka_unit_test(plans_nothing_that_may_not_be_done),
		cmocka_unit_test(by_hand_needs_no_window),
		cmocka_unit_test(a_revocation_is_four_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
