/* scan: names as words. Not here: values. */
#include "agent/scan/name.h"

#include "agent/scan/value_private.h"

/* How a keyword may go on in the same word, by family; a word that goes on otherwise is another. */
static const char *const endings[][14] = {
	[RV_FAMILY_PASSWORD] = {"words", "word", "wds", "wd", "phrases", "phrase", "wort", "code",
				"w"},
	[RV_FAMILY_SECRET] = {"s", "key", "token", "access"},
	[RV_FAMILY_TOKEN] = {"s", "secret", "key", "value"},
	[RV_FAMILY_KEY] = {"s", "secret", "pass", "value", "data"},
	[RV_FAMILY_AUTH] = {"orization", "entication", "token", "key", "pass", "secret", "code",
			    "s"},
	[RV_FAMILY_CREDENTIAL] = {"entials", "ential", "s"},
	[RV_FAMILY_SALT] = {"s"},
};

/* First bytes of those; a byte that is no small letter always may follow. */
static const char *const first_bytes[] = {
	[RV_FAMILY_PASSWORD] = "wpc", [RV_FAMILY_SECRET] = "skta",  [RV_FAMILY_TOKEN] = "skv",
	[RV_FAMILY_KEY] = "spvd",     [RV_FAMILY_AUTH] = "oetkpsc", [RV_FAMILY_CREDENTIAL] = "es",
	[RV_FAMILY_SALT] = "s",
};

bool rv_name_may_go_on(unsigned family, const uint8_t *after, size_t len)
{
	if (len == 0 || family > RV_FAMILY_SALT)
		return len > 0;
	uint8_t c = after[0];

	if (!rv_is_letter(c))
		return true;
	/* PASSWORD, passWord, apiKeyName: whether a capital begins a word is asked later. */
	return rv_is_upper(c) || strchr(first_bytes[family], c) != NULL;
}

/* What follows the keyword when the value is no secret. One word each, the last of the name. */
static const char *const other_tails = " type types name names id ids url urls uri uris endpoint "
				       "endpoints path paths file files filename dir "
				       "length len size count counts field fields header headers "
				       "expiry expires expiration expire expired ttl "
				       "lifetime timeout limit policy policies hint label labels "
				       "placeholder text title message messages msg "
				       "error errors regex regexp pattern format prefix suffix "
				       "param params parameter column attribute attr "
				       "class selector css style styles icon image input box form "
				       "view page dialog enabled enable disabled "
				       "required require reset provider providers manager service "
				       "store storage generator encoder strategy "
				       "method mode version status state index offset position "
				       "kind ref arn namespace scope scopes audience "
				       "issuer usage algorithm alg algo bits min max strength "
				       "rules validator validators validation renderer "
				       "controller handler request response event action actions "
				       "resource resources group groups list lists "
				       "map set cache hook hooks module plugin plugins factory "
				       "builder config configs configuration options "
				       "option settings setting info desc description help docs "
				       "doc comment function func callback fn is are "
				       "plain exists exist check checks checker changed change "
				       "changes update updates updated rotate rotation "
				       "age date time times timestamp created modified at by from "
				       "to via source sources location locations "
				       "bytes byte stream reader writer parser lexer flow grant "
				       "grants role roles user users username owner "
				       "domain host port server servers realm backend backends "
				       "client clients support tests test spec mock "
				       "template templates schema model table entity record "
				       "records object objects property properties "
				       "vault engine mount managers env var variable variables "
				       "ring chain word words press down up code codes "
				       "board frame frames bind binding bindings stroke pair pairs "
				       "space value_from valuefrom wrapper util utils "
				       "helper helpers exception failure failed failures success "
				       "verified verify verification valid invalid "
				       "only level levels range char chars character characters "
				       "charset style prompt question callback agreement "
				       "exchange derivation iterations rounds cost digest "
				       "fingerprint thumbprint hash_algorithm extractor length_min "
				       "number num no permission permissions allowed allow deny "
				       "denied cached logged login logout signin "
				       "signup link links button btn screen modal component "
				       "element tag tags node item items entry entries ";

/* The same before "key": what the key is of. */
static const char *const key_heads_other =
	" public pub primary foreign sort cache partition routing object row col column map index "
	"unique registry "
	"hot short parent translation lookup natural composite dict event shift ctrl alt meta "
	"arrow enter escape "
	"tab up down left right page home nav group order tree node item entry json property param "
	"query header "
	"tag label field locale message error action menu route react first last next prev "
	"previous current new "
	"old this that any each every other another same search filter sorting join table record "
	"document doc s3 "
	"bucket cert certificate known host hostkey lang language i18n l10n text title name path "
	"file config setting "
	"option env variable var dictionary lru storage local idempotency dedup hash range min max "
	"num int string "
	"str attr attribute class style state prop idx kv redis topic message msg kafka metric "
	"stat feature flag "
	"product license_plate sub super outer inner base root top child children section option "
	"preference "
	"default normal special on off is has get set put del delete add remove contains any all "
	"no with by for "
	"in to from of and or the a an press release pressed any function func media soft multi fk "
	"pk guid uuid "
	"registration_id artifact signature_verification verification verifying verify trusted "
	"gpg_public pgp_public encrypted "
	"wrapped encapsulated ";

/* And when it is surely one that opens something. */
static const char *const key_heads_secret =
	" api access secret private priv encryption encrypt crypt crypto cipher aes hmac "
	"signing sign "
	"signature master auth shared account consumer client app application server session "
	"security webhook jwt "
	"deploy ssh write admin service subscription license authorization apps master_encryption "
	"cookie rsa pem "
	"web map maps google aws azure stripe twilio sendgrid mailgun github gitlab datadog "
	"algolia openai "
	"anthropic primary_access storage_account data_encryption user merchant partner vendor "
	"integration "
	"instrumentation ingest license_key dev prod staging sandbox live test tsig rndc wpa wep "
	"psk preshared "
	"pre_shared bot push server_side ";

static const char *const token_heads_other =
	" next page continuation cancel cancellation sync lex parse match peek prev last first end "
	"start begin left "
	"right open close op sub current new punctuation syntax symbol keyword operator ident "
	"identifier string "
	"number comma semicolon colon pagination paging scroll resume skip cursor key publickey "
	"public_key by for "
	"consume expect stop abort ast pos unknown eof whitespace comment each design block text "
	"type delimiter ";

static const char *const unreal = " test tests testing fake dummy example sample mock invalid "
				  "wrong bad expected expect placeholder stub "
				  "nonexistent incorrect some fixture ";

static const char *const about =
	" label title mandatory forgot forgotten enter error errors hint tooltip btn button "
	"placeholder help "
	"encrypted wrapped show hide toggle lost recover recovery change reset msg lbl txt "
	"csrf xsrf authenticity antiforgery captcha ";

#define WORD_MAX 24

/* The word of `name` that ends before `end`, small letters, between blanks; its start is returned.
 */
static size_t word_before(struct rv_str name, size_t end, char out[WORD_MAX + 3])
{
	size_t start = end;

	while (start > 0 &&
	       (rv_is_letter(name.data[start - 1]) || rv_is_digit(name.data[start - 1]))) {
		start--;
		bool begins = rv_is_upper(name.data[start]) &&
			      (start == 0 || !rv_is_upper(name.data[start - 1]));

		if (begins)
			break;
	}
	size_t len = end - start < WORD_MAX ? end - start : WORD_MAX;

	out[0] = ' ';
	for (size_t i = 0; i < len; i++) {
		uint8_t c = name.data[end - len + i];

		out[i + 1] = (char)(rv_is_upper(c) ? c | 0x20 : c);
	}
	out[len + 1] = ' ';
	out[len + 2] = '\0';
	return start;
}

static bool is_listed(const char *list, const char *word)
{
	return word[1] != ' ' && strstr(list, word) != NULL;
}

/* Calls that ask for a secret or do something with it; what they are given is another thing. */
bool rv_name_is_asking(struct rv_str name, size_t key_at, size_t key_end)
{
	static const char *const verbs = " get gets is has have check checks find fetch read ask "
					 "prompt encode decode hash make generate "
					 "gen create valid validate verify parse from to load "
					 "lookup require requires delete remove render "
					 "mask strip compare rand random need needs list show "
					 "print log format refresh revoke expect assert "
					 "missing no invalid match test describe ";
	char word[WORD_MAX + 3];
	size_t start = 0;

	/* A method of it, "password.sendKeys(", not "token.decode(" */
	for (size_t i = key_end; i < name.len; i++) {
		if (name.data[i] == '.')
			return !rv_says_at(name, i, ".sendkeys") && !rv_says_at(name, i, ".set") &&
			       !rv_says_at(name, i, ".fill") && !rv_says_at(name, i, ".type") &&
			       !rv_says_at(name, i, ".val");
	}
	for (size_t i = 0; i < key_at; i++) {
		if (name.data[i] == '.')
			start = i + 1;
	}
	size_t end = start;

	while (end < key_at && rv_is_letter(name.data[end]) &&
	       (end == start || !rv_is_upper(name.data[end])))
		end++;
	if (end == start)
		return false;
	word_before(name, end, word);
	return is_listed(verbs, word);
}

/* A run of letters without a join, as "apikey" before "key": does it end with a listed word? */
static bool ends_listed(const char *list, const char *word)
{
	char tail[WORD_MAX + 3];
	size_t len = strlen(word);

	for (size_t i = 1; i + 3 < len; i++) {
		tail[0] = ' ';
		memcpy(tail + 1, word + i, len - i + 1);
		if (strstr(list, tail))
			return true;
	}
	return false;
}

static bool any_word_listed(struct rv_str name, const char *list)
{
	char word[WORD_MAX + 3];
	size_t end = name.len;

	while (end > 0) {
		size_t start = word_before(name, end, word);

		if (is_listed(list, word))
			return true;
		end = start < end ? start : end - 1;
	}
	return false;
}

/* Bytes of `rest` that still belong to the keyword's word; SIZE_MAX when it is another word. */
static size_t ending_len(struct rv_str rest, unsigned family, bool is_upper)
{
	for (size_t i = 0; i < RV_LEN(endings[family]) && endings[family][i]; i++) {
		size_t len = strlen(endings[family][i]);

		if (!rv_says_at(rest, 0, endings[family][i]))
			continue;
		bool more = len < rest.len && rv_is_letter(rest.data[len]) &&
			    rv_is_upper(rest.data[len]) == is_upper;

		/* "password" goes on as it likes ("passwordhash"); the others do not. */
		if (!more || len >= 4)
			return len;
	}
	if (rest.len == 0 || !rv_is_letter(rest.data[0]) || rv_is_upper(rest.data[0]) != is_upper)
		return 0;
	return SIZE_MAX;
}

/* Bare "pass" and "key" at the end of another word: "bypass", "monkey". */
static bool head_fits(struct rv_str name, size_t key_at, unsigned family, bool has_ending)
{
	static const char *const others = " by com tres over under sur im encom multi ";
	char word[WORD_MAX + 3];

	if (key_at == 0 || !rv_is_letter(name.data[key_at - 1]) || has_ending)
		return true;
	if (rv_is_upper(name.data[key_at]) && rv_is_lower(name.data[key_at - 1]))
		return true;
	word_before(name, key_at, word);
	if (family == RV_FAMILY_PASSWORD)
		return !is_listed(others, word);
	if (family == RV_FAMILY_KEY)
		return ends_listed(key_heads_secret, word) || is_listed(key_heads_secret, word);
	if (family == RV_FAMILY_AUTH)
		return is_listed(" o http proxy basic user _ smtp ftp imap x web db ", word);
	return true;
}

/* Words behind the keyword: the last says what the value is. False: no secret. */
static bool tail_fits(struct rv_str name, size_t end, uint64_t *bits)
{
	char word[WORD_MAX + 3];
	struct rv_str tail = {name.data + end, name.len - end};
	size_t stop = tail.len;

	while (stop > 0 && (rv_is_digit(tail.data[stop - 1]) || !rv_is_letter(tail.data[stop - 1])))
		stop--;
	if (stop == 0) {
		*bits |= RV_BIT(NAME_LAST);
		return true;
	}
	tail.len = stop;
	word_before(tail, stop, word);
	if (is_listed(other_tails, word) ||
	    ends_listed(" hash file path field length id name type ", word))
		return false;
	if (is_listed(" confirmation confirm again repeat retype value secret key token password "
		      "pass ",
		      word))
		*bits |= RV_BIT(NAME_LAST);
	else if (!is_listed(" base default string data b64 base64 salt raw master bearer ", word))
		*bits |= RV_BIT(NAME_OTHER);
	return true;
}

static bool key_fits(struct rv_str name, size_t key_at, unsigned family, uint64_t *bits)
{
	char word[WORD_MAX + 3];
	size_t end = key_at;

	while (end > 0 && !rv_is_letter(name.data[end - 1]))
		end--;
	word_before(name, end, word);
	if (family == RV_FAMILY_TOKEN)
		return !is_listed(token_heads_other, word);
	if (family != RV_FAMILY_KEY)
		return true;
	if (is_listed(key_heads_secret, word) || ends_listed(key_heads_secret, word)) {
		*bits = (*bits & ~RV_BIT(NAME_KEY)) | RV_BIT(NAME_API_KEY);
		return true;
	}
	return !is_listed(key_heads_other, word);
}

static uint64_t family_bit(unsigned family, uint8_t *kind)
{
	static const struct {
		uint64_t bit;
		uint8_t kind;
	} of[] = {
		[RV_FAMILY_PASSWORD] = {RV_BIT(NAME_PASSWORD), RV_KIND_PASSWORD},
		[RV_FAMILY_SECRET] = {RV_BIT(NAME_SECRET), RV_KIND_API_KEY},
		[RV_FAMILY_TOKEN] = {RV_BIT(NAME_TOKEN), RV_KIND_TOKEN},
		[RV_FAMILY_KEY] = {RV_BIT(NAME_KEY), RV_KIND_API_KEY},
		[RV_FAMILY_AUTH] = {RV_BIT(NAME_AUTH), RV_KIND_TOKEN},
		[RV_FAMILY_CREDENTIAL] = {RV_BIT(NAME_CREDENTIAL), RV_KIND_PASSWORD},
		[RV_FAMILY_SALT] = {RV_BIT(NAME_SALT), RV_KIND_API_KEY},
	};

	*kind = of[family].kind;
	return of[family].bit;
}

bool rv_name_judge(struct rv_str name, size_t key_at, size_t key_len, unsigned family,
		   uint64_t *out_bits, uint8_t *out_kind)
{
	size_t end = key_at + key_len;
	bool is_upper = rv_is_upper(name.data[end - 1]);
	size_t more =
		ending_len((struct rv_str){name.data + end, name.len - end}, family, is_upper);

	if (more == SIZE_MAX || !head_fits(name, key_at, family, more > 1))
		return false;
	uint8_t kind;
	uint64_t bits = family_bit(family, &kind);

	end += more;
	if (!tail_fits(name, end, &bits) || !key_fits(name, key_at, family, &bits))
		return false;
	if (key_at == 0 && end == name.len)
		bits |= RV_BIT(NAME_EXACT);
	if (any_word_listed(name, about))
		bits = (bits & ~(RV_BIT(NAME_LAST) | RV_BIT(NAME_EXACT))) | RV_BIT(NAME_OTHER);
	if (any_word_listed(name, unreal))
		bits |= RV_BIT(NAME_UNREAL);
	*out_bits |= bits;
	*out_kind = kind;
	return true;
}
