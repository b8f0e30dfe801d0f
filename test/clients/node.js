/*
 * Read the report through node-postgres.
 *
 * node.js HOST PORT DEFINITION DEFINITION
 *
 * See test/perl/FunnelClient.pm for what is printed.
 */
'use strict';

const pg = require('pg');

const ROUNDS = 12;

const REPORT = `SELECT * FROM funnel_report((
	SELECT funnel_agg(user_id, ts, event, $1::funnel_def) FROM events))`;
const REPORT_UNCAST = `SELECT * FROM funnel_report((
	SELECT funnel_agg(user_id, ts, event, $1) FROM events))`;

/* Print a line: cells are as they came, NULL is \N. */
function print(way, round, cells) {
	console.log([way, round, ...cells.map((cell) => (cell === null ? '\\N' : cell))].join('\t'));
}

function printRows(way, round, { rows }) {
	for (const row of rows) {
		print(way, round, Object.values(row));
	}
}

/* What the columns of the second step arrive as; the first has many NULLs. */
function printTypes(way, { fields, rows }) {
	print(way, 0, fields.map(({ name }) =>
		`${name}:${rows[1][name] === null ? 'null' : typeof rows[1][name]}`));
}

/* Ask in ROUNDS rounds; the query is prepared once if it has a name. */
async function ask(way, client, query, definitions) {
	for (let round = 1; round <= ROUNDS; round++) {
		printRows(way, round, await client.query({ ...query, values: [definitions[1 - (round % 2)]] }));
	}
}

async function main([host, port, ...definitions]) {
	const client = new pg.Client({ host, port: Number(port), database: 'postgres', user: process.env.PGUSER });

	await client.connect();
	printTypes('types', await client.query(REPORT, [definitions[0]]));
	await ask('direct', client, { text: REPORT }, definitions);
	await ask('prepared', client, { name: 'report', text: REPORT }, definitions);
	await ask('prepared without a cast', client, { name: 'uncast', text: REPORT_UNCAST }, definitions);

	/* A wrong definition is the caller's to show; the statement lives on. */
	try {
		await client.query({ name: 'report', text: REPORT, values: ['visit -> '] });
	} catch ({ code, detail }) {
		print('error', 0, [code, detail]);
	}
	await ask('after an error', client, { name: 'report', text: REPORT }, definitions);

	/* Counts beyond 2^53 would need BigInt; there are no such funnels. */
	pg.types.setTypeParser(pg.types.builtins.INT8, Number);
	printTypes('types with numbers', await client.query(REPORT, [definitions[0]]));
	await ask('with numbers', client, { name: 'report', text: REPORT }, definitions);

	printRows('plans', 0, await client.query(`
		SELECT count(*), count(*) FILTER (WHERE generic_plans > 0) AS generic
		FROM pg_prepared_statements WHERE statement ~ 'funnel_agg'`));
	await client.end();
}

main(process.argv.slice(2)).catch((error) => {
	console.error(error);
	process.exitCode = 1;
});
