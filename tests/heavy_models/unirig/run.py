"""UniRig's sampling program, as far as its files go."""

import sys
import time
from pathlib import Path

if __name__ == "__main__":
    given = dict(argument[2:].split("=", 1) for argument in sys.argv[1:])
    kind = "skin" if "skin" in given["task"] else "skeleton"
    name = {"skeleton": "skeleton/articulation-xl_quantization_256", "skin": "skin/articulation-xl"}[kind]
    assert Path("experiments", name, "model.ckpt").is_file()
    assert 0 <= int(given["seed"]) < 2**32
    if given["seed"] == "99":
        sys.exit("a bone is broken")
    while given["seed"] == "77":
        time.sleep(0.05)  # until it is killed
    Path(given["output"]).write_text(f"{kind} of {Path(given['input']).name};")
