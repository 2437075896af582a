"""Scattering by dense matrices, for comparison with the program: leads from the eigenvectors of their slice or of the transfer matrix, one inverse per energy, and
an adaptive rule of its own over energy. Energies in eV; sites as the program numbers them, x fastest."""
import numpy as np
from scipy import constants
from scipy.optimize import minimize_scalar

EV, H_EV, K_EV = constants.e, constants.h / constants.e, constants.k / constants.e
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)


def adjoint(m):
    return np.conj(np.swapaxes(m, -1, -2))


def sigma_of_chain(E, level, t):
    """-t lambda with lambda + 1/lambda = (level - E)/t: outgoing in the band, decaying outside."""
    c = (level - E) / (2 * t)
    inside = np.abs(c) < 1
    root = np.sqrt(np.abs(1 - c * c))
    return -t * np.where(inside, c + 1j * root, c - np.sign(c) * root)


class Lead:
    """Reservoir on `sites` with `sigma(energies)` [nE, m, m]; `edges` where modes open."""

    def __init__(self, name, sites, mu, T, sigma, edges=(), wide=False):
        self.name, self.sites, self.mu, self.T, self.sigma, self.edges, self.wide = name, np.asarray(sites), mu, T, sigma, np.asarray(edges, float), wide


def wideband(name, sites, gamma, mu=0.0, T=0.0):
    return Lead(name, sites, mu, T, lambda E: np.broadcast_to(-0.5j * gamma * np.eye(len(sites)), (len(E), len(sites), len(sites))), wide=True)


def uniform(name, sites, cell, t, mu, T):
    """Semi-infinite repetition of `cell`, joined by -t times the identity."""
    level, mode = np.linalg.eigh(cell)
    return Lead(name, sites, mu, T, lambda E: (mode * sigma_of_chain(E[:, None], level, t)[:, None, :]) @ adjoint(mode), np.concatenate((level - 2 * t, level + 2 * t)))


def general(name, sites, cell, outward, mu, T):
    """Cells joined by `outward` (from the lead into the cell before): modes of the transfer matrix, which needs the inverse of `outward`."""
    m = len(cell)
    into = np.linalg.inv(outward)

    def sigma(energies):
        transfer = np.zeros((len(energies), 2 * m, 2 * m), complex)
        transfer[:, :m, :m] = into @ (energies[:, None, None] * np.eye(m) - cell)
        transfer[:, :m, m:], transfer[:, m:, :m] = -into @ adjoint(outward), np.eye(m)
        value, vector = np.linalg.eig(transfer)
        phi = vector[:, m:]
        speed = -2 * np.imag(value * np.sum(phi.conj() * (outward @ phi), axis=1))
        size = np.where(np.abs(np.abs(value) - 1) < 1e-8, np.where(speed > 0, 0.999999, 1.000001), np.abs(value))
        kept = np.argsort(size, axis=1)[:, :m]
        assert np.take_along_axis(size, kept, axis=1).max() < 1
        phi = np.take_along_axis(phi, kept[:, None, :], axis=2)
        return outward @ (phi * np.take_along_axis(value, kept, axis=1)[:, None, :]) @ np.linalg.inv(phi)

    return Lead(name, sites, mu, T, sigma, extrema(cell, outward))


def extrema(cell, outward):
    """Energies where a band turns."""
    def bands(k):
        return np.linalg.eigvalsh(cell + outward * np.exp(1j * k) + adjoint(outward * np.exp(1j * k)))

    k = np.linspace(0.1, 0.1 + 2 * np.pi, 241)
    E = np.array([bands(x) for x in k])
    found = []
    for n in range(len(cell)):
        for i in range(240):
            before = E[i - 1 if i else 239, n]
            for sign in (1, -1):
                if sign * E[i, n] <= sign * before and sign * E[i, n] <= sign * E[i + 1, n]:
                    best = minimize_scalar(lambda x: sign * bands(x)[n], bracket=(k[i] - 0.03, k[i], k[i] + 0.03), tol=1e-12)
                    found.append(sign * best.fun)
    return found


def occupation(E, mu, T):
    """f, s/k_B and the logarithms of f and 1 - f."""
    if T == 0:
        f = np.where(E < mu, 1.0, 0.0)
        return f, np.zeros_like(E), None, None
    x = (E - mu) / (K_EV * T)
    full, empty = -np.logaddexp(0, x), -np.logaddexp(0, -x)
    return np.exp(full), -(np.exp(full) * full + np.exp(empty) * empty), full, empty


def mixing_entropy(f):
    f = np.clip(f, 1e-300, 1 - 1e-16)
    return -(f * np.log(f) + (1 - f) * np.log1p(-f))


def missing_heat(E, a, b):
    """k_B T_a D(f_b||f_a) in eV."""
    f_b = occupation(E, b.mu, b.T)[0]
    if a.T == 0:
        return np.abs(E - a.mu) * np.abs(f_b - occupation(E, a.mu, 0)[0])
    _, _, full, empty = occupation(E, a.mu, a.T)
    if b.T == 0:
        return K_EV * a.T * np.where(E < b.mu, -full, -empty)
    _, _, full_b, empty_b = occupation(E, b.mu, b.T)
    return K_EV * a.T * (np.exp(full_b) * (full_b - full) + np.exp(empty_b) * (empty_b - empty))


class Conductor:
    """H [n, n] with leads, all eV."""

    def __init__(self, H, leads):
        self.H, self.leads, self.n = np.asarray(H, complex), leads, len(H)

    def green(self, E):
        """G [nE, n, n] and Gamma of every lead, embedded."""
        E = np.asarray(E, float)
        M = np.broadcast_to(-self.H, (len(E), self.n, self.n)).copy()
        M[:, np.arange(self.n), np.arange(self.n)] += E[:, None]
        gammas = []
        for lead in self.leads:
            sigma = lead.sigma(E)
            at = np.ix_(lead.sites, lead.sites)
            M[(slice(None), *at)] -= sigma
            gamma = np.zeros_like(M)
            gamma[(slice(None), *at)] = 1j * (sigma - adjoint(sigma))
            gammas.append(gamma)
        return np.linalg.inv(M), gammas

    def transmission(self, E):
        """T [nE, a, b], traces on the diagonal for wide bands, reflection of the others."""
        G, gammas = self.green(E)
        T = self.traces(G, gammas)
        for a, lead in enumerate(self.leads):
            if not lead.wide:
                T[:, a, a] = self.open_modes(gammas[a]) - (T[:, a].sum(axis=1) - T[:, a, a])
        return T

    @staticmethod
    def open_modes(gamma):
        size = np.linalg.eigvalsh(gamma)
        return (size > 1e-9).sum(axis=-1)

    def traces(self, G, gammas):
        out = np.empty((len(G), len(gammas), len(gammas)))
        for a, left in enumerate(self.leads):
            for b, right in enumerate(self.leads):
                part = G[:, left.sites][:, :, right.sites]
                one, two = (g[:, lead.sites][:, :, lead.sites] for g, lead in ((gammas[a], left), (gammas[b], right)))
                out[:, a, b] = np.real(np.sum((one @ part @ two) * part.conj(), axis=(1, 2)))
        return out

    def integrand(self, E, parts):
        """One row per energy: currents N, E, Q, S, W per lead; then n, u, hs, dist per site and the density matrix's bonds."""
        G, gammas = self.green(E)
        T = self.traces(G, gammas)
        f, s = (np.array(x) for x in zip(*[occupation(E, a.mu, a.T)[:2] for a in self.leads]))
        rows = []
        for a, lead in enumerate(self.leads):
            w = [(T[:, a, b], b) for b in range(len(self.leads)) if b != a]
            N = sum(t * (f[a] - f[b]) for t, b in w)
            rows += [N, E * N, (E - lead.mu) * N, sum(t * (s[a] - s[b]) for t, b in w), -sum(t * missing_heat(E, lead, self.leads[b]) for t, b in w)]
        columns = [np.array(rows).T]
        if parts == "fields":
            A = np.array([G @ g @ adjoint(G) for g in gammas]) / (2 * np.pi)
            D = np.real(np.einsum("aeii->aei", A))
            rho = np.einsum("ae,aeij->eij", f, A)
            n = np.real(np.einsum("eii->ei", rho))
            total = D.sum(axis=0)
            mean = np.divide(n, total, out=np.zeros_like(n), where=total > 0)
            equal = np.ptp(f, axis=0) < 1e-16
            hs = np.einsum("ae,aei->ei", s, D)
            columns += [n, np.real(np.einsum("ij,eji->ei", self.H, rho)), hs, np.where(equal[:, None], hs, total * mixing_entropy(mean)), 0 * n if any(a.wide for a in self.leads) else E[:, None] * n]
        return np.concatenate(columns, axis=1)

    def breaks(self):
        points = [e for a in self.leads for e in a.edges]
        for a in self.leads:
            points += [a.mu + sign * k * K_EV * a.T for k in (0, 2, 5, 9, 15, 24, 40) for sign in (1, -1)]
        high = max([a.mu + 40 * K_EV * a.T for a in self.leads])
        open_below = any(a.wide for a in self.leads)
        low = min(points) if open_below else min(e for a in self.leads for e in a.edges)
        points = np.unique([p for p in points if low <= p <= max(high, low)])
        keep = np.concatenate(([True], np.diff(points) > 1e-13 * max(1, np.abs(points).max())))
        points = points[keep]
        fine = [points[0]]
        for p in points[1:]:
            fine += list(np.linspace(fine[-1], p, 1 + int(np.ceil((p - fine[-1]) / 0.3)))[1:])
        return np.array(fine), open_below

    def integrate(self, parts="currents", tolerance=1e-11, tail=1.0):
        """Integrals over energy: panels on which E - end ~ s^2 at both ends, halved until the halves agree with the whole."""
        points, open_below = self.breaks()
        size = 20 if self.n < 80 else 4

        def energies(panel):
            kind, a, b, s0, s1 = panel
            s = 0.5 * (s0 + s1) + 0.5 * (s1 - s0) * NODES
            w = 0.5 * (s1 - s0) * WEIGHTS
            if kind == "tail":
                return a - tail * (1 - s) / s, w * tail / s**2
            return a + (b - a) * np.sin(0.5 * np.pi * s) ** 2, w * 0.5 * np.pi * (b - a) * np.sin(np.pi * s)

        def values(panels):
            out = []
            for k in range(0, len(panels), size):
                E, w = map(np.concatenate, zip(*[energies(p) for p in panels[k:k + size]]))
                out.append((self.integrand(E, parts) * w[:, None]).reshape(-1, 16, 5 * len(self.leads) + (5 * self.n if parts == "fields" else 0)).sum(axis=1))
            return np.concatenate(out)

        todo = [("panel", a, b, 0.0, 1.0) for a, b in zip(points, points[1:])] + ([("tail", points[0], None, 0.0, 1.0)] if open_below and parts == "fields" else [])
        if not todo:
            return np.zeros(5 * len(self.leads))
        whole = values(todo)
        total, scale = 0, np.abs(whole).sum(axis=0).max()
        self.evaluations = 0
        for _ in range(45):
            halves = [(k, a, b, *ends) for k, a, b, s0, s1 in todo for ends in ((s0, 0.5 * (s0 + s1)), (0.5 * (s0 + s1), s1))]
            parts_of = values(halves)
            self.evaluations += 16 * len(halves)
            better = parts_of[::2] + parts_of[1::2]
            bad = np.abs(better - whole).max(axis=1) > tolerance * scale
            total = total + better[~bad].sum(axis=0)
            if not bad.any():
                return total
            rest = np.repeat(bad, 2)
            todo, whole = [p for p, r in zip(halves, rest) if r], parts_of[rest]
        raise AssertionError("the reference integral did not converge")

    def currents(self, spin=1):
        """I_N (1/s), I_E, I_Q, I_W (W), I_S (W/K) per lead."""
        return self.to_currents(self.integrate(), spin)

    def to_currents(self, integral, spin=1):
        N, E, Q, S, W = integral[:5 * len(self.leads)].reshape(-1, 5).T * spin / H_EV
        return {"I_N": N, "I_E": E * EV, "I_Q": Q * EV, "I_S": S * constants.k, "I_W": W * EV}

    def fields(self, spin=1):
        """The currents, and n, u (J), s_hs, s_dist, s_site (J/K) per site."""
        integral = self.integrate("fields")
        n, bonds, hs, dist, En = integral[5 * len(self.leads):].reshape(5, self.n)
        u = bonds if any(a.wide for a in self.leads) else En
        site = mixing_entropy(n)
        return self.to_currents(integral, spin), {"n": spin * n, "u": spin * EV * u, "s_hs": spin * constants.k * hs, "s_dist": spin * constants.k * dist, "s_site": spin * constants.k * site}


# ---- The effective-mass grid ------------------------------------------------------------------------------------------------------

class Grid:
    """-div(hbar^2/2m grad) + U on points [nx, ny, nz] of a spacing per axis (m); mass (kg), potential (eV) as [nz, ny, nx]. A = B (-(1 - g) y, g x, 0), so that a
    gauge that is not the program's shows whether anything depends on it."""

    def __init__(self, points, spacing, mass, potential, field=0.0, periodic=(), gauge=0.0):
        self.points, self.spacing, self.periodic, self.gauge = list(points), list(spacing), set(periodic), gauge
        self.shape = tuple(points[::-1])
        self.mass, self.U = np.broadcast_to(mass, self.shape), np.broadcast_to(potential, self.shape)
        self.flux = field * spacing[0] * spacing[1] * constants.e / constants.hbar
        self.n = int(np.prod(points))
        self.number = np.arange(self.n).reshape(self.shape)
        self.where = np.meshgrid(*[np.arange(k) for k in self.shape], indexing="ij")[::-1]
        self.H = self.matrix()

    def hopping(self, m1, m2, axis):
        one, two = (constants.hbar**2 / (2 * m * self.spacing[axis] ** 2) / EV for m in (m1, m2))
        return 2 * one * two / (one + two)

    def phase(self, axis, x, y, gauge):
        """-(e/hbar) int A.dl from a point to the next one along the axis: x, y in steps."""
        return -self.flux * (-(1 - gauge) * y if axis == 0 else gauge * x if axis == 1 else 0.0 * x)

    def matrix(self):
        H = np.diag(self.U.ravel().astype(complex))
        for axis in range(3):
            if self.points[axis] == 1:
                continue
            d = 2 - axis
            x, y = self.where[0], self.where[1]
            for step in (1, -1):
                to = np.roll(self.number, -step, axis=d)
                m_to = np.roll(self.mass, -step, axis=d)
                edge = np.take(self.number, -1 if step == 1 else 0, axis=d)
                wall = np.isin(self.number, edge) if axis not in self.periodic else np.zeros(self.shape, bool)
                t = np.where(wall, self.hopping(self.mass, self.mass, axis), self.hopping(self.mass, m_to, axis))
                np.add.at(H, (self.number.ravel(), self.number.ravel()), t.ravel())
                if step == 1:
                    value = -t * np.exp(1j * self.phase(axis, x, y, self.gauge))   # <to|H|from>
                    i, j, v = (k[~wall] for k in (to, self.number, value))
                    np.add.at(H, (i, j), v)
                    np.add.at(H, (j, i), v.conj())
        return H

    def lead(self, face, mu, T, name="", shift=0.0, period=1):
        """The last `period` slices of a face ("x-low"), repeated for ever."""
        axis, high = "xyz".index(face[0]), face.endswith("high")
        d, n = 2 - axis, self.points[axis]
        slices = [n - period + q for q in range(period)] if high else [period - 1 - q for q in range(period)]
        gauge = {0: 0.0, 1: 1.0, 2: self.gauge}[axis]                                # in which slices along the lead are alike
        order = slices if high else slices[::-1]       # three periods in a row are the lead itself; the middle one gives cell and hopping
        three = [np.concatenate([np.take(v, order, axis=d)] * 3, axis=d) for v in (self.mass, self.U)]
        points = list(self.points)
        points[axis] = 3 * period
        ladder = Grid(points, self.spacing, *three, periodic=self.periodic - {axis})
        ladder.flux, ladder.gauge = self.flux, gauge
        ladder.H = ladder.matrix()
        middle = np.concatenate([np.take(ladder.number, (period + (q if high else period - 1 - q)), axis=d).ravel() for q in range(period)])
        next_one = np.concatenate([np.take(ladder.number, ((2 * period + q) if high else period - 1 - q), axis=d).ravel() for q in range(period)])
        sites = np.concatenate([np.take(self.number, q, axis=d).ravel() for q in slices])
        cell, outward = ladder.H[np.ix_(middle, middle)] + shift * np.eye(len(middle)), ladder.H[np.ix_(middle, next_one)]
        # gauge of the grid: A_grid - A_lead = grad chi
        x, y = self.where[0].ravel()[sites], self.where[1].ravel()[sites]
        chi = -self.flux * {0: self.gauge * x * y, 1: -(1 - self.gauge) * x * y, 2: 0.0 * x}[axis]
        turn = np.exp(1j * chi)
        if period == 1 and np.allclose(outward, outward[0, 0] * np.eye(len(cell)), rtol=0, atol=1e-13):
            made = uniform(name, sites, cell, abs(outward[0, 0]), mu, T)
        else:
            made = general(name, sites, cell, outward, mu, T)
        own = made.sigma
        made.sigma = lambda E: turn[:, None] * own(E) * turn.conj()
        return made
