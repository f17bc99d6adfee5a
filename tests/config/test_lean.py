"""What is imported where: the start and the memory of every process depend on it."""

import subprocess
import sys

import pytest

EVERYWHERE = {"rich", "pygments", "greenlet", "importlib.metadata", "zipfile", "platformdirs", "prometheus_client"}
FOREIGN = {
    "broker": {"aiohttp", "email", "psutil", "sqlite3", "actors.worker", "aigc.features", "config.catalogue"},
    "worker": {"aiohttp", "email", "aigc.core.scheduling.scheduler", "config.catalogue", "jsonschema_rs"},
    "web": {"actors.worker", "psutil", "jsonschema_rs", "web.openapi.document", "aigc.core.scheduling.scheduler"},
}


def told(program: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize("role", FOREIGN)
def test_a_server_process_loads_nothing_that_only_others_or_rare_questions_need(role: str) -> None:
    ours = f"config.commands.{role}, config.service, config.logs, config.roles.{role}"
    loaded = "{name for name, module in sys.modules.items() if module}"
    assert told(f"import sys, {ours}; print(*{EVERYWHERE | FOREIGN[role]} & {loaded})") == []


def test_a_worker_of_a_machine_without_a_driver_does_not_load_the_binding_to_it() -> None:
    driverless = "nvml.LIBRARY = 'libnothing.so.1'; find(DevicesSettings())"
    assert told(f"import sys; from actors.devices import *; {driverless}; print('pynvml' in sys.modules)") == ["False"]


def test_aiohttp_is_loaded_without_a_certificate_and_the_environment_stays_as_it_was() -> None:
    before = "import os, ssl; from config import lean; os.environ['SSL_CERT_FILE'] = '/a.pem'; lean.import_aiohttp()"
    after = "from aiohttp.connector import _SSL_CONTEXT_VERIFIED as context"
    seen = "print(os.environ['SSL_CERT_FILE'], len(context.get_ca_certs()), context.verify_mode.name)"
    assert told(f"{before}; {after}; {seen}") == ["/a.pem", "0", "CERT_REQUIRED"]
