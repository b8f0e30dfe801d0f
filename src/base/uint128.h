/*-------------------------------------------------------------------------
 *
 * base/uint128.h
 *	  Unsigned 128-bit sums, the few operations an exact sum of times needs.
 *
 * Two 64-bit halves on every platform: what a server stores must not depend on
 * whether its compiler knows a 128-bit integer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_BASE_UINT128_H
#define FUNNEL_BASE_UINT128_H

typedef struct FunnelUint128
{
	uint64		high;
	uint64		low;
} FunnelUint128;

/* Digits of 2^128 - 1, and a terminating zero. */
#define FUNNEL_UINT128_DIGITS	40

/* *sum += value; the callers' sums stay below 2^127 */
static inline void
funnel_uint128_add(FunnelUint128 *sum, uint64 value)
{
	sum->low += value;
	if (sum->low < value)
		sum->high++;
}

/* *sum += other; the callers' sums stay below 2^127 */
static inline void
funnel_uint128_add_uint128(FunnelUint128 *sum, FunnelUint128 other)
{
	funnel_uint128_add(sum, other.low);
	sum->high += other.high;
}

/* a * b, from the products of their 32-bit halves */
static inline FunnelUint128
funnel_uint128_product(uint64 a, uint64 b)
{
	uint64		a_low = (uint32) a,
				a_high = a >> 32;
	uint64		b_low = (uint32) b,
				b_high = b >> 32;
	uint64		low = a_low * b_low;
	uint64		middle = a_high * b_low + (low >> 32);
	uint64		middle2 = a_low * b_high + (uint32) middle;
	FunnelUint128 product;

	product.low = (middle2 << 32) | (uint32) low;
	product.high = a_high * b_high + (middle >> 32) + (middle2 >> 32);
	return product;
}

static inline int
funnel_uint128_cmp(FunnelUint128 a, FunnelUint128 b)
{
	if (a.high != b.high)
		return a.high < b.high ? -1 : 1;
	if (a.low != b.low)
		return a.low < b.low ? -1 : 1;
	return 0;
}

static inline double
funnel_uint128_to_double(FunnelUint128 value)
{
	return (double) value.high * 18446744073709551616.0 + (double) value.low;
}

/* Print in decimal into BUF of FUNNEL_UINT128_DIGITS bytes. */
extern void funnel_uint128_print(FunnelUint128 value, char *buf);

/* Parse decimal digits, nothing else; false if there are others or too many. */
extern bool funnel_uint128_parse(const char *text, FunnelUint128 *value);

#endif							/* FUNNEL_BASE_UINT128_H */
