-- The tables of the benchmark: ROWS events of ROWS / 20 users in 30 days, the
-- same on every machine; a leader and one worker may read each.  Chance is a
-- hash of the row's number.
--
-- Events are called as in Segment's specification of e-commerce events, in one
-- table as in that of Google Analytics 4.
--
-- A user's events are scattered over the month, so that rows next to each
-- other are of different users: the order in which grouping is hardest.  Seven
-- rows of ten match a step of the funnel; in the wide table one of twenty does.
-- TABLES names those that are wanted; the first always is.

SELECT greatest(:rows / 20, 1) AS users,
	30 * 86400 * 1000000::bigint / :rows AS spacing,
	greatest(:rows / 30, 1) AS day,
	'events_late' = ANY (:'tables') AS late,
	'events_text' = ANY (:'tables') AS text,
	'events_uuid' = ANY (:'tables') AS uuid,
	'events_keyed' = ANY (:'tables') AS keyed,
	'events_indexed' = ANY (:'tables') AS indexed,
	'events_wide' = ANY (:'tables') AS wide,
	'{events_ga4,journeys_ga4}' && :'tables'::text[] AS ga4,
	'journeys_ga4' = ANY (:'tables') AND to_regtype('funnel_journey') IS NOT NULL AS journeys_ga4,
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

-- The first table, in whose index each user's events are together.
\if :indexed
CREATE TABLE events_indexed AS TABLE events;
CREATE INDEX ON events_indexed (user_id, ts) INCLUDE (event);
ALTER TABLE events_indexed SET (parallel_workers = 1);
\endif

-- The first table as Google Analytics 4 would call the events.
\if :ga4
CREATE TABLE events_ga4 (LIKE events);
INSERT INTO events_ga4
SELECT user_id, ts, CASE event
	WHEN 'Product List Viewed' THEN 'page_view'
	WHEN 'Product Viewed' THEN 'view_item'
	WHEN 'Product Added' THEN 'add_to_cart'
	WHEN 'Checkout Started' THEN 'begin_checkout'
	WHEN 'Order Completed' THEN 'purchase'
	WHEN 'Products Searched' THEN 'search'
	WHEN 'Product Clicked' THEN 'select_item'
	ELSE 'add_to_wishlist' END
FROM events;
ALTER TABLE events_ga4 SET (parallel_workers = 1);
\endif

-- As a customer data platform keeps what it collects: who, when and what among
-- much else.  Half as many rows as the first table, ten times as many of each
-- user; 200 labels, 195 of which are an object and an action each, as Segment
-- wants them.
\if :wide
CREATE TABLE events_wide (
	message_id uuid NOT NULL,
	received_at timestamptz NOT NULL,
	anonymous_id uuid NOT NULL,
	user_id bigint NOT NULL,
	event text NOT NULL,
	ts timestamptz NOT NULL,
	session_id bigint,
	url text,
	path text,
	title text,
	referrer text,
	campaign text,
	ip inet,
	country text,
	locale text,
	timezone text,
	device text,
	library_version text,
	user_agent text,
	properties jsonb);
INSERT INTO events_wide
SELECT hex::uuid, ts + interval '300 ms', right(hex, 32)::uuid, user_id,
	CASE WHEN die % 20 = 0 THEN
		(ARRAY['Product List Viewed', 'Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed'])[
			CASE WHEN part < 40 THEN 1 WHEN part < 68 THEN 2 WHEN part < 84 THEN 3 WHEN part < 94 THEN 4 ELSE 5 END]
	ELSE (ARRAY['Account', 'Article', 'Banner', 'Comment', 'Document', 'Email', 'Form', 'Invoice', 'Message', 'Page',
			'Playlist', 'Project', 'Report', 'Task', 'Video'])[1 + die / 20 % 15]
		|| (ARRAY[' Opened', ' Closed', ' Created', ' Deleted', ' Shared', ' Saved', ' Sent', ' Started', ' Stopped',
			' Liked', ' Printed', ' Renamed', ' Archived'])[1 + die / 300 % 13] END,
	ts, die % 1000000, 'https://www.example.com/' || path, '/' || path, 'Example: ' || path,
	'https://search.example.net/', 'campaign_' || die % 30, '192.0.2.1'::inet + die % 200, country, 'en-' || country,
	'Europe/London', 'desktop', '4.' || die % 20,
	'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || die % 40 || '.0',
	format('{"sku": "%s", "price": %s, "currency": "EUR", "in_stock": true}', die % 5000, die % 90)::jsonb
FROM (
	SELECT 1 + dice(n, 1) % greatest(:users / 20, 1) AS user_id, happened_at(n, 2 * :spacing) AS ts, die,
		die / 4000 % 100 AS part, md5(n::text) AS hex, 'products/' || die % 5000 AS path,
		(ARRAY['AT', 'DE', 'FR', 'GB', 'IE', 'US'])[1 + die % 6] AS country
	FROM generate_series(1, :rows::bigint / 2) AS n, LATERAL (SELECT dice(n, 8) AS die OFFSET 0) AS thrown) AS made;
CREATE INDEX ON events_wide (event, ts) INCLUDE (user_id);
ALTER TABLE events_wide SET (parallel_workers = 1);
\endif

-- Journeys, where the extension has them.
\if :journeys
CREATE TABLE journeys AS
SELECT user_id, journey_agg(ts, event) AS journey
FROM events
GROUP BY user_id;
ALTER TABLE journeys SET (parallel_workers = 1);
\endif

\if :journeys_ga4
CREATE TABLE journeys_ga4 AS
SELECT user_id, journey_agg(ts, event) AS journey
FROM events_ga4
GROUP BY user_id;
ALTER TABLE journeys_ga4 SET (parallel_workers = 1);
\endif

VACUUM (FREEZE, ANALYZE);
CHECKPOINT;
