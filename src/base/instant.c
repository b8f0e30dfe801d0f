/*-------------------------------------------------------------------------
 *
 * base/instant.c
 *	  Instants as ISO 8601 text, always in UTC.
 *
 * Dates are the proleptic Gregorian calendar's, years before 1 written as the
 * server writes them: year 0 is "0001-...Z BC".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "datatype/timestamp.h"
#include "utils/datetime.h"

#include "base/instant.h"

int
funnel_instant_print(int64 ts, char *buf)
{
	int64		days = ts / USECS_PER_DAY;
	int64		time = ts % USECS_PER_DAY;
	int			year,
				month,
				day,
				second,
				fraction;
	int			len;

	Assert(IS_VALID_TIMESTAMP(ts));

	if (time < 0)
	{
		time += USECS_PER_DAY;
		days--;
	}
	j2date((int) (days + POSTGRES_EPOCH_JDATE), &year, &month, &day);
	second = (int) (time / USECS_PER_SEC);
	fraction = (int) (time % USECS_PER_SEC);

	len = sprintf(buf, "%04d-%02d-%02dT%02d:%02d:%02d",
				  year > 0 ? year : 1 - year, month, day,
				  second / SECS_PER_HOUR,
				  second / SECS_PER_MINUTE % MINS_PER_HOUR,
				  second % SECS_PER_MINUTE);
	if (fraction != 0)
	{
		len += sprintf(buf + len, ".%06d", fraction);
		while (buf[len - 1] == '0')
			len--;
	}
	buf[len++] = 'Z';
	buf[len] = '\0';
	if (year <= 0)
	{
		strcpy(buf + len, " BC");
		len += 3;
	}
	Assert(len < FUNNEL_INSTANT_SIZE);
	return len;
}

/*
 * Read MIN to MAX digits, at most six, and the byte that must follow them.
 */
static bool
read_number(const char **p, const char *end, int min, int max, char after, int *value)
{
	int			n = 0;

	*value = 0;
	while (*p < end && n < max && **p >= '0' && **p <= '9')
	{
		*value = *value * 10 + (**p - '0');
		(*p)++;
		n++;
	}
	if (n < min || *p == end || **p != after)
		return false;
	(*p)++;
	return true;
}

bool
funnel_instant_parse(const char *text, int len, int64 *ts)
{
	const char *p = text;
	const char *end = text + len;
	int			year,
				month,
				day,
				hour,
				minute,
				second = 0;
	int64		fraction = 0;

	if (!read_number(&p, end, 4, 6, '-', &year) ||
		!read_number(&p, end, 2, 2, '-', &month) ||
		!read_number(&p, end, 2, 2, 'T', &day) ||
		!read_number(&p, end, 2, 2, ':', &hour) ||
		!read_number(&p, end, 2, 2, ':', &minute))
		return false;
	for (int i = 0; i < 2; i++)
	{
		if (p == end || *p < '0' || *p > '9')
			return false;
		second = second * 10 + (*p++ - '0');
	}
	if (p < end && *p == '.')
	{
		int			unit = USECS_PER_SEC;

		p++;
		if (p == end || *p < '0' || *p > '9')
			return false;
		for (; p < end && *p >= '0' && *p <= '9'; p++)
		{
			if (unit == 1)
				return false;
			unit /= 10;
			fraction += (int64) unit * (*p - '0');
		}
	}
	if (p == end || *p++ != 'Z')
		return false;
	if (year == 0)
		return false;
	if (end - p == 3 && memcmp(p, " BC", 3) == 0)
	{
		year = 1 - year;
		p += 3;
	}
	if (p != end)
		return false;

	if (!IS_VALID_JULIAN(year, month, day))
		return false;
	if (month < 1 || month > MONTHS_PER_YEAR ||
		day < 1 || day > day_tab[isleap(year)][month - 1] ||
		hour >= HOURS_PER_DAY || minute >= MINS_PER_HOUR ||
		second >= SECS_PER_MINUTE)
		return false;

	/*
	 * within the Julian day range the days cannot overflow, only their
	 * product
	 */
	{
		int64		days = date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
		int64		time = ((hour * MINS_PER_HOUR + minute) * SECS_PER_MINUTE + second) *
			USECS_PER_SEC + fraction;
		int64		result;

		if (pg_mul_s64_overflow(days, USECS_PER_DAY, &result) ||
			pg_add_s64_overflow(result, time, &result) ||
			!IS_VALID_TIMESTAMP(result))
			return false;
		*ts = result;
	}
	return true;
}
