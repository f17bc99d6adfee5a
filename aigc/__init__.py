"""A self-hosted server for 3D generative models."""

__version__ = "0.1.0"
