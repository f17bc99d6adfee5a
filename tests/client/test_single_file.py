"""The client in one file: what it is made of, and that it works where there is nothing but Python."""

import ast
import collections
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

from aigc.client import single_file
from tests.house.kit import REPOSITORY, Server

ADD_ON = REPOSITORY / "docs" / "examples" / "blender"

DRIVE = """
import sys, time, types
folder, url = sys.argv[1:]
sys.path.insert(0, folder)

# As much of Blender as the add-on sees.
bpy = types.ModuleType("bpy")
calls, registered = [], []
class Anything:
    def __init__(self, *_, **more): self.__dict__.update(more)
    def __getattr__(self, name): return lambda *values, **more: calls.append((name, values, more))
bpy.types = types.SimpleNamespace(AddonPreferences=object, Operator=Anything, Panel=object, Scene=type("Scene", (), {}))
bpy.props = types.SimpleNamespace(**{kind: lambda **more: more for kind in ("StringProperty", "EnumProperty")})
bpy.utils = types.SimpleNamespace(
    register_class=registered.append, unregister_class=registered.remove, extension_path_user=lambda *_, **more: folder,
)
bpy.app = types.SimpleNamespace(online_access=True)
bpy.ops = types.SimpleNamespace(import_scene=Anything())
sys.modules["bpy"] = bpy

import addon
addon.register()
space = types.SimpleNamespace
preferences = space(addons={"addon": space(preferences=space(url=url, token=""))})
context = space(
    preferences=preferences, window_manager=Anything(), window=None, workspace=Anything(), selected_objects=[],
    scene=space(aigc_prompt="a chair"),
)
operator = addon.AIGC_OT_make()
operator.feature = "text_to_raw_mesh"
assert operator.invoke(context, None) == {"RUNNING_MODAL"}
while (answer := operator.modal(context, space(type="TIMER"))) == {"RUNNING_MODAL"}:
    time.sleep(0.05)
assert answer == {"FINISHED"}, calls
(path,) = [more["filepath"] for name, _, more in calls if name == "gltf"]
assert open(path, "rb").read(4) == b"glTF"

from addon.making import Making
from addon.aigc_client import Client
from pathlib import Path
slow = Making(Client(url), Path(folder), "text_to_raw_mesh", text="x", sleep_s=600, steps=6000)
while "sampling" not in slow.words:
    time.sleep(0.05)
slow.cancel()
slow._thread.join(60)
assert slow.is_over and "cancelled" in slow.error
addon.unregister()
assert registered == []
print(sorted({name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)))
"""


def test_one_name_is_one_thing_in_the_whole_file() -> None:
    names: collections.Counter[str] = collections.Counter()
    for node in ast.parse(single_file.single_file(), feature_version=(3, 10)).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names[node.name] += 1
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    assert [name for name, count in names.items() if count > 1] == []
    assert {"Client", "JobHandle", "JobFailed", "Result"} <= set(names)


def test_the_blender_add_on_makes_a_mesh_with_the_file_alone_and_keeps_nobody_waiting(
    server: Server, tmp_path: Path
) -> None:
    shutil.copytree(ADD_ON, tmp_path / "addon")
    with urllib.request.urlopen(server.url + "/client/aigc_client.py") as answer:
        text = answer.read().decode()
    assert text == single_file.single_file()
    (tmp_path / "addon" / "aigc_client.py").write_text(text)
    printed = subprocess.run(
        [sys.executable, "-m", "aigc", "client-file"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert printed.stdout == text
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", DRIVE, tmp_path, server.url],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["['__main__',", "'addon',", "'bpy']"]
