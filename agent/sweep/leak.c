/* sweep: names of a finding's states. Not here: who decides them (filter.h). */
#include "agent/sweep/leak.h"

const char *rv_leak_state_name(enum rv_leak_state state)
{
	switch (state) {
	case RV_LEAK_OPEN:
		return "open";
	case RV_LEAK_NEW_RULE:
		return "new-rule";
	case RV_LEAK_BASELINE:
		return "baseline";
	case RV_LEAK_ALLOWED:
		return "allowed";
	case RV_LEAK_WEAK:
		return "weak";
	case RV_LEAK__COUNT:
		break;
	}
	return "invalid";
}

const char *rv_leak_reach_name(enum rv_leak_reach reach)
{
	switch (reach) {
	case RV_REACH_NONE:
		return "none";
	case RV_REACH_HEAD:
		return "head";
	case RV_REACH_REF:
		return "ref";
	case RV_REACH_REFLOG:
		return "reflog";
	case RV_REACH_UNREACHABLE:
		return "unreachable";
	case RV_REACH_INDEX:
		return "index";
	case RV_REACH_WORK_TREE:
		return "work-tree";
	case RV_REACH__COUNT:
		break;
	}
	return "invalid";
}
