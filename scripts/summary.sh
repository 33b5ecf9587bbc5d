# Sourced by what runs the storm generator: figures of its JSON summary, and of
# several runs.

# A member of one of the lines of a summary that begin a step, or are a member.
member()
{
	sed -n "$2"'s/.*"'"$1"'": \([^,}]*\).*/\1/p' "$3" | head -1
}

total()
{
	member "$1" '/^  "totals"/' "$2"
}

# A member of one of the steps, the first being 1, which have a line each.
step()
{
	grep '"rate_per_s"' "$3" | sed -n "$1p" | sed 's/.*"'"$2"'": \([^,}]*\).*/\1/'
}

# Of numbers, one a line: the median, and the least and the greatest.
median_and_range()
{
	sort -n | awk '{ r[NR] = $1 } END { printf "%.3f (%.3f to %.3f)", (NR % 2 ? r[(NR + 1) / 2] : (r[NR / 2] + r[NR / 2 + 1]) / 2), r[1], r[NR] }'
}
