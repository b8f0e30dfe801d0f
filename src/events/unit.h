/*-------------------------------------------------------------------------
 *
 * events/unit.h
 *	  What moves through a funnel: values of any hashable type as keys.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_EVENTS_UNIT_H
#define FUNNEL_EVENTS_UNIT_H

#include "fmgr.h"

typedef struct FunnelUnitType
{
	Oid			type;
	Oid			collation;
	int16		typlen;
	bool		typbyval;
	bool		is_integer;		/* by value, equal if the same bits */
	bool		is_image;		/* equal if the same bytes */
	uint64		integer_mask;	/* the bits of a Datum that are the value's */
	FmgrInfo	hash;			/* for those that are not */
	FmgrInfo	equal;
} FunnelUnitType;

/* A unit as bytes: of its Datum, or behind its pointer. */
typedef struct FunnelUnitKey
{
	const char *bytes;
	uint32		len;
	uint32		hash;
	Datum		value;			/* backs bytes of by-value types */
} FunnelUnitKey;

extern void funnel_unit_type_init(FunnelUnitType *type, Oid typid,
								  Oid collation, MemoryContext context);
extern void funnel_unit_key(FunnelUnitType *type, Datum unit, FunnelUnitKey *key);
extern bool funnel_unit_keys_equal(FunnelUnitType *type,
								   const char *a, uint32 alen,
								   const char *b, uint32 blen);

/*
 * A unit of an is_integer type.  The bits of its Datum beyond the type's length
 * are left out: those of an oid from 2^31 on are set where it was read from a
 * row, and not where a function returned it.
 */
static inline uint64
funnel_unit_integer(const FunnelUnitType *type, Datum unit)
{
	return (uint64) unit & type->integer_mask;
}

#endif							/* FUNNEL_EVENTS_UNIT_H */
