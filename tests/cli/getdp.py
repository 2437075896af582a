"""The same device for getdp, a finite-element program: bilinear quadrangles or trilinear hexahedra whose corners are the nodes of the grid. It knows the
weak form of T6 and T7 and nothing of finite volumes."""
import shutil
import subprocess

import numpy as np

PROGRAM = shutil.which("getdp")
VOLUME, FIRST = 1, 10                                # numbers of regions; faces and contacts from FIRST

FORMULATION = """
Group {{ Vol = Region[{{{volume}}}]; Held = Region[{{{held}}}]; Float = Region[{{{floating}}}]; Domain = Region[{{Vol, Held, Float}}]; }}
Function {{
  c[] = {coefficient};
  drive[] = {profile} * Vector[{gradient}];
  source[] = {source};
  {values}
}}
Constraint {{
  {{ Name fixed; Case {{ {fixed} }} }}
  {{ Name volts; Case {{ }} }}
  {{ Name amperes; Case {{ {amperes} }} }}
}}
FunctionSpace {{
  {{ Name space; Type Form0;
    BasisFunction {{
      {{ Name plain; NameOfCoef v; Function BF_Node; Support Domain; Entity NodesOf[Domain, Not Float]; }}
      {{ Name metal; NameOfCoef f; Function BF_GroupOfNodes; Support Vol; Entity GroupsOfNodesOf[Float]; }}
    }}
    GlobalQuantity {{ {{ Name voltage; Type AliasOf; NameOfCoef f; }} {{ Name current; Type AssociatedWith; NameOfCoef f; }} }}
    Constraint {{
      {{ NameOfCoef v; EntityType NodesOf; NameOfConstraint fixed; }}
      {{ NameOfCoef voltage; EntityType GroupsOfNodesOf; NameOfConstraint volts; }}
      {{ NameOfCoef current; EntityType GroupsOfNodesOf; NameOfConstraint amperes; }}
    }}
  }}
}}
Jacobian {{ {{ Name jacobian; Case {{ {{ Region All; Jacobian Vol; }} }} }} }}
Integration {{ {{ Name rule; Case {{ {{ Type Gauss; Case {{ {{ GeoElement Quadrangle; NumberOfPoints 4; }} {{ GeoElement Hexahedron; NumberOfPoints 6; }} }} }} }} }} }}
Formulation {{
  {{ Name device; Type FemEquation;
    Quantity {{
      {{ Name v; Type Local; NameOfSpace space; }}
      {{ Name U; Type Global; NameOfSpace space[voltage]; }}
      {{ Name I; Type Global; NameOfSpace space[current]; }}
    }}
    Equation {{
      Galerkin {{ [ c[] * Dof{{d v}}, {{d v}} ]; In Vol; Jacobian jacobian; Integration rule; }}
      Galerkin {{ [ c[] * drive[], {{d v}} ]; In Vol; Jacobian jacobian; Integration rule; }}
      Galerkin {{ [ -source[], {{v}} ]; In Vol; Jacobian jacobian; Integration rule; }}
      GlobalTerm {{ [ -Dof{{I}}, {{U}} ]; In Float; }}
    }}
  }}
}}
Resolution {{ {{ Name solve; System {{ {{ Name A; NameOfFormulation device; }} }} Operation {{ Generate[A]; Solve[A]; SaveSolution[A]; }} }} }}
PostProcessing {{ {{ Name read; NameOfFormulation device; Quantity {{ {{ Name v; Value {{ Term {{ [{{v}}]; In Vol; Jacobian jacobian; }} }} }} }} }} }}
PostOperation {{ {{ Name table; NameOfPostProcessing read; Operation {{ Print[v, OnElementsOf Vol, Format NodeTable, File "v.txt"]; }} }} }}
"""


def write_mesh(path, points, lengths, parts):
    """A box of bricks in the format of gmsh 2.2; parts: masks [nz, ny, nx] of nodes that are held or float, one region each. Bricks first."""
    n = np.array([*points, 1, 1][:3])
    axes = [np.linspace(0, length, m) for m, length in zip(points, lengths)] + [np.zeros(1)] * (3 - len(points))
    number = np.arange(n.prod()).reshape(n[::-1]) + 1
    z, y, x = np.meshgrid(*axes[::-1], indexing="ij")
    corner = lambda i, j, k: number[k:n[2] - 1 + k or None, j:n[1] - 1 + j, i:n[0] - 1 + i].ravel()
    ring = [(0, 0), (1, 0), (1, 1), (0, 1)]
    bricks = np.array([corner(i, j, k) for k in range(len(points) - 1) for i, j in ring]).T
    kind = 3 if len(points) == 2 else 5
    with open(path, "w") as file:
        print("$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$Nodes", n.prod(), sep="\n", file=file)
        np.savetxt(file, np.c_[number.ravel(), x.ravel(), y.ravel(), z.ravel()], "%d %.17g %.17g %.17g")
        marked = [(FIRST + k, node) for k, mask in enumerate(parts) for node in number[mask.reshape(number.shape)]]
        print("$EndNodes\n$Elements", len(bricks) + len(marked), sep="\n", file=file)
        for i, brick in enumerate(bricks):
            print(i + 1, kind, 2, VOLUME, VOLUME, *brick, file=file)
        for i, (region, node) in enumerate(marked):
            print(len(bricks) + i + 1, 15, 2, region, region, node, file=file)
        print("$EndElements", file=file)


def solve(folder, points, lengths, held, floating=(), **texts):
    """Solve -div[c (grad v + profile grad S)] = source. held: (mask, volts) of node sets; floating: (mask, amperes) of equipotential ones; texts: coefficient, profile,
    gradient (components of grad S), source as expressions of getdp. Returns v at the nodes, [nz, ny, nx]."""
    write_mesh(folder / "device.msh", points, lengths, [mask for mask, _ in [*held, *floating]])
    names = [FIRST + k for k in range(len(held) + len(floating))]
    fixed = "".join(f"{{ Region #{name}; Value {volts!r}; }} " for name, (_, volts) in zip(names, held))
    amperes = "".join(f"{{ Region #{name}; Value {value!r}; }} " for name, (_, value) in zip(names[len(held):], floating))
    join = lambda numbers: ", ".join(map(str, numbers))
    (folder / "device.pro").write_text(FORMULATION.format(volume=VOLUME, held=join(names[:len(held)]), floating=join(names[len(held):]), fixed=fixed, amperes=amperes,
                                                          values="", **{"source": "0", **texts}))
    done = subprocess.run([PROGRAM, "device.pro", "-msh", "device.msh", "-solve", "solve", "-pos", "table", "-v", "2"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 and (folder / "v.txt").exists(), done.stdout + done.stderr
    rows = np.array([line.split() for line in (folder / "v.txt").read_text().splitlines() if len(line.split()) > 1], float)
    v = np.empty(int(np.prod(points)))
    v[rows[:, 0].astype(int) - 1] = rows[:, -1]
    return v.reshape(points[::-1])
