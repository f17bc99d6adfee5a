import os
import subprocess
import sys

import pytest

from aigc.runner.launch import command, environment, is_own, make_import_folder, model_device


def test_our_interpreter_is_known_by_its_path_or_by_no_path():
    assert is_own("")
    assert is_own(sys.executable)
    assert not is_own("/opt/other/bin/python")
    assert not is_own(
        os.path.realpath(sys.executable)
    )  # outside of our environment the same program has other packages


def test_a_foreign_interpreter_gets_the_runner_and_the_adapters_and_nothing_else_of_ours(tmp_path):
    imports = make_import_folder(tmp_path, own=False)
    assert sorted(os.listdir(imports)) == ["aigc"]
    assert sorted(os.listdir(imports / "aigc")) == ["__init__.py", "adapters", "runner"]


def test_our_interpreter_gets_all_of_aigc(tmp_path):
    imports = make_import_folder(tmp_path, own=True)
    assert os.listdir(imports) == ["aigc"]
    assert (imports / "aigc" / "core" / "job.py").is_file()


def test_the_import_folder_is_made_once(tmp_path):
    assert make_import_folder(tmp_path, own=True) == make_import_folder(tmp_path, own=True)


def test_the_command_starts_this_package(tmp_path):
    imports = make_import_folder(tmp_path, own=False)
    answer = subprocess.run(
        command("", "describe", "aigc.runner.noop:Noop"), env={"PYTHONPATH": str(imports)}, cwd=tmp_path
    )
    assert answer.returncode == 0


def test_secrets_of_the_server_are_not_passed_on():
    ours = {"PATH": "/bin", "P3D_REDIS_PASSWORD": "x", "AWS_SECRET_ACCESS_KEY": "y", "HF_TOKEN": "z", "LC_ALL": "C"}
    passed = environment(ours, imports="/imports")
    assert passed["PATH"] == "/bin"
    assert passed["LC_ALL"] == "C"
    assert not {"P3D_REDIS_PASSWORD", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN"} & set(passed)


def test_the_catalogues_words_win_over_all_but_which_gpu_is_seen():
    extra = {"OMP_NUM_THREADS": "1", "HF_TOKEN": "z", "CUDA_VISIBLE_DEVICES": "0,1"}
    made = environment({}, imports="/imports", extra=extra, threads=8, device="GPU-1f3c")
    assert (made["OMP_NUM_THREADS"], made["MKL_NUM_THREADS"]) == ("1", "8")
    assert made["HF_TOKEN"] == "z"
    assert made["CUDA_VISIBLE_DEVICES"] == "GPU-1f3c"


def test_the_import_path_is_ours_then_the_catalogues():
    made = environment({"PYTHONPATH": "/dev/server"}, imports="/imports", path=("/a", "/b"))
    assert made["PYTHONPATH"] == "/imports:/a:/b"
    own = environment({"PYTHONPATH": "/dev/server"}, imports="/imports", own=True)
    assert own["PYTHONPATH"] == "/imports:/dev/server"


@pytest.mark.parametrize(
    ("device", "seen", "told"),
    [
        ("cpu", "", "cpu"),
        ("fake:0", "", "cpu"),
        ("GPU-1f3c", "GPU-1f3c", "cuda:0"),
        ("MIG-77", "MIG-77", "cuda:0"),
        ("cuda:3", "3", "cuda:0"),
        ("cuda", "0", "cuda:0"),
    ],
)
def test_a_runner_sees_its_own_device_and_no_other_gpu(device, seen, told):
    made = environment({"CUDA_VISIBLE_DEVICES": "0,1"}, imports="/i", device=device)
    assert made["CUDA_VISIBLE_DEVICES"] == seen
    assert made.get("CUDA_DEVICE_ORDER") == ("PCI_BUS_ID" if told == "cuda:0" else None)
    assert model_device(device) == told
