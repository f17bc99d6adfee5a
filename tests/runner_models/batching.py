"""Works on several jobs at once; each goes on until the file `until` is there, or fails as `error` says."""

import time
from contextlib import suppress
from pathlib import Path

from aigc.runner.model import Cancelled, Output, Result
from aigc.runner.noop import triangle_glb


class Batching:
    def load(self, device):
        pass

    def run(self, inputs, params, progress):
        raise NotImplementedError("run_batch is there")

    def run_batch(self, jobs):
        left = dict(enumerate(jobs))
        step = 0
        while left:
            step += 1
            time.sleep(0.005)
            for place, job in list(left.items()):
                try:
                    job.progress(0.5, "sampling", step)
                    while busy := job.params.get("busy"):  # with this job, while others wait
                        time.sleep(0.005)
                        for other in left.values():
                            with suppress(Cancelled):
                                other.progress(0.5, "sampling", step)
                        if Path(busy).exists():
                            break
                    if job.params.get("error") == "all":
                        raise SystemError("the batch is spoilt")
                    if job.params.get("error"):
                        raise ValueError("this job is spoilt")
                    if not Path(job.params["until"]).exists():
                        continue
                    path = job.progress.folder / "out.glb"
                    path.write_bytes(triangle_glb())
                    outcome = Result([Output("out.glb", "model", path=path)], {"together": len(jobs)})
                except (Cancelled, ValueError) as error:
                    outcome = error
                del left[place]
                yield place, outcome

    def unload(self):
        pass
