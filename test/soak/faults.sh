# Sourced by run: the faults.  Those that take the server down are "hard", and
# there is at most one of them in a round.

FAULTS=0
STOPPED=()						# process ids, some of which go on by now

# Names, each as often as its weight.
SOFT=(terminate terminate cancel cancel stop_backend stop_backend stop_backend stop_controller stop_controller
	reload reload reload reload reload reload reload reload rules rules rules rules wrong_setting wrong_file
	pause pause pause resume resume resume resume_all resume_all pause_all disconnect
	start_warmup start_warmup hold_warmup continue_warmup stop_warmup brake brake release_brake release_brake
	terminate_backends cancel_backends lock_table reset_statistics reset_counters extension full_disk reset_settings reset_settings)
HARD=(kill_backend kill_backend kill_backend kill_controller restart_fast restart_immediate)

# Settings with values that must be refused, and change nothing where they are in
# a file.
WRONG=("services = 'a: role=x priority=urgent'" "services = 'a: role='" "services = 'a: role=x limit=0'"
	"paused_services = 'a,,b'" "exempt_roles = 'a,,b'" "brake = '0'" "mode = 'loud'" "max_running_transactions = 'many'"
	"warmup_on = 'sunshine'" "runaway_cpu_time = '0'" "sample_interval = '1ms'" "warmup_target_connections = '0'")

# Sets P.  A process is only stopped in a storm: it would be an excuse.
draw_fault()
{
	pick "${SOFT[@]}"
	case $ROUND.$P in
		storm.*) ;;
		*.stop_*) P=reload ;;
	esac
}

# Every other round a promotion, whatever the round is: they would be too few in
# storms alone.  Else in two storms of three; in the third the words have all the
# round to leak.
draw_hard_fault()
{
	draw 3
	if ((QUIETS % 2)); then
		P=promote
	elif [ "$ROUND" != storm ] || [ "$D" = 0 ]; then
		P=''
	else
		pick "${HARD[@]}"
	fi
}

count_fault()
{
	FAULTS=$((FAULTS + 1))
	FAULT_COUNTS[$1]=$((${FAULT_COUNTS[$1]:-0} + 1))
}

#
# Single backends.
#

# One of the sessions that are not superusers', held logins included.  Sets VICTIM.
draw_victim()
{
	draw 1000000
	VICTIM=$(value "SELECT pid FROM admission.backends WHERE backend_type = 'client backend' AND role <> 'postgres' ORDER BY md5(pid || '$D') LIMIT 1")
}

# Runs a command on one of them, if there is one, or on the controller.
on_victim()
{
	draw_victim
	[ -z "$VICTIM" ] || "$1" "$VICTIM"
}

on_controller()
{
	local pid
	pid=$(value 'SELECT controller_pid FROM admission.status')
	[ -z "$pid" ] || "$1" "$pid"
}

fault_terminate()
{
	draw_victim
	[ -z "$VICTIM" ] || call "SELECT pg_terminate_backend($VICTIM)"
}

fault_cancel()
{
	draw_victim
	[ -z "$VICTIM" ] || call "SELECT pg_cancel_backend($VICTIM)"
}

# It goes on after at most 3 s, by a process of its own: who is stopped may hold
# what a call that run makes meanwhile waits for.
stop_process()
{
	draw 2900
	mark begin stop "$1"
	kill -STOP "$1" 2>/dev/null || true
	(
		printf -v pause '%d.%03d' $(((D + 100) / 1000)) $(((D + 100) % 1000))
		sleep "$pause"
		kill -CONT "$1" 2>/dev/null
		mark end stop "$1"
	) &
	STOPPED+=("$1")
}

fault_stop_backend()
{
	on_victim stop_process
}

fault_stop_controller()
{
	on_controller stop_process
}

# Whoever has been stopped lately goes on at once.
release_stopped()
{
	local pid
	for pid in ${STOPPED[@]+"${STOPPED[@]}"}; do
		kill -CONT "$pid" 2>/dev/null || true
		mark end stop "$pid"
	done
	STOPPED=()
}

fault_terminate_backends()
{
	draw_filter
	pick "" ", grace => '0.5 s'" ", wait => '1 s'"
	call "SELECT count(*) FROM admission.terminate_backends($FILTER, dry_run => false$P)"
}

fault_cancel_backends()
{
	draw_filter
	call "SELECT count(*) FROM admission.cancel_backends($FILTER, dry_run => false)"
}

draw_filter()
{
	pick "application_name => 'notify'" "application_name => 'b%', max_victims => 3" "role_name => 'patient'" "service => 'batch'" \
		"state => 'waiting for admission', max_victims => 4" "min_runtime => '0.3 s'" "role_name => 'app', victims => 'oldest', max_victims => 2" \
		"min_idle_in_transaction => '0.2 s'" "blocking_at_least => 2" "query => '%generate_series%', victims => 'top_cpu', max_victims => 2"
	FILTER=$P
}

# A client that blocks others, and holds its permit meanwhile.
fault_lock_table()
{
	PGAPPNAME=lock timeout 20 "$BIN/psql" -XAtq -h "$WORK/now" -p 5432 -U ddl -d postgres -c BEGIN \
		-c 'LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE' -c 'SELECT pg_sleep(1.5)' -c COMMIT >/dev/null 2>&1 &
	disown
}

#
# Settings.
#

set_to()
{
	call "ALTER SYSTEM SET pg_admission.$1 = '$2'"
}

draw_setting()
{
	pick mode mode warmup_advance warmup_advance max_running_transactions warmup_initial_transactions transaction_gate \
		transaction_queue_timeout transaction_queue_timeout connection_queue_timeout connection_queue_timeout long_transaction_after \
		client_check_interval brake brake runaway_action runaway_only_under runaway_runtime runaway_blocking runaway_cpu_time \
		runaway_idle_in_transaction refusal_sqlstate exempt_roles exempt_connections cores sample_interval metrics_file warmup_on \
		warmup_duration warmup_max_age warmup_initial_connections warmup_target_connections hold_for_health paused_services paused_services
	SETTING=$P
	case $SETTING in
		mode) pick enforce enforce enforce enforce observe off ;;
		warmup_advance) pick load load load clock ;;
		max_running_transactions) pick 0 4 8 2x 4x 40 ;;
		warmup_initial_transactions) pick 0 2 1x ;;
		transaction_gate) pick on on on off ;;
		transaction_queue_timeout) pick 0 100ms 500ms 1s 3s ;;
		connection_queue_timeout) pick 0 500ms 2s 5s 10s ;;
		long_transaction_after) pick -1 0 100ms 1s ;;
		client_check_interval) pick 0 100ms 500ms ;;
		brake) pick off off off on 1 3 ;;
		runaway_action) pick none log cancel terminate ;;
		runaway_only_under) pick comfortable high critical ;;
		runaway_runtime | runaway_idle_in_transaction | runaway_cpu_time) pick -1 1s 5s ;;
		runaway_blocking) pick -1 1 3 ;;
		refusal_sqlstate) pick 53300 57P03 ;;
		exempt_roles) pick +pg_monitor +pg_monitor '' 'patient, +pg_monitor' ;;
		exempt_connections) pick 0 2 5 ;;
		cores) pick 0 0 1 4 ;;
		sample_interval) pick 100ms 250ms 1s 3s ;;
		metrics_file) pick '' soak.prom no/such/folder/soak.prom ;;
		warmup_on) pick all all '' crash,relapse ;;
		warmup_duration) pick 2s 20s 5min ;;
		warmup_max_age) pick 5s 1d ;;
		warmup_initial_connections) pick -1 5 20 ;;
		warmup_target_connections) pick -1 30 ;;
		hold_for_health) pick on off ;;
		paused_services) pick '' '' batch 'notify, nobody' '*' ;;
	esac
}

fault_reload()
{
	local i count
	draw 3
	count=$((D + 1))
	for ((i = 0; i < count; i++)); do
		draw_setting
		set_to "$SETTING" "$P"
	done
	call 'SELECT pg_reload_conf()'
}

fault_reset_settings()
{
	call 'ALTER SYSTEM RESET ALL' 'SELECT pg_reload_conf()'
}

# Some keep their names, some are new, and some go.
draw_rules()
{
	local name
	RULES=''
	pick n1 n2 n3 n4 n5 n6
	for name in chat notify batch "$P"; do
		draw 4
		[ "$D" != 0 ] || continue
		pick application_name="$name" application_name="$name" "application_name=${name:0:1}*" role=app,patient role=+app client_address=local
		RULES+="$name: $P"
		pick '' '' ' limit=8' ' limit=20' ' limit=2'
		RULES+=$P
		pick '' '' ' running=2' ' running=1' ' running=2x'
		RULES+=$P
		pick '' ' priority=high' ' priority=low'
		RULES+=$P
		pick '' '' ' patience=0' ' patience=200ms' ' patience=3s'
		RULES+="$P; "
	done
	pick '' '' 'ops: role=monitor exempt=on; ' 'default: running=6; ' 'default: limit=60; '
	RULES+=$P
}

fault_rules()
{
	draw_rules
	set_to services "$RULES"
	call 'SELECT pg_reload_conf()'
}

expect_refused()
{
	ask -c "ALTER SYSTEM SET pg_admission.$1" >/dev/null 2>"$WORK/said" || true
	grep -qE 'invalid value|outside the valid range' "$WORK/said" ||
		violation settings "$1 was not refused: $(cat "$WORK/said")"
}

fault_wrong_setting()
{
	pick "${WRONG[@]}"
	expect_refused "$P"
}

# A wrong value in a file changes nothing, not even what it is next to.
fault_wrong_file()
{
	local name before after
	pick "${WRONG[@]}"
	name=${P%% *}
	before=$(value "SHOW pg_admission.$name")
	as_user tee "$WORK/wrong.conf" <<<"pg_admission.$P" >/dev/null
	call 'SELECT pg_reload_conf()'
	sleep 0.3
	after=$(value "SHOW pg_admission.$name")
	as_user tee "$WORK/wrong.conf" </dev/null >/dev/null
	call 'SELECT pg_reload_conf()'
	[ "$before" = "$after" ] || violation settings "$name was '$before', and is '$after' by the file's $P"
}

# What the settings say, a line each, and what is done by them.
read_settings()
{
	SETTINGS=$(value "SELECT name || '=' || setting FROM pg_settings WHERE name LIKE 'pg_admission.%' ORDER BY name" &&
		value "SELECT concat_ws(', ', mode, 'brake ' || brake) FROM admission.status" &&
		value "SELECT concat_ws(', ', service, rule, 'paused by ' || paused_by) FROM admission.services ORDER BY service")
}

# Sets values in a file that are no defaults, and waits until they are in force.
set_good_values()
{
	local deadline=$((SECONDS + 10))
	as_user tee "$WORK/machine.conf" >/dev/null <<-'END'
		pg_admission.services = 'kept: application_name=kept limit=3'
		pg_admission.paused_services = 'kept'
		pg_admission.brake = '5'
		pg_admission.mode = 'observe'
		pg_admission.exempt_roles = 'monitor'
		pg_admission.warmup_on = 'crash'
	END
	call 'SELECT pg_reload_conf()'
	until [ "$(value "SELECT concat_ws(' ', mode, brake, paused_by) FROM admission.status, admission.services
		WHERE service = 'kept'")" = 'observe 5 setting' ]; do
		((SECONDS <= deadline)) || { violation settings 'good values in a file are not in force within 10 s'; return; }
		sleep 0.1
	done
}

# Wrong values in a file that is read after that.  In a storm those of ALTER
# SYSTEM go before both, and the controller may be late.  Of several values of one
# setting the server looks at the last; the others are tried by ALTER SYSTEM.
judge_wrong_values()
{
	local wrong before
	set_good_values
	read_settings
	before=$SETTINGS
	printf 'pg_admission.%s\n' "${WRONG[@]}" | as_user tee "$WORK/wrong.conf" >/dev/null
	call 'SELECT pg_reload_conf()'
	sleep 1
	read_settings
	[ "$SETTINGS" = "$before" ] ||
		violation settings "wrong values in a file have changed: $(diff <(echo "$before") <(echo "$SETTINGS"))"
	as_user tee "$WORK/wrong.conf" "$WORK/machine.conf" </dev/null >/dev/null
	for wrong in "${WRONG[@]}"; do
		expect_refused "$wrong"
	done
	call 'ALTER SYSTEM RESET ALL' 'SELECT pg_reload_conf()'
}

#
# The administrator's functions.
#

draw_service()
{
	pick chat notify batch default
}

fault_pause()
{
	draw_service
	call "SELECT admission.pause_service('$P')"
}

fault_disconnect()
{
	draw_service
	call "SELECT admission.pause_service('$P', disconnect => true, grace => '0.3 s')"
}

fault_pause_all()
{
	call 'SELECT * FROM admission.pause_services()'
}

draw_over()
{
	pick 0 '1 s' '5 s' '1 min'
}

fault_resume()
{
	local over
	draw_over
	over=$P
	draw_service
	call "SELECT admission.resume_service('$P', over => '$over')"
}

fault_resume_all()
{
	draw_over
	call "SELECT * FROM admission.resume_services(over => '$P')"
}

fault_start_warmup()
{
	pick "" "'5 s'" "'20 s', 10, 60" "'1 min', initial_transactions => 2, target_transactions => 8" "'0.5 s', 5, 100, 1, 4"
	call "SELECT admission.start_warmup($P)"
}

fault_hold_warmup() { call 'SELECT admission.hold_warmup()'; }
fault_continue_warmup() { call 'SELECT admission.continue_warmup()'; }
fault_stop_warmup() { call 'SELECT admission.stop_warmup()'; }

fault_brake()
{
	pick "'on'" 1 3 8
	call "SELECT admission.brake($P)"
}

fault_release_brake() { call "SELECT admission.brake('off')"; }
fault_reset_counters() { call 'SELECT admission.reset_counters()'; }
fault_reset_statistics() { call 'SELECT pg_stat_reset()' "SELECT pg_stat_reset_shared('bgwriter')"; }

# In the clients' database; the checker's has its own.
fault_extension()
{
	call 'DROP EXTENSION IF EXISTS pg_admission'
	draw 8
	sleep "0.$D"
	DATABASE=watch call "SELECT admission.brake('off')"
	call 'CREATE EXTENSION IF NOT EXISTS pg_admission'
}

#
# A full disk.
#

# Nothing else must want room there that PostgreSQL cannot do without: its log is
# elsewhere, and checkpoints are made by hand.
fault_full_disk()
{
	local folder=$WORK/node$NODE room
	if [ -z "$CAN_FILL" ]; then
		as_user mkdir -p "$folder/pg_admission.state.tmp"
	else
		room=$(df --output=avail -B1 "$folder" | tail -1)
		as_user fallocate -l "$room" "$folder/filler" 2>/dev/null || true
		as_user dd if=/dev/zero of="$folder/filler" bs=4096 oflag=append conv=notrunc 2>/dev/null || true
	fi
	fault_brake
	fault_release_brake
	fault_pause
	fault_resume
	sleep 1
	as_user rm -rf "$folder/filler" "$folder/pg_admission.state.tmp"
	now
	UNSAVED_UNTIL=$((NOW + 15000))
}

#
# Down.
#

# What must be the same afterwards: who is paused by a function, and the brake.
read_kept()
{
	KEPT=$(value "SELECT brake || ', paused: ' || coalesce((SELECT string_agg(service, ', ' ORDER BY service) FROM admission.services
		WHERE state = 'paused' AND paused_by LIKE '%function%'), 'nobody') FROM admission.status")
}

begin_down()
{
	release_stopped
	sleep 0.5
	read_kept
	KEPT_BEFORE=$KEPT
	ARMED=$(value "SELECT current_setting('pg_admission.warmup_on') ~ '$1|all'")
	BEGAN=$(value "SELECT clock_timestamp()")
	mark begin down "$1"
}

end_down()
{
	wait_up
	# Sessions that were there before may still be told that it is down.
	sleep 1
	mark end down "$1"
}

judge_kept()
{
	now
	((NOW > UNSAVED_UNTIL)) || return 0
	read_kept
	[ "$KEPT" = "$KEPT_BEFORE" ] || [ -z "$KEPT_BEFORE" ] || [ -z "$KEPT" ] ||
		violation forgotten "before $1: brake $KEPT_BEFORE; after it: brake $KEPT"
}

judge_warmup()
{
	local started
	[ "$ARMED" = t ] || return 0
	started=$(value "SELECT warmup_started_at >= '$BEGAN' FROM admission.status")
	[ "$started" = t ] || violation warmup "after $1 no warm-up has started: $(value "SELECT concat_ws(' ', phase, warmup_trigger, warmup_started_at, phase_reason) FROM admission.status")"
}

checkpointer()
{
	value "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
}

# The server restarts all when one is killed; until then it may still answer.
kill_process()
{
	local before after deadline=$((SECONDS + 60))
	before=$(checkpointer)
	begin_down crash
	echo "$1" >>"$WORK/killed"
	kill -KILL "$1" 2>/dev/null || { mark end down crash; return 0; }
	while after=$(checkpointer) && { [ -z "$after" ] || [ "$after" = "$before" ]; }; do
		((SECONDS <= deadline)) || { violation recovery "no restart within 60 s of kill -9 $1"; break; }
		sleep 0.1
	done
	end_down crash
	judge_kept 'kill -9'
	judge_warmup 'kill -9'
}

fault_kill_backend()
{
	on_victim kill_process
}

fault_kill_controller()
{
	on_controller kill_process
}

fault_restart_fast()
{
	begin_down restart
	stop_node "$NODE" fast
	start_node "$NODE"
	end_down restart
	judge_kept 'a restart'
}

fault_restart_immediate()
{
	begin_down crash
	stop_node "$NODE" immediate
	start_node "$NODE"
	end_down crash
	judge_kept 'an immediate stop'
	judge_warmup 'an immediate stop'
}

# A standby made of the primary takes its place.
make_standby()
{
	local next=$1 deadline=$((SECONDS + 30))
	make_node_folder "$next"
	# A reader of the primary: how long it takes is no promise of anybody's.
	as_user "$BIN/pg_basebackup" -h "$WORK/now" -p 5432 -U postgres -D "$WORK/node$next" --waldir="$WORK/wal$next" -c fast -X stream -R \
		>>"$WORK/calls" 2>&1 || return 1
	# The copy has the lock of the primary's socket, too.
	as_user rm -f "$WORK/node$next"/.s.PGSQL.*
	as_user tee -a "$WORK/node$next/postgresql.conf" <<<"unix_socket_directories = '$WORK/node$next'" >/dev/null
	start_node "$next"
	until [ "$(value "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")" = 1 ]; do
		((SECONDS <= deadline)) || return 1
		sleep 0.2
	done
}

fault_promote()
{
	local next=$((NODE + 1))
	release_stopped
	make_standby "$next" || { violation recovery 'no standby could be made'; die "no standby: see $WORK/calls"; }
	begin_down promotion
	stop_node "$NODE" fast
	note_cores "$WORK/node$NODE"
	as_user "$BIN/pg_ctl" -D "$WORK/node$next" -w -t "$UP_WITHIN_S" promote >/dev/null || violation recovery 'the standby was not promoted'
	ln -sfn "$WORK/node$next" "$WORK/now"
	[ -z "$CAN_FILL" ] || umount "$WORK/node$NODE" || umount -l "$WORK/node$NODE"
	rm -rf "$WORK/node$NODE" "$WORK/wal$NODE"
	NODE=$next
	end_down promotion
	judge_warmup 'a promotion'
}
