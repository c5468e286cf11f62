/* cli/pack: what the packed reeve needs because its libraries are linked in. Only for
 * RV_STATIC_LIBS. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

/* glibc 2.36's, which libstdc++.a names and the scanner never calls: defined here, the program
 * starts with glibc 2.35, too. */
uint32_t arc4random(void)
{
	uint32_t value = 0;

	/* Up to 256 bytes are given whole, once the kernel's pool is ready. */
	if (getrandom(&value, sizeof(value), 0) != (ssize_t)sizeof(value))
		abort();
	return value;
}
