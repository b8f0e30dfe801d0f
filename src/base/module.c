/*-------------------------------------------------------------------------
 *
 * base/module.c
 *	  What makes the shared library a PostgreSQL module.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "funnel", .version = "1.0");
#else
PG_MODULE_MAGIC;
#endif
