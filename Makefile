# pg_admission: builds with PGXS.  "make", "make install", "make installcheck";
# scripts/check does it all on a throw-away server.

MODULE_big = pg_admission
OBJS = \
	src/policy/brake.o \
	src/policy/event_entry.o \
	src/policy/evidence.o \
	src/policy/exposition.o \
	src/policy/governor.o \
	src/policy/history_entry.o \
	src/policy/level.o \
	src/policy/network.o \
	src/policy/per_core.o \
	src/policy/pressure.o \
	src/policy/ramp.o \
	src/policy/record.o \
	src/policy/role_list.o \
	src/policy/rules.o \
	src/policy/rules_match.o \
	src/policy/rules_names.o \
	src/policy/rules_output.o \
	src/policy/rules_print.o \
	src/policy/rules_reader.o \
	src/policy/rules_words.o \
	src/policy/runaway.o \
	src/policy/service_state.o \
	src/policy/warmup.o \
	src/os/cgroup.o \
	src/os/clock.o \
	src/os/cpu.o \
	src/os/files.o \
	src/os/host.o \
	src/os/memory.o \
	src/os/process.o \
	src/os/psi.o \
	src/os/sampler.o \
	src/os/text.o \
	src/arming.o \
	src/blocking.o \
	src/connection_gate.o \
	src/controller.o \
	src/counters.o \
	src/deep_check.o \
	src/deep_worker.o \
	src/events.o \
	src/exemption.o \
	src/findings.o \
	src/fitness.o \
	src/health.o \
	src/health_checks.o \
	src/health_worker.o \
	src/history.o \
	src/holding.o \
	src/lending.o \
	src/line_wait.o \
	src/login.o \
	src/membership.o \
	src/metrics.o \
	src/my_service.o \
	src/own_locks.o \
	src/permits.o \
	src/permits_delay.o \
	src/permits_line.o \
	src/permits_looks.o \
	src/permits_slots.o \
	src/persist.o \
	src/pg_admission.o \
	src/processes.o \
	src/refusal_log.o \
	src/report.o \
	src/ring_file.o \
	src/runaways.o \
	src/samples.o \
	src/sampling.o \
	src/server_refusals.o \
	src/service_refusal.o \
	src/service_use.o \
	src/services.o \
	src/settings.o \
	src/sql_access.o \
	src/sql_backends.o \
	src/sql_blocking.o \
	src/sql_change.o \
	src/sql_events.o \
	src/sql_health.o \
	src/sql_metrics.o \
	src/sql_pressure.o \
	src/sql_row.o \
	src/sql_runaways.o \
	src/sql_services.o \
	src/sql_status.o \
	src/sql_stopping.o \
	src/sql_warmup.o \
	src/starts.o \
	src/state.o \
	src/stopping.o \
	src/text_file.o \
	src/transaction_gate.o \
	src/waits.o \
	src/work.o \
	src/worker.o

EXTENSION = pg_admission
DATA = pg_admission--0.1.sql
PGFILEDESC = "pg_admission - admission control for PostgreSQL"

PG_CPPFLAGS = -I$(srcdir)/src

# The tests start their own servers, which preload the installed library; as
# initdb does, they refuse to run as root.
REGRESS = surface settings rights warmup pressure services
REGRESS_OPTS = --temp-instance=tmp_regress --temp-config=test/postgresql.conf
ISOLATION = warmup_race
ISOLATION_OPTS = --temp-instance=tmp_isolation --temp-config=test/postgresql.conf
TAP_TESTS = 1

# WERROR=1 makes warnings errors, as scripts/check does.
ifdef WERROR
PG_CFLAGS += -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
endif

EXTRA_CLEAN = src/health_checks.c test/unit/bin test/fuzz/bin test/model/bin test/soak/bin bench/bin tmp_regress tmp_isolation

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# The checks of health_check(), in the order in which to mend what they find: one
# source for the library and for the scripts that do without it.
HEALTH = leftovers durability checksums extensions statistics collations sequences \
	subscriptions wraparound prepared_transactions drift indexes triggers \
	partition_statistics expression_statistics extended_statistics counters \
	autovacuum admission connections slots publications superusers standby \
	constraints cache timeouts
HEALTH_SQL = $(HEALTH:%=$(srcdir)/health/checks/%.sql)
ASSEMBLE = awk -f $(srcdir)/health/assemble

.DELETE_ON_ERROR:
PROFILE_SQL = $(srcdir)/health/profile.sql

src/health_checks.c: $(HEALTH_SQL) $(PROFILE_SQL) $(srcdir)/health/assemble
	$(ASSEMBLE) -v as=checks $(HEALTH_SQL) >$@
	$(ASSEMBLE) -v as=query $(PROFILE_SQL) >>$@

.PHONY: scripts
scripts: PARTS = $(srcdir)/health/script
scripts:
	$(ASSEMBLE) -v as=script -v before=$(PARTS)/before.sql -v after=$(PARTS)/after.sql $(HEALTH_SQL) >$(srcdir)/scripts/health_check.sql
	cat $(PARTS)/profile_before.sql $(PROFILE_SQL) $(PARTS)/profile_after.sql >$(srcdir)/scripts/health_profile.sql

# PGXS knows nothing of headers.
$(OBJS): $(wildcard $(srcdir)/src/*.h $(srcdir)/src/*/*.h)

# Policy and readers, without a server.
.PHONY: unit
unit:
	$(MAKE) -C test/unit check
