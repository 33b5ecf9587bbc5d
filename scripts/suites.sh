# Sourced, after setup.sh, by the scripts that run the tests: what each kind of
# test is, run on the copy of the sources in the work folder.

TESTS_NEED='libcmocka-dev libipc-run-perl faketime openssl python3-prometheus-client'

# Other libraries with hooks, beside which ours is tested: postgresql-NN-NAME.
NEIGHBOURS='pgaudit set-user pg-stat-kcache'

# The packages of those that this system has for its server.
neighbours()
{
	local name package
	for name in $NEIGHBOURS; do
		package=postgresql-$(server_version)-$name
		apt-cache show "$package" >/dev/null 2>&1 && echo "$package"
	done
	return 0
}

# Everything that the tests need, but for a server that the caller names.
prepare_tests()
{
	local own_server=${PG_CONFIG:-}
	# shellcheck disable=SC2086
	prepare $TESTS_NEED "$@"
	if [ -z "$own_server" ]; then
		prepare_programs pgbouncer
		# shellcheck disable=SC2046
		install_missing $(neighbours)
	fi
	choose_user
	make_work_folder
	copy_server
}

unit_tests()
{
	say 'unit tests, under the address and undefined-behaviour sanitizers'
	as_user make -s -C "$WORK/src" unit
	if has_fuzzer; then
		say 'fuzzers, a few seconds each'
		as_user make -s -C "$WORK/src/test/fuzz" smoke
	else
		say 'no fuzzers: clang with libFuzzer is not here'
	fi
}

# Whether clang is here, with its fuzzer.
has_fuzzer()
{
	echo 'int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) { return !data + !size; }' |
		clang -fsanitize=fuzzer -x c -o /dev/null - 2>/dev/null
}

installcheck()
{
	as_user make -s -C "$WORK/src" PG_CONFIG="$PG_CONFIG" bindir="$BIN" "$@" installcheck
}

regression_tests()
{
	say 'regression and isolation tests'
	installcheck TAP_TESTS= ||
		{ cat "$WORK"/src/regression.diffs "$WORK"/src/output_iso/regression.diffs 2>/dev/null; return 1; }
}

prove_tests()
{
	local tests=$1
	shift
	installcheck REGRESS= ISOLATION= PROVE_TESTS="$tests" PROVE_FLAGS="--timer $*"
}

# Most of their time these tests wait, so that several can run at once; but none
# beside the one that looks at how comfortable this machine itself is.
tap_tests()
{
	local alone=t/015_comfort.pl others failed=
	say 'TAP tests'
	[[ $("$PG_CONFIG" --configure) == *enable-tap-tests* ]] ||
		die 'this PostgreSQL was built without --enable-tap-tests, which PGXS needs to run them'
	if [ -n "${PROVE_TESTS:-}" ]; then
		prove_tests "$PROVE_TESTS"
		return
	fi
	# The largest first: none of the long ones is left for the end.
	others=$(cd "$WORK/src" && ls -S t/*.pl | grep -vx "$alone" | tr '\n' ' ')
	prove_tests "$alone" || failed=yes
	prove_tests "$others" -j2 || failed=yes
	[ -z "$failed" ]
}
