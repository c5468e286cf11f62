/* scan: does a long word read like a name? */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most long words are names, of parts that are words themselves: getAllRelatedObjects,
 * test_2_related_objects, rfc/2019/related. What was made at random goes to and fro between small
 * letters, capitals and digits within each part. Counted are the turns that names seldom take:
 * from a letter to a digit and back (2), from a small letter to a capital (1), and from two
 * capitals to a small letter (1); and the digits. True: a name. Of 24 random letters and digits
 * less than one in a thousand is taken for one; of 32, one in ten thousand
 * (tests/unit/scan/reads_test.c counts them). Random letters alone fare worse: one in a hundred of
 * 24 in both cases, all of one case. */
bool rv_reads_like_name(const uint8_t *word, size_t len);
