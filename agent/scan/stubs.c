#include "agent/scan/assign.h"
#include "agent/scan/pem_key.h"
bool rv_assign_at(struct rv_str b, size_t s, size_t e, unsigned p, struct rv_assign *o)
{
	(void)b;
	(void)s;
	(void)e;
	(void)p;
	(void)o;
	return false;
}
bool rv_pem_private_at(struct rv_str b, size_t a, struct rv_pem_private *o)
{
	(void)b;
	(void)a;
	(void)o;
	return false;
}
