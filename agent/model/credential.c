/* model: credentials and where they were seen. */
#include "agent/model/credential.h"

#include <string.h>

#define PORT_MAX 65535U

unsigned rv_sighting_port(const struct rv_sighting *s)
{
	const uint8_t *colon = s->role == RV_SIGHTED_SERVED && s->path.len > 0
				       ? memrchr(s->path.data, ':', s->path.len)
				       : NULL;
	const uint8_t *end = s->path.data + s->path.len;
	unsigned port = 0;

	if (!colon)
		return 0;
	for (const uint8_t *p = colon + 1; p < end; p++) {
		if (*p < '0' || *p > '9')
			return 0;
		port = port * 10 + (unsigned)(*p - '0');
		if (port > PORT_MAX)
			return 0;
	}
	return port;
}
