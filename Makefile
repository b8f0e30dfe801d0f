# funnel: exact conversion funnels over event tables, for PostgreSQL 15 to 18.
#
#   make demo           build, start a private cluster, print a funnel
#   make test           build and run every test on private clusters
#   make install        into the PostgreSQL that pg_config names
#
# For who works on it:
#   make test REGRESS=stage               these regression tests only
#   make test PROVE_TESTS=test/t/x.pl     these TAP tests only
#   make shell                            psql on a private cluster
#   make valgrind                         the regression tests under valgrind
#   make bench                            side by side with ClickHouse and DuckDB
#   make dist                             the archive that PGXN takes
# Each takes PG_CONFIG=/path/to/pg_config, and COPT=-Werror.

EXTENSION = funnel
EXTVERSION = 1.0
MODULE_big = funnel
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*/*.c)))

# The install script: each room's SQL, in the order of their dependencies.
SQL_ROOMS = language/stage language/definition result/type aggregate/funnel_agg aggregate/progress aggregate/attempts result/report result/compare picture/chart picture/svg \
	aggregate/window_funnel aggregate/sequence aggregate/next_node aggregate/retention aggregate/sessionize journey/type
SQL_SOURCES = $(wildcard $(SQL_ROOMS:%=src/%.sql))
INSTALL_SQL = funnel--$(EXTVERSION).sql

DATA = $(INSTALL_SQL) $(wildcard src/upgrade/*.sql)
EXTRA_CLEAN = $(INSTALL_SQL) build

PG_CONFIG ?= pg_config

# The server's own headers are not ours to keep free of -Wextra's warnings.
PG_CPPFLAGS = -I$(srcdir)/src -isystem $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)
PG_CFLAGS = -Wall -Wextra

# Naming tests of one kind on the command line leaves the other kind out.
ifneq ($(origin PROVE_TESTS),command line)
REGRESS = $(sort $(notdir $(basename $(wildcard sql/*.sql))))
endif
ifneq ($(origin REGRESS),command line)
PROVE_TESTS = $(sort $(wildcard test/t/*.pl))
endif
REGRESS_OPTS = --load-extension=funnel --encoding=UTF8 --no-locale
TAP_TESTS = 1

all: $(INSTALL_SQL)

$(INSTALL_SQL): src/base/prologue.sql src/base/forms.awk $(SQL_SOURCES) Makefile
	cat src/base/prologue.sql $(SQL_SOURCES) | awk -f src/base/forms.awk > $@

# A machine without the server's headers has no PGXS to include; there only
# the targets that first install what is missing work.
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(wildcard $(PGXS)),)
include $(PGXS)
PG_PROVE_FLAGS += -I $(srcdir)/test/perl
else
all install installcheck:
	@echo "$(PG_CONFIG) does not lead to PostgreSQL's build files: install" \
		"postgresql-server-dev-NN, or give PG_CONFIG=/path/to/pg_config" >&2
	@exit 1
clean:
	rm -rf $(OBJS) $(MODULE_big).so $(EXTRA_CLEAN)
endif

# PGXS knows neither our headers nor that one tree may be built for several
# servers in turn: objects are compiled again when either changes.
BUILT_FOR := $(shell $(PG_CONFIG) --bindir --version --configure 2>/dev/null | tr '\n' ' ') $(COPT) $(PG_CFLAGS)
ifneq ($(shell cat build/built-for 2>/dev/null),$(strip $(subst ',,$(BUILT_FOR))))
.PHONY: build/built-for
endif
build/built-for:
	@mkdir -p build
	@echo '$(strip $(subst ',,$(BUILT_FOR)))' > $@

$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*/*.h) build/built-for

# test/setup installs what is missing and prints the pg_config to go by, which
# need not be the one that this make was started with.
SETUP_CONFIG = $(if $(filter command environment,$(firstword $(origin PG_CONFIG))),'$(PG_CONFIG)')
WITH_SETUP = +@config=$$(test/setup $(SETUP_CONFIG)) && \
	$(MAKE) --no-print-directory PG_CONFIG="$$config"
CLUSTER = +@PG_CONFIG='$(PG_CONFIG)' MAKE='$(MAKE)' VALGRIND_SUPP='$(VALGRIND_SUPP)' \
	test/cluster

test:
	$(WITH_SETUP) run-test

demo:
	$(WITH_SETUP) run-demo

shell:
	$(WITH_SETUP) run-shell

valgrind:
	$(WITH_SETUP) run-valgrind

bench:
	$(WITH_SETUP) run-bench

run-test: all
	$(CLUSTER) test/run '$(REGRESS)' '$(PROVE_TESTS)'

run-demo: all
	$(CLUSTER) test/demo/run

run-shell: all
	$(CLUSTER) sh -c 'psql -Xqc "CREATE EXTENSION funnel" && exec psql'

# Valgrind finds most in a server built with assertions and -DUSE_VALGRIND,
# whose source has the suppressions: src/tools/valgrind.supp.
VALGRIND_SUPP = $(wildcard $(dir $(PG_CONFIG))../valgrind.supp)
run-valgrind: all
	$(CLUSTER) --valgrind test/run '$(REGRESS)' ''

# BENCH_ROWS, BENCH_RUNS and BENCH_ONLY: see test/bench/bench.py.
# The output is the page's Markdown, and nothing of the build's.
run-bench:
	+@$(MAKE) --no-print-directory PG_CONFIG='$(PG_CONFIG)' all >&2
	@test/bench/peers build/peers
	+@FUNNEL_PEERS='$(CURDIR)/build/peers' PG_CONFIG='$(PG_CONFIG)' MAKE='$(MAKE)' \
		FUNNEL_SETTINGS='shared_buffers = 1GB' test/cluster test/bench/run

dist:
	mkdir -p build
	git archive --format=zip --prefix=$(EXTENSION)-$(EXTVERSION).0/ \
		-o build/$(EXTENSION)-$(EXTVERSION).0.zip HEAD

.PHONY: test demo shell valgrind bench run-test run-demo run-shell run-valgrind run-bench \
	dist
