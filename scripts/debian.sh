# Sourced, after setup.sh, by the scripts that take more from Debian's mirror than
# this machine's apt installs.  Whoever calls download() has WORK.

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# The mirror that this machine's apt has of Debian, or of its security updates.
mirror_of()
{
	local own mirror
	own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	mirror=$(apt-get indextargets --format '$(REPO_URI)|$(CODENAME)' |
		awk -F'|' -v codename="$own$1" '$2 == codename { print $1; exit }')
	[ -n "$mirror" ] || die "apt has no mirror of Debian's \"$own$1\""
	echo "$mirror"
}

# Upstream's archive of a source package, into a folder, out of a release: by an
# apt that has lists of its own, whatever the age of the mirror's.  False if the
# mirror has it not.
download()
{
	local package=$1 release=$2 folder=$3 apt=$WORK/apt/$2 mirror options
	options=(-qq -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o Dir::State::status=/dev/null
		-o APT::Sandbox::User=root -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3)
	if [ ! -d "$apt" ]; then
		mirror=$(mirror_of '') || exit 1
		mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
		echo "deb-src [signed-by=$KEYRING] $mirror $release main" >"$apt/sources.list"
		apt-get "${options[@]}" update >/dev/null 2>&1 || true
	fi
	mkdir -p "$folder"
	(cd "$folder" && apt-get "${options[@]}" --download-only source "$package" >/dev/null 2>&1) || true
	ls "$folder"/*.orig.tar.* >/dev/null 2>&1
}
