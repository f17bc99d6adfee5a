"""What a model is to a runner: the class to write, what it is handed and what it gives back.

Only the standard library is imported, so that a model can be written against it in any interpreter from Python 3.10 on.

The smallest model that does something::

    from aigc.runner.model import Output, Progress, Result

    class Cube:
        parameters = {  # a JSON Schema, or a pydantic model class
            "type": "object",
            "properties": {"edge": {"type": "number", "default": 1.0, "minimum": 0.01}},
        }

        def load(self, device):
            self.device = device                      # import what is heavy here, read the weights

        def run(self, inputs, params, progress):
            for step in range(10):
                progress(step / 10, "sampling", step, 10)   # raises Cancelled when nobody wants the result any more
                ...
            path = progress.folder / "cube.glb"
            path.write_bytes(...)
            return Result([Output("cube.glb", "model", path=path, stats={"triangles": 12})])

        def unload(self):
            pass

The catalogue names it as `class: package.module:Cube`, with the folders to import from (`path`) and the interpreter
(`python`) if it needs its own. `python -m aigc.runner describe package.module:Cube` prints its schema, and
`aigc.runner.testing.run_model` runs it and checks what it returns, both without a server.

What holds around it:

* One instance lives in one process on one device; its methods are called from the main thread, one at a time.
* It may write to `progress.folder`, to the temporary folder (`tempfile`), and to the folders that the catalogue lists
  as `writable`. Where the kernel can (Landlock), writing elsewhere raises PermissionError, and so does a TCP connection
  unless the catalogue says `network: true`. Weights are read from anywhere; they are not fetched in a run.
* What it prints goes to the log; the last 64 KB are kept as evidence.
* Child processes are allowed and end with the runner.
* `Cancelled` is an exception like any other: `finally` clauses run. A model that does not report for two seconds after
  a cancel is ended by SIGTERM, and a model in native code by SIGKILL; nothing of it is used afterwards.
* Exceptions become the job's failure: `InputInvalid` says that the input is at fault; running out of memory
  (MemoryError, torch's OutOfMemoryError) is tried again on an emptier device, and a CUDA error that poisons the
  process in a fresh process; anything else is reported with the end of its traceback and not tried again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

ROLES = ("model", "thumbnail", "preview", "texture", "part", "data", "input")
STAGES = ("preprocessing", "sampling", "decoding", "texturing", "exporting")


class Cancelled(Exception):
    """The job was cancelled; a model lets it pass through."""


class InputInvalid(Exception):
    """The input cannot give a result, on this try or any other; it is never retried.

    Args:
        message: what is wrong, where.
        suggestion: what to do instead.
    """

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion


class Progress(Protocol):
    """How a model speaks while it works, and what it may know of the request beside inputs and parameters."""

    folder: Path  # this attempt's scratch folder, the only place to write to; it is empty at first and goes afterwards
    model: str  # the catalogue's name that was asked for: models of one family share an instance
    output_format: str  # what the request wants: "glb"

    def __call__(
        self,
        fraction: float,
        stage: str,
        step: int = 0,
        steps: int = 0,
        message: str = "",
        preview: bytes | None = None,
    ) -> None:
        """Report `fraction` (0 to 1) of the work done; call it at least twice a second of work.

        Calls are cheap, a few microseconds: what is too frequent to be sent is replaced by what comes after it.
        A fraction that is less than an earlier one counts as that one.

        Args:
            stage: one of `STAGES`; another word is shown as a message.
            preview: a PNG of at most 1 MB.
        Raises:
            Cancelled: the job was cancelled meanwhile.
        """

    def warn(self, message: str) -> None:
        """Put a sentence into the job's warnings."""


@dataclass
class Output:
    """One file of a result: exactly one of `data` and `path` is set.

    Args:
        name: a plain file name of letters, digits, `.`, `_` and `-`; its suffix says the format.
        role: one of `ROLES`; exactly one output is the "model", the main file.
        path: a regular file (no link) in `progress.folder`; a relative one counts from there.
        stats: facts about the file, as a person wants to read them: triangles, watertight, bounds.
    """

    name: str
    role: str
    data: bytes | None = None
    path: Path | None = None
    stats: dict[str, float | int | str | bool] = field(default_factory=dict)


@dataclass
class Result:
    """What a run made: its files, and facts about how."""

    outputs: list[Output]
    info: dict[str, Any] = field(default_factory=dict)


@dataclass
class Job:
    """One of the jobs of a batch, with what `Model.run` would get; each has its own progress, folder and cancel."""

    inputs: dict[str, str]
    params: dict[str, Any]
    progress: Progress


class Model(Protocol):
    """A model as the runner sees it. One instance lives in one process on one device.

    A model that can share its work among several jobs has a method more, and `batch` in its catalogue entry::

        def run_batch(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Result | Exception]]: ...

    It yields, for each job once and as soon as it is known, the job's place in `jobs` and what became of it. A job's
    `progress` raises Cancelled for that job alone: yield the error in its place and go on with the others. While one
    job is worked on, report for those that wait as well, or their cancel is not heard. An exception that leaves
    `run_batch` fails all jobs that were not yielded. Equal inputs, parameters and seed give equal results, whoever else
    is in the batch.

    The class may have an attribute `parameters`: a pydantic model class, or a JSON Schema as a dict. It is made with
    the catalogue's `init` as keyword arguments.
    """

    def load(self, device: str) -> None:
        """Be ready to run on `device`: "cpu" or "cuda:0" (the one GPU that this process sees).

        Runs once, before anything else. If it raises, the process is not used, and the model is reported as broken.
        """

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """Make a result. `inputs` holds paths ("image", "mesh") or the prompt itself ("text").

        `params` are complete and valid by the model's schema. Equal inputs, parameters and seed give equal results.
        If it raises, the attempt has failed, and the next one runs on the same instance.
        """

    def unload(self) -> None:
        """Give memory back; the process ends half a second later at most, however it ends."""
