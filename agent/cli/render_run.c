/* cli: plans and runs. */
#include "agent/cli/render.h"

#include "agent/base/fd.h"

#include <stdio.h>
#include <unistd.h>

/* A note is said only where the step did not come to its end: its `done` tells the same better. */
static bool is_told_later(const json_t *steps, size_t index)
{
	const json_t *step = json_array_get(steps, index);
	const char *name = rv_json_text(step, "step", "");
	if (strcmp(rv_json_text(step, "outcome", ""), "note") != 0)
		return false;
	for (size_t i = index + 1; i < json_array_size(steps); i++) {
		const json_t *later = json_array_get(steps, i);
		if (strcmp(rv_json_text(later, "step", ""), name) == 0 &&
		    strcmp(rv_json_text(later, "outcome", ""), "done") == 0)
			return true;
	}
	return false;
}

static void print_steps(const struct rv_out *out, const json_t *steps)
{
	size_t number = 0;
	size_t index;
	const json_t *step;
	json_array_foreach (steps, index, step) {
		if (is_told_later(steps, index))
			continue;
		rv_out_line(out, "  %2zu  %-10s %-8s %s", ++number, rv_render_text(step, "step"),
			    rv_json_text(step, "outcome", NULL) ? rv_render_text(step, "outcome")
								: rv_render_text(step, "on"),
			    rv_render_text(step, "text"));
	}
}

bool rv_save_plan(const struct rv_out *out, const json_t *plan, const char *path)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	rv_buf_init(&text, (size_t)16 << 20);
	struct rv_diag diag = {0};
	if (!rv_is_ok(rv_json_pretty(plan, &text)) || !rv_is_ok(rv_buf_put_byte(&text, '\n')) ||
	    !rv_is_ok(rv_file_replace(path, text.data, text.len, 0600, &diag))) {
		fprintf(stderr, "reeve: the plan was not written: %s\n",
			diag.text[0] ? diag.text : "no memory");
		return false;
	}
	rv_out_hint(out, "next: reeve apply %s", path);
	return true;
}

static void print_plan(const struct rv_out *out, const json_t *plan)
{
	rv_out_line(out, "%splan %.16s%s  made %s", rv_out_ink(out, RV_INK_BOLD),
		    rv_render_text(plan, "hash"), rv_out_ink(out, RV_INK_PLAIN),
		    rv_render_text(plan, "made_at"));
	const json_t *items = json_object_get(plan, "items");
	if (!json_is_array(items)) {
		print_steps(out, json_object_get(plan, "steps"));
		return;
	}
	size_t index;
	const json_t *item;
	json_array_foreach (items, index, item) {
		rv_out_line(out, "%s %s", rv_render_text(item, "verb"), rv_render_text(item, "id"));
		print_steps(out, json_object_get(item, "steps"));
	}
	if (json_array_size(items) == 0 && json_array_size(json_object_get(plan, "steps")) == 0)
		rv_out_line(out, "nothing to do");
}

void rv_render_plan(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	const json_t *plan = json_object_get(data, "plan");
	print_plan(out, plan);
	if (!rv_json_text(args->local, "output", NULL))
		rv_out_hint(out, "Nothing was changed. To keep it: reeve plan ... -o plan.json; "
				 "to do it: reeve apply plan.json");
}

static void print_run(const struct rv_out *out, const json_t *run)
{
	const char *state = rv_json_text(run, "state", "?");
	bool is_done = strcmp(state, "done") == 0 || strcmp(state, "closed") == 0;
	bool is_stuck = strcmp(state, "stuck") == 0;
	enum rv_ink ink = is_done ? RV_INK_GREEN : is_stuck ? RV_INK_RED : RV_INK_YELLOW;
	rv_out_line(out, "%s %s: %s%s%s", rv_render_text(run, "verb"), rv_render_text(run, "id"),
		    rv_out_ink(out, ink), rv_out_safe(state), rv_out_ink(out, RV_INK_PLAIN));
	print_steps(out, json_object_get(run, "steps"));
	if (rv_json_text(run, "grade", NULL))
		rv_out_line(out, "  the old one is shown dead as: %s",
			    rv_render_text(run, "grade"));
	if (rv_json_text(run, "text", "")[0])
		rv_out_line(out, "  %s", rv_render_text(run, "text"));
	rv_out_hint(out, "run %s. Its record: reeve history %.12s", rv_render_text(run, "run"),
		    rv_render_text(run, "id"));
}

void rv_render_runs(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	if (json_object_get(data, "plan")) {
		rv_render_plan(out, data, args);
		return;
	}
	if (json_object_get(data, "run"))
		print_run(out, json_object_get(data, "run"));
	size_t index;
	const json_t *run;
	json_array_foreach (json_object_get(data, "runs"), index, run)
		print_run(out, run);
}

void rv_render_paused(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* none */
	const json_t *paused = json_object_get(data, "paused");
	if (!json_is_object(paused)) {
		rv_out_line(out, "not paused: changes are started as policy says");
		return;
	}
	rv_out_line(out, "paused until %s (%s): no change is started; discovery and reports go on",
		    rv_json_text(paused, "until", NULL) ? rv_render_text(paused, "until")
							: "reeve resume",
		    rv_render_text(paused, "reason"));
}

void rv_render_owner(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* the reply says it all */
	const json_t *credential = json_object_get(data, "credential");
	rv_out_line(out, "%s is %s, owner %s", rv_render_text(credential, "id"),
		    rv_render_text(credential, "ownership"),
		    rv_json_text(credential, "owner", NULL) ? rv_render_text(credential, "owner")
							    : "nobody");
}
