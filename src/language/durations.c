/*-------------------------------------------------------------------------
 *
 * language/durations.c
 *	  Durations, as they are read and as they are printed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"

#include "language/durations.h"

/* The microseconds of an hour and so on, as the language counts them. */
#define FUNNEL_USECS_PER_SECOND	INT64CONST(1000000)
#define FUNNEL_USECS_PER_MINUTE	(60 * FUNNEL_USECS_PER_SECOND)
#define FUNNEL_USECS_PER_HOUR	(60 * FUNNEL_USECS_PER_MINUTE)
#define FUNNEL_USECS_PER_DAY	(24 * FUNNEL_USECS_PER_HOUR)

typedef struct Unit
{
	const char *name;
	int64		usecs;
} Unit;

static const Unit units[] = {
	{"us", 1},
	{"microsecond", 1},
	{"microseconds", 1},
	{"ms", 1000},
	{"millisecond", 1000},
	{"milliseconds", 1000},
	{"s", FUNNEL_USECS_PER_SECOND},
	{"sec", FUNNEL_USECS_PER_SECOND},
	{"secs", FUNNEL_USECS_PER_SECOND},
	{"second", FUNNEL_USECS_PER_SECOND},
	{"seconds", FUNNEL_USECS_PER_SECOND},
	{"min", FUNNEL_USECS_PER_MINUTE},
	{"mins", FUNNEL_USECS_PER_MINUTE},
	{"minute", FUNNEL_USECS_PER_MINUTE},
	{"minutes", FUNNEL_USECS_PER_MINUTE},
	{"h", FUNNEL_USECS_PER_HOUR},
	{"hr", FUNNEL_USECS_PER_HOUR},
	{"hrs", FUNNEL_USECS_PER_HOUR},
	{"hour", FUNNEL_USECS_PER_HOUR},
	{"hours", FUNNEL_USECS_PER_HOUR},
	{"d", FUNNEL_USECS_PER_DAY},
	{"day", FUNNEL_USECS_PER_DAY},
	{"days", FUNNEL_USECS_PER_DAY},
	{"w", 7 * FUNNEL_USECS_PER_DAY},
	{"week", 7 * FUNNEL_USECS_PER_DAY},
	{"weeks", 7 * FUNNEL_USECS_PER_DAY}
};

/* Units that somebody may write but that have no one length. */
static const char *const calendar_units[] = {
	"mon", "mons", "month", "months", "quarter", "quarters",
	"y", "yr", "yrs", "year", "years"
};

/*
 * Reads a number as whole units of USECS microseconds, once the unit is known:
 * the digits from INTEGER to FRACTION, and those from FRACTION to END, which
 * come behind a decimal point.  False on overflow.
 *
 * The fraction is worked out from its last digit: after each digit, carry is
 * the floor of the value of the digits so far and rest the first digit of what
 * is behind the point, so that the result is rounded exactly.
 */
static bool
scale_number(const char *integer, const char *fraction, const char *end,
			 int64 usecs, int64 *result)
{
	int64		whole = 0;
	int64		carry = 0;
	int64		rest = 0;

	for (const char *cp = integer; cp < fraction && funnel_is_digit(*cp); cp++)
	{
		if (pg_mul_s64_overflow(whole, 10, &whole) ||
			pg_add_s64_overflow(whole, *cp - '0', &whole))
			return false;
	}

	for (const char *cp = end; cp > fraction; cp--)
	{
		carry += (cp[-1] - '0') * usecs;
		rest = carry % 10;
		carry /= 10;
	}
	if (rest >= 5)
		carry++;

	return !pg_mul_s64_overflow(whole, usecs, &whole) &&
		!pg_add_s64_overflow(whole, carry, result);
}

/* The microseconds of the unit at AT, 0 if there is none of that name. */
static int64
find_unit(const char *at, int len)
{
	for (int i = 0; i < (int) lengthof(units); i++)
	{
		if (funnel_is_word(at, len, units[i].name))
			return units[i].usecs;
	}
	return 0;
}

/* What to write instead of the unit from AT to UNIT_END. */
static const char *
unit_hint(const char *at, const char *unit_end, const char *end)
{
	int			len = unit_end - at;

	for (int i = 0; i < (int) lengthof(calendar_units); i++)
	{
		if (funnel_is_word(at, len, calendar_units[i]))
			return "Months and years have no fixed length: write 30 days, or 365 days.";
	}
	if (funnel_is_word(at, len, "m"))
		return "Write \"min\" for minutes; for a month, write 30 days.";
	if (at + 1 < end && (*at == ',' || *at == '/') && funnel_is_digit(at[1]))
		return "Decimals stand behind a point, as in 1.5 days.";
	if (at + 1 < end && *at == ':' && funnel_is_digit(at[1]))
		return "Write hours and minutes as in 1 h 30 min.";
	if ((at + 1 < end && *at == '-' && funnel_is_digit(at[1])) || funnel_is_word(at, len, "to"))
		return "A longest gap is a duration alone, a shortest one stands behind \">=\", as in -[>= 1 day, 30 days]->.";
	if (len == 0)
		return "A unit follows the number, as in 7 days; the units are us, ms, s, min, h, d and w, and their long names.";
	return "The units are us, ms, s, min, h, d and w, and their long names.";
}

bool
funnel_parse_duration(FunnelParser *p, int64 *duration)
{
	const char *start = p->pos;
	int64		sum = 0;

	if ((at_char(p, '-') || at_char(p, '+')) &&
		p->pos + 1 < p->end && funnel_is_digit(p->pos[1]))
		return funnel_fail(p,
						   psprintf("The duration at character %d has a sign.",
									funnel_char_number(p, start)),
						   "A duration is longer than zero and has no sign.");
	if (p->pos >= p->end || !funnel_is_digit(*p->pos))
		return funnel_expected(p, p->pos, "a duration such as 7 days", FUNNEL_AT_DURATION);

	do
	{
		const char *integer = p->pos;
		const char *fraction;
		const char *number_end;
		const char *unit;
		int64		usecs;
		int64		value;

		while (p->pos < p->end && funnel_is_digit(*p->pos))
			p->pos++;
		fraction = p->pos;
		if (skip_char(p, '.'))
		{
			fraction = p->pos;
			while (p->pos < p->end && funnel_is_digit(*p->pos))
				p->pos++;
			if (p->pos == fraction)
				return funnel_expected(p, p->pos, "a digit", FUNNEL_AT_DECIMALS);
		}
		number_end = p->pos;

		skip_space(p);
		unit = p->pos;
		while (p->pos < p->end && funnel_is_letter(*p->pos))
			p->pos++;
		usecs = find_unit(unit, p->pos - unit);
		if (usecs == 0)
			return funnel_fail_at(p, unit, "a unit of time", unit_hint(unit, p->pos, p->end));

		if (!scale_number(integer, fraction, number_end, usecs, &value) ||
			pg_add_s64_overflow(sum, value, &sum))
			return funnel_fail(p,
							   psprintf("The duration at character %d is too long.",
										funnel_char_number(p, start)),
							   "Leave the limit out if there is none.");
		skip_space(p);
	} while (p->pos < p->end && funnel_is_digit(*p->pos));

	if (sum == 0)
		return funnel_fail(p,
						   psprintf("The duration at character %d is not longer than zero.",
									funnel_char_number(p, start)),
						   "Durations are exact to the microsecond.");

	*duration = sum;
	return true;
}


static void
print_amount(StringInfo buf, int64 amount, const char *unit)
{
	if (amount > 0)
		appendStringInfo(buf, INT64_FORMAT " %s%s ", amount, unit,
						 amount == 1 ? "" : "s");
}

void
funnel_duration_print(StringInfo buf, int64 usecs)
{
	int64		seconds;
	int			micros;

	Assert(usecs > 0);

	print_amount(buf, usecs / FUNNEL_USECS_PER_DAY, "day");
	usecs %= FUNNEL_USECS_PER_DAY;
	print_amount(buf, usecs / FUNNEL_USECS_PER_HOUR, "hour");
	usecs %= FUNNEL_USECS_PER_HOUR;
	print_amount(buf, usecs / FUNNEL_USECS_PER_MINUTE, "minute");
	usecs %= FUNNEL_USECS_PER_MINUTE;
	seconds = usecs / FUNNEL_USECS_PER_SECOND;
	micros = (int) (usecs % FUNNEL_USECS_PER_SECOND);

	if (micros == 0)
		print_amount(buf, seconds, "second");
	else
	{
		int			digits = 6;

		for (; micros % 10 == 0; micros /= 10)
			digits--;
		appendStringInfo(buf, INT64_FORMAT ".%0*d seconds ",
						 seconds, digits, micros);
	}

	/* drop the space behind the last amount */
	buf->data[--buf->len] = '\0';
}
