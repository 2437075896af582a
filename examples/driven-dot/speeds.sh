#!/bin/sh
# Raise the level in 20, 40 and 80 hbar/t: a Markdown table of what the chain has received.
set -e
here=$(dirname "$0")
unit=0.06582119569509064 # hbar/t in ps
for times in 20 40 80; do
    qep-solve -q -f --json -o driven-dot.h5 -s "parameters.tau=$(awk "BEGIN {printf \"%.17g ps\", $times * $unit}")" "$here/driven-dot.json"
done | python3 -c '
import json, sys
K, T, t = 1.380649e-23, 23.20903624310016, 1.602176634e-21
print("| tau t/hbar | Q/t | Q/(k_B T) | Delta S/k_B | (Q - T Delta S)/t |")
print("|---:|---:|---:|---:|---:|")
for times, line in zip((20, 40, 80), sys.stdin):
    r = json.loads(line)["results"]["transport"]
    Q, S, W = r["drive_heat"], r["drive_delta_S"], r["drive_missing_heat"]
    print(f"| {times} | {Q/t:.5f} | {Q/(K*T):.5f} | {S/K:.5f} | {W/t:.5f} |")
'
