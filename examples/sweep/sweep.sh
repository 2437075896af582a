#!/bin/sh
# Solves sweep.json for several periods of the superlattice and prints one table of the results. The lines of --json are kept in
# sweep.jsonl and the fields in sweep-<period>nm.h5, all in the working directory.
# Usage: sh examples/sweep/sweep.sh [PERIOD_IN_NM ...]          (QEP_SOLVE names another program than qep-solve)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- 5 10 20 40

for period in "$@"; do
    "${QEP_SOLVE:-qep-solve}" --quiet --json --force --set "parameters.period=$period nm" \
        --output "sweep-${period}nm.h5" "$here/sweep.json"
done > sweep.jsonl

python3 - "$@" <<'END'
import json
import sys

print(f"| {'period/nm':>9} | {'phi_max/V':>10} | {'E_max/(V/m)':>11} |")
print("|----------:|-----------:|------------:|")
for period, line in zip(sys.argv[1:], open("sweep.jsonl")):
    results = json.loads(line)["results"]
    print(f"| {period:>9} | {results['phi_max']:10.4e} | {results['E_max']:11.4e} |")
END
