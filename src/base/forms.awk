# Repeats the SQL of functions that come in several forms:
#
#	-- for ts | symbol: timestamptz | _ts; date | _date
#	CREATE FUNCTION f(ts ${ts}) ... AS 'MODULE_PATHNAME', 'f${symbol}';
#	-- end
#
# gives the lines between once for each form, with the names replaced.  Blocks
# may stand in each other.  PostgreSQL's SQL has no other way to say so: each
# type of an argument is a function of its own.

function trimmed(text)
{
	sub(/^[ \t]+/, "", text)
	sub(/[ \t]+$/, "", text)
	return text
}

# The line that ends the block which begins at line FROM.
function block_end(from,    at, depth)
{
	for (at = from; at <= NR; at++)
	{
		if (line[at] ~ /^-- for /)
			depth++
		else if (line[at] == "-- end" && --depth == 0)
			return at
	}
	print FILENAME ": a block has no end: " line[from] > "/dev/stderr"
	exit failed = 1
}

# A line with what stands for each name; that may hold names, too.
function replaced(text,    name, i, again)
{
	do
	{
		again = 0
		for (name in value)
		{
			while ((i = index(text, "${" name "}")) > 0)
			{
				text = substr(text, 1, i - 1) value[name] substr(text, i + length(name) + 3)
				again = 1
			}
		}
	} while (again)
	if (text ~ /\$\{/)
	{
		print FILENAME ": nothing is known to replace in: " text > "/dev/stderr"
		exit failed = 1
	}
	return text
}

function expand(from, to,    at, end, head, names, nnames, forms, nforms, fields, i, j)
{
	for (at = from; at <= to; at++)
	{
		if (line[at] !~ /^-- for /)
		{
			print replaced(line[at])
			continue
		}
		end = block_end(at)
		head = substr(line[at], length("-- for ") + 1)
		i = index(head, ":")
		nnames = split(substr(head, 1, i - 1), names, "|")
		nforms = split(substr(head, i + 1), forms, ";")
		for (i = 1; i <= nforms; i++)
		{
			if (nnames == 1)
				fields[1] = forms[i]
			else if (split(forms[i], fields, "|") != nnames)
			{
				print FILENAME ": a form has more or fewer fields than names: " forms[i] > "/dev/stderr"
				exit failed = 1
			}
			for (j = 1; j <= nnames; j++)
				value[trimmed(names[j])] = trimmed(fields[j])
			expand(at + 1, end - 1)
		}
		for (j = 1; j <= nnames; j++)
			delete value[trimmed(names[j])]
		at = end
	}
}

{
	line[NR] = $0
}

END {
	if (!failed)
		expand(1, NR)
	exit failed
}
