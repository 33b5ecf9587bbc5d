/*
 * sql_blocking.c - the functions behind blocking_tree and the columns about
 * blocking in backends.
 */
#include "postgres.h"

#include "blocking.h"
#include "miscadmin.h"
#include "sql_access.h"
#include "sql_row.h"

PG_FUNCTION_INFO_V1(adm_blocking);
PG_FUNCTION_INFO_V1(adm_blocking_tree);

Datum
adm_blocking(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo;
	AdmBlocking		g;

	adm_sql_require_preloaded();
	rsinfo = adm_rows_begin(fcinfo);
	g = adm_blocking_read();
	adm_blocking_build_tree(&g);
	for (int i = 0; i < g.count; i++)
	{
		AdmRow		row = {.count = 0};

		if (g.processes[i].blocks == 0)
			continue;
		adm_row_put(&row, Int32GetDatum(g.processes[i].pid));
		adm_row_put(&row, Int32GetDatum(g.processes[i].blocks));
		adm_row_put(&row, Int32GetDatum(adm_blocking_behind(&g, g.processes[i].pid)));
		adm_rows_add(rsinfo, &row);
	}
	return (Datum) 0;
}

static void
put_pid_of(AdmRow *row, const AdmBlocking *g, int place)
{
	if (place == ADM_BLOCKING_NOBODY)
		adm_row_put_null(row);
	else
		adm_row_put(row, Int32GetDatum(g->processes[place].pid));
}

static void
put_process(ReturnSetInfo *rsinfo, const AdmBlocking *g, int place, int *line)
{
	const AdmBlockingProcess *p = &g->processes[place];
	AdmRow		row = {.count = 0};

	adm_row_put(&row, Int32GetDatum(++*line));
	adm_row_put(&row, Int32GetDatum(p->depth));
	adm_row_put(&row, Int32GetDatum(p->pid));
	put_pid_of(&row, g, p->parent);
	put_pid_of(&row, g, p->root);
	adm_row_put(&row, Int32GetDatum(p->blocks));
	adm_row_put(&row, Int32GetDatum(p->below));
	adm_rows_add(rsinfo, &row);
}

/* All below the parent, each with what is below it, those with most first. */
static void
put_tree(ReturnSetInfo *rsinfo, const AdmBlocking *g, int parent, bool *put, int *line)
{
	check_stack_depth();
	for (;;)
	{
		int			next = ADM_BLOCKING_NOBODY;

		for (int i = 0; i < g->count; i++)
		{
			if (!put[i] && g->processes[i].parent == parent &&
				(next == ADM_BLOCKING_NOBODY || g->processes[i].below > g->processes[next].below))
				next = i;
		}
		if (next == ADM_BLOCKING_NOBODY)
			return;
		put[next] = true;
		put_process(rsinfo, g, next, line);
		put_tree(rsinfo, g, next, put, line);
	}
}

Datum
adm_blocking_tree(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo;
	AdmBlocking		g;
	int			line = 0;

	adm_sql_require_preloaded();
	rsinfo = adm_rows_begin(fcinfo);
	g = adm_blocking_read();
	adm_blocking_build_tree(&g);
	put_tree(rsinfo, &g, ADM_BLOCKING_NOBODY, palloc0(Max(g.count, 1) * sizeof(bool)), &line);
	return (Datum) 0;
}
