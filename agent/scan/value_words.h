/* scan: words that stand where a secret goes (value_words.c). */
#pragma once

#include "agent/scan/wordlist.h"

/* Nothing but these, in any order, with signs and digits between or behind, is no secret. */
static rv_wordlist fillers = {
	['a' - 'a'] = " apikey api auth admin anonymous any another access a an and aws azure "
		      "app account abc abcd asdf ",
	['b' - 'a'] = " bar baz bad blank bearer basic be bot build ",
	['c' - 'a'] = " credentials credential creds cred changeme change changed current "
		      "correct client consumer censored code ci config ",
	['d' - 'a'] = " demo dummy default data db database dev ",
	['e' - 'a'] = " examples example eggs enter empty encrypted encoded env ",
	['f' - 'a'] = " fake foobar foo first fixme for from field ",
	['g' - 'a'] = " guest good goes github gitlab google ",
	['h' - 'a'] = " here hidden hash hashed hello host ",
	['i' - 'a'] = " insert invalid incorrect id it is in ",
	['j' - 'a'] = " jwt ",
	['k' - 'a'] = " keys key ",
	['l' - 'a'] = " login long ldap local localhost ",
	['m' - 'a'] = " mock mine my master masked me mysql mongo must min ",
	['n' - 'a'] = " nobody new not no none null nil name nonce ",
	['o' - 'a'] = " old other of or oauth ",
	['p' - 'a'] = " password passwd passphrase passwort pass pwd provide private public "
		      "plain placeholder put postgres postgresql prod production please param ",
	['q' - 'a'] = " qux quux qwerty ",
	['r' - 'a'] = " root replace right real refresh random removed redacted redis ",
	['s' - 'a'] = " secrets secret someone sample stub spam some second string session "
		      "server shared super strong short simple set salt staging service "
		      "should ",
	['t' - 'a'] = " tokens token tester testing tests test the this that third text top "
		      "todo tbd to tmp temp temporary type ",
	['u' - 'a'] = " username user ",
	['v' - 'a'] = " valid value very variable var ",
	['w' - 'a'] = " wrong weak with world ",
	['x' - 'a'] = " xyz ",
	['y' - 'a'] = " your ",
};

/* Nor is a value that holds one of these, whatever else is there. */
static rv_wordlist telling = {
	['a' - 'a'] = " abcdef apikey api_key ",
	['c' - 'a'] = " changeme change_me change-me ",
	['d' - 'a'] = " dummy ",
	['e' - 'a'] = " example ",
	['f' - 'a'] = " foobar fake ",
	['i' - 'a'] = " insert_ ",
	['m' - 'a'] = " mysecret mypass ",
	['n' - 'a'] = " notreal not_real not-real ",
	['p' - 'a'] = " placeholder passw ",
	['r' - 'a'] = " redacted replace_ ",
	['s' - 'a'] = " sample some- some_ secret ",
	['t' - 'a'] = " todo token ",
	['x' - 'a'] = " xxxx ",
	['y' - 'a'] = " your_ your- yoursecret yourpass yourkey ",
};
