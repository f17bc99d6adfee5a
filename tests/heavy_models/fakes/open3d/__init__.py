from types import SimpleNamespace

import numpy as np

utility = SimpleNamespace(Vector3dVector=np.asarray, Vector3iVector=np.asarray)
geometry = SimpleNamespace(
    TriangleMesh=lambda vertices, triangles: SimpleNamespace(vertices=vertices, triangles=triangles)
)
