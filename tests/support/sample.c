/* tests: see sample.h. */
#include "tests/support/sample.h"

#include "agent/scan/sample.h"

bool sample_render(const char *template_text, uint64_t seed, char *out, size_t size)
{
	return rv_sample_render(template_text, seed, out, size);
}

bool sample_render_for(const char *template_text, const char *check, uint64_t seed, char *out,
		       size_t size)
{
	return rv_sample_render_for(template_text, check, seed, out, size);
}
