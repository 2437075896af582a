#!/bin/sh
# Solves nanopattern.json for several seeds of dots and disorder and prints the statistics of two voltages: between the ends of the
# film, and between a tip over a dot and one over the matrix. The lines of --json are kept in nanopattern.jsonl, the fields in
# nanopattern-<seed>.h5, all in the working directory.
# Usage: sh examples/nanopattern/nanopattern.sh [SEEDS]     (32 when not given; QEP_SOLVE names another program than qep-solve)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
seeds=${1:-32}

seed=1
while [ "$seed" -le "$seeds" ]; do
    "${QEP_SOLVE:-qep-solve}" --quiet --json --force --threads 1 --set "entropy.sum[0].seed=$seed" --set "entropy.sum[1].seed=$seed" \
        --output "nanopattern-$seed.h5" "$here/nanopattern.json"
    seed=$((seed + 1))
done > nanopattern.jsonl

python3 - <<'END'
import json
import statistics

import h5py

ends, tips = [], []
for line in open("nanopattern.jsonl"):
    run = json.loads(line)
    with h5py.File(run["output"]) as file:
        phi = file["phi"][...]                             # [ny, nx]
    ends.append(phi[:, -1].mean() - phi[:, 0].mean())      # lines across the film, half a spacing from its ends
    probes = {probe["name"]: probe["phi"] for probe in run["results"]["probes"]}
    tips.append(probes["dot"] - probes["matrix"])

print(f"| {len(ends):>3} seeds        | mean/mV | std/mV |")
print("|------------------|--------:|-------:|")
for name, values in (("between the ends", ends), ("dot minus matrix", tips)):
    print(f"| {name} | {1e3 * statistics.mean(values):7.3f} | {1e3 * statistics.stdev(values):6.3f} |")
END
