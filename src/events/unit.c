/*-------------------------------------------------------------------------
 *
 * events/unit.c
 *	  What moves through a funnel: values of any hashable type as keys.
 *
 * Two units are one if their type's default equality says so.  For most types
 * that means equal bytes, which is what their btree operator class tells
 * nbtree for its deduplication, so that is whom we ask; the others (numeric,
 * float8, rows, text with a nondeterministic collation) go through their own
 * functions.
 *
 * nbtree asks of one index, whose values have one type modifier, and what its
 * operator classes told it was wrong before: so there are types that are never
 * believed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "events/unit.h"

/*
 * Are values of TYPE, for which the operator class was made, equal only if
 * their bytes are, as the class says?
 */
static bool
is_believed(Oid type)
{
	switch (type)
	{
		case BPCHAROID:			/* 'x'::char(8) = 'x'::char(10) */
		case INTERVALOID:		/* '1 day' = '24:00' */
			return false;
		default:
			return true;
	}
}

/*
 * Look up what is to be known of units of type TYPID, compared under COLLATION.
 * CONTEXT must outlive the result.
 */
void
funnel_unit_type_init(FunnelUnitType *type, Oid typid, Oid collation,
					  MemoryContext context)
{
	TypeCacheEntry *entry;
	Oid			hash_proc;
	Oid			equal_proc;

	typid = getBaseType(typid);
	entry = lookup_type_cache(typid, TYPECACHE_EQ_OPR | TYPECACHE_HASH_PROC |
							  TYPECACHE_BTREE_OPFAMILY);

	memset(type, 0, sizeof(*type));
	type->type = typid;
	type->typlen = entry->typlen;
	type->typbyval = entry->typbyval;
	type->collation = collation;
	if (!OidIsValid(collation) && type_is_collatable(typid))
		ereport(ERROR,
				(errcode(ERRCODE_INDETERMINATE_COLLATION),
				 errmsg("could not determine which collation to use for the unit of a funnel"),
				 errhint("Use the COLLATE clause to set the collation explicitly.")));

	if (OidIsValid(entry->btree_opf) && is_believed(entry->btree_opintype))
	{
		Oid			image_proc = get_opfamily_proc(entry->btree_opf,
												   entry->btree_opintype,
												   entry->btree_opintype,
												   BTEQUALIMAGE_PROC);

		type->is_image = OidIsValid(image_proc) &&
			DatumGetBool(OidFunctionCall1Coll(image_proc, type->collation,
											  ObjectIdGetDatum(entry->btree_opintype)));
	}
	type->is_integer = type->is_image && type->typbyval;
	if (type->is_integer)
		type->integer_mask = PG_UINT64_MAX >> (64 - 8 * type->typlen);
	if (type->is_image)
		return;

	/*
	 * The type cache makes no promise that anonymous rows can be hashed,
	 * since their columns may not: hash_record finds out and says so.
	 */
	hash_proc = typid == RECORDOID ? F_HASH_RECORD : entry->hash_proc;
	equal_proc = OidIsValid(entry->eq_opr) ? get_opcode(entry->eq_opr) : InvalidOid;
	if (!OidIsValid(hash_proc) || !OidIsValid(equal_proc))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("could not identify a hash function for type %s",
						format_type_be(typid)),
				 errhint("The unit of a funnel must be of a hashable type; cast it, for example to text.")));
	fmgr_info_cxt(hash_proc, &type->hash, context);
	fmgr_info_cxt(equal_proc, &type->equal, context);
}

/*
 * The bytes and the hash of a unit.  Bytes of varlena types are the payload
 * where bytes decide equality, the whole uncompressed value with a four-byte
 * header where functions do; they may be palloc'd or be those of UNIT.
 */
void
funnel_unit_key(FunnelUnitType *type, Datum unit, FunnelUnitKey *key)
{
	if (type->typbyval)
	{
		key->value = unit;
		key->bytes = (const char *) &key->value;
		key->len = sizeof(Datum);
	}
	else if (type->typlen > 0)
	{
		key->bytes = DatumGetPointer(unit);
		key->len = type->typlen;
	}
	else if (type->typlen == -2)
	{
		key->bytes = DatumGetCString(unit);
		key->len = strlen(key->bytes) + 1;
	}
	else if (type->is_image)
	{
		struct varlena *value = PG_DETOAST_DATUM_PACKED(unit);

		key->bytes = VARDATA_ANY(value);
		key->len = VARSIZE_ANY_EXHDR(value);
	}
	else
	{
		struct varlena *value = PG_DETOAST_DATUM(unit);

		key->bytes = (const char *) value;
		key->len = VARSIZE(value);
	}

	if (type->is_image)
		key->hash = funnel_unit_image_hash(key);
	else
		key->hash = DatumGetUInt32(FunctionCall1Coll(&type->hash, type->collation,
													 type->typbyval ? key->value :
													 PointerGetDatum(key->bytes)));
}

/*
 * Are two units, as bytes aligned as their type wants, one?
 */
bool
funnel_unit_keys_equal(FunnelUnitType *type, const char *a, uint32 alen,
					   const char *b, uint32 blen)
{
	Datum		left;
	Datum		right;

	if (alen == blen && memcmp(a, b, alen) == 0)
		return true;
	if (type->is_image)
		return false;
	if (type->typbyval)
	{
		memcpy(&left, a, sizeof(Datum));
		memcpy(&right, b, sizeof(Datum));
	}
	else
	{
		left = PointerGetDatum(a);
		right = PointerGetDatum(b);
	}
	return DatumGetBool(FunctionCall2Coll(&type->equal, type->collation, left, right));
}
