"""Third-party code that has a `config` of its own."""

import config
from aigc.runner.model import Output, Result
from aigc.runner.noop import triangle_glb


class ThirdParty:
    def load(self, device):
        pass

    def run(self, inputs, params, progress):
        return Result([Output("out.glb", "model", data=triangle_glb())], info={"owner": config.OWNER})

    def unload(self):
        pass
