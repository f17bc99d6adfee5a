"""From an exception to the failure that a job will show, and to the verdict whether the process may go on."""

from __future__ import annotations

import errno
import traceback
from typing import Any, NamedTuple

from aigc.runner.model import InputInvalid

TAIL_CHARS = 4000
_MESSAGE_CHARS = 500

_POISONED = ("CUDA error:", "CUBLAS_STATUS_EXECUTION_FAILED", "CUDNN_STATUS_EXECUTION_FAILED", "HIP error:")
_NO_MEMORY = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "DefaultCPUAllocator: can't allocate")


class Failed(NamedTuple):
    """What went wrong."""

    failure: dict[str, Any]
    """The fields of a failure: code, message, suggestion, retryable, log_tail."""
    broken: bool
    """The process must not be used again."""
    out_of_memory: bool


class ResultInvalid(Exception):
    """What the model returned is no result; the text says what is wrong with which file."""


def of_run(error: BaseException) -> Failed:
    """Why a run failed."""
    if isinstance(error, InputInvalid):
        return Failed(_failure("input_invalid", error.message, error.suggestion), False, False)
    if isinstance(error, ResultInvalid):
        return Failed(
            _failure("result_invalid", str(error), "The model is at fault; tell whoever maintains it."), False, False
        )
    device = _of_device(error)
    if device is not None:
        return device
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        # Without the path, which is not the client's to know.
        what = f"the result could not be written: {error.strerror}"
        failure = _failure("storage_failed", what, "Make room on the worker's disk.", retryable=True)
        return Failed(failure, False, False)
    return Failed(_failure("model_error", _sentence(error), log_tail=_tail(error)), False, False)


def of_load(error: BaseException) -> Failed:
    """Why a model could not be loaded; the process is of no use then."""
    device = _of_device(error)
    if device is not None:
        return device._replace(broken=True)
    suggestion = "Check class, path and python of its catalogue entry, and that its weights are there."
    return Failed(_failure("model_load_failed", _sentence(error), suggestion, log_tail=_tail(error)), True, False)


def _of_device(error: BaseException) -> Failed | None:
    """Errors of the device rather than of the model's code, told by their names: torch is not imported for them."""
    text = _text(error)
    names = {base.__name__ for base in type(error).__mro__}
    is_runtime = isinstance(error, RuntimeError)
    if isinstance(error, MemoryError) or "OutOfMemoryError" in names or (is_runtime and _any(_NO_MEMORY, text)):
        failure = _failure(
            "out_of_memory",
            _sentence(error),
            "Ask for less (resolution, faces), or use a device with more memory.",
            retryable=True,
            log_tail=_tail(error),
        )
        return Failed(failure, False, True)
    if (is_runtime or "AcceleratorError" in names) and _any(_POISONED, text):
        # After such an error every further call on the device fails, until the process ends.
        return Failed(_failure("runner_crashed", _sentence(error), retryable=True, log_tail=_tail(error)), True, False)
    return None


def _any(marks: tuple[str, ...], text: str) -> bool:
    return any(mark in text for mark in marks)


def _failure(
    code: str, message: str, suggestion: str = "", *, retryable: bool = False, log_tail: str = ""
) -> dict[str, Any]:
    return {
        "code": code,
        "message": message[:_MESSAGE_CHARS],
        "suggestion": suggestion[:_MESSAGE_CHARS],
        "retryable": retryable,
        "log_tail": log_tail,
    }


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a third party's exception may fail at speaking, too
        return ""


def _sentence(error: BaseException) -> str:
    text = _text(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _tail(error: BaseException) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))[-TAIL_CHARS:]
