# What cannot be installed is unpacked: functions for test/setup and test/cluster.
#
# Debian's packages are downloaded with the system's own sources, but with
# package lists of our own, and unpacked under a directory that private_place
# finds: build/, unless no program can be run there.  Its folders are
#
#   root    the files of the packages
#   bin     a pg_config for a server that is installed, and headers in root
#   apt     package lists and downloads
#
# PostgreSQL, gcc, perl and python find their files from where they are; the
# variables that private_environment sets do the rest.

# Can a program in this directory be run, by the user that COMMAND... becomes?
runs_programs()
{
	place=$1
	shift
	probe=$(mktemp "$place/funnel-XXXXXX" 2>/dev/null) || return 1
	printf '#!/bin/sh\nexit 0\n' >"$probe"
	chmod 755 "$probe"
	status=0
	"$@" "$probe" 2>/dev/null || status=1
	rm -f "$probe"
	return $status
}

# make and PGXS take no path with white space or other special characters.
private_place()
{
	for place in "$build" "${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/funnel"
	do
		case $place in
			*[!A-Za-z0-9/._+-]*) continue ;;
		esac
		mkdir -p "$place" 2>/dev/null && runs_programs "$place" env || continue
		echo "$place/private"
		return
	done
	return 1
}

# Run apt-get or apt-cache with lists that need no privilege.
private_apt()
{
	tool=$1
	shift
	"$tool" -o Dir::State="$private/apt" -o Dir::State::status=/var/lib/dpkg/status \
		-o Dir::Cache="$private/apt" -o APT::Sandbox::User="" "$@"
}

# The packages, as NAME=VERSION, that installing these would bring or upgrade.
private_closure()
{
	private_apt apt-get install --simulate --no-install-recommends "$@" >"$private/simulated" || return 1
	sed -n 's/^Inst \([^ ]*\) \(\[[^]]*\] \)*(\([^ )]*\).*/\1=\3/p' "$private/simulated"
}

# Unpack these packages into the private root.  Of the C library only what
# compiling takes is of use beside the system's own; LLVM serves the just-in-
# time compiler, without which a server does well.
private_unpack()
{
	rm -rf "$private/debs"
	mkdir -p "$private/root" "$private/debs"
	wanted=
	for package in "$@"
	do
		case $package in
			libc6=* | libc-bin=* | perl-base=* | libllvm* | postgresql-common* | postgresql-client-common* | ssl-cert=*) ;;
			*) wanted="$wanted $package" ;;
		esac
	done
	# Package names hold no white space: splitting is meant here.
	(cd "$private/debs" && private_apt apt-get download --quiet --quiet $wanted >&2) || return 1
	for deb in "$private"/debs/*.deb
	do
		dpkg -x "$deb" "$private/root" || return 1
	done
	rm -rf "$private/debs"
	rm -f "$private"/root/usr/lib/postgresql/*/lib/llvmjit.so

	# The linker's script of the C library names a file by its whole path.
	for script in "$private"/root/usr/lib/*/libc.so
	do
		[ -f "$script" ] || continue
		sed "s|/usr/lib/[^ /]*/libc_nonshared.a|$private/root&|" "$script" >"$script.new"
		mv "$script.new" "$script"
	done
	if [ -e "$private/root/usr/bin/gcc" ]; then
		ln -sf gcc "$private/root/usr/bin/cc"
	fi
}

# A pg_config for the server that is installed and headers that are not.
private_pg_config()
{
	mkdir -p "$private/bin"
	cat >"$private/bin/pg_config" <<SCRIPT
#!/bin/sh
# The installed server's pg_config, but for the headers, which are here.
case \${1-} in
	--includedir | --includedir-server | --pkgincludedir)
		echo "\$(cd "\$(dirname "\$0")/../root" && pwd)\$('$1' "\$@")" ;;
	*)
		exec '$1' "\$@" ;;
esac
SCRIPT
	chmod 755 "$private/bin/pg_config"
}

# Put every directory that is there in front of a variable.
private_path()
{
	variable=$1
	shift
	for directory in "$@"
	do
		[ -d "$directory" ] || continue
		eval "export $variable=\"\$directory\${$variable:+:\$$variable}\""
	done
}

# Root has its tools installed, and takes only PostgreSQL from here.
private_environment()
{
	root=$1/root
	[ -d "$root" ] || return 0
	export FUNNEL_PRIVATE="$1"
	private_path LD_LIBRARY_PATH "$root"/lib/*-linux-* "$root"/usr/lib/*-linux-*
	private_path LIBRARY_PATH "$root"/usr/lib/*-linux-*
	[ "$(id -u)" -ne 0 ] || return 0
	private_path PATH "$root"/bin "$root"/usr/bin
	private_path C_INCLUDE_PATH "$root"/usr/include "$root"/usr/include/*-linux-*
	private_path PERL5LIB "$root"/usr/share/perl5 "$root"/usr/share/perl/5.[0-9][0-9] \
		"$root"/usr/lib/*-linux-*/perl5/5.[0-9][0-9] "$root"/usr/lib/*-linux-*/perl/5.[0-9][0-9]
}
