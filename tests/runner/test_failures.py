import pytest

from aigc.runner.failures import TAIL_CHARS, ResultInvalid, of_load, of_run
from aigc.runner.model import InputInvalid
from tests.runner_models.raising import OutOfMemoryError


class AcceleratorError(RuntimeError):
    """Named as torch's is."""


class Mute(Exception):
    def __str__(self):
        raise ValueError("cannot even speak")


def raised(error):
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001 - SystemExit is among them
        return caught


@pytest.mark.parametrize(
    ("error", "code", "retryable", "broken"),
    [
        (InputInvalid("empty"), "input_invalid", False, False),
        (ResultInvalid("no faces"), "result_invalid", False, False),
        (MemoryError(), "out_of_memory", True, False),
        (OutOfMemoryError("whatever it says"), "out_of_memory", True, False),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "out_of_memory", True, False),
        (RuntimeError("CUDA error: out of memory"), "out_of_memory", True, False),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "out_of_memory", True, False),
        (ValueError("out of memory of things to say"), "model_error", False, False),
        (RuntimeError("CUDA error: device-side assert triggered"), "runner_crashed", True, True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), "runner_crashed", True, True),
        (AcceleratorError("CUDA error: unspecified launch failure"), "runner_crashed", True, True),
        (ValueError("CUDA error: is only a word here"), "model_error", False, False),
        (OSError(28, "No space left on device"), "storage_failed", True, False),
        (OSError(13, "Permission denied"), "model_error", False, False),
        (KeyError("x"), "model_error", False, False),
        (SystemExit(0), "model_error", False, False),
        (Mute(), "model_error", False, False),
    ],
)
def test_what_a_run_raises_has_its_code(error, code, retryable, broken):
    failed = of_run(raised(error))
    assert (failed.failure["code"], failed.failure["retryable"], failed.broken) == (code, retryable, broken)
    assert failed.out_of_memory == (code == "out_of_memory")


@pytest.mark.parametrize("error", [ImportError("no torch"), OSError(28, "full"), InputInvalid("odd"), SystemExit(1)])
def test_what_loading_raises_makes_the_model_unusable(error):
    failed = of_load(raised(error))
    assert (failed.failure["code"], failed.failure["retryable"], failed.broken) == ("model_load_failed", False, True)


def test_memory_and_device_errors_of_loading_keep_their_code_and_end_the_process():
    assert of_load(MemoryError()).failure["code"] == "out_of_memory"
    assert of_load(MemoryError()).broken
    assert of_load(RuntimeError("CUDA error: no kernel image")).failure["code"] == "runner_crashed"


def test_the_message_names_the_error_and_the_tail_the_line():
    failure = of_run(raised(ValueError("bad shape"))).failure
    assert failure["message"] == "ValueError: bad shape"
    assert "in raised" in failure["log_tail"]
    assert failure["log_tail"].endswith("ValueError: bad shape\n")


def test_messages_and_tails_are_bounded():
    failure = of_run(raised(ValueError("x" * 100_000))).failure
    assert len(failure["message"]) == 500
    assert len(failure["log_tail"]) == TAIL_CHARS
