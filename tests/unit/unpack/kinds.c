#include "tests/support/unit.h"

#include "tests/support/dir.h"
#include "tests/support/run.h"
#include "tests/unit/unpack/packs.h"

#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct pack_file two_files[] = {{"./b/c.env", RV_STR_LIT("word=hunter2\n")},
					     {"./d.txt", RV_STR_LIT("plain\n")}};

static void takes_no_text_for_a_container(void **state)
{
	static const char *const texts[] = {
		"",
		"P",
		"PK is what people call it\n",
		"070701 is a date, and this is a line that goes on for more than a hundred and ten "
		"bytes, "
		"so that there is a whole header\n",
		"070707 what\n",
		"BZh9 is a word\n",
		"7z is a tool\n",
		"!<arch> but no newline\n",
		"SQLite format 3 is documented\n",
	};
	uint8_t block[1024];

	(void)state;
	for (size_t i = 0; i < RV_LEN(texts); i++)
		assert_int_equal(rv_unpack_kind(rv_str_of(texts[i])), RV_UNPACK_NONE);
	for (int fill = 0; fill < 256; fill++) {
		memset(block, fill, sizeof(block));
		if (fill != 0xce) /* JCEKS begins so, but no version is that large */
			assert_int_equal(rv_unpack_kind((struct rv_str){block, sizeof(block)}),
					 RV_UNPACK_NONE);
	}
}

static void knows_each_kind_by_its_bytes(void **state)
{
	static const struct {
		const char *format;
		const char *filter;
		enum rv_unpack_kind kind;
	} forms[] = {
		{"zip", "none", RV_UNPACK_ZIP},
		{"gnutar", "none", RV_UNPACK_TAR},
		{"v7tar", "none", RV_UNPACK_TAR},
		{"pax", "none", RV_UNPACK_TAR},
		{"ustar", "gzip", RV_UNPACK_GZIP},
		{"ustar", "bzip2", RV_UNPACK_BZIP2},
		{"ustar", "xz", RV_UNPACK_XZ},
		{"ustar", "zstd", RV_UNPACK_ZSTD},
		{"ustar", "lz4", RV_UNPACK_LZ4},
		{"ustar", "lzma", RV_UNPACK_LZMA},
		{"ustar", "compress", RV_UNPACK_COMPRESS},
		{"cpio", "none", RV_UNPACK_CPIO},
		{"newc", "none", RV_UNPACK_CPIO},
		{"bin", "none", RV_UNPACK_CPIO},
		{"7zip", "none", RV_UNPACK_7Z},
		{"iso9660", "none", RV_UNPACK_ISO},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(forms); i++) {
		struct rv_buf pack =
			packs_make(forms[i].format, forms[i].filter, NULL, two_files, 2);

		assert_int_equal(rv_unpack_kind(rv_buf_view(&pack)), forms[i].kind);
		rv_buf_done(&pack);
	}
	for (int kind = 0; kind < RV_UNPACK__COUNT; kind++)
		assert_non_null(rv_unpack_kind_name((enum rv_unpack_kind)kind));
}

/* As dpkg-deb makes it, by hand so that no tool is needed. */
static void reads_a_debian_package(void **state)
{
	struct rv_buf control = packs_make("gnutar", "xz", NULL, two_files, 2);
	struct rv_buf data = packs_make("gnutar", "zstd", NULL, two_files, 2);
	struct pack_file parts[] = {{"debian-binary", RV_STR_LIT("2.0\n")},
				    {"control.tar.xz", rv_buf_view(&control)},
				    {"data.tar.zst", rv_buf_view(&data)}};
	struct rv_buf deb = packs_make("ar", "none", NULL, parts, 3);
	struct pack_walk *walk = packs_walk(rv_buf_view(&deb), NULL);

	(void)state;
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 0);
	assert_int_equal(walk->count, 7);
	assert_true(packs_has(walk, "a!control.tar.xz!./b/c.env", "word=hunter2\n"));
	assert_true(packs_has(walk, "a!data.tar.zst!./b/c.env", "word=hunter2\n"));
	packs_done(walk);
	rv_buf_done(&deb);
	rv_buf_done(&data);
	rv_buf_done(&control);
}

static void reads_a_package_that_dpkg_deb_made(void **state)
{
	static const char *const version[] = {"dpkg-deb", "--version", NULL};
	char tree[RVT_PATH];
	char out[RVT_PATH];
	struct rvt_result result = rvt_run(version, RV_STR_NONE, 10000);
	struct rvt_dir dir;
	struct pack_walk *walk;
	int fd;

	(void)state;
	if (result.code != 0) {
		rvt_result_done(&result);
		print_message("SKIPPED: dpkg-deb is not installed\n");
		skip();
	}
	rvt_result_done(&result);
	rvt_dir_init(&dir);
	rvt_dir_write_text(
		&dir, "p/DEBIAN/control",
		"Package: p\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\n"
		"Description: x\n");
	rvt_dir_write_text(&dir, "p/etc/p.env", "word=hunter2\n");
	assert_int_equal(chmod(dir.path, 0755), 0);
	rvt_dir_path(&dir, "p", tree);
	rvt_dir_path(&dir, "p.deb", out);
	result = rvt_run((const char *const[]){"dpkg-deb", "-b", tree, out, NULL}, RV_STR_NONE,
			 60000);
	if (result.code != 0)
		fail_msg("dpkg-deb: %s", rvt_text(&result.err));
	rvt_result_done(&result);
	fd = open(out, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	walk = packs_walk_fd(fd, NULL);
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 0);
	assert_true(packs_has(walk, "a!data.tar.xz!./etc/p.env", "word=hunter2\n") ||
		    packs_has(walk, "a!data.tar.zst!./etc/p.env", "word=hunter2\n"));
	packs_done(walk);
	close(fd);
	rvt_dir_done(&dir);
}

/* A lead, an empty signature header, an empty header, a payload. */
static void reads_an_rpm(void **state)
{
	static const char *const filters[] = {"gzip", "xz", "zstd", "none"};
	static const uint8_t header[16] = {0x8e, 0xad, 0xe8, 1};
	uint8_t lead[96] = {0xed, 0xab, 0xee, 0xdb, 3};

	(void)state;
	for (size_t i = 0; i < RV_LEN(filters); i++) {
		struct rv_buf payload = packs_make("newc", filters[i], NULL, two_files, 2);
		struct rv_buf rpm;
		struct pack_walk *walk;

		rv_buf_init(&rpm, 1 << 20);
		assert_ok(rv_buf_put(&rpm, lead, sizeof(lead)));
		assert_ok(rv_buf_put(&rpm, header, sizeof(header)));
		assert_ok(rv_buf_put(&rpm, header, sizeof(header)));
		assert_ok(rv_buf_put(&rpm, payload.data, payload.len));
		walk = packs_walk(rv_buf_view(&rpm), NULL);
		assert_ok(walk->status);
		assert_int_equal(walk->trouble_count, 0);
		assert_true(packs_has(walk, i == 3 ? "a!./b/c.env" : "a!payload!./b/c.env",
				      "word=hunter2\n"));
		packs_done(walk);
		rv_buf_done(&rpm);
		rv_buf_done(&payload);
	}
}

/* As "save" writes it: layers and JSON in a tar. */
static void reads_a_saved_container_image(void **state)
{
	struct rv_buf one = packs_make("pax", "none", NULL, two_files, 2);
	struct rv_buf two = packs_make("pax", "gzip", NULL, two_files, 2);
	struct pack_file parts[] = {
		{"blobs/sha256/0a", rv_buf_view(&one)},
		{"1f/layer.tar", rv_buf_view(&two)},
		{"manifest.json", RV_STR_LIT("[{\"Layers\":[\"blobs/sha256/0a\"]}]")},
		{"blobs/sha256/0b", RV_STR_LIT("{\"config\":{\"Env\":[\"WORD=hunter2\"]}}")}};
	struct rv_buf image = packs_make("ustar", "none", NULL, parts, RV_LEN(parts));
	struct pack_walk *walk = packs_walk(rv_buf_view(&image), NULL);

	(void)state;
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 0);
	assert_int_equal(walk->count, 8);
	assert_true(packs_has(walk, "a!blobs/sha256/0a!./b/c.env", "word=hunter2\n"));
	assert_true(packs_has(walk, "a!1f/layer.tar!./b/c.env", "word=hunter2\n"));
	assert_int_equal(walk->seen[0].kind, RV_UNPACK_TAR);
	packs_done(walk);
	rv_buf_done(&image);
	rv_buf_done(&two);
	rv_buf_done(&one);
}

/* Zero bytes at the start of a stream are no empty tar. */
static void keeps_a_stream_that_begins_with_nul_bytes(void **state)
{
	uint8_t content[3000] = {0};
	struct rv_buf pack;
	struct pack_walk *walk;

	(void)state;
	memcpy(content + 2900, "word=hunter2", 12);
	pack = packs_one("raw", "bzip2", "data", (struct rv_str){content, sizeof(content)});
	walk = packs_walk(rv_buf_view(&pack), NULL);
	assert_int_equal(walk->count, 1);
	assert_int_equal(walk->seen[0].bytes.len, sizeof(content));
	packs_done(walk);
	rv_buf_done(&pack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_no_text_for_a_container),
		cmocka_unit_test(knows_each_kind_by_its_bytes),
		cmocka_unit_test(reads_a_debian_package),
		cmocka_unit_test(reads_a_package_that_dpkg_deb_made),
		cmocka_unit_test(reads_an_rpm),
		cmocka_unit_test(reads_a_saved_container_image),
		cmocka_unit_test(keeps_a_stream_that_begins_with_nul_bytes),
	};

	(void)setlocale(LC_CTYPE, "C.UTF-8"); /* where there is none, names are ASCII here anyway */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
