# funnel: exact conversion funnels over event tables, for PostgreSQL 15 to 18.
#
#   make demo           build, start a private cluster, print a funnel
#   make test           build and run every test on a private cluster
#   make install        into the PostgreSQL that pg_config names

EXTENSION = funnel
EXTVERSION = 1.0
MODULE_big = funnel
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c)))

# The install script: each room's SQL, in the order of their dependencies.
SQL_ROOMS = stage definition result aggregate report chart
SQL_SOURCES = $(wildcard $(SQL_ROOMS:%=src/%.sql))
INSTALL_SQL = funnel--$(EXTVERSION).sql

DATA = $(INSTALL_SQL) $(wildcard src/upgrade/*.sql)
EXTRA_CLEAN = $(INSTALL_SQL) build

PG_CONFIG ?= pg_config

# The server's own headers are not ours to keep free of -Wextra's warnings.
PG_CPPFLAGS = -isystem $(shell $(PG_CONFIG) --includedir-server)
PG_CFLAGS = -Wall -Wextra

all: $(INSTALL_SQL)

$(INSTALL_SQL): src/prologue.sql $(SQL_SOURCES) Makefile
	cat src/prologue.sql $(SQL_SOURCES) > $@

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
