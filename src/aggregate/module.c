/*-------------------------------------------------------------------------
 *
 * aggregate/module.c
 *	  What makes the shared library a PostgreSQL module.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "spool/sharedfile.h"
#include "spool/spill.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "funnel",
					.version = "1.1");
#else
PG_MODULE_MAGIC;
#endif

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	funnel_shared_files_init();
	funnel_spill_init();
}
