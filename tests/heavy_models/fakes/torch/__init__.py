"""As much of torch as the adapters call themselves, over numpy: what is heavy is not needed to test their glue."""

import contextlib

import numpy as np

from . import cuda, nn  # noqa: F401

float16, float32, bfloat16 = "float16", "float32", "bfloat16"
generator = np.random.default_rng(0)


class OutOfMemoryError(RuntimeError):
    pass


class Tensor(np.ndarray):
    """An array that moves and detaches by staying what it is."""

    def to(self, *_, **__):
        return self

    cpu = cuda = detach = float = int = long = half = to

    def numpy(self):
        return np.asarray(self)

    def permute(self, *axes):
        return self.transpose(*axes)

    def contiguous(self):
        return np.ascontiguousarray(self).view(Tensor)

    def unsqueeze(self, axis):
        return np.expand_dims(self, axis)


def tensor(data, dtype=None, device=None):
    return np.asarray(data).view(Tensor)


from_numpy = as_tensor = tensor


def device(name):
    return name


def manual_seed(seed):
    global generator
    generator = np.random.default_rng(seed)


class Generator:
    def __init__(self, device="cpu"):
        self.device = device

    def manual_seed(self, seed):
        self.numbers = np.random.default_rng(seed)
        return self


def zeros_like(array):
    return np.zeros_like(array).view(Tensor)


def cat(arrays, dim=0):
    return np.concatenate(arrays, axis=dim).view(Tensor)


no_grad = inference_mode = contextlib.nullcontext


def autocast(*_, **__):
    return contextlib.nullcontext()


def load(path, map_location=None, weights_only=False):
    import json

    with open(path) as file:
        return json.load(file)


def split(array, sizes, dim=0):
    return [part.view(Tensor) for part in np.split(array, np.cumsum(sizes)[:-1], axis=dim)]


def stack(arrays, dim=0):
    return np.stack(arrays, axis=dim).view(Tensor)
