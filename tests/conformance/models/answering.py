"""Answers every feature at once, in any format; a prompt says when it shall not."""

import struct
import time
import zlib

from aigc.runner.model import InputInvalid, Output, Result
from aigc.runner.noop import triangle_glb


def png(width=1, height=1):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(width)) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


OBJ = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
MESHES = {
    "glb": triangle_glb(),
    "obj": OBJ,
    "ply": b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n0\n",
    "fbx": b"; FBX 7.4.0 project file\nFBXHeaderExtension:  {\n\tFBXHeaderVersion: 1003\n}\n",
    "stl": b"solid x\nfacet normal 0 0 1\nendfacet\nendsolid x\n",
}


class Answering:
    """`wait`: until it is cancelled. `fail`: the input is refused."""

    def load(self, device):
        pass

    def run(self, inputs, params, progress):
        words = inputs.get("text", "")
        while words == "wait":
            progress(0.5, "sampling", message="waiting")
            time.sleep(0.02)
        if words == "fail":
            raise InputInvalid("the prompt says fail", "use another prompt")
        mesh = Output(
            f"mesh.{progress.output_format}", "model", data=MESHES[progress.output_format], stats={"triangles": 1}
        )
        # A key named `status` in what a model says must not become a second one of the job's.
        info = {"status": "done", "num_parts": params.get("num_parts") or 1, "seed": params.get("seed")}
        return Result([mesh, Output("thumbnail.png", "thumbnail", data=png(2, 2))], info)

    def unload(self):
        pass
