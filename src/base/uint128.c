/*-------------------------------------------------------------------------
 *
 * base/uint128.c
 *	  Unsigned 128-bit sums as decimal text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/uint128.h"

/*
 * Divides by ten over and over, most significant 32-bit limb first, and writes
 * the remainders from the last digit to the first.
 */
void
funnel_uint128_print(FunnelUint128 value, char *buf)
{
	char		digits[FUNNEL_UINT128_DIGITS];
	char	   *p = digits + sizeof(digits) - 1;
	uint32		limbs[4] = {
		(uint32) (value.high >> 32), (uint32) value.high,
		(uint32) (value.low >> 32), (uint32) value.low
	};

	*p = '\0';
	do
	{
		uint64		rest = 0;

		for (int i = 0; i < 4; i++)
		{
			rest = (rest << 32) | limbs[i];
			limbs[i] = (uint32) (rest / 10);
			rest %= 10;
		}
		*--p = (char) ('0' + rest);
	} while ((limbs[0] | limbs[1] | limbs[2] | limbs[3]) != 0);

	strcpy(buf, p);
}

bool
funnel_uint128_parse(const char *text, FunnelUint128 *value)
{
	FunnelUint128 sum = {0, 0};

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
	{
		FunnelUint128 next;

		if (*text < '0' || *text > '9')
			return false;

		/* the upper half must still have room for four bits */
		if (sum.high > PG_UINT64_MAX / 16)
			return false;
		next = funnel_uint128_product(sum.low, 10);
		next.high += sum.high * 10;
		funnel_uint128_add(&next, (uint64) (*text - '0'));
		sum = next;
	}
	*value = sum;
	return true;
}
