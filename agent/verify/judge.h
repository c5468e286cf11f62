/* verify: the judges of a rotation. Pure functions over what was seen; act/ collects, verify/ says
 * what it amounts to, so that nothing judges its own work. Not here: probing (plugins, act/). */
#pragma once

#include "agent/model/evidence.h"

#define RV_PROVE_K 5

/* SHOWN when for every target the last K full handshakes that were answered show `wanted`. A
 * resumed handshake or one that did not come about is not counted, and breaks no row; an answered
 * one with another certificate breaks it. targets: how many there are; a target without any full
 * handshake makes the whole UNREACHABLE. *out_text gets the first reason against, for people. */
enum rv_proof rv_judge_handshakes(const struct rv_handshake *seen, size_t count, unsigned targets,
				  const uint8_t wanted[32], unsigned k, struct rv_diag *out_text);

/* SHOWN when on no port a process from `before` is still among several that accept. A single
 * acceptor that stayed (a server that re-reads its files in place) is proven by its handshakes.
 * NOT_YET otherwise: old workers may still be draining. UNREACHABLE: a port nobody accepts on. */
enum rv_proof rv_judge_holders(const struct rv_holder *before, size_t before_count,
			       const struct rv_holder *now, size_t now_count,
			       struct rv_diag *out_text);

/* How dead the old certificate is. Never more than what was seen: DENIED needs an acceptor that
 * refused it, REVOKED the issuer's list, UNSERVED a proof that the new one is served everywhere
 * known and no file here holds the old. */
struct rv_death {
	bool was_refused;
	bool issuer_lists;
	bool issuer_was_asked;
	enum rv_proof served; /* of the new one, now */
	bool is_held_here;    /* a file or listener of this host still has it */
};
enum rv_grade rv_judge_grade(const struct rv_death *death);
