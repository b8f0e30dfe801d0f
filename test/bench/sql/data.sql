-- The tables of the benchmark: ROWS events of ROWS / 20 users in 30 days, the
-- same on every machine; a leader and one worker may read each.  Chance is a
-- hash of the row's number.
--
-- Events are called as in Segment's specification of e-commerce events.
--
-- A user's events are scattered over the month, so that rows next to each
-- other are of different users: the order in which grouping is hardest.  Seven
-- rows of ten match a step of the funnel.  TABLES names those that are wanted;
-- the first always is.

SELECT greatest(:rows / 20, 1) AS users,
	30 * 86400 * 1000000::bigint / :rows AS spacing,
	greatest(:rows / 30, 1) AS day,
	'events_late' = ANY (:'tables') AS late,
	'events_text' = ANY (:'tables') AS text,
	'events_uuid' = ANY (:'tables') AS uuid,
	'events_keyed' = ANY (:'tables') AS keyed,
	'journeys' = ANY (:'tables') AND to_regtype('funnel_journey') IS NOT NULL AS journeys \gset

-- A die for the row N: SALT names the question.
CREATE FUNCTION dice(n bigint, salt bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashint8extended(n, salt) & 9223372036854775807;

CREATE FUNCTION happened_at(n bigint, spacing bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN timestamptz '2026-03-01 00:00+00'
	+ interval '1 microsecond' * (n * spacing + dice(n, 2) % spacing);

CREATE FUNCTION event_of(n bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN dice(n, 3) % 100 < 28 THEN 'Product List Viewed'
	WHEN dice(n, 3) % 100 < 48 THEN 'Product Viewed'
	WHEN dice(n, 3) % 100 < 59 THEN 'Product Added'
	WHEN dice(n, 3) % 100 < 66 THEN 'Checkout Started'
	WHEN dice(n, 3) % 100 < 70 THEN 'Order Completed'
	WHEN dice(n, 3) % 100 < 85 THEN 'Products Searched'
	WHEN dice(n, 3) % 100 < 95 THEN 'Product Clicked'
	ELSE 'Product Added to Wishlist' END;

-- In strict order of time.
CREATE TABLE events (user_id bigint NOT NULL, ts timestamptz NOT NULL, event text NOT NULL);
INSERT INTO events
SELECT 1 + dice(n, 1) % :users, happened_at(n, :spacing), event_of(n)
FROM generate_series(1, :rows::bigint) AS n;
ALTER TABLE events SET (parallel_workers = 1);

-- As a client's log arrives: times are whole seconds, one row of ten is of the
-- same user and second as the row before it, and one of a hundred comes up to
-- a day late.
\if :late
CREATE TABLE events_late (LIKE events);
INSERT INTO events_late
SELECT 1 + dice(moment, 1) % :users, date_trunc('second', happened_at(moment, :spacing)), event_of(n)
FROM generate_series(1, :rows::bigint) AS n,
	LATERAL (SELECT CASE WHEN dice(n, 4) % 10 = 0 THEN n - 1 ELSE n END AS moment) AS at
ORDER BY n + CASE WHEN dice(n, 5) % 100 = 0 THEN 1 + dice(n, 6) % :day ELSE 0 END, n;
ALTER TABLE events_late SET (parallel_workers = 1);
\endif

-- The first table with other types of unit.
\if :text
CREATE TABLE events_text (user_id text NOT NULL, ts timestamptz NOT NULL, event text NOT NULL);
INSERT INTO events_text
SELECT 'user-' || user_id, ts, event FROM events;
ALTER TABLE events_text SET (parallel_workers = 1);
\endif

\if :uuid
CREATE TABLE events_uuid (user_id uuid NOT NULL, ts timestamptz NOT NULL, event text NOT NULL);
INSERT INTO events_uuid
SELECT md5(user_id::text)::uuid, ts, event FROM events;
ALTER TABLE events_uuid SET (parallel_workers = 1);
\endif

-- The first table, and in each row one of 30 campaigns, whatever the user's
-- other rows have: so a user has about as many as entries.
\if :keyed
CREATE TABLE events_keyed (LIKE events, campaign text NOT NULL);
INSERT INTO events_keyed
SELECT user_id, ts, event, 'campaign_' || dice((extract(epoch FROM ts) * 1000000)::bigint, 7) % 30
FROM events;
ALTER TABLE events_keyed SET (parallel_workers = 1);
\endif

-- Journeys, where the extension has them.
\if :journeys
CREATE TABLE journeys AS
SELECT user_id, journey_agg(ts, event) AS journey
FROM events
GROUP BY user_id;
ALTER TABLE journeys SET (parallel_workers = 1);
\endif

VACUUM (FREEZE, ANALYZE);
CHECKPOINT;
