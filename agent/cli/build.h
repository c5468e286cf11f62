/* cli: which build of the program this is: what its linker wrote down of all that it linked. Not
 * here: what roles must agree on (rv_build_id in ipc/role.h). */
#pragma once

#include "agent/base/buf.h"

/* The bytes of its GNU build id; borrowed for good. Empty: it was linked without. */
struct rv_str rv_build_note(void);
