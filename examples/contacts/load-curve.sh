#!/bin/sh
# Solves contacts.json for several load resistors and prints voltage, current and power of the load. The lines of --json are kept in
# load-curve.jsonl in the working directory.
# Usage: sh examples/contacts/load-curve.sh [RESISTANCE_IN_OHM ...]          (QEP_SOLVE names another program than qep-solve)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- 0.1 0.3 0.6711 1.5 5

for resistance in "$@"; do
    "${QEP_SOLVE:-qep-solve}" --quiet --json --force --set "parameters.R=$resistance ohm" \
        --output load-curve.h5 "$here/contacts.json"
done > load-curve.jsonl

python3 - "$@" <<'END'
import json
import sys

print(f"| {'R/ohm':>6} | {'V/V':>11} | {'I/A':>11} | {'P/W':>11} |")
print("|-------:|------------:|------------:|------------:|")
for resistance, line in zip(sys.argv[1:], open("load-curve.jsonl")):
    load = json.loads(line)["results"]["loads"][0]
    print(f"| {resistance:>6} | {load['voltage']:11.4e} | {load['current']:11.4e} | {load['power']:11.4e} |")
END
