# Installing Debian's packages as root: functions for test/setup.

apt_update()
{
	say "fetching the list of packages"
	"$@" update --quiet --quiet >&2 ||
		say "not every package source could be read; going on with the others"
}

# Would installing these packages remove anything, or upgrade, and so restart,
# a server?  False also if they cannot be installed.
touches_no_server()
{
	simulated=$(apt-get install --simulate --no-install-recommends "$@" 2>&1) || return 1
	! echo "$simulated" | grep -qE '^(Remv |Inst postgresql-[0-9]+ \[)'
}

install_packages()
{
	touches_no_server "$@" || return 1
	say "installing $*"

	# Debian's server package makes a cluster and starts it.  These two
	# variables of postgresql-common lead it to a directory of our own, where
	# it is told not to start and is removed at once.  TMPDIR may be a place
	# where neither other users nor programs may be.
	scratch=$(mktemp -d /tmp/funnel-XXXXXX)
	chmod 755 "$scratch"
	mkdir "$scratch/etc" "$scratch/clusters"
	cat >"$scratch/etc/createcluster.conf" <<CONF
start_conf = 'disabled'
data_directory = '$scratch/data/%v/%c'
CONF
	status=0
	env -u TMPDIR DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
		PGSYSCONFDIR="$scratch/etc" PG_CLUSTER_CONF_ROOT="$scratch/clusters" \
		apt-get install --yes --quiet --no-install-recommends --no-remove \
		-o Dpkg::Use-Pty=0 "$@" >&2 || status=$?
	for cluster in "$scratch"/clusters/*/*
	do
		[ -d "$cluster" ] || continue
		PGSYSCONFDIR=$scratch/etc PG_CLUSTER_CONF_ROOT=$scratch/clusters \
			pg_dropcluster "$(basename "$(dirname "$cluster")")" \
			"$(basename "$cluster")" >&2 || true
	done
	rm -rf "$scratch"
	return $status
}

# The newest major version of PostgreSQL that funnel is for and apt-cache has.
newest_server()
{
	for major in 19 18 17 16 15
	do
		if "$@" show "postgresql-$major" >/dev/null 2>&1; then
			echo $major
			return
		fi
	done
}

# The package's version that is installed, with Debian's own part.
package_version()
{
	dpkg-query --show --showformat='${db:Status-Status} ${Version}' "$1" 2>/dev/null |
		sed -n 's/^installed //p'
}
