/* model: names of proofs. */
#include "agent/model/evidence.h"

const char *rv_proof_name(unsigned proof)
{
	switch (proof) {
	case RV_PROOF_SHOWN:
		return "shown";
	case RV_PROOF_NOT_YET:
		return "not yet";
	case RV_PROOF_CONTRADICTED:
		return "contradicted";
	case RV_PROOF_UNREACHABLE:
		return "unreachable";
	default:
		return "invalid";
	}
}
