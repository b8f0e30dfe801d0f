/*-------------------------------------------------------------------------
 *
 * aggregate/result_state.h
 *	  The running tally of an aggregate whose rows are whole units.
 *
 * Its state is a funnel_result that grows in place, and no internal type, so
 * that any server can hand it on to any other.  A front end of sharded servers
 * calls the transition function anew for each row, with nothing kept in
 * between and no expression to look argument types up in: all there is to
 * remember is therefore kept with the state.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_AGGREGATE_RESULT_STATE_H
#define FUNNEL_AGGREGATE_RESULT_STATE_H

#include "language/program.h"
#include "result/type.h"

typedef struct FunnelRunning
{
	FunnelTally *tally;
	const FunnelProgram *program;
	MemoryContext context;		/* goes away with the state */
	Datum		def;			/* the definition's datum, to compare only, if
								 * each row has the same, else 0 */
	void	   *extra;			/* in it, for who calls; NULL at first */
} FunnelRunning;

/*
 * For a transition function whose first argument is its state and whose
 * argument DEFARG is the definition: what is running for the group, begun if
 * the state is NULL.  *STATE is what the function has to return.  An error if
 * the definition is NULL or not that of the rows before.
 */
extern FunnelRunning *funnel_running(FunctionCallInfo fcinfo, int defarg, Datum *state);

#endif							/* FUNNEL_AGGREGATE_RESULT_STATE_H */
