/*-------------------------------------------------------------------------
 *
 * spool/loan.c
 *	  Spools whose events another spool of this process reads where they are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/compat.h"
#include "spool/fill.h"
#include "spool/loan.h"

typedef struct Loan
{
	struct Loan *next;
	uint64		number;
	FunnelSpool *spool;
	MemoryContextCallback callback;
} Loan;

/* All that have not ended */
static Loan *loans = NULL;
static uint64 last_number = 0;

static void
end_loan(void *arg)
{
	Loan	  **at = &loans;

	while (*at != arg)
		at = &(*at)->next;
	*at = (*at)->next;
}

uint64
funnel_spool_begin_loan(FunnelSpool *spool)
{
	Loan	   *loan = MemoryContextAllocZero(spool->blocks.context, sizeof(Loan));

	loan->number = ++last_number;
	loan->spool = spool;
	loan->next = loans;
	loan->callback.func = end_loan;
	loan->callback.arg = loan;
	loans = loan;
	MemoryContextRegisterResetCallback(spool->blocks.context, &loan->callback);
	return loan->number;
}

static FunnelSpool *
lent_spool(uint64 number)
{
	for (Loan *loan = loans; loan != NULL; loan = loan->next)
	{
		if (loan->number == number)
			return loan->spool;
	}
	elog(ERROR, "funnel_agg state is gone");
	return NULL;
}

void
funnel_spool_take_loan(FunnelSpool *spool, uint64 number)
{
	FunnelSpool *lender = lent_spool(number);

	funnel_spool_partition(spool);
	if (lender->full_rows)
		funnel_spool_begin_full_rows(spool);
	funnel_blocks_finish_segments(&lender->blocks);
	if (spool->nlenders == 0)
		spool->lenders = MemoryContextAlloc(spool->blocks.context, sizeof(SpoolLender));
	else
		spool->lenders = repalloc(spool->lenders, sizeof(SpoolLender) * (spool->nlenders + 1));
	spool->lenders[spool->nlenders++] = (SpoolLender)
	{
		number, lender
	};
}

void
funnel_spool_check_loans(const FunnelSpool *spool)
{
	for (int i = 0; i < spool->nlenders; i++)
		(void) lent_spool(spool->lenders[i].number);
}
