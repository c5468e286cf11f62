/* unpack: what kind of container bytes are, by magic and structure. Pure. Not here: opening one. */
#include "agent/unpack/unpack.h"

#include "agent/unpack/program.h"
#include "agent/unpack/sqlite_wal.h"

#define TAR_BLOCK	512
#define TAR_MAGIC_AT	257
#define TAR_CHECKSUM_AT 148
#define CPIO_NEWC	110
#define CPIO_ODC	76
#define ISO_AT		32769
#define ZIP_END		22

struct magic {
	const char *bytes;
	uint8_t len;
	uint8_t kind;
};

static const struct magic magics[] = {
	{"PK\3\4", 4, RV_UNPACK_ZIP},
	{"PK\5\6", 4, RV_UNPACK_ZIP}, /* empty */
	{"PK00PK\3\4", 8, RV_UNPACK_ZIP},
	{"\x1f\x8b\x08", 3, RV_UNPACK_GZIP},
	{"BZh", 3, RV_UNPACK_BZIP2},
	{"\xfd"
	 "7zXZ\0",
	 6, RV_UNPACK_XZ},
	{"\x28\xb5\x2f\xfd", 4, RV_UNPACK_ZSTD},
	{"\x04\x22\x4d\x18", 4, RV_UNPACK_LZ4},
	{"\x02\x21\x4c\x18", 4, RV_UNPACK_LZ4}, /* the old frame */
	{"\x5d\0\0", 3, RV_UNPACK_LZMA},
	{"\x1f\x9d", 2, RV_UNPACK_COMPRESS},
	{"070701", 6, RV_UNPACK_CPIO},
	{"070702", 6, RV_UNPACK_CPIO},
	{"070707", 6, RV_UNPACK_CPIO},
	{"\xc7\x71", 2, RV_UNPACK_CPIO}, /* binary, little end first */
	{"!<arch>\n", 8, RV_UNPACK_AR},
	{"\xed\xab\xee\xdb", 4, RV_UNPACK_RPM},
	{"7z\xbc\xaf\x27\x1c", 6, RV_UNPACK_7Z},
	{"SQLite format 3\0", 16, RV_UNPACK_SQLITE},
	{"\x37\x7f\x06\x82", 4, RV_UNPACK_SQLITE_WAL}, /* sums with the little end first */
	{"\x37\x7f\x06\x83", 4, RV_UNPACK_SQLITE_WAL},
	{"# v2 git bundle\n", 16, RV_UNPACK_BUNDLE},
	{"# v3 git bundle\n", 16, RV_UNPACK_BUNDLE},
	{"\xfe\xed\xfe\xed", 4, RV_UNPACK_JKS},
	{"\xce\xce\xce\xce", 4, RV_UNPACK_JKS}, /* JCEKS */
};

const char *rv_unpack_kind_name(enum rv_unpack_kind kind)
{
	static const char *const names[RV_UNPACK__COUNT] = {
		[RV_UNPACK_NONE] = "none",	   [RV_UNPACK_ZIP] = "zip",
		[RV_UNPACK_TAR] = "tar",	   [RV_UNPACK_GZIP] = "gzip",
		[RV_UNPACK_BZIP2] = "bzip2",	   [RV_UNPACK_XZ] = "xz",
		[RV_UNPACK_ZSTD] = "zstd",	   [RV_UNPACK_LZ4] = "lz4",
		[RV_UNPACK_LZMA] = "lzma",	   [RV_UNPACK_COMPRESS] = "compress",
		[RV_UNPACK_CPIO] = "cpio",	   [RV_UNPACK_AR] = "ar",
		[RV_UNPACK_RPM] = "rpm",	   [RV_UNPACK_7Z] = "7z",
		[RV_UNPACK_ISO] = "iso",	   [RV_UNPACK_PROGRAM] = "program",
		[RV_UNPACK_SQLITE] = "sqlite",	   [RV_UNPACK_SQLITE_WAL] = "sqlite-wal",
		[RV_UNPACK_PKCS12] = "pkcs12",	   [RV_UNPACK_JKS] = "jks",
		[RV_UNPACK_BUNDLE] = "git-bundle",
	};

	return kind < RV_UNPACK__COUNT ? names[kind] : "none";
}

static bool is_octal_or_space(uint8_t byte)
{
	return (byte >= '0' && byte <= '7') || byte == ' ' || byte == '\0';
}

/* A header block whose checksum is right; "ustar" is not asked for, the oldest have none. */
static bool is_tar(struct rv_str bytes)
{
	uint32_t told = 0;
	uint32_t sum = 8 * ' ';

	if (bytes.len < TAR_BLOCK || !bytes.data[0])
		return false;
	for (size_t i = TAR_CHECKSUM_AT; i < TAR_CHECKSUM_AT + 8; i++) {
		if (!is_octal_or_space(bytes.data[i]))
			return false;
		if (bytes.data[i] >= '0')
			told = told * 8 + (bytes.data[i] & 7U);
	}
	if (!told)
		return false;
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i < TAR_CHECKSUM_AT || i >= TAR_CHECKSUM_AT + 8 ? bytes.data[i] : 0U;
	return sum == told;
}

static bool is_cpio(struct rv_str bytes)
{
	bool is_odc = bytes.len > 5 && bytes.data[5] == '7';
	size_t header = is_odc ? CPIO_ODC : CPIO_NEWC;

	if (bytes.data[0] == 0xc7) /* inode.. are anything: the length of the name is not */
		return bytes.len >= 26 && rv_get_u16(bytes.data + 20) > 1 &&
		       rv_get_u16(bytes.data + 20) < 1024;
	if (bytes.len < header)
		return false;
	for (size_t i = 6; i < header; i++) {
		uint8_t low = bytes.data[i] | 0x20U;

		if (!(bytes.data[i] >= '0' && bytes.data[i] <= (is_odc ? '7' : '9')) &&
		    (is_odc || low < 'a' || low > 'f'))
			return false;
	}
	return true;
}

/* LZMA alone has no magic of its own: the usual properties, a dictionary of 2^n or 2^n + 2^(n-1)
 * bytes as xz takes it, a length that is unknown or below 256 GiB, and NUL, as the range coder
 * begins (xz, doc/lzma-file-format.txt). */
static bool is_lzma(struct rv_str bytes)
{
	uint32_t dictionary, low;
	uint64_t size;

	if (bytes.len < 14 || bytes.data[13])
		return false;
	dictionary = rv_get_u32(bytes.data + 1);
	size = rv_get_u64(bytes.data + 5);
	low = dictionary & (0U - dictionary);
	return low && (dictionary == low || dictionary == 3 * (uint64_t)low) &&
	       (size == UINT64_MAX || size < (uint64_t)1 << 38);
}

/* What the magic alone leaves open. */
static bool is_whole_magic(struct rv_str bytes, enum rv_unpack_kind kind)
{
	if (kind == RV_UNPACK_GZIP)
		return bytes.len >= 18 && !(bytes.data[3] & 0xe0U);
	if (kind == RV_UNPACK_BZIP2)
		return bytes.len >= 14 && bytes.data[3] >= '1' && bytes.data[3] <= '9' &&
		       (memcmp(bytes.data + 4, "1AY&SY", 6) == 0 ||
			memcmp(bytes.data + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
	if (kind == RV_UNPACK_CPIO)
		return is_cpio(bytes);
	if (kind == RV_UNPACK_LZMA)
		return is_lzma(bytes);
	if (kind == RV_UNPACK_COMPRESS) /* 9 to 16 bits a code; two bits mean nothing */
		return bytes.len >= 5 && !(bytes.data[2] & 0x60U) && (bytes.data[2] & 0x1fU) >= 9 &&
		       (bytes.data[2] & 0x1fU) <= 16;
	if (kind == RV_UNPACK_RPM)
		return bytes.len >= 112;
	if (kind == RV_UNPACK_SQLITE_WAL)
		return rv_sqlite_is_wal(bytes);
	if (kind == RV_UNPACK_JKS) /* version 1 or 2 */
		return bytes.len >= 32 && !bytes.data[4] && !bytes.data[5] && !bytes.data[6] &&
		       (bytes.data[7] == 1 || bytes.data[7] == 2);
	return true;
}

/* The length octets of a DER or BER element at `at`; past them, or 0. */
static size_t past_length(struct rv_str bytes, size_t at)
{
	if (at >= bytes.len)
		return 0;
	return bytes.data[at] < 0x80 ? at + 1 : at + 1 + (bytes.data[at] & 0x7fU);
}

/* SEQUENCE { INTEGER 3, SEQUENCE { OBJECT pkcs7-data or pkcs7-signedData .. */
static bool is_pkcs12(struct rv_str bytes)
{
	static const uint8_t pkcs7[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07};
	size_t at = bytes.len > 32 && bytes.data[0] == 0x30 ? past_length(bytes, 1) : 0;

	if (!at || at + 4 > bytes.len || memcmp(bytes.data + at, "\x02\x01\x03\x30", 4) != 0)
		return false;
	at = past_length(bytes, at + 4);
	return at && at + sizeof(pkcs7) <= bytes.len &&
	       memcmp(bytes.data + at, pkcs7, sizeof(pkcs7)) == 0;
}

bool rv_unpack_ends_as_zip(struct rv_str bytes)
{
	return bytes.len >= ZIP_END &&
	       memcmp(bytes.data + bytes.len - ZIP_END, "PK\5\6\0\0\0\0", 8) == 0;
}

enum rv_unpack_kind rv_unpack_kind_by_start(struct rv_str bytes)
{
	if (!bytes.len)
		return RV_UNPACK_NONE;
	for (size_t i = 0; i < RV_LEN(magics); i++) {
		if (bytes.data[0] == (uint8_t)magics[i].bytes[0] && bytes.len >= magics[i].len &&
		    memcmp(bytes.data, magics[i].bytes, magics[i].len) == 0 &&
		    is_whole_magic(bytes, (enum rv_unpack_kind)magics[i].kind))
			return (enum rv_unpack_kind)magics[i].kind;
	}
	if (bytes.data[0] == 0x30 && is_pkcs12(bytes))
		return RV_UNPACK_PKCS12;
	if (is_tar(bytes))
		return RV_UNPACK_TAR;
	if (bytes.len >= ISO_AT + 5 && memcmp(bytes.data + ISO_AT, "CD001", 5) == 0)
		return RV_UNPACK_ISO;
	return RV_UNPACK_NONE;
}

enum rv_unpack_kind rv_unpack_kind(struct rv_str bytes)
{
	enum rv_unpack_kind kind = rv_unpack_kind_by_start(bytes);
	struct rv_flow flow;
	uint64_t at;

	if (kind != RV_UNPACK_NONE)
		return kind;
	if (rv_unpack_ends_as_zip(bytes))
		return RV_UNPACK_ZIP;
	rv_flow_memory(&flow, bytes);
	return rv_program_find(&flow, &at) ? RV_UNPACK_PROGRAM : RV_UNPACK_NONE;
}
