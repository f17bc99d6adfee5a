"""Logging in from the command line, and what a client without a token is told."""

import asyncio
import io
import json
import stat
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from aigc.client import AsyncClient, Client, Unauthorized
from config import cli
from tests.client.conftest import catalogue
from tests.house.kit import SERVE, Server

DONE, NOT_ALLOWED = 0, 5
PASSWORD = "correct horse battery"


def test_a_login_is_kept_for_its_server_until_logout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def aigc(*words: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        capfd.readouterr()
        code = cli.run(list(words))
        return (code, *capfd.readouterr())

    made: Callable[..., Server] = Server
    with made(tmp_path, mode=SERVE, catalogue=catalogue(), settings={"accounts": {"enabled": True}}) as server:
        monkeypatch.setenv("AIGC_URL", server.url)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
        monkeypatch.chdir(tmp_path)
        where = ("--config", str(server.settings_file), "--data", str(server.data))
        assert aigc("users", "add", "ada", *where, typed=f"{PASSWORD}\n{PASSWORD}\n")[0] == DONE

        code, out, err = aigc("list")
        assert (code, out) == (NOT_ALLOWED, "") and "aigc login" in err
        assert aigc("whoami")[0] == NOT_ALLOWED
        assert aigc("login", "ada", "--password-stdin", typed="wrong\n")[0] == NOT_ALLOWED
        code, out, err = aigc("login", "ada", "--password-stdin", typed=f"{PASSWORD}\n")
        kept = tmp_path / "home" / "aigc" / "tokens.json"
        assert code == DONE and "ada, user" in out and str(kept) in out, err
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert aigc("whoami")[1].strip() == "ada, user"
        assert aigc("run", "text-to-raw-mesh", "x", "-o", "x.glb")[0] == DONE
        assert (tmp_path / "x.glb").read_bytes()[:4] == b"glTF"

        token = Client(server.url, token="").login("ada", PASSWORD)
        assert Client(server.url, token=token).jobs().total == 1
        with pytest.raises(Unauthorized):
            Client(server.url, token="").jobs()

        async def told() -> str:
            async with AsyncClient(server.url, token="") as client:
                with pytest.raises(Unauthorized):
                    await client.jobs()
                await client.login("ada", PASSWORD)
                return str((await client.whoami())["user"]["username"])

        assert asyncio.run(told()) == "ada"
        with urllib.request.urlopen(server.url + "/client/aigc_client.py") as answer:
            assert b"class Client" in answer.read()

        held = json.loads(kept.read_text())[server.url]["token"]
        monkeypatch.setenv("AIGC_TOKEN", token)  # another one, which is left alone
        code, out, err = aigc("logout")
        monkeypatch.delenv("AIGC_TOKEN")
        assert (code, err) == (DONE, "") and "any more" in out
        with pytest.raises(Unauthorized):
            Client(server.url, token=held).jobs()
        assert aigc("list")[0] == NOT_ALLOWED
        assert aigc("logout")[1].startswith("none was kept")
        assert aigc("login", "--token-stdin", typed=f"{token}\n")[0] == DONE
        assert aigc("list")[0] == DONE
