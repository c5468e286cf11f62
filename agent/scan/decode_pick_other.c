/* scan: which way over the blocks this processor can go. Any other than x86-64. */
#include "agent/scan/decode_private.h"

rv_skip_fn *rv_skip_pick(void)
{
	return rv_skip_portable;
}
