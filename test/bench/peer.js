/*
 * peer.js ENGINE DIRECTORY: ClickHouse or DuckDB in a process of its own.
 *
 * Each line of the standard input is a statement, as a JSON string; the answer
 * is one line, {"seconds": 0.5, "cpu": 0.9, "values": ["1", "2"]} or {"error": "..."}.  The
 * first line, unasked for, is {"version": "..."}.  The database is in DIRECTORY.
 */
'use strict';

const readline = require('readline');

function clickhouse(directory) {
	const { Session } = require('chdb');
	const session = new Session(directory);
	return async (sql) => session.query(sql, 'TSV').split(/\s+/).filter((word) => word !== '');
}

async function duckdb(directory) {
	const { DuckDBInstance } = require('@duckdb/node-api');
	const instance = await DuckDBInstance.create(`${directory}/duckdb`);
	const connection = await instance.connect();
	return async (sql) => (await connection.runAndReadAll(sql)).getRowsJson().flat();
}

async function main() {
	const [engine, directory] = process.argv.slice(2);
	const query = await { clickhouse, duckdb }[engine](directory);
	const answer = (value) => process.stdout.write(JSON.stringify(value) + '\n');

	answer({ version: (await query('SELECT version()'))[0] });
	for await (const line of readline.createInterface({ input: process.stdin })) {
		try {
			const used = process.cpuUsage();
			const start = process.hrtime.bigint();
			const values = await query(JSON.parse(line));
			const seconds = Number(process.hrtime.bigint() - start) / 1e9;
			const { user, system } = process.cpuUsage(used);
			answer({ seconds, cpu: (user + system) / 1e6, values });
		} catch (error) {
			answer({ error: error.message });
		}
	}
	process.exit(0);
}

main().catch((error) => {
	process.stderr.write(`${error.message}\n`);
	process.exit(1);
});
