/* verify: judging probes and listeners. Not here: certificates themselves (gate.c). */
#include "agent/verify/judge.h"

struct row {
	unsigned length;
	bool has_any;
	bool was_broken;
};

static struct row row_of(const struct rv_handshake *seen, size_t count, unsigned target,
			 const uint8_t wanted[32])
{
	struct row row = {0};

	for (size_t i = 0; i < count; i++) {
		const struct rv_handshake *one = &seen[i];
		if (one->target != target || one->is_resumed)
			continue;
		if (one->outcome != RV_OUTCOME_DONE) {
			row.length = 0; /* in a row means without a failed one between */
			continue;
		}
		row.has_any = true;
		row.was_broken = memcmp(one->cert_sha256, wanted, 32) != 0;
		row.length = row.was_broken ? 0 : row.length + 1;
	}
	return row;
}

enum rv_proof rv_judge_handshakes(const struct rv_handshake *seen, size_t count, unsigned targets,
				  const uint8_t wanted[32], unsigned k, struct rv_diag *out_text)
{
	enum rv_proof worst = targets ? RV_PROOF_SHOWN : RV_PROOF_UNREACHABLE;

	for (unsigned t = 0; t < targets; t++) {
		struct row row = row_of(seen, count, t, wanted);
		if (!row.has_any) {
			rv_diag_set(out_text, "no full handshake with target %u", t + 1);
			return RV_PROOF_UNREACHABLE;
		}
		if (row.length >= k)
			continue;
		rv_diag_set(out_text, "target %u: %u of %u handshakes in a row%s", t + 1,
			    row.length, k, row.was_broken ? ", the last showed another" : "");
		if (worst != RV_PROOF_CONTRADICTED)
			worst = row.was_broken ? RV_PROOF_CONTRADICTED : RV_PROOF_NOT_YET;
	}
	return worst;
}

static bool is_among(const struct rv_holder *list, size_t count, const struct rv_holder *one)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].pid == one->pid && list[i].started_us == one->started_us)
			return true;
	return false;
}

static unsigned acceptors(const struct rv_holder *list, size_t count, uint16_t port)
{
	unsigned n = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_first = list[i].accepts && list[i].port == port;
		for (size_t k = 0; is_first && k < i; k++)
			is_first = !(list[k].accepts && list[k].port == port &&
				     list[k].pid == list[i].pid);
		n += is_first ? 1 : 0;
	}
	return n;
}

enum rv_proof rv_judge_holders(const struct rv_holder *before, size_t before_count,
			       const struct rv_holder *now, size_t now_count,
			       struct rv_diag *out_text)
{
	for (size_t i = 0; i < before_count; i++) {
		if (acceptors(now, now_count, before[i].port))
			continue;
		rv_diag_set(out_text, "nobody accepts on port %u", before[i].port);
		return RV_PROOF_UNREACHABLE;
	}
	for (size_t i = 0; i < now_count; i++) {
		if (!now[i].accepts || acceptors(now, now_count, now[i].port) < 2 ||
		    !is_among(before, before_count, &now[i]))
			continue;
		rv_diag_set(out_text, "process %u from before the swap still accepts on port %u",
			    now[i].pid, now[i].port);
		return RV_PROOF_NOT_YET;
	}
	return RV_PROOF_SHOWN;
}

enum rv_grade rv_judge_grade(const struct rv_death *death)
{
	if (death->was_refused)
		return RV_GRADE_DENIED;
	if (death->issuer_was_asked && death->issuer_lists)
		return RV_GRADE_REVOKED;
	if (death->served == RV_PROOF_SHOWN && !death->is_held_here)
		return RV_GRADE_UNSERVED;
	return RV_GRADE_UNKNOWN;
}
