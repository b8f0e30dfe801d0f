# What the tools have in common; read by each of them.

say()
{
	echo "funnel: $*" >&2
}

die()
{
	say "$@"
	exit 1
}

# A status of its own, so that a test can be skipped.
missing()
{
	say "$@"
	exit 69
}

# need COMMAND PACKAGE: go on only if the command is there.
need()
{
	command -v "$1" >/dev/null ||
		missing "$1 is not installed; in Debian it is in the package $2"
}

# Copy the tree to a temporary directory, with another build in mind, and go
# there.  The user of root's clusters may be there and write into src/.
go_elsewhere()
{
	work=$(mktemp -d /tmp/funnel-tools-XXXXXX)
	trap 'rm -rf "$work"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	mkdir "$work/tree"
	tar -cf - --exclude=./.git --exclude=./build --exclude='*.o' --exclude='*.bc' \
		--exclude='*.so' . | (cd "$work/tree" && tar -xf -)
	chmod 755 "$work"
	cd "$work/tree"
}
