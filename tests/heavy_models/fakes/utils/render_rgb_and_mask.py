import sys
from pathlib import Path

if __name__ == "__main__":
    given = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    assert Path(given["--source_model"]).exists() and Path(given["--mask_model"]).exists()
    folder = Path(given["--output_dir"]) / "images"
    folder.mkdir()
    for name in ("render", "mask"):
        (folder / f"{name}_0002.png").write_text(name)
