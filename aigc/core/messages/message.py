"""What every message is, and who leads."""

from msgspec import Struct


class Message(Struct, frozen=True, array_like=True, tag=True):
    """Base of all messages: an array on the wire, its first item the class name."""


class Generation(Struct, frozen=True, array_like=True):
    """Which broker leads: the number only grows, the random id tells two of one number apart."""

    number: int
    id: str
