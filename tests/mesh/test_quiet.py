import os

from aigc.mesh.quiet import silenced


def test_what_native_code_prints_is_dropped_and_what_comes_after_is_not(capfd):
    with silenced():
        os.write(1, b"noise")
    os.write(1, b"news")

    assert capfd.readouterr().out == "news"
