"""Hunyuan3D 2.0 with the CPU's torch beside the torchvision that is made for CUDA, as test machines have them."""

import sys


def without_vision_operators():
    """torchvision can be imported without its compiled operators; its transforms, which are used, are Python."""
    import torch

    register = torch.library.register_fake

    def unless_vision(name, *args, **kwargs):
        if isinstance(name, str) and name.startswith("torchvision::"):
            return lambda function: function
        return register(name, *args, **kwargs)

    torch.library.register_fake = unless_vision


try:
    from aigc.adapters.hunyuan3d import Hunyuan3D20
except ImportError:  # writing a checkpoint needs none of ours
    assert "write_tiny_hunyuan" in sys.argv[0]
else:

    class TinyHunyuan(Hunyuan3D20):
        def load_pipelines(self):
            import torch

            without_vision_operators()
            torch.set_num_threads(1)
            super().load_pipelines()
