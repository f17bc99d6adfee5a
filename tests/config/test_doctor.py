"""Each of the faults that a set-up has most often, really there, and what the doctor says of it."""

import contextlib
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from actors.stores.file_lock import FileLock
from aigc.core.ids import ModelId
from aigc.core.model import Absent, Catalogue, ModelSpec
from config.checkup import devices, machine, models, others, places
from config.checkup.finding import Finding
from config.marks import ConfigInvalid
from config.settings import Settings, load
from tests.actors.devices.nvml_kit import Card, Driver, NVMLError, installed_as
from tests.redis_kit import free_port
from transport import KeyFolder, KeyPair

MODELS = Path(__file__).parents[1] / "runner_models"


def settings(**sections: Any) -> Settings:
    return Settings.model_validate(sections)


def found(look: Any) -> dict[str, Finding]:
    """By code; of whatever is not fine there is something to be done."""
    findings = list(look)
    assert all(finding.do for finding in findings if finding.level == "wrong")
    return {finding.code: finding for finding in findings}


def test_a_port_that_another_program_has_is_told_with_its_name(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = settings(server={"port": taken.getsockname()[1]}, storage={"data_dir": str(tmp_path)})
        finding = found(places.address(told))["port_taken"]
    assert finding.level == "wrong" and f"process {os.getpid()}" in finding.what
    free = settings(server={"port": free_port()}, storage={"data_dir": str(tmp_path)})
    assert list(found(places.address(free))) == ["port"]


def test_a_data_folder_that_another_server_has_is_told_with_that_server(tmp_path: Path) -> None:
    told = settings(server={"port": free_port()}, storage={"data_dir": str(tmp_path)})
    lock = FileLock(tmp_path / "jobs.db.lock")
    assert lock.take()
    finding = found(places.address(told))["data_in_use"]
    assert finding.level == "wrong" and f"process {os.getpid()}" in finding.what
    lock.release()
    assert "data_in_use" not in found(places.address(told)), "the file of a server that has ended holds nobody up"


def test_a_folder_that_cannot_be_written_is_wrong_also_for_root(tmp_path: Path) -> None:
    assert found(places.folder(settings(storage={"data_dir": "/proc/aigc"})))["data_unwritable"].level == "wrong"
    (tmp_path / "file").touch()
    inside = settings(storage={"data_dir": str(tmp_path / "file" / "data")})
    assert found(places.folder(inside))["data_unwritable"].level == "wrong"


def test_a_disk_that_is_full_or_nearly_so_is_wrong(tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("NOT TESTED: a full disk. Only root may mount one, in a container with CAP_SYS_ADMIN")
    try:
        assert "disk_nearly_full" in found(places.folder(settings(storage={"data_dir": str(tmp_path)})))
        roomy = settings(storage={"data_dir": str(tmp_path), "min_free_gb": 0})
        assert list(found(places.folder(roomy))) == ["data"]
        with (tmp_path / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while ballast.write(bytes(4096)):
                pass
        assert "disk_full" in found(places.folder(roomy))
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_listening_outside_without_accounts_is_refused_and_if_it_was_wished_still_said() -> None:
    with pytest.raises(ConfigInvalid, match="log in"):
        load(environment={"P3D_HOST": "0.0.0.0"})
    wished = load(environment={"P3D_HOST": "0.0.0.0", "P3D_SECURITY__ALLOW_OPEN_ACCESS": "true"}).settings
    assert "open_to_all" in found(places.reach(wished))
    assert found(places.reach(settings())) == {}


def test_a_low_limit_of_open_files_is_wrong() -> None:
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))\n"
        "from config.checkup import machine; from config.settings import Settings\n"
        "print(*[f.code for f in machine.open_files(Settings())])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["few_open_files"]
    assert found(machine.open_files(settings(limits={"watchers": 1}))) == {}


# GPUs: no test machine can be trusted to have one, and none has a sick one.


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> Driver:
    fake = Driver(Card())
    fake.nvmlSystemGetCudaDriverVersion = lambda: 12040  # type: ignore[attr-defined]
    installed_as(fake, monkeypatch)
    return fake


def test_a_driver_that_was_changed_while_it_ran_is_told_from_none_at_all(nvml: Driver) -> None:
    assert list(found(devices.devices(settings()))) == ["gpu"]
    nvml.fault = NVMLError("Driver/library version mismatch")
    finding = found(devices.devices(settings()))["driver_mismatch"]
    assert finding.level == "wrong" and "restart" in finding.do
    nvml.fault = NVMLError("NVML Shared Library Not Found")
    assert found(devices.devices(settings()))["no_gpu"].level == "note"


def test_a_torch_that_the_driver_is_too_old_for_is_wrong(nvml: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "torch_cuda", lambda: "12.8")
    assert "12.4" in found(devices.devices(settings()))["driver_too_old"].what
    nvml.fault = NVMLError("NVML Shared Library Not Found")
    assert "cuda_without_gpu" in found(devices.devices(settings()))


def test_which_cuda_torch_is_built_for_is_read_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, file, text in (
        (
            "torch",
            "version.py",
            "__version__ = '2.9.0+cu128'\ncuda: Optional[str] = '12.8'\n",
        ),
        ("torch-2.9.0.dist-info", "METADATA", "Metadata-Version: 2.1\nName: torch\nVersion: 2.9.0\n"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).write_text(text)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert devices.torch_cuda() == "12.8"


def test_a_gpu_that_is_named_and_not_there_is_wrong(nvml: Driver) -> None:
    told = settings(worker={"devices": ["GPU-gone"]})
    assert "GPU-1" in found(devices.devices(told))["device_missing"].do


def model(name: str, class_path: str, **more: Any) -> ModelSpec:
    return ModelSpec(
        id=ModelId(name), feature="text_to_raw_mesh", class_path=class_path, memory_bytes=1, path=(str(MODELS),), **more
    )


def test_a_model_that_cannot_be_imported_is_named_with_what_it_lacks() -> None:
    catalogue = Catalogue(
        (
            model("sound", "printing:Printing"),
            model("broken", "broken_import:Anything"),
            model("gone", "nowhere.to.be.found:Model"),
            model("foreign", "printing:Printing", python="/nowhere/bin/python"),
        ),
        "digest",
    )
    findings = list(models.models(catalogue))
    told = {finding.what.partition(" ")[0].rstrip(":"): finding for finding in findings}
    assert {name: finding.code for name, finding in told.items()} == {
        "foreign": "model_without_python", "broken": "model_import_fails", "gone": "model_import_fails",
    }  # fmt: skip
    assert "install nowhere" in told["gone"].do


def test_packages_and_weights_that_are_missing_are_named_with_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "BUNDLED", ("json", "no_such_package"))
    monkeypatch.setattr(models, "WEIGHTS", (("no_such_weights", "weights==1", "what they do"),))
    told = found(models.packages())
    assert "no_such_package" in told["packages_missing"].what and "json" not in told["packages_missing"].what
    assert told["weights_missing"].do == "pip install --no-deps weights==1"


def test_models_that_lack_the_same_are_one_finding() -> None:
    lacks = {"a": "it is not installed", "b": "its licence is not accepted", "c": "it is not installed"}
    known = tuple(
        Absent(id=ModelId(name), feature="x", reason="not_installed", detail=detail, suggestion=f"install {name}")
        for name, detail in lacks.items()
    )
    _, *told = models.models(Catalogue((), "", absent=known))
    assert [finding.what for finding in told] == [
        "not served: a, c: it is not installed",
        "not served: b: its licence is not accepted",
    ]
    assert "aigc models recipes" in told[0].do and told[1].do == "install b"


def with_keys(folder: Path, key: str, name: str = "far") -> Settings:
    place = {"name": name, "address": "tcp://10.0.0.1:1", "news": "tcp://10.0.0.1:2", "key": key}
    return settings(broker={"places": [place]}, security={"keys_dir": str(folder)})


def test_a_key_that_is_missing_open_to_others_or_not_the_one_that_is_known_is_wrong(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path / "keys")
    theirs = KeyPair.new().public
    assert "aigc keys new" in found(others.keys(with_keys(folder.path, theirs)))["keys_invalid"].do
    own = folder.new()
    assert found(others.keys(with_keys(folder.path, theirs)))["keys"].level == "fine"
    folder.own_file.chmod(0o644)
    assert "chmod 600" in found(others.keys(with_keys(folder.path, theirs)))["keys_invalid"].do
    folder.own_file.chmod(0o600)
    assert own.public in found(others.keys(with_keys(folder.path, theirs, socket.gethostname())))["keys_differ"].do
    folder.allow("far", KeyPair.new().public)
    assert "another key of far" in found(others.keys(with_keys(folder.path, theirs)))["keys_differ"].what


def test_every_code_of_something_amiss_is_explained() -> None:
    root = Path(__file__).parents[2]
    sources = [*(root / "config" / "checkup").glob("*.py"), root / "config" / "commands" / "doctor.py"]
    codes = {code for file in sources for code in re.findall(r'(?:"wrong"|"note"), "(\w+_?\w+)",', file.read_text())}
    assert len(codes) > 25
    explained = (root / "docs" / "observing.md").read_text()
    assert [code for code in sorted(codes) if f"`{code}`" not in explained] == []
