# Sourced by the scripts here and in bench/: installs what is missing, finds a
# PostgreSQL to build against, makes a private copy of it, and runs commands as
# an unprivileged user.  Nothing of the system's PostgreSQL is touched: the
# copy is a folder of links beside a copy of its programs, and lives in the
# work folder with everything else.

say()
{
	printf '\n== %s\n' "$*"
}

die()
{
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# Runs apt-get as root, directly or by sudo without a password.
apt_install()
{
	command -v apt-get >/dev/null ||
		die "missing: $* (install them with this system's package manager)"
	local sudo=
	if [ "$(id -u)" != 0 ]; then
		sudo -n true 2>/dev/null || die "missing packages; as root: apt-get install $*"
		sudo='sudo -n'
	fi
	say "installing $*"
	$sudo apt-get -qq update
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "$@" >/dev/null
}

# A server package would start a cluster of its own when it is installed.
install_server()
{
	local package=$1 conf=/etc/postgresql-common/createcluster.conf
	apt_install postgresql-common
	if [ "$(id -u)" = 0 ] && [ -f "$conf" ]; then
		cp -p "$conf" "$conf.before"
		echo 'create_main_cluster = false' >>"$conf"
	fi
	apt_install "$package"
	[ ! -f "$conf.before" ] || mv "$conf.before" "$conf"
}

# The newest major version that has a server here, else the distribution's.
server_version()
{
	local newest
	newest=$(ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sed 's,^/usr/lib/postgresql/,,; s,/bin/postgres$,,' | sort -n | tail -1)
	[ -n "$newest" ] ||
		newest=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -1)
	echo "$newest"
}

is_installed()
{
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q ' installed$'
}

# Nothing where all are there.
install_missing()
{
	local package
	for package in "$@"; do
		if ! is_installed "$package"; then
			apt_install "$@"
			return
		fi
	done
}

# Debian packages for the commands and files that are not there yet.
missing_packages()
{
	local version=$1
	command -v gcc >/dev/null || echo gcc
	command -v make >/dev/null || echo make
	[ -e /usr/include/stdio.h ] || echo libc6-dev
	[ -e /usr/include/gssapi/gssapi.h ] || echo libkrb5-dev
	[ -e /usr/include/postgresql/libpq-fe.h ] || echo libpq-dev
	[ -x "/usr/lib/postgresql/$version/bin/pg_config" ] &&
		[ -e "/usr/include/postgresql/$version/server/postgres.h" ] || echo "postgresql-server-dev-$version"
	shift
	for package in "$@"; do
		is_installed "$package" || echo "$package"
	done
}

# Sets PG_CONFIG and installs the given packages and all that a build needs.
# With PG_CONFIG in the environment nothing is installed at all.
prepare()
{
	local version packages
	if [ -n "${PG_CONFIG:-}" ]; then
		[ -x "$PG_CONFIG" ] || die "PG_CONFIG is not a program: $PG_CONFIG"
		return
	fi
	command -v apt-get >/dev/null || [ -d /usr/lib/postgresql ] ||
		die "set PG_CONFIG to the pg_config of a PostgreSQL 15 or later"
	[ -n "$(server_version)" ] || apt_install postgresql-common
	version=$(server_version)
	[ -n "$version" ] || die "found no PostgreSQL to install; set PG_CONFIG"
	[ -x "/usr/lib/postgresql/$version/bin/postgres" ] || install_server "postgresql-$version"
	packages=$(missing_packages "$version" "$@")
	# shellcheck disable=SC2086
	[ -z "$packages" ] || apt_install $packages
	PG_CONFIG=/usr/lib/postgresql/$version/bin/pg_config
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

# Installs programs whose packages start a service of their own: only the
# program is wanted.
prepare_programs()
{
	local name
	for name in "$@"; do
		if command -v "$name" >/dev/null || [ -x "/usr/sbin/$name" ]; then
			continue
		fi
		command -v apt-get >/dev/null || die "missing: $name"
		apt_install "$name"
		as_root systemctl disable --now "$name" >/dev/null 2>&1 || as_root service "$name" stop >/dev/null 2>&1 || true
	done
}

# The user who runs servers: ourselves, or an unprivileged one for root.
choose_user()
{
	RUN_AS=$(id -un)
	[ "$(id -u)" = 0 ] || return 0
	RUN_AS=postgres
	id "$RUN_AS" >/dev/null 2>&1 || useradd --system --no-create-home "$RUN_AS"
}

as_user()
{
	if [ "$(id -un)" = "$RUN_AS" ]; then
		env LC_ALL=C "$@"
	else
		setpriv --reuid="$RUN_AS" --regid="$(id -g "$RUN_AS")" --init-groups env HOME="$WORK" LC_ALL=C "$@"
	fi
}

# Ends what still runs in the work folder, by the pid files there, and the
# folder itself.
clean_up()
{
	local file pid
	find "$WORK" -name postmaster.pid 2>/dev/null | while read -r file; do
		pid=$(head -1 "$file")
		[ "$(readlink "/proc/$pid/cwd")" != "$(dirname "$file")" ] || kill -QUIT "$pid" 2>/dev/null || true
	done || true
	rm -rf "$WORK"
}

# Makes WORK, with a copy of the sources in WORK/src.
make_work_folder()
{
	WORK=$(mktemp -d /tmp/pg_admission.XXXXXX)
	trap clean_up EXIT
	trap 'exit 130' INT TERM
	mkdir "$WORK/src"
	tar -C "$SOURCE" --exclude=.git --exclude='*.o' --exclude='*.so' --exclude='*.bc' \
		--exclude=./tmp_check --exclude=./tmp_regress --exclude=./tmp_isolation \
		--exclude=./demo_output --exclude='./test/*/bin' -cf - . | tar -C "$WORK/src" -xf -
	chmod 755 "$WORK"
	[ "$(id -un)" = "$RUN_AS" ] || chown -R "$RUN_AS" "$WORK"
}

# A private copy of the server below WORK/root, at its own path there, so that
# it finds its files relative to its programs.  Sets BIN.
copy_server()
{
	local bin lib share
	bin=$("$PG_CONFIG" --bindir) lib=$("$PG_CONFIG" --pkglibdir) share=$("$PG_CONFIG" --sharedir)
	as_user mkdir -p "$WORK/root$bin" "$WORK/root$lib" "$WORK/root$share/extension"
	as_user cp "$bin"/* "$WORK/root$bin/"
	as_user find "$lib" -mindepth 1 -maxdepth 1 ! -name 'pg_admission*' -exec ln -s -t "$WORK/root$lib" {} +
	as_user find "$share" -mindepth 1 -maxdepth 1 ! -name extension -exec ln -s -t "$WORK/root$share" {} +
	as_user find "$share/extension" -mindepth 1 -maxdepth 1 ! -name 'pg_admission*' -exec ln -s -t "$WORK/root$share/extension" {} +
	BIN=$WORK/root$bin
}

# Builds the copy of the sources, with warnings as errors, and installs it in
# the copy of the server.  COPT has more options for the compiler.
build_and_install()
{
	as_user make -s -C "$WORK/src" PG_CONFIG="$PG_CONFIG" with_llvm=no WERROR=1
	as_user make -s -C "$WORK/src" PG_CONFIG="$PG_CONFIG" with_llvm=no WERROR=1 DESTDIR="$WORK/root" install >/dev/null
}

# A throw-away server in WORK/NAME with a role app; further arguments are lines
# of its configuration.
start_server()
{
	local dir=$WORK/$1
	shift
	as_user "$BIN/initdb" -D "$dir" -U postgres -A trust -N >/dev/null
	printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$dir'" 'port = 5432' "$@" | as_user tee -a "$dir/postgresql.conf" >/dev/null
	as_user "$BIN/pg_ctl" -D "$dir" -l "$dir/log" -w start >/dev/null || { cat "$dir/log"; die 'the server did not start'; }
	sql "$dir" -c 'CREATE ROLE app LOGIN'
}

stop_server()
{
	as_user "$BIN/pg_ctl" -D "$WORK/$1" -m fast -w stop >/dev/null
}

# Runs psql on the server in a folder, as a superuser.
sql()
{
	local dir=$1
	shift
	"$BIN/psql" -XAtq -h "$dir" -p 5432 -U postgres -d postgres "$@"
}
