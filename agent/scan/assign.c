/* scan: an occurrence of a keyword, from the word to what its value is worth. Not here: each step.
 */
#include "agent/scan/assign.h"

#include "agent/scan/assign_private.h"
#include "agent/scan/name.h"

#define ANCHOR(text, family)                               \
	{                                                  \
		text, sizeof(text) - 1, RV_FAMILY_##family \
	}

const struct rv_assign_anchor rv_assign_anchors[] = {
	ANCHOR("pass", PASSWORD),   ANCHOR("pwd", PASSWORD),	ANCHOR("secret", SECRET),
	ANCHOR("token", TOKEN),	    ANCHOR("key", KEY),		ANCHOR("auth", AUTH),
	ANCHOR("cred", CREDENTIAL), ANCHOR("salt", SALT),	ANCHOR("://", URL),
	ANCHOR("bearer ", SCHEME),  ANCHOR("basic ", SCHEME),	ANCHOR("curl ", CURL),
	ANCHOR("mysql", CURL),	    ANCHOR("identified ", SQL), ANCHOR("$apr1$", HASH),
	ANCHOR("$2y$", HASH),	    ANCHOR("$2a$", HASH),	ANCHOR("$2b$", HASH),
	ANCHOR("$6$", HASH),	    ANCHOR("$5$", HASH),	ANCHOR("$1$", HASH),
	ANCHOR("{ssha", HASH),	    ANCHOR("{sha}", HASH),	ANCHOR("_pw", PASSWORD),
	ANCHOR("bindpw", PASSWORD), ANCHOR("rootpw", PASSWORD), ANCHOR("$y$", HASH),
	ANCHOR("$argon2", HASH),
};
const size_t rv_assign_anchor_count = RV_LEN(rv_assign_anchors);

#define RV_FEATURE(name, weight, sentence) weight,
static const int16_t weights[] = {
#include "agent/scan/assign_features.def"
};
#undef RV_FEATURE
#define RV_FEATURE(name, weight, sentence) {#name, sentence},
static const struct {
	const char *name;
	const char *sentence;
} features[] = {
#include "agent/scan/assign_features.def"
};
#undef RV_FEATURE

const char *rv_feature_sentence(unsigned feature)
{
	return feature < RV_FEATURE__COUNT ? features[feature].sentence : NULL;
}

const char *rv_feature_name(unsigned feature)
{
	return feature < RV_FEATURE__COUNT ? features[feature].name : NULL;
}

/* Logistic of hundredths, in percent. */
static uint8_t percent_of(int logit)
{
	/* At 0, 25, 50 .. hundredths. */
	static const uint8_t steps[] = {50, 56, 62, 68, 73, 78, 82, 85, 88,
					90, 92, 94, 95, 96, 97, 97, 98, 99};
	unsigned size = (unsigned)(logit < 0 ? -logit : logit) / 25;
	uint8_t at = steps[size < RV_LEN(steps) ? size : RV_LEN(steps) - 1];

	return logit < 0 ? (uint8_t)(100 - at) : at;
}

static uint8_t weigh(uint64_t bits)
{
	int sum = RV_FEATURE_BIAS;

	for (uint64_t rest = bits; rest; rest &= rest - 1)
		sum += weights[__builtin_ctzll(rest)];
	if (sum < 0 && sum > -25)
		return 49;
	return percent_of(sum);
}

static uint64_t form_bits(const struct rv_context *context)
{
	static const uint64_t bits[] = {
		[RV_FORM_CODE] = RV_BIT(FILE_CODE),
		[RV_FORM_CONFIG] = RV_BIT(FILE_CONFIG),
		[RV_FORM_YAML] = RV_BIT(FILE_CONFIG),
		[RV_FORM_XML] = 0,
		[RV_FORM_DOC] = RV_BIT(FILE_DOC),
		[RV_FORM_SHELL] = RV_BIT(FILE_CONFIG),
		[RV_FORM_SQL] = 0,
		[RV_FORM_JSON] = 0,
	};

	return bits[context->form] | (context->is_test ? RV_BIT(FILE_TEST) : 0);
}

static uint64_t bind_bit(enum rv_bind bind)
{
	switch (bind) {
	case RV_BIND_COMPARE:
		return RV_BIT(BY_COMPARE);
	case RV_BIND_CALL:
		return RV_BIT(BY_CALL);
	case RV_BIND_COMMA:
		return RV_BIT(BY_COMMA);
	case RV_BIND_TAG:
	case RV_BIND_PAIR:
		return RV_BIT(BY_TAG);
	case RV_BIND_SPACE:
		return RV_BIT(BY_OPTION);
	case RV_BIND_NONE:
	case RV_BIND_ASSIGN:
	case RV_BIND_COLON:
		break;
	}
	return 0;
}

/* What neither name nor value tells alone. */
static uint64_t joint_bits(uint64_t bits, size_t len)
{
	const uint64_t plain = RV_BIT(WORDS_ALL) | RV_BIT(WORDS_MOST) | RV_BIT(PLACEHOLDER) |
			       RV_BIT(SEQUENCE) | RV_BIT(HOLDS_PLACEHOLDER) | RV_BIT(IDENTIFIER) |
			       RV_BIT(BLANKS);
	bool is_made = (bits & (RV_BIT(HEX) | RV_BIT(UUID))) ||
		       (bits & RV_BIT(BASE64) && len >= 16) ||
		       (bits & RV_BIT(MIXED) && bits & RV_BIT(WORDS_NONE) && len >= 12) ||
		       (bits & RV_BIT(RARE_5) && bits & RV_BIT(WORDS_NONE) && len >= 16);
	bool is_password = bits & RV_BIT(NAME_PASSWORD);
	bool is_secret = bits & (RV_BIT(NAME_SECRET) | RV_BIT(NAME_TOKEN) | RV_BIT(NAME_API_KEY) |
				 RV_BIT(NAME_AUTH) | RV_BIT(NAME_CREDENTIAL));

	if (bits & plain)
		return 0;
	if (is_made)
		return is_password ? RV_BIT(PASSWORD_MADE)
		       : is_secret ? RV_BIT(SECRET_MADE)
				   : RV_BIT(KEY_MADE);
	return is_password ? RV_BIT(PASSWORD_ODD)
	       : is_secret ? RV_BIT(SECRET_ODD)
			   : RV_BIT(KEY_ODD);
}

static bool is_name_byte(uint8_t c)
{
	return rv_is_letter(c) || rv_is_digit(c) || c == '_' || c == '-' || c == '.';
}

/* The name's end; a dash before '>' is an arrow, a dot at the end closes a sentence. */
static size_t name_end(const struct rv_place *p)
{
	size_t at = p->key_end;
	size_t stop = at + RV_ASSIGN_NAME_MAX;

	while (at < stop && is_name_byte(rv_at(p, at)) &&
	       !(rv_at(p, at) == '-' && rv_at(p, at + 1) == '>'))
		at++;
	while (at > p->key_end && (p->bytes.data[at - 1] == '.' || p->bytes.data[at - 1] == '-'))
		at--;
	return at;
}

static size_t name_start(const struct rv_place *p)
{
	size_t at = p->key_start;
	size_t stop = at > RV_ASSIGN_NAME_MAX ? at - RV_ASSIGN_NAME_MAX : 0;

	while (at > stop && is_name_byte(p->bytes.data[at - 1]))
		at--;
	while (at < p->key_start && (p->bytes.data[at] == '-' || p->bytes.data[at] == '.'))
		at++;
	return at;
}

static bool find_named(struct rv_place *p, uint8_t *kind)
{
	if (!rv_name_may_go_on(p->family, p->bytes.data + p->key_end, p->bytes.len - p->key_end))
		return false;
	p->name_end = name_end(p);
	p->name_start = name_start(p);
	if (!rv_bind_find(p) || !rv_span_find(p))
		return false;
	struct rv_str name = {p->bytes.data + p->name_start, p->name_end - p->name_start};

	if (p->bind == RV_BIND_CALL &&
	    rv_name_is_asking(name, p->key_start - p->name_start, p->key_end - p->name_start))
		return false;
	return rv_name_judge(name, p->key_start - p->name_start, p->key_end - p->key_start,
			     p->family, &p->bits, kind);
}

bool rv_assign_at(struct rv_str bytes, const struct rv_context *context, unsigned anchor,
		  size_t end, struct rv_assign *out)
{
	const struct rv_assign_anchor *a = &rv_assign_anchors[anchor];
	struct rv_place p = {
		.bytes = bytes,
		.context = context,
		.family = a->family,
		.key_start = end - a->len,
		.key_end = end,
	};
	uint8_t kind = RV_KIND_PASSWORD;

	p.name_start = p.key_start;
	p.name_end = p.key_start;
	if (a->family <= RV_FAMILY_SALT ? !find_named(&p, &kind) : !rv_marked_find(&p))
		return false;
	struct rv_str value = {bytes.data + p.start, p.len};

	if (rv_value_is_reference(value, !p.is_quoted) ||
	    (context->is_lock && a->family != RV_FAMILY_URL))
		return false;
	if (p.bits & RV_BIT(IN_HEADER))
		kind = RV_KIND_TOKEN;
	p.bits |= rv_value_features(value) | form_bits(context) | bind_bit(p.bind);
	p.bits |= joint_bits(p.bits, p.len);
	if (context->is_locale &&
	    !(p.bits & (RV_BIT(PASSWORD_MADE) | RV_BIT(SECRET_MADE) | RV_BIT(KEY_MADE))))
		return false;
	*out = (struct rv_assign){
		.start = p.start,
		.len = p.len,
		.name_start = p.name_start,
		.name_len = p.name_end - p.name_start,
		.reasons = p.bits,
		.kind = kind,
		.confidence = weigh(p.bits),
	};
	return true;
}
