#!/bin/sh
# Solves bar.json on three grids and prints how fast the potential and the field in the middle approach the closed form.
# Usage: sh examples/bar/convergence.sh [fd2 | fd4 | fd6]       (QEP_SOLVE names another program than qep-solve)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
derivative=${1:-fd4}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for points in 17 33 65; do
    "${QEP_SOLVE:-qep-solve}" --quiet --json --set "grid.points[0]=$points" --set "solver.derivative=$derivative" \
        --output "$scratch/bar-$points.h5" "$here/bar.json"
done > "$scratch/lines.jsonl"

python3 - "$derivative" "$scratch/lines.jsonl" <<'END'
import json
import math
import sys

# Closed forms in the middle, x = 100 nm; README.md derives them.
hbar, e, k_B, eps0 = 1.054571817646156e-34, 1.602176634e-19, 1.380649e-23, 8.8541878128e-12
L, x = 200e-9, 100e-9
charge, screening = 10 * 40e-9**2 / eps0, 40e-9
entropic, healing = hbar * 11.81e-30 / (e * k_B * 27e-15) * 97.75 * 60, 80e-9


def bow(scale):
    """exp(-x/scale) minus the straight line between its ends, and the derivative of that."""
    slope = math.expm1(-L / scale) / L
    return math.expm1(-x / scale) - slope * x, -math.exp(-x / scale) / scale - slope


potential = 1e-3 * x / L - charge * bow(screening)[0] + entropic * bow(healing)[0]
field = -1e-3 / L + charge * bow(screening)[1] - entropic * bow(healing)[1]

derivative, path = sys.argv[1:]
print(f"{'points':>6}  {'error of phi/V':>14}  {'order':>5}  {'error of E/(V/m)':>16}  {'order':>5}   ({derivative})")
before = None
for points, line in zip((17, 33, 65), open(path)):
    middle = json.loads(line)["results"]["probes"][0]
    errors = abs(middle["phi"] - potential), abs(middle["E_x"] - field)
    orders = ["-", "-"] if before is None else [f"{math.log2(b / a):.2f}" for a, b in zip(errors, before)]
    print(f"{points:6d}  {errors[0]:14.2e}  {orders[0]:>5}  {errors[1]:16.2e}  {orders[1]:>5}")
    before = errors
END
