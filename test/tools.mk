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

TOOLS := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))/tools

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
