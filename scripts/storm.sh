# Sourced, behind setup.sh, by scripts/demo, bench/pooled and bench/caps: what pools of
# persistent connections ask of a server that has no statistics yet.
. "$SOURCE/scripts/summary.sh"

# Neither joins nor filters are what the planner guesses: without statistics it
# expects one order, and looks its customer up by index; there are 16,000.
load_tables()
{
	sql "$1" <<-'SQL'
		CREATE TABLE customers (id integer PRIMARY KEY, tier text, discount integer);
		CREATE TABLE orders (id integer PRIMARY KEY, region integer, customer integer, state text, kind text, amount integer);
		INSERT INTO customers SELECT i, CASE WHEN i % 25 = 0 THEN 'gold' ELSE 'plain' END, i % 7 FROM generate_series(1, 60000) i;
		INSERT INTO orders SELECT i, i / 16000 + 1, abs(hashint4(i)::bigint) % 60000 + 1, 'open', 'normal', i % 100
			FROM generate_series(0, 319999) i;
		CREATE INDEX ON customers (tier);
		CREATE INDEX ON orders (region);
		GRANT SELECT ON customers, orders TO app;
		DELETE FROM pg_statistic WHERE starelid IN ('customers'::regclass, 'orders'::regclass);
	SQL
}

QUERY="SELECT count(*), sum(o.amount - c.discount) FROM orders o JOIN customers c ON c.id = o.customer
 WHERE o.region = {1..20} AND o.state = 'open' AND o.kind = 'normal' AND c.tier = 'gold'"

# What clients ask for, as options of the generator, and how many of them keep
# the server busy.
REQUEST=(--query "$QUERY")
BUSY=4

# With APART=yes clients and proxies have processors of their own, half of them,
# as they would on machines of their own.
ON_SERVER=() ON_CLIENT=()
if [ -n "${APART:-}" ]; then
	mapfile -t cpus < <(taskset -cp $$ | sed 's/.*: //; s/,/\n/g' | while IFS=- read -r first last; do seq "$first" "${last:-$first}"; done)
	[ ${#cpus[@]} -ge 2 ] || die 'APART: there is but one processor'
	ON_SERVER=(taskset -c "$(IFS=,; echo "${cpus[*]:0:${#cpus[@]}/2}")")
	ON_CLIENT=(taskset -c "$(IFS=,; echo "${cpus[*]:${#cpus[@]}/2}")")
fi

# A server with the tables, and what else is to be done there, stopped, of which
# the others are copies, and one of these that nothing is done to but measuring
# its capacity.
make_template()
{
	local also=${1:-}
	start_server template 'max_connections = 600' 'autovacuum = off'
	load_tables "$WORK/template"
	[ -z "$also" ] || sql "$WORK/template" -c "$also"
	stop_server template
	start_copy ruler
}

# Starts a copy of the template in WORK/NAME, with settings.
start_copy()
{
	local dir=$WORK/$1 option options=
	shift
	for option in "$@"; do
		options+=" -c $option"
	done
	as_user rm -rf "$dir"
	as_user cp -a "$WORK/template" "$dir"
	as_user "${ON_SERVER[@]}" "$BIN/pg_ctl" -D "$dir" -l "$dir/log" -o "-k $dir $options" -w start >/dev/null ||
		{ cat "$dir/log"; die 'the server did not start'; }
}

# Becomes the generator, against a server or what stands before it.
exec_storm()
{
	local way=$1
	shift
	exec "${ON_CLIENT[@]}" "$WORK/src/bench/bin/storm" --conninfo "$way user=app dbname=postgres" "${REQUEST[@]}" "$@"
}

# Requests a second that a few clients get answered who never wait, from a
# server that has no statistics either, and nothing else to do.
capacity()
{
	(exec_storm "host=$WORK/ruler port=5432" --mode pool --pools 1 --pool-size $BUSY --closed $BUSY \
		--timeout 60000 --profile 1:2,1:4) >"$WORK/capacity"
	step 2 goodput_per_s "$WORK/capacity"
}

# Steps of a profile: pairs of a load, in parts of a capacity, and seconds.
profile()
{
	local rate=$1
	shift
	awk -v r="$rate" -v steps="$*" 'BEGIN {
		n = split(steps, s, " ")
		for (i = 1; i < n; i += 2)
			printf "%s%.1f:%s", (i > 1 ? "," : ""), r * s[i], s[i + 1]
	}'
}

# When the storm of process STORM is so many seconds old, by the lines of its CSV.
# Waiting must not cost what the storm is to have.
wait_for_second()
{
	local seconds=$1 csv=$2 lines=0
	while read -r; do
		[ $((lines++)) -lt "$seconds" ] || return 0
	done < <(exec tail --pid="$STORM" -n +1 -f "$csv")
	die 'the storm ended early'
}

# Seconds that it took; whoever is turned away tries again while there is a storm.
analyze()
{
	local dir=$1 began
	began=$(date +%s%N)
	until sql "$dir" -c 'ANALYZE customers, orders' 2>/dev/null; do
		kill -0 "$STORM" 2>/dev/null || break
		sleep 0.2
	done
	echo $((($(date +%s%N) - began) / 1000000)) | awk '{ print $1 / 1000 }'
}
