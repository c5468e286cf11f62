/* daemon: the `run` document of docs/protocol.md. */
#include "agent/daemon/engine_rotate.h"

#include "agent/store/journal.h"

static rv_status add_line(const struct rv_journal_line *line, void *user)
{
	json_t *steps = user;
	json_t *at = rv_time_json(line->at_us);
	json_t *one = json_pack("{s:s,s:o,s:s,s:s}", "step", line->step, "at", at, "outcome",
				line->outcome, "text", line->text);

	return one && json_array_append_new(steps, one) == 0 ? RV_OK : rv_fail_nomem(NULL);
}

rv_status rv_rotate_doc(struct rv_engine *e, const struct rv_run *run, json_t **out,
			struct rv_diag *diag)
{
	char id[37], cred[65], reason[1025], next[257], old_version[129], new_version[129];
	RV_CLEANUP(rv_jsonp) json_t *steps = json_array();

	rv_run_text(run->r.id, id, sizeof(id));
	rv_run_text(run->r.cred, cred, sizeof(cred));
	rv_run_text(run->r.reason, reason, sizeof(reason));
	rv_run_text(run->r.next, next, sizeof(next));
	rv_run_text(run->r.old_version, old_version, sizeof(old_version));
	rv_run_text(run->r.new_version, new_version, sizeof(new_version));
	RV_TRY(rv_journal_each(e->db, id, add_line, steps, diag));
	json_t *doc = json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:O,s:s?,s:s,s:s?,s:s?,s:s?,s:o,s:b}", "run", id, "id", cred,
		"verb", rv_run_verb_name(run->r.verb), "state", rv_run_state_name(run->r.state),
		"step", rv_run_step_name(run->r.step), "steps", steps, "grade",
		run->r.grade ? rv_grade_name((unsigned)run->r.grade) : NULL, "text", reason, "next",
		next[0] ? next : NULL, "old_version", old_version[0] ? old_version : NULL,
		"new_version", new_version[0] ? new_version : NULL, "wait_until",
		rv_time_json(run->r.retry_at_us ? run->r.retry_at_us : RV_TIME_NONE), "new_revoked",
		run->r.new_revoked != 0);
	if (!doc)
		return rv_fail_nomem(diag);
	*out = doc;
	return RV_OK;
}
