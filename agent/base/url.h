/* base: the host of an https address that is fixed before anything is filled in. Not here: sending
 * (net/). */
#pragma once

#include "agent/base/buf.h"

/* "https://host[:port]/.." : what stands between the slashes ("host:port"), as written. False when
 * the address is not of printable ASCII without spaces, quotes or '#'; does not begin with
 * "https://" and a host name of letters, digits, '-' and '.'; or has a user ('@'), an odd port or
 * a placeholder ('{') before its path. A name has at most 253 bytes. out_host may be NULL. */
bool rv_url_host(struct rv_str url, struct rv_str *out_host);
