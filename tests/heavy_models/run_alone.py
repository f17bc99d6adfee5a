"""Runs an adapter over the fakes in a process of its own, and prints everything that it told: `runs` in the kit."""

import json
import sys
from pathlib import Path

if __name__ == "__main__":
    asked = json.load(sys.stdin)
    from aigc.runner import outputs
    from aigc.runner.classpath import load_class
    from aigc.runner.testing import Recorder

    model = load_class(asked["class_path"])(weights=asked["weights"])
    model.load("cpu")
    answers = []
    for number, (name, inputs, params) in enumerate(asked["runs"], 1):
        folder, kept = (Path(asked["folder"]) / f"{kind}{number}" for kind in ("scratch", "kept"))
        folder.mkdir()
        kept.mkdir()
        recorder = Recorder(folder, model=name, output_format=params.pop("output_format", "glb"))
        result = model.run(inputs, params, recorder)
        files = outputs.store(result, folder, kept, fsync=False)
        answers.append(
            {
                "outputs": {file["name"]: file for file in files},
                "info": result.info,
                "warnings": recorder.warnings,
                "reports": [[one["stage"], one["message"], one["step"], one["steps"]] for one in recorder.reports],
                "fractions": [one["fraction"] for one in recorder.reports],
                "folder": str(kept),
            }
        )
    model.unload()
    sys.stdout.write("\n" + json.dumps(answers))
