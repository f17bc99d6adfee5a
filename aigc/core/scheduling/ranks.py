"""How many members of a sequence came before one of them, while others leave from anywhere."""

BLOCK = 1024


class Ranks:
    """Numbers handed out in order; `before` counts those still present below one in about the square root of them all.

    One byte per member and one count per block of them: a million members need a sum of a thousand small integers.
    """

    __slots__ = ("_base", "_blocks", "_present")

    def __init__(self) -> None:
        self._base = 0  # number of the first byte, a multiple of BLOCK
        self._present = bytearray()
        self._blocks: list[int] = []

    def add(self, number: int = -1) -> int:
        """One more member, at the end, or again under the number that it had; returns its number."""
        place = number - self._base
        if number < 0:
            place = len(self._present)
            self._present.append(0)
            if place == BLOCK * len(self._blocks):
                self._blocks.append(0)
        if place < 0:
            return number  # its block is gone, so nobody is before it and nobody counts it
        self._present[place] = 1
        self._blocks[place // BLOCK] += 1
        return self._base + place

    def discard(self, number: int) -> None:
        """The member with that number leaves."""
        place = number - self._base
        if place < 0 or not self._present[place]:
            return
        self._present[place] = 0
        self._blocks[place // BLOCK] -= 1
        while len(self._blocks) > 1 and not self._blocks[0]:
            del self._blocks[0], self._present[:BLOCK]
            self._base += BLOCK

    def before(self, number: int) -> int:
        """How many members have a smaller number."""
        place = number - self._base
        if place <= 0:
            return 0
        block = place // BLOCK
        return sum(self._blocks[:block]) + self._present.count(1, block * BLOCK, place)
