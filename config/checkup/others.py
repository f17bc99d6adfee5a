"""The other processes and machines of this installation: whether links to them can be made, and whether all agree."""

import socket
from collections.abc import Iterator

from aigc.client import Client, ClientError, Forbidden, Unauthorized
from config.checkup.finding import Finding
from config.settings import Settings
from config.wiring import keys_folder
from transport import KeysInvalid
from transport.keys import KeyFolder


def keys(settings: Settings) -> Iterator[Finding]:
    """This machine's key can be read, by nobody else, and is the one that the others know it by."""
    places = [place for place in settings.broker.places if place.key]
    if not places:
        return
    folder = keys_folder(settings)
    try:
        files = KeyFolder(folder)
        own, allowed = files.own().public, files.allowed()
    except KeysInvalid as error:
        yield Finding("wrong", "keys_invalid", f"{error.file}: {error.problem}", error.remedy)
        return
    yield Finding("fine", "keys", f"a key in {folder}; {len(allowed)} machines may connect")
    for place in places:
        if place.name in allowed and allowed[place.name] != place.key:
            what = f"broker.places has another key of {place.name} than the one that is allowed to connect here"
            do = f"write what `aigc keys show` prints on {place.name} into both"
            yield Finding("wrong", "keys_differ", what, do)
        if place.name in _here() and place.key != own:
            what = f"broker.places has another key of this machine ({place.name}) than its own: nobody can connect"
            yield Finding("wrong", "keys_differ", what, f"write its public key there: {own}")


def _here() -> tuple[str, str]:
    name = socket.gethostname()
    return name, name.partition(".")[0]


def agreement(settings: Settings, url: str) -> Iterator[Finding]:
    """What the server that runs here has otherwise than these settings say."""
    from aigc.core.agreement import differences
    from config.agreement import agreed

    try:
        system = Client(url, retry_s=0, timeout_s=5).system()
    except (Unauthorized, Forbidden):
        what = f"the server at {url} lets only operators see its settings; they were not compared"
        yield Finding("note", "settings_unseen", what, "aigc login, or set AIGC_TOKEN, as an operator")
        return
    except ClientError:
        return  # none runs here
    broker = system["broker"]
    if not broker["answers"]:
        yield Finding("wrong", "no_broker", f"the server at {url} hears no broker", "start one: aigc broker")
        return
    do = "give all processes the same settings (--config, --data), and restart those that have others"
    for one in system.get("differing", ()):
        what = f"{one['process']} runs with other settings than the broker: {'; '.join(one['differences'])}"
        yield Finding("wrong", "settings_differ", what, do)
    found = list(differences(agreed(settings), broker["agreed"]))
    if found:
        yield Finding("wrong", "settings_differ", f"the broker that runs has other settings: {'; '.join(found)}", do)
    else:
        yield Finding("fine", "settings_agree", f"these settings agree with those of the broker at {url}")
