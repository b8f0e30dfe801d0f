# funnel: exact conversion funnels over event tables, for PostgreSQL 15 to 19.
#
#   make demo           build, start a private cluster, print a funnel
#   make test           build and run every test on private clusters; JOBS=1 runs one by one
#   make install        into the PostgreSQL that pg_config names
#
# For who works on it:
#   make test REGRESS=stage               these regression tests only
#   make test PROVE_TESTS=test/t/x.pl     these TAP tests only
#   make shell                            psql on a private cluster
#   make test-upgrade OLD_PG_CONFIG=...   pg_upgrade from another server to this one
#   make valgrind                         the regression tests, or those named, under valgrind
#   make oracle                           each clause and mix against the brute force
#   make bench                            side by side with ClickHouse and DuckDB
#   make test-fresh                       demo and test on bare systems; root only
#   make installcheck-tap                 the TAP tests, against what is installed
#   make dist                             the archive that PGXN takes
# All but dist and test-fresh take PG_CONFIG=/path/to/pg_config, and COPT=-Werror.
# In a directory other than this one, make -f /path/to/Makefile builds there.

EXTENSION = funnel
EXTVERSION = 1.1
MODULE_big = funnel

# Where this file is; objects and everything else that is built go to the
# current directory.
TOP := $(patsubst %/,%,$(dir $(firstword $(MAKEFILE_LIST))))

# The files of the floors of src/ that match, as paths from TOP.
source_files = $(patsubst $(TOP)/%,%,$(sort $(wildcard $(TOP)/src/*/$(1))))

OBJS = $(patsubst %.c,%.o,$(call source_files,*.c))

# The install script: the SQL of the rooms, in the order of their dependencies.
SQL_ROOMS = base/prologue language/stage language/definition language/unmatched result/type result/flow_edge \
	aggregate/funnel_agg aggregate/funnel_agg_by aggregate/flow_agg aggregate/progress aggregate/attempts result/report \
	result/flow result/compare picture/chart picture/table picture/svg picture/flow picture/html aggregate/window_funnel \
	aggregate/sequence aggregate/next_node aggregate/retention aggregate/sessionize journey/type journey/flow base/operators
SQL_SOURCES = $(SQL_ROOMS:%=src/%.sql)
INSTALL_SQL = funnel--$(EXTVERSION).sql

DATA = $(patsubst $(TOP)/%,%,$(wildcard $(TOP)/src/upgrade/*.sql))
DATA_built = $(INSTALL_SQL)
EXTRA_CLEAN = build

PG_CONFIG ?= pg_config

# The server's own headers are not ours to keep free of -Wextra's warnings.
SERVER_HEADERS := $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)
# A product that is not rounded before it is added has other last digits than on a
# machine that cannot do that: there gcc, unless told, takes it.
PG_CPPFLAGS = -I$(TOP)/src -isystem $(SERVER_HEADERS) -ffp-contract=off
# The build files of PostgreSQL 19 take no comment for a case that falls through:
# then none does anywhere.
PG_CFLAGS = -Wall -Wextra -Wimplicit-fallthrough=5
# As the build files of PostgreSQL 16 and newer have it: what is exported is looked up
# by each process that loads the library, and called by way of a table.
PG_CFLAGS += -fvisibility=hidden

# The flags of a server that gcc built name warnings that clang has not.
ifneq ($(findstring clang,$(CC)),)
PG_CFLAGS += -Wno-unknown-warning-option -Wno-ignored-optimization-argument
endif

# Naming tests of one kind on the command line leaves the other kind out; PROVE_TESTS=
# and REGRESS= leave out their own.
ifneq ($(origin PROVE_TESTS)$(if $(PROVE_TESTS),,-none),command line)
REGRESS = $(sort $(notdir $(basename $(wildcard $(TOP)/sql/*.sql))))
endif
ifneq ($(origin REGRESS)$(if $(REGRESS),,-none),command line)
PROVE_TESTS = $(patsubst $(TOP)/%,%,$(sort $(wildcard $(TOP)/test/t/*.pl)))
endif
REGRESS_OPTS = --load-extension=funnel --encoding=UTF8 --no-locale

all: $(INSTALL_SQL)

# A server may have PGXS and no headers; then only the targets work that first
# see to what is missing.
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(and $(wildcard $(PGXS)),$(wildcard $(SERVER_HEADERS)/postgres.h)),)

# No bitcode.  The server's just-in-time compiler would inline our functions from it,
# which saves no time, for they are long.  From 16 on it ends the session instead: an
# inlined function calls others that the library does not export.
override with_llvm = no

# A server that was built in its own source tree does not say where sources are
# when make runs in another directory than theirs.
ifneq ($(TOP),.)
VPATH = $(TOP)
endif

include $(PGXS)

# An earlier version installed bitcode, which must not be inlined in place of this one.
install uninstall: remove-bitcode
remove-bitcode:
	rm -rf '$(DESTDIR)$(pkglibdir)/bitcode/$(MODULE_big)' '$(DESTDIR)$(pkglibdir)/bitcode/$(MODULE_big).index.bc'

# The tests that make test runs by test/run, on what is installed already.
PG_PROVE_FLAGS += -I $(srcdir)/test/perl
installcheck-tap:
	$(prove_installcheck)
else
all install installcheck installcheck-tap:
	@echo "funnel: $(PG_CONFIG) leads to no PostgreSQL headers: install" \
		"postgresql-server-dev-NN, or give PG_CONFIG=/path/to/pg_config" >&2
	@exit 1
clean:
	rm -rf $(OBJS) $(MODULE_big).so $(INSTALL_SQL) $(EXTRA_CLEAN)
endif

# The sources' names hold no white space, nor does TOP.
$(INSTALL_SQL): $(SQL_SOURCES:%=$(TOP)/%) $(TOP)/src/base/forms.awk $(TOP)/Makefile | build/built-for
	cat $(SQL_SOURCES:%=$(TOP)/%) | awk -f $(TOP)/src/base/forms.awk > $@

# PGXS knows neither our headers nor that one tree may be built for several
# servers in turn: objects are compiled again when either changes.
BUILT_FOR := $(shell $(PG_CONFIG) --bindir --version --configure 2>/dev/null | tr '\n' ' ') $(COPT) $(PG_CFLAGS)
ifneq ($(shell cat build/built-for 2>/dev/null),$(strip $(subst ',,$(BUILT_FOR))))
.PHONY: build/built-for
endif
build/built-for:
	@mkdir -p build $(sort $(dir $(OBJS))) && test -w build || { \
		echo "funnel: nothing can be written here: in a directory of yours, type" \
			"make -f $(abspath $(TOP)/Makefile) $(patsubst run-%,%,$(MAKECMDGOALS))" >&2; exit 1; }
	@echo '$(strip $(subst ',,$(BUILT_FOR)))' > $@

$(OBJS): $(addprefix $(TOP)/,$(call source_files,*.h)) build/built-for

# These recipes run make again, which plain -n, -t and -q would do as well: not
# even test/setup may run then.
RECURSE = $(if $(or $(findstring n,$(OPTIONS)),$(findstring t,$(OPTIONS)),$(findstring q,$(OPTIONS))),,+)
OPTIONS = $(firstword -$(MAKEFLAGS))
AGAIN = $(MAKE) --no-print-directory -f '$(TOP)/Makefile'

# test/setup sees to what is missing and runs the rest with a PG_CONFIG=... that
# leads to it, which need not be the one that this make was started with.
SETUP_CONFIG = $(if $(filter command environment,$(firstword $(origin PG_CONFIG))),$(PG_CONFIG))
WITH_SETUP = $(RECURSE)@FUNNEL_BUILD='$(CURDIR)/build' sh '$(TOP)/test/setup' '$(SETUP_CONFIG)' $(AGAIN)
CLUSTER = PG_CONFIG='$(PG_CONFIG)' MAKE='$(MAKE)' VALGRIND_SUPP='$(VALGRIND_SUPP)' \
	sh '$(TOP)/test/cluster'

# How many files are compiled at once, if make was not told, and then how many tests run.
JOBS = $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 4 ? n : 4)))
test:
	$(WITH_SETUP) $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS)) run-test

demo:
	$(WITH_SETUP) run-demo

shell:
	$(WITH_SETUP) run-shell

valgrind:
	$(WITH_SETUP) run-valgrind

oracle:
	$(WITH_SETUP) run-oracle

bench:
	$(WITH_SETUP) run-bench

run-test: all
	$(RECURSE)@FUNNEL_JOBS='$(JOBS)' $(CLUSTER) test/run '$(REGRESS)' '$(PROVE_TESTS)'

run-demo: all
	$(RECURSE)@$(CLUSTER) test/demo/run

run-shell: all
	$(RECURSE)@$(CLUSTER) sh -c 'psql -Xqf docs/sample.sql && exec psql'

# Between two servers that are both here.
NEW_PG_CONFIG = $(PG_CONFIG)
test-upgrade:
	$(RECURSE)@MAKE='$(MAKE)' '$(TOP)/test/upgrade' '$(OLD_PG_CONFIG)' '$(NEW_PG_CONFIG)'

# Valgrind finds most in a server built with assertions and -DUSE_VALGRIND,
# whose source has the suppressions: src/tools/valgrind.supp.
VALGRIND_SUPP = $(wildcard $(dir $(PG_CONFIG))../valgrind.supp)
run-valgrind: all
	$(RECURSE)@FUNNEL_JOBS='$(JOBS)' $(CLUSTER) --valgrind test/run $(TESTS_NAMED)

# ORACLE='10000 1 unless': see test/oracle/clauses.py.
run-oracle: all
	$(RECURSE)@$(CLUSTER) python3 test/oracle/clauses.py

# A quarter of the memory, as PostgreSQL's manual recommends.  A scan of a table that
# is larger than a quarter of the buffers leaves no pages in them.
BUFFERS = shared_buffers = $(or $(shell awk '/^MemTotal:/ { print int($$2 / 4096) "MB" }' \
	/proc/meminfo 2>/dev/null),1GB)

# BENCH_ROWS, BENCH_RUNS, BENCH_ONLY and BENCH_COLD: see test/bench/bench.py.
# The output is the page's Markdown, and nothing of the build's.
run-bench:
	$(RECURSE)@$(AGAIN) PG_CONFIG='$(PG_CONFIG)' all >&2
	@'$(TOP)/test/bench/peers' build/peers
	$(RECURSE)@FUNNEL_PEERS='$(CURDIR)/build/peers' FUNNEL_SETTINGS='$(BUFFERS)' \
		$(CLUSTER) test/bench/run

# SHARDS_ROWS, SHARDS_RUNS and SHARDS_COUNTS: see test/bench/shards.py.
bench-shards:
	$(WITH_SETUP) run-bench-shards

run-bench-shards:
	$(RECURSE)@$(AGAIN) PG_CONFIG='$(PG_CONFIG)' all >&2
	$(RECURSE)@FUNNEL_SETTINGS='shared_buffers = 1GB' $(CLUSTER) python3 test/bench/shards.py

# FRESH="bookworm bare root" and the like: see test/fresh.
test-fresh:
	@sh '$(TOP)/test/fresh' $(FRESH)

DIST = $(EXTENSION)-$(EXTVERSION).0
dist:
	@git -C '$(TOP)' rev-parse --verify --quiet HEAD >/dev/null || { \
		echo "funnel: make dist archives a commit: run it in a checkout of git" >&2; exit 1; }
	mkdir -p build
	git -C '$(TOP)' archive --format=zip --prefix=$(DIST)/ -o '$(CURDIR)/build/$(DIST).zip' HEAD

.PHONY: test demo shell valgrind oracle bench bench-shards run-test run-demo run-shell run-valgrind run-oracle run-bench run-bench-shards \
	installcheck-tap remove-bitcode test-fresh test-upgrade dist

# make indent, lint, coverage, sanitize and fuzz.
include $(TOP)/test/tools.mk
