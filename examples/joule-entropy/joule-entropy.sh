#!/bin/sh
# Wires with 5, 10, 20 and 40 sites, a floating probe on each: a Markdown table. The last result stays as joule-entropy.h5.
set -e
here=$(dirname "$0")
for sites in 5 10 20 40; do
    python3 "$here/make_wire.py" "$sites" | qep-solve -q -f --json -o joule-entropy.h5 -
done | python3 -c '
import json, sys
print("| sites | probes produce of I V/T | hottest probe/K | G h/e^2 |")
print("|---:|---:|---:|---:|")
for sites, line in zip((5, 10, 20, 40), sys.stdin):
    r = json.loads(line)["results"]["transport"]
    I, V, T = abs(r["I"][0]), 0.1, 300
    hottest = max(r["temperature"][2:])
    produced = sum(r["I_S"][2:])
    print(f"| {sites} | {produced/(I*V/T):.6f} | {hottest:.3f} | {I/V/3.8740458649e-5:.6f} |")
'
