/* cli: see build.h. */
#include "agent/cli/build.h"

#include <link.h>

#define PADDED(n) (((size_t)(n) + 3) & ~(size_t)3)

/* Of the notes of one segment (ELF gABI, "Note Section"), which the linker wrote. */
static struct rv_str find_note(const uint8_t *at, size_t len)
{
	ElfW(Nhdr) head;

	while (len >= sizeof(head)) {
		memcpy(&head, at, sizeof(head));
		size_t name = PADDED(head.n_namesz);
		size_t whole = sizeof(head) + name + PADDED(head.n_descsz);

		if (whole > len)
			break;
		if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == sizeof("GNU") &&
		    memcmp(at + sizeof(head), "GNU", sizeof("GNU")) == 0)
			return (struct rv_str){at + sizeof(head) + name, head.n_descsz};
		at += whole;
		len -= whole;
	}
	return RV_STR_NONE;
}

/* The program itself comes first: the others are its libraries. */
static int look(struct dl_phdr_info *info, size_t size, void *user)
{
	struct rv_str *out = user;

	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum && out->len == 0; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		/* NOLINTNEXTLINE(performance-no-int-to-ptr): where it was loaded is a number */
		const uint8_t *at = (const uint8_t *)(info->dlpi_addr + part->p_vaddr);

		if (part->p_type == PT_NOTE)
			*out = find_note(at, part->p_memsz);
	}
	return 1;
}

struct rv_str rv_build_note(void)
{
	struct rv_str note = RV_STR_NONE;

	(void)dl_iterate_phdr(look, &note); /* what look returns */
	return note;
}
