--
-- retention and retention_counts
--
SET DateStyle = 'ISO';

CREATE TABLE visit (user_id int, day date);
INSERT INTO visit VALUES
	(1, '2026-01-01'), (1, '2026-01-02'), (1, '2026-01-08'),
	(2, '2026-01-01'), (2, '2026-01-08'),
	(3, '2026-01-02'), (3, '2026-01-08'),
	(4, '2026-01-01'),
	(5, NULL);

SELECT user_id, retention(day = '2026-01-01', day = '2026-01-02', day = '2026-01-08')
FROM visit GROUP BY user_id ORDER BY user_id;

SELECT retention_counts(r)
FROM (SELECT retention(day = '2026-01-01', day = '2026-01-02', day = '2026-01-08') AS r
      FROM visit GROUP BY user_id) AS u;

-- conditions as an array, and many
SELECT retention(VARIADIC ARRAY[day = '2026-01-01', day = '2026-01-09']), retention(ARRAY[true]),
	retention(true, NULL, false), retention(NULL::boolean, true),
	cardinality(retention(VARIADIC array_fill(true, ARRAY[64]))) AS most
FROM visit;

-- over no rows
SELECT retention(true, true), retention(ARRAY[true]) FROM visit WHERE false;
SELECT retention_counts(r) FROM (SELECT '{t}'::boolean[]) AS v (r) WHERE false;

-- as window functions
SELECT day, retention(day = '2026-01-01', day = '2026-01-02') OVER (ORDER BY day)
FROM visit WHERE user_id = 1;
SELECT i, retention_counts(r) OVER (ORDER BY i)
FROM (VALUES (1, '{t}'::boolean[]), (2, '{t,t}'), (3, NULL), (4, '{t,f}'), (5, '{f,t,t}')) AS v (i, r);

-- arrays may differ in length, elements and arrays be null
SELECT retention_counts(r)
FROM (VALUES ('{t,f,NULL,t}'::boolean[]), ('{t}'), (NULL), ('{}'), ('[5:6]={NULL,t}')) AS v (r);
SELECT retention_counts(r) FROM (VALUES ('{}'::boolean[]), (NULL)) AS v (r);

-- The functions of this aggregate are anybody's.
SELECT retention_counts_transfn(NULL, '{t,f}'), retention_counts_transfn('{5}', '{t,t}'),
	retention_counts_transfn('{1,2,3}', '{t}'), retention_counts_transfn('{1}', NULL),
	retention_counts_transfn(NULL, NULL);
SELECT retention_counts_combine('{1,2}', '{10,20,30}'), retention_counts_combine('{1,2}', '{}'),
	retention_counts_combine('{}', '{}'), retention_counts_combine(NULL, '{1}');
-- they change no argument
SELECT c, retention_counts_transfn(c, '{t}'), retention_counts_combine(c, c), c
FROM (VALUES ('{1,2}'::bigint[])) AS v (c);
SELECT retention_counts_transfn('{9223372036854775807}', '{t}');
SELECT retention_counts_combine('{9223372036854775807}', '{1}');
SELECT retention_counts_transfn('{1,NULL}', '{t}');
SELECT retention_counts_transfn('{{1}}', '{t}');
SELECT retention_counts_combine('{1}', '{{1}}');
SELECT retention_counts_combine('{1}', '{NULL}');
SELECT retention_counts(ARRAY[[true]]);

-- errors
SELECT retention(1, 2);
SELECT retention(VARIADIC '{}'::boolean[]);
SELECT retention(VARIADIC array_fill(true, ARRAY[65]));
SELECT retention(VARIADIC array_fill(true, ARRAY[user_id])) FROM visit;

DROP TABLE visit;
