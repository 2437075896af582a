"""Potentials of Gaussian charges for every mix of open and closed axes, to rounding, by a way the program does not go: -lap u = g has
u = integral over t from 0 to infinity of exp(t lap) g, and exp(t lap) of a product of Gaussians is the product of one-dimensional ones of variance
sigma^2 + 2 t, with images about walls. The integral over t is a double-exponential sum; where it diverges (one or two open axes and a constant mode
on the others) the far-field convention is subtracted, -ln(r/R)/(2 pi), or the constant mode is left to its closed form, about -|z|/2."""
import numpy as np
from scipy.special import erf

CLOSED = {"periodic", "DD", "NN", "DN", "ND"}
HALF_OPEN = {"DO", "OD", "NO", "ON"}


def gaussian(x, v):
    return np.exp(-x**2 / (2 * v)) / np.sqrt(2 * np.pi * v)


def images(kind, c, length):
    """[(position, sign)] and the period of the pattern (None: it does not repeat) of a charge at c on [0, length]."""
    low, high = (-1 if letter == "D" else 1 for letter in (kind if kind in CLOSED | HALF_OPEN and kind != "periodic" else "NN"))
    if kind == "open":
        return [(c, 1)], None
    if kind == "periodic":
        return [(c, 1)], length
    if kind in HALF_OPEN:
        return ([(c, 1), (-c, low)] if kind[1] == "O" else [(c, 1), (2 * length - c, high)]), None
    if low == high:
        return [(c, 1), (-c, low)], 2 * length
    return [(c, 1), (-c, low), (2 * length - c, high), (2 * length + c, low * high)], 4 * length


def heat(x, kind, c, sigma, length, t, derivative=0):
    """exp(t d2/dx2) of the Gaussian at c with its images, or its derivative, at x."""
    v = sigma**2 + 2 * t
    if kind in ("DO", "OD"):  # the difference of charge and image, without cancellation at large t
        y, b, sign = (x, c, 1) if kind == "DO" else (length - x, length - c, -1)
        e = np.expm1(-2 * y * b / v)
        return gaussian(y - b, v) * (sign * ((y - b) * e + 2 * b * (1 + e)) / v if derivative else -e)
    places, period = images(kind, c, length)
    total = np.zeros_like(x)
    for at, sign in places:
        if period is None or np.sqrt(v) < 0.3 * period:
            for k in (0,) if period is None else range(-5, 6):
                d = x - at + k * (period or 0)
                total += sign * gaussian(d, v) * (-d / v if derivative else 1)
        else:
            for m in range(0 if not derivative else 1, 8):
                k = 2 * np.pi * m / period
                weight = (1 if m == 0 else 2) / period * np.exp(-v * k * k / 2)
                total += sign * weight * (-k * np.sin(k * (x - at)) if derivative else np.cos(k * (x - at)))
    return total


def has_constant_mode(kind):
    return "D" not in kind.replace("periodic", "").replace("open", "")


def nodes(scale):
    """t, w of a double-exponential rule on (0, inf) about t = scale^2."""
    h = 0.03
    s = np.arange(-4.0, 4.9, h)
    t = scale**2 * np.exp(np.pi / 2 * np.sinh(s))
    return t, h * t * np.pi / 2 * np.cosh(s)


def plane(z, sigma):
    """-lap u = Gaussian in one dimension; u -> -|z|/2."""
    return -(z * erf(z / np.sqrt(2) / sigma) / 2 + sigma / np.sqrt(2 * np.pi) * np.exp(-z * z / (2 * sigma * sigma)))


def outer(rows):
    product = rows[0]
    for row in rows[1:]:
        product = row.reshape(-1, *[1] * product.ndim) * product
    return product


def potential(axes, kinds, centre, sigma, lengths, derivative=None, gauge_length=None):
    """u [.., ny, nx] of -lap u = product of unit Gaussians; axes: coordinates from the low face, x first. derivative: -du/dx along that axis instead."""
    free = [d for d, kind in enumerate(kinds) if kind in HALF_OPEN or kind == "open"]
    singular = len(free) < 3 and all(has_constant_mode(kind) for kind in kinds)
    t, w = nodes(max(lengths))
    rows = [np.array([heat(x, kinds[d], centre[d], sigma[d], lengths[d], one, derivative == d) for one in t]) for d, x in enumerate(axes)]
    if singular and derivative is None and len(free) == 2:
        strength = np.prod([(2.0 if kinds[d] in HALF_OPEN else 1.0) if d in free else 1 / lengths[d] for d in range(len(axes))])
        subtract = strength * np.exp(-gauge_length**2 / (4 * t)) / (4 * np.pi * t)
        return sum(w[k] * (outer([row[k] for row in rows]) - subtract[k]) for k in range(len(t)))
    if singular and len(free) == 1:
        return line_and_rest(axes, kinds, centre, sigma, lengths, derivative, free[0], t, w, rows)
    letters = "xyz"[:len(axes)]
    total = np.einsum(",".join("t" + c for c in letters) + ",t->" + letters[::-1], *rows, w, optimize=True)
    return -total if derivative is not None else total


def line_and_rest(axes, kinds, centre, sigma, lengths, derivative, d, t, w, rows):
    """One open axis: the constant mode of the others in closed form, and what decays exponentially in t."""
    x, s = axes[d], sigma[d]
    places, _ = images(kinds[d], centre[d], lengths[d])
    if derivative is None:
        along = sum(sign * plane(x - at, s) for at, sign in places)
    else:
        along = sum(sign * erf((x - at) / np.sqrt(2) / s) / 2 for at, sign in places)
    closed = np.prod([1 / lengths[e] for e in range(len(axes)) if e != d])
    flat = [np.ones_like(a) for a in axes]
    flat[d] = along * closed if derivative in (None, d) else 0 * x
    total = outer(flat)
    if len(axes) == 1:
        return total
    last = 50 * max(lengths[e] for e in range(len(axes)) if e != d)**2
    for k in range(len(t)):
        if t[k] < last:
            constant = [np.full_like(a, 1 / lengths[e] if derivative in (None, d) else 0.0) if e != d else rows[d][k] for e, a in enumerate(axes)]
            rest = outer([row[k] for row in rows]) - (outer(constant) if derivative in (None, d) else 0)
            total = total + (w[k] if derivative is None else -w[k]) * rest
    return total


def source(axes, kinds, centre, sigma, lengths):
    """The charge itself with its images, on the samples."""
    return outer([heat(x, kinds[d], centre[d], sigma[d], lengths[d], 0.0) for d, x in enumerate(axes)])
