"""What a worker is called if nobody gave it a name: after its host and its device, as the wire allows it."""

import re
from hashlib import sha256

from aigc.core.ids import WorkerId

LONGEST = 64
"""Characters of a name on the wire, which are letters, digits, `_ @ : -`, the first a letter or digit."""

_UUID = re.compile(r"((?:GPU|MIG)-[0-9a-fA-F]{8})-[0-9a-fA-F-]+")


def default_name(host: str, device: str) -> WorkerId:
    """`gpubox:GPU-1f3c9a07` for that GPU of `gpubox.example.org`, `gpubox:cpu`, `gpubox:fake:left`.

    Different devices of one host get different names, and so do equal devices of hosts with different first labels.

    Args:
        device: as its probe calls it.
    """
    uuid = _UUID.fullmatch(device)
    name = f"{_allowed(host.partition('.')[0]) or 'host'}:{_allowed(uuid[1] if uuid else device)}"
    if len(name) > LONGEST:
        digest = sha256(name.encode()).hexdigest()[:8]
        name = f"{name[: LONGEST - 9]}-{digest}"
    return WorkerId(name)


def _allowed(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_@:-]", "-", text).lstrip("_@:-")
