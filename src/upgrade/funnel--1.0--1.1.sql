/* src/upgrade/funnel--1.0--1.1.sql */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION funnel UPDATE TO '1.1'" to load this file. \quit

COMMENT ON COLUMN flow_edge.source IS 'node where the units were: ''1 visit'' in a flow of events, ''1:visit'' in that of a result';
COMMENT ON COLUMN flow_edge.target IS 'node to which they went: ''2 cart'' or ''2:cart'', and ''1:visit late'' for those of a result who stopped';
