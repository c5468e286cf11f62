/* model: words of the verdict. */
#include "agent/model/verdict.h"

const char *rv_compliance_name(unsigned n)
{
#define RV_ITEM_(s, number, t) [number] = t,
	static const char *const names[] = {RV_COMPLIANCES(RV_ITEM_)};
#undef RV_ITEM_
	return n < RV_LEN(names) && names[n] != NULL ? names[n] : "invalid";
}

const char *rv_action_name(unsigned n)
{
#define RV_ITEM_(s, number, t) [number] = t,
	static const char *const names[] = {RV_ACTIONS(RV_ITEM_)};
#undef RV_ITEM_
	return n < RV_LEN(names) && names[n] != NULL ? names[n] : "invalid";
}
