"""What a server's process does without. Imported before anything that would load it."""

import sys

# structlog loads rich, where it is installed, to colour tracebacks on a terminal: a tenth of a process's start, 5 MB.
sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # what is None there cannot be imported
