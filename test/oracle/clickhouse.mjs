// Answer questions with ClickHouse, in process.
//
//   node clickhouse.mjs <questions.json >answers.json
//
// A question is {file, structure, sql}; sql reads from the file's rows as
// {rows}.  An answer is the JSON rows, or {error}.  NODE_PATH or the working
// directory leads to the package chdb.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(process.cwd() + '/');
const { query } = require('chdb');

const questions = JSON.parse(readFileSync(0, 'utf8'));
const answers = questions.map(({ file, structure, sql }) => {
	const rows = `file('${file}', 'TSV', '${structure}')`;
	try {
		const text = query(sql.replace('{rows}', rows) +
			' SETTINGS max_threads = 1, allow_experimental_funnel_functions = 1',
			'JSONEachRow');
		return text.split('\n').filter(line => line !== '').map(line => JSON.parse(line));
	} catch (error) {
		return { error: String(error.message ?? error) };
	}
});
process.stdout.write(JSON.stringify(answers));
