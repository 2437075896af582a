"""Steady conduction written down a second time, as a network of resistors with sources: samples and electrodes are its nodes, faces of the finite
volumes its branches. Assembled with SciPy and solved directly; shares nothing with the program but theory.md, sections 3 and 4."""
import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import spsolve


class Network:
    """points, lengths: x first; sigma, psi: [nz, ny, nx] (fewer axes allowed); periodic: axes that repeat. The drive of a branch is psi_R - psi_L."""

    def __init__(self, points, lengths, sigma, psi=None, sampling="cell", periodic=(), extent=1.0):
        self.n = np.array(points)
        self.dim = len(points)
        self.node = sampling == "node"
        self.periodic = [a in periodic for a in range(self.dim)]
        intervals = [n if not self.node or p or n == 1 else n - 1 for n, p in zip(points, self.periodic)]
        self.h = np.array(lengths) / intervals
        self.shape = tuple(points[::-1])
        self.sigma = np.broadcast_to(sigma, self.shape).astype(float)
        self.psi = np.zeros(self.shape) if psi is None else np.broadcast_to(psi, self.shape).astype(float)
        self.extent = extent
        self.owner = np.arange(self.sigma.size).reshape(self.shape)      # the network's node of each sample
        self.held = {}                                                    # node -> volts
        self.branches = []                                                # low, high, conductance, drive
        self.electrodes, self.current, self.loads = [], [], []
        self.face_of, self.next = {}, self.sigma.size

    def axis_of(self, a):
        return self.dim - 1 - a

    def area(self, a):
        """Of the faces across axis a, at every sample: end nodes of axes that do not repeat own half a cell."""
        area = np.full(self.shape, self.extent)
        for b in range(self.dim):
            if b == a:
                continue
            w = np.ones(self.n[b])
            if self.node and not self.periodic[b] and self.n[b] > 1:
                w[[0, -1]] = 0.5
            area = area * (w * self.h[b]).reshape([-1 if ax == self.axis_of(b) else 1 for ax in range(self.dim)])
        return area

    def electrode(self, where=None, face=None, voltage=None, current=0.0, psi=None):
        """psi: the drive on the face of a cell grid. Returns the electrode's number."""
        node = self.next
        self.next += 1
        if face is not None and not self.node:
            self.face_of[face] = (node, psi)
        else:
            if face is not None:
                where = np.zeros(self.shape, bool)
                where[tuple((0, -1)[face[1]] if ax == self.axis_of(face[0]) else slice(None) for ax in range(self.dim))] = True
            self.owner = np.where(where, node, self.owner)
        if voltage is not None:
            self.held[node] = voltage
        self.electrodes.append(node)
        self.current.append(0.0 if voltage is not None else current)
        return len(self.electrodes) - 1

    def load(self, a, b, resistance):
        self.loads.append((self.electrodes[a], self.electrodes[b], resistance))

    def surface(self, metal, deeper, psi, psi_deeper):
        """psi on the surface of a region of a cell grid, half a cell from its samples: along the line through two of its samples, if there are two."""
        return psi if self.node else np.where(metal == deeper, 1.5 * psi - 0.5 * psi_deeper, psi)

    def inner_branches(self, a):
        ax, n = self.axis_of(a), self.n[a]
        low = np.arange(n if self.periodic[a] else n - 1)
        high = (low + 1) % n
        take = lambda field, index: np.take(field, index, axis=ax).ravel()
        ends = lambda field: (take(field, low), take(field, high))
        (cl, ch), (ol, oh), (pl, ph) = ends(self.sigma), ends(self.owner), ends(self.psi)
        samples = self.sigma.size
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where((cl > 0) & (ch > 0), 2 * cl * ch / (cl + ch), 0.0)
        for metal, medium in ((ol, ch), (oh, cl)):       # half a cell of the medium; on nodes the electrode ends at its sample
            other = cl if metal is ol else ch
            contact = np.where(other > 0, mean, medium) if self.node else 2 * medium
            mean = np.where(metal >= samples, contact, mean)
        mean = np.where((ol >= samples) & (oh >= samples), 0.0, mean)
        g = mean * take(self.area(a), low) / self.h[a]
        back, on = np.maximum(low - 1, 0), np.minimum(high + 1, n - 1)
        line = [-1 if axis == ax else 1 for axis in range(self.dim)]
        shape = [len(low) if axis == ax else m for axis, m in enumerate(self.shape)]
        grow = lambda mask: np.broadcast_to(mask.reshape(line), shape).ravel()
        owner_l = np.where(grow(back < low), take(self.owner, back), -1)
        owner_h = np.where(grow(on > high), take(self.owner, on), -1)
        pl = np.where(ol >= samples, self.surface(ol, owner_l, pl, take(self.psi, back)), pl)
        ph = np.where(oh >= samples, self.surface(oh, owner_h, ph, take(self.psi, on)), ph)
        return ol, oh, g, ph - pl

    def contact_branches(self):
        for (a, side), (node, psi) in self.face_of.items():
            ax = self.axis_of(a)
            cells = np.take(self.owner, (0, -1)[side], axis=ax).ravel()
            sigma = np.take(self.sigma, (0, -1)[side], axis=ax).ravel()
            g = 2 * sigma * np.take(self.area(a), 0, axis=ax).ravel() / self.h[a]
            inner = np.take(self.psi, (0, -1)[side], axis=ax).ravel()
            drive = (np.broadcast_to(psi, inner.shape) if psi is not None else inner) - inner
            yield cells, np.full_like(cells, node), np.where(cells >= self.sigma.size, 0.0, g), drive

    def list_branches(self):
        """low, high, conductance and drive of the branches that conduct."""
        rows = [self.inner_branches(a) for a in range(self.dim) if self.n[a] > 1] + list(self.contact_branches())
        low, high, g, drive = (np.concatenate(part) for part in zip(*rows))
        keep = (g > 0) & (low != high)
        return low[keep], high[keep], g[keep], drive[keep]

    def pieces(self):
        """Which piece each node belongs to, joined by branches and loads, and how many branches meet each node."""
        low, high, _, _ = self.list_branches()
        wires = np.array([(a, b) for a, b, _ in self.loads], int).reshape(-1, 2)
        size, ends = self.next, (np.r_[low, wires[:, 0]], np.r_[high, wires[:, 1]])
        graph = sparse.coo_matrix((np.ones(ends[0].size), ends), shape=(size, size))
        return csgraph.connected_components(graph, directed=False)[1], np.bincount(np.r_[low, high], minlength=size)

    def conductance(self):
        """Currents of the electrodes per volt, without loads, and the conductance of all their contacts."""
        low, high, g, _ = self.list_branches()
        matrix = csgraph.laplacian(sparse.coo_matrix((np.r_[g, g], (np.r_[low, high], np.r_[high, low])), shape=(self.next, self.next))).tocsr()
        ends, inner = np.array(self.electrodes), np.setdiff1d(np.unique(np.r_[low, high]), self.electrodes)
        linked = csgraph.connected_components(matrix, directed=False)[1]
        inner = inner[np.isin(linked[inner], linked[ends])]              # what no electrode reaches would make it singular
        G = matrix[ends][:, ends].toarray()
        size = np.diag(G).sum()
        if inner.size:
            G = G - matrix[ends][:, inner] @ np.atleast_2d(spsolve(matrix[inner][:, inner].tocsc(), matrix[inner][:, ends].toarray()).T).T
        return G, size

    def solve(self):
        """(V at the samples, voltages, currents into the sample, load currents); V is NaN in insulators. Leaves piece (which electrodes and samples
        currents and loads join, by node), joule (the heat in the sample) and faces (sum of |currents| at the electrodes)."""
        low, high, g, drive = self.list_branches()
        wires = np.array([(a, b, 1 / r, 0.0) for a, b, r in self.loads]).reshape(-1, 4)
        ends = np.concatenate([low, wires[:, 0].astype(int)]), np.concatenate([high, wires[:, 1].astype(int)])
        weight, push = np.concatenate([g, wires[:, 2]]), np.concatenate([g * drive, wires[:, 3]])
        size = self.next
        incidence = sparse.coo_matrix((np.r_[np.ones(weight.size), -np.ones(weight.size)], (np.tile(np.arange(weight.size), 2), np.r_[ends[1], ends[0]])),
                                      shape=(weight.size, size)).tocsr()
        matrix = incidence.T @ sparse.diags(weight) @ incidence
        right = -incidence.T @ push
        for node, current in zip(self.electrodes, self.current):
            right[node] += current
        alone = np.flatnonzero((self.sigma > 0).ravel() & (self.owner.ravel() < self.sigma.size))
        used = np.unique(np.concatenate([*ends, self.electrodes, alone]).astype(int))
        _, piece = csgraph.connected_components(matrix, directed=False)
        self.piece = piece
        held = dict(self.held)
        for p in np.unique(piece[used]):                                # the first electrode, else any sample, is 0 V
            members = [k for k in used if piece[k] == p]
            if not any(k in held for k in members):
                held[next((e for e in self.electrodes if e in members), members[0])] = 0.0
        fixed = np.array(sorted(held), int)
        free = np.setdiff1d(used, fixed)
        u = np.full(size, np.nan)
        u[fixed] = [held[k] for k in fixed]
        if free.size:
            u[free] = spsolve(matrix[free][:, free].tocsc(), right[free] - matrix[free][:, fixed] @ u[fixed])
        flow = weight * np.nan_to_num(incidence @ np.nan_to_num(u)) + push       # -current from low to high
        inside = np.where(np.arange(weight.size) < g.size, flow, 0.0)
        net = incidence.T @ inside
        self.joule = (inside[:g.size]**2 / g).sum()
        self.faces = np.abs(inside[:g.size][(low >= self.sigma.size) | (high >= self.sigma.size)]).sum()
        V = np.where(self.owner >= self.sigma.size, 1, self.sigma) * 0 + u[self.owner]
        V = np.where((self.sigma > 0) | (self.owner >= self.sigma.size), V, np.nan)
        loads = np.array([(u[a] - u[b]) / r for a, b, r in self.loads])
        self.u = np.nan_to_num(u)
        return V, u[self.electrodes], np.array([net[e] for e in self.electrodes]), loads

    def current_density(self, a):
        """J along axis a at the samples, after solve: mean of the two faces of each, which for an end node is the wall itself; 0 in metal, NaN in insulators."""
        ax, n, periodic = self.axis_of(a), self.n[a], self.periodic[a]
        insulator = (self.sigma == 0) & (self.owner < self.sigma.size)
        if n == 1:
            return np.where(insulator, np.nan, 0.0)
        low, high, g, drive = self.inner_branches(a)
        shape = [n if axis == ax and periodic else n - 1 if axis == ax else m for axis, m in enumerate(self.shape)]
        inner = np.moveaxis((-g * (self.u[high] - self.u[low] + drive)).reshape(shape), ax, 0)
        walls = [np.zeros(inner.shape[1:]) for _ in range(2)]
        for (b, side), (node, psi) in self.face_of.items():
            if b == a:
                for branches, key in zip(self.contact_branches(), self.face_of):
                    if key == (a, side):
                        cells, _, contact, drop = branches
                        walls[side] = (-contact * (self.u[node] - self.u[cells] + drop) * (1 if side else -1)).reshape(walls[side].shape)
        faces = np.concatenate([inner[-1:], inner]) if periodic else np.concatenate([walls[0][None], inner, walls[1][None]])
        J = 0.5 * (faces[:-1] + faces[1:])
        if self.node and not periodic:
            J[[0, -1]] = 0.0
        J = np.moveaxis(J, 0, ax) / self.area(a)
        return np.where(insulator, np.nan, np.where(self.owner >= self.sigma.size, 0.0, J))
