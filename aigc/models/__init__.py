"""The bundled models, one class each: load, run, unload. Only runners import them.

A new model is a module here (or in any other package), its settings beside its feature in `aigc.features`, and an
entry in the catalogue that names both.
"""

import os

# Read by numpy's linear algebra when it is first imported. Several threads that wait for each other actively on a
# machine that is busy with other runners made a sentence's encoding twenty times slower.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
