/* cli/pack: glibc 2.36's arc4random, which libstdc++.a names and the scanner never calls. Defined
 * here, the packed reeve starts with glibc 2.35, too. Only for RV_STATIC_LIBS. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

uint32_t arc4random(void)
{
	uint32_t value = 0;

	/* Up to 256 bytes are given whole, once the kernel's pool is ready. */
	if (getrandom(&value, sizeof(value), 0) != (ssize_t)sizeof(value))
		abort();
	return value;
}
