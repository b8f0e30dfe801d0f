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

#include "base/compat.h"
#include "base/hash.h"

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
 * The bytes of a unit, without its hash, of an is_image type that is no is_integer
 * type; false if it is compressed or elsewhere, as few are.
 */
static inline bool
funnel_unit_plain_bytes(const FunnelUnitType *type, Datum unit, FunnelUnitKey *key)
{
	const char *pointer = DatumGetPointer(unit);

	if (type->typlen > 0)
	{
		key->bytes = pointer;
		key->len = type->typlen;
		return true;
	}
	if (type->typlen != -1 || VARATT_IS_EXTERNAL(pointer) || VARATT_IS_COMPRESSED(pointer))
		return false;
	key->bytes = VARDATA_ANY(pointer);
	key->len = VARSIZE_ANY_EXHDR(pointer);
	return true;
}

/*
 * The hash of the bytes of a unit of an is_image type.  It has no seed, because states
 * of several servers may come together: so units can be made that have the same, and
 * who looks units up by it must reckon with them.
 */
static inline uint32
funnel_unit_image_hash(const FunnelUnitKey *key)
{
	return (uint32) funnel_hash_word(funnel_hash_bytes(0, key->bytes, (int) key->len));
}

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
