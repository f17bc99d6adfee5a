"""UniRig's first program, as far as its files go."""

import sys
from pathlib import Path

if __name__ == "__main__":
    given = dict(argument[2:].split("=", 1) for argument in sys.argv[1:])
    assert {"config", "require_suffix", "force_override", "num_runs", "id", "time", "faces_target_count"} <= set(given)
    assert Path(given["input"]).is_file()
    # An absolute input's folder is beside it, whatever output_dir says.
    folder = Path(given["output_dir"]) / Path(given["input"]).with_suffix("")
    folder.mkdir(parents=True)
    (folder / "raw_data.npz").write_text("mesh")
