"""The sync client as one file for the Python of a host program, such as Blender's: it needs nothing but Python 3.10.

It is put together from this package's own modules, so it is never another client than this.
"""

from __future__ import annotations

import ast
from pathlib import Path

from aigc import __version__

MODULES = (
    "records", "errors", "sources", "wire", "retrying", "following", "saving", "tokens", "api", "sync",
)  # fmt: skip
"""Each after those whose names it uses."""

HEAD = '''"""aigc_client {version}: a client of an aigc server in one file, for Python 3.10 or newer and nothing else.

    from aigc_client import Client

    Client("http://127.0.0.1:7842").run("image_to_textured_mesh", image="cat.png", to="cat.glb")

Licence: Apache-2.0. Made by `aigc client-file` from the package aigc.client; change it there.
"""

from __future__ import annotations
'''


def single_file() -> str:
    """The program text."""
    plain: set[str] = set()
    named: dict[str, set[str]] = {}
    bodies = []
    for name in MODULES:
        text = (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
        lines: list[str | None] = list(text.splitlines())
        for node in ast.parse(text).body:
            if isinstance(node, ast.Import):
                plain |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                if not str(node.module).startswith(("aigc", "__future__")):
                    named.setdefault(str(node.module), set()).update(alias.name for alias in node.names)
            elif not (node.lineno == 1 and isinstance(node, ast.Expr)):
                continue
            lines[node.lineno - 1 : node.end_lineno] = [None] * (int(node.end_lineno or 0) - node.lineno + 1)
        body = "\n".join(line for line in lines if line is not None).strip()
        bodies.append(f"# {name}\n\n{body}\n")
    imports = [f"import {name}" for name in sorted(plain)]
    imports += [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(named.items())]
    return "\n".join([HEAD.format(version=__version__), *imports, "", ""]) + "\n\n".join(bodies)
