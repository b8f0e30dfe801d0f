/*-------------------------------------------------------------------------
 *
 * journey/words.h
 *	  How a journey spells its labels.
 *
 * Each journey carries its own labels, and most of what people name events
 * with is a small vocabulary, so the common words of it take a byte.  This is
 * the preset dictionary of zlib (RFC 1950, section 2.2) in the small.
 *
 *	0x01 to 0x7F	the character
 *	0x80 + i		word i
 *	0xC0 + i		word i, and the end of the label
 *	0x00			the end of the label
 *
 * A label with any other byte cannot be spelled; then no label of the journey
 * is, and each is its bytes and a zero, which no text contains.
 *
 * The words are part of the format: their order and spelling never change.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_WORDS_H
#define FUNNEL_JOURNEY_WORDS_H

#define FUNNEL_WORD			0x80
#define FUNNEL_LAST_WORD	0xC0
#define FUNNEL_NUM_WORDS	64
#define FUNNEL_WORD_MAX_LEN 9

/* In the order of their bytes. */
static const struct
{
	uint8		len;
	char		text[FUNNEL_WORD_MAX_LEN + 1];
}			funnel_words[FUNNEL_NUM_WORDS] =
{
#define WORD(text) {sizeof(text) - 1, text}
	WORD("_from_"), WORD("_to_"), WORD("account"), WORD("activate"),
	WORD("add"), WORD("app"), WORD("begin"), WORD("buy"),
	WORD("call"), WORD("cancel"), WORD("cart"), WORD("checkout"),
	WORD("click"), WORD("close"), WORD("comment"), WORD("complete"),
	WORD("create"), WORD("delete"), WORD("demo"), WORD("download"),
	WORD("ed"), WORD("email"), WORD("end"), WORD("first"),
	WORD("form"), WORD("info"), WORD("ing"), WORD("install"),
	WORD("invite"), WORD("item"), WORD("lead"), WORD("list"),
	WORD("login"), WORD("logout"), WORD("message"), WORD("open"),
	WORD("order"), WORD("page"), WORD("pay"), WORD("payment"),
	WORD("play"), WORD("product"), WORD("promotion"), WORD("purchase"),
	WORD("refund"), WORD("register"), WORD("remove"), WORD("return"),
	WORD("scroll"), WORD("search"), WORD("select"), WORD("session"),
	WORD("share"), WORD("ship"), WORD("sign"), WORD("start"),
	WORD("submit"), WORD("subscribe"), WORD("trial"), WORD("up"),
	WORD("user"), WORD("view"), WORD("visit"), WORD("wishlist")
#undef WORD
};

#endif							/* FUNNEL_JOURNEY_WORDS_H */
