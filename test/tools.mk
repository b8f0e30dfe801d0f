# What one needs besides building and testing; the Makefile includes it.
#
#   make indent         lay out the C sources by pgindent's rules
#   make indent-check   show what that would change
#   make typedefs       bring test/tools/typedefs.list up to date
#   make lint           cppcheck and clang's analyzer; with -j2 it is faster
#   make coverage       the lines that the regression tests run, file by file
#   make sanitize       tests with what finds bad addresses and undefined behaviour
#   make fuzz           FUZZ_SECONDS=60 for each fuzzer, FUZZ_SEED=1
#
# Nothing is installed: what is missing is named.  See CONTRIBUTING.md.

TOOLS = $(TOP)/test/tools

# Only tests that were asked for, and otherwise the regression tests.
TESTS_NAMED = '$(REGRESS)' '$(if $(filter command,$(firstword $(origin PROVE_TESTS))),$(PROVE_TESTS))'
TOOLS_ENV = PG_CONFIG='$(PG_CONFIG)' MAKE='$(MAKE)'

indent:
	@PG_INDENT='$(PG_INDENT)' sh '$(TOOLS)/indent'

indent-check:
	@PG_INDENT='$(PG_INDENT)' sh '$(TOOLS)/indent' --check

typedefs: all
	@perl '$(TOOLS)/typedefs'

.PHONY: indent indent-check typedefs

# The analyzer goes through each source in turn; what it finds is read together.
LINT_CLANG ?= clang
LINTED = $(OBJS:%.o=build/lint/%.plist)
LINT_FLAGS = -I$(TOP)/src -isystem $(shell $(PG_CONFIG) --includedir-server) \
	-D_GNU_SOURCE -DUSE_ASSERT_CHECKING=1

lint: lint-tools $(LINTED)
	@sh '$(TOOLS)/lint' $(LINTED)

lint-tools:
	@sh '$(TOOLS)/lint' --have '$(LINT_CLANG)'

$(LINTED): build/lint/%.plist: $(TOP)/%.c $(wildcard $(TOP)/src/*/*.h) | lint-tools
	@mkdir -p $(dir $@)
	@echo 'analyzing src/$(notdir $(patsubst %/,%,$(dir $<)))/$(notdir $<)'
	@$(LINT_CLANG) --analyze -Xclang -analyzer-output=plist $(LINT_FLAGS) -o $@ $< 2>$@.log || \
		{ cat $@.log >&2; exit 1; }

.PHONY: lint lint-tools

coverage:
	$(RECURSE)@$(TOOLS_ENV) sh '$(TOOLS)/coverage' $(TESTS_NAMED)

.PHONY: coverage

sanitize:
	$(RECURSE)@$(TOOLS_ENV) sh '$(TOOLS)/sanitize' $(TESTS_NAMED)

fuzz: fuzz-plain fuzz-server

fuzz-plain:
	@sh '$(TOOLS)/fuzz'

fuzz-server:
	$(RECURSE)@$(TOOLS_ENV) sh '$(TOOLS)/fuzz' --server

fuzz-merge:
	$(RECURSE)@$(TOOLS_ENV) sh '$(TOOLS)/fuzz' --merge

# As test/tools/fuzz has the extension built, in build/fuzz/server.
run-fuzz: all
	$(RECURSE)@$(CLUSTER) python3 test/fuzz/values.py $(QUESTION)

.PHONY: sanitize fuzz fuzz-plain fuzz-server fuzz-merge run-fuzz
