"""What the benchmark prints: the tables, and which answers are as they must be."""

import statistics

from contestants import OTHER_EVENTS, TABLES


def expected(entered, table, question=""):
    """What all must answer: the exact SQL's, or without it the first one's."""
    def rows(of):
        return of if of in OTHER_EVENTS else "events"

    found = [c for c in entered if c.answer and not c.wrong and c.question == question and rows(c.table) == rows(table)]
    found.sort(key=lambda c: (not c.query.startswith("window_functions"), not c.checked, c.engine != "PostgreSQL"))
    return (found[0].checked or found[0].answer) if found else ()


def compare(entered):
    """The lines that tell of the answers, and whether all are as they must be."""
    lines, agree = [], True
    for table, question in dict.fromkeys((c.table, c.question) for c in entered):
        if not question and table not in ("events", "events_ga4") + OTHER_EVENTS or table == "journeys":
            continue
        right = expected(entered, table, question)
        steps = next(c.steps for c in entered if (c.table, c.question) == (table, question))
        if right:
            lines.append(f"- `{table}`{', ' * bool(question)}{question}: " + ", ".join(
                f"{int(count):,} {step}" for step, count in zip(steps, right)) + ".")
    for c in entered:
        right = expected(entered, c.table, c.question)
        if not c.answer or c.answer == right:
            continue
        if c.wrong:
            lines.append(f"- **Wrong, as expected:** {c.name} on `{c.table}` count " + ", ".join(
                f"{int(count):,} {step}" for step, count in zip(c.steps, c.answer)) + ".")
        else:
            lines.append(f"- **DIFFERENT**: {c} of {c.engine} answers {' '.join(c.answer)}")
            agree = False
    return lines, agree


def markdown(header, rows, left=1):
    """A table whose first columns are text and whose others are numbers."""
    yield "| " + " | ".join(header) + " |"
    yield "|" + "|".join("---" if i < left else "--:" for i in range(len(header))) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def table_of_times(entered):
    def best(name, table, processes):
        return min((min(c.times) for c in entered if c.times and
                    (c.name, c.table, c.processes) == (name, table, processes)), default=0)

    rows, titles = [], {}
    for c in entered:
        titles.setdefault((c.table, TABLES[c.table]), []).append(c)
    for (table, title), members in titles.items():
        rows.append([f"**`{table}`**: {title}"] + [""] * 9)
        for c in members:
            if c.absent:
                rows.append([c.name, c.engine, str(c.processes), f"absent: {c.absent}"] + [""] * 6)
                continue
            fastest, middle = min(c.times), statistics.median(c.times)
            base = table if best("bare scan", table, 1) else "events"
            scan, ours = best("bare scan", base, c.processes), best("funnel_agg", base, c.processes)
            rows.append([c.name, c.engine, str(c.processes), f"{fastest:.3f}", f"{middle:.3f}",
                         f"{min(c.cpu):.3f}" if c.cpu else "",
                         f"{fastest / scan:.2f}" if scan else "", f"{fastest / ours:.2f}" if ours else "",
                         f"{c.memory:.0f}" if c.memory else "", f"{c.spilled:.0f}" if c.spilled else ""])
    return markdown(["query", "engine", "processes", "minimum s", "median s", "CPU s", "x scan", "x funnel_agg",
                     "memory MB", "temp files MB"], rows, left=2)


def table_of_ratios(entered, sizes):
    """What funnel promises: each a quotient of two contestants.

    By minima, by medians, and by the minima of the time on a processor, which other work on the
    machine disturbs least; of as many runs of one as of the other.
    """
    measures = (lambda runs: lambda c: min(c.times[:runs]), lambda runs: lambda c: statistics.median(c.times[:runs]),
                lambda runs: lambda c: min(c.cpu[:runs], default=None))

    def of(measure, name, table="events", processes=1, engine="PostgreSQL"):
        for c in entered:
            if (c.name, c.table, c.processes, c.engine) == (name, table, processes, engine):
                return measure(c)
        return None

    def plain(*arguments, **more):
        return lambda measure: of(measure, *arguments, **more)

    def speedup(name, table="events"):
        def value(measure):
            one, two = of(measure, name, table, 1), of(measure, name, table, 2)
            return one / two if one and two else None
        return value

    def clickhouse(*names, table="events", processes=1):
        # Whichever of these serves it better.
        def value(measure):
            found = [of(measure, name, table, processes, "ClickHouse") for name in names]
            return min((value for value in found if value), default=None)
        return value

    ours = "funnel_agg"
    asked = []
    for table in ("events", "events_late"):
        grouped = plain("GROUP BY user, max(ts)", table)
        asked += [
            (f"`{table}`: funnel_agg / bare scan", plain(ours, table), plain("bare scan", table), "<= 1.5", ""),
            (f"`{table}`: ClickHouse, one thread / funnel_agg",
             clickhouse("windowFunnel", table=table), plain(ours, table), ">= 2", "2.5"),
            ("the same, ClickHouse given WHERE event IN (...)",
             clickhouse("windowFunnel, WHERE event IN", table=table), plain(ours, table), "", ""),
            (f"`{table}`: ClickHouse, two threads / funnel_agg, two processes",
             clickhouse("windowFunnel", table=table, processes=2), plain(ours, table, 2), ">= 1.3", "1.6"),
            ("the same, ClickHouse given WHERE event IN (...)",
             clickhouse("windowFunnel, WHERE event IN", table=table, processes=2), plain(ours, table, 2), "", ""),
            (f"`{table}`: window functions / funnel_agg", plain("window functions", table), plain(ours, table),
             ">= 20", "20"),
            (f"`{table}`: window functions, one sort / funnel_agg", plain("window functions, one sort", table),
             plain(ours, table), "", ""),
            (f"`{table}`: speed-up of funnel_agg / of the bare scan", speedup(ours, table),
             speedup("bare scan", table), ">= 0.9", "1"),
            (f"`{table}`: funnel_agg, work_mem 4MB / in memory", plain(ours + ", work_mem 4MB", table),
             plain(ours, table), "<= 2", ""),
            (f"`{table}`: funnel_progress_agg by user / max(ts) by user",
             plain("GROUP BY user, funnel_progress_agg", table), grouped, "<= 2", "1.5"),
            (f"`{table}`: window_funnel by user / max(ts) by user",
             plain("GROUP BY user, window_funnel", table), grouped, "<= 2", "1.5"),
        ]
    asked += [
        ("funnel_agg, units of text / of bigint", plain(ours, "events_text"), plain(ours), "<= 1.5", ""),
        ("funnel_agg, units of uuid / of bigint", plain(ours, "events_uuid"), plain(ours), "<= 1.5", ""),
        ("`events_keyed`: funnel_agg_by / funnel_agg", plain("funnel_agg_by", "events_keyed"),
         plain(ours, "events_keyed"), "<= 1.6", "1.3"),
        ("`events_keyed`: two levels, first entry / funnel_agg_by, first entry",
         plain("two levels, first entry", "events_keyed"), plain("funnel_agg_by, first entry", "events_keyed"),
         ">= 4", ""),
        ("`events_keyed`: two levels, first entry / funnel_agg_by",
         plain("two levels, first entry", "events_keyed"), plain("funnel_agg_by", "events_keyed"), ">= 4", ""),
    ]
    for clause, floor in (("every attempt", "<= 1.3"), ("last entry", "<= 1.3"), ("unless", "<= 2"),
                          ("shortest gap", "<= 2"), ("exclusions and gaps", ""), ("20 steps", "")):
        asked += [
            (f"`events`: {clause} / plain", plain(f"{ours}, {clause}"), plain(ours), floor, ""),
            (f"journeys: {clause} / plain", plain(f"{ours} of journeys, {clause}", "journeys"),
             plain(f"{ours} of journeys", "journeys"), "", ""),
        ]
    asked += [
        ("flow_agg, five steps / funnel_agg", plain("flow_agg"), plain(ours), "<= 2", ""),
        ("journey_flow, five steps / funnel_agg of journeys", plain("journey_flow", "journeys"),
         plain("funnel_agg of journeys", "journeys"), "<= 3", ""),
        ("`events`, 20 steps: ClickHouse, one thread / funnel_agg", clickhouse("windowFunnel, 20 steps"),
         plain(f"{ours}, 20 steps"), "", ""),
        ("the same, ClickHouse given WHERE event IN (...)", clickhouse("windowFunnel, 20 steps, WHERE event IN"),
         plain(f"{ours}, 20 steps"), "", ""),
    ]
    filtered, index = f"{ours}, funnel_events", f"{ours}, funnel_events, index"
    wide = "events_wide"
    asked += [
        ("`events_wide`: funnel_agg / bare scan", plain(ours, wide), plain("bare scan", wide), "<= 1.5", ""),
        ("`events_wide`: funnel_agg with funnel_events, no index / bare scan", plain(filtered, wide),
         plain("bare scan", wide), "", ""),
        ("`events_wide`: funnel_agg with funnel_events, index / bare scan", plain(index, wide),
         plain("bare scan", wide), "<= 0.2", "0.1"),
        ("the same, two processes", plain(index, wide, 2), plain("bare scan", wide, 2), "", ""),
        ("`events_wide`: window functions, one sort, index / funnel_agg with funnel_events, index",
         plain("window functions, one sort, index", wide), plain(index, wide), "", ""),
        ("`events_wide`: ClickHouse, one thread / funnel_agg with funnel_events, index",
         clickhouse("windowFunnel", table=wide), plain(index, wide), "", ""),
        ("the same, ClickHouse given WHERE event IN (...)",
         clickhouse("windowFunnel, WHERE event IN", table=wide), plain(index, wide), "", ""),
    ]
    for name in ("funnel_progress_agg", "window_funnel"):
        sorted_groups = plain(f"GROUP BY user, {name}, index", "events_indexed")
        asked += [
            (f"`events_indexed`: {name} by user / max(ts) by user", sorted_groups,
             plain("GROUP BY user, max(ts), index", "events_indexed"), "", ""),
            (f"{name} by user: out of the index / hashed", sorted_groups, plain(f"GROUP BY user, {name}"), "", ""),
        ]
    asked += [
        ("`events_ga4`: funnel_agg / bare scan", plain(ours, "events_ga4"), plain("bare scan", "events_ga4"),
         "<= 1.5", ""),
        ("`events_ga4`: ClickHouse, one thread / funnel_agg", clickhouse("windowFunnel", table="events_ga4"),
         plain(ours, "events_ga4"), ">= 2", "2.5"),
        ("the same, ClickHouse given WHERE event IN (...)",
         clickhouse("windowFunnel, WHERE event IN", table="events_ga4"), plain(ours, "events_ga4"), "", ""),
    ]
    for labels, table, journeys in (("", "events_by_user", "journeys"),
                                    (", labels of GA4", "events_ga4_by_user", "journeys_ga4")):
        asked += [
            (f"ClickHouse at its best, one thread / funnel_agg of journeys{labels}",
             clickhouse("windowFunnel", "windowFunnel, in order", table=table),
             plain("funnel_agg of journeys", journeys), ">= 4", "5"),
            ("the same, ClickHouse given WHERE event IN (...) too",
             clickhouse("windowFunnel, WHERE event IN", "windowFunnel, in order, WHERE event IN", table=table),
             plain("funnel_agg of journeys", journeys), "", ""),
        ]
    rows = []
    for title, above, below, floor, goal in asked:
        counts = []
        for side in (above, below):
            side(lambda c: counts.append(len(c.times)))
        pairs = [(above(measure(min(counts))), below(measure(min(counts)))) for measure in measures if counts]
        if any(a and b for a, b in pairs):
            rows.append([title, floor, goal] + [f"{a / b:.2f}" if a and b else "" for a, b in pairs])
    for labels, journeys, columns in (("", "journeys", "ClickHouse"),
                                      (", labels of GA4", "journeys_ga4", "ClickHouse, GA4")):
        if journeys in sizes and columns in sizes:
            rows.append([f"size of the journeys / of ClickHouse's columns{labels}", "<= 1.25", "1.1",
                         f"{sizes[journeys] / sizes[columns]:.2f}", "", ""])
    return markdown(["ratio", "floor", "goal", "by minima", "by medians", "by CPU"], rows)


def table_of_growth(results):
    """What a row costs at each size: as many nanoseconds, if time grows as the table does."""
    spilled = "funnel_agg, work_mem 4MB"
    rows = []
    for size, entered in results:
        found = {c.name: c for c in entered if (c.table, c.processes) == ("events", 1)}
        row = [f"{size:,}"]
        for name in ("bare scan", "funnel_agg", spilled):
            for runs in (found[name].times, found[name].cpu) if name in found else ((), ()):
                row.append(f"{min(runs) / size * 1e9:.0f}" if runs else "")
        rows.append(row + [f"{found[spilled].memory:.0f}" if spilled in found else ""])
    return markdown(["rows", "bare scan, ns", "CPU ns", "funnel_agg, ns", "CPU ns", spilled + ", ns", "CPU ns",
                     "its memory, MB"], rows)


def table_of_cold(entered):
    """Those that were asked again when nothing was in memory."""
    return markdown(["query", "engine", "table", "processes", "minimum s", "median s", "x warm"],
                    [[c.name, c.engine, f"`{c.table}`", str(c.processes), f"{min(c.cold_times):.3f}",
                      f"{statistics.median(c.cold_times):.3f}", f"{min(c.cold_times) / min(c.times):.2f}"]
                     for c in entered if c.cold_times], left=3)
