"""What passed a link and what was refused, from whom and why."""

import structlog

from transport.envelope import BadFrame, Reason
from transport.identity import name_of

PEERS_COUNTED = 1024
"""Peers beyond so many share one entry: a hostile one could call itself anew for each frame."""

EVERYBODY_ELSE = b"*"

log = structlog.get_logger(__name__)


class Counters:
    """Totals of one link since it was made; they only grow."""

    __slots__ = (
        "_peers",
        "accepted",
        "admitted",
        "late_replies",
        "messages_received",
        "messages_sent",
        "reconnects",
        "refused",
        "undelivered",
    )

    def __init__(self) -> None:
        self.messages_received = 0
        self.messages_sent = 0
        """Handed to ZeroMQ."""
        self.undelivered = 0
        """Queued for a peer that was lost before they left."""
        self.late_replies = 0
        """Answers that nobody waited for any more."""
        self.reconnects = 0
        """Fresh sockets that replaced silent or broken ones."""
        self.accepted = 0
        """Connections that came to this listening end, over ipc or tcp."""
        self.admitted = 0
        """Those of them that became a peer's."""
        self.refused: dict[tuple[bytes, Reason], int] = {}
        """Frames dropped, by peer and reason."""
        self._peers: set[bytes] = set()

    @property
    def turned_away(self) -> int:
        """Connections that never became a peer's, or not yet: scans, other protocols, unknown keys, the slow."""
        return self.accepted - self.admitted

    def refuse(self, peer: bytes, bad: BadFrame) -> None:
        """One more frame of `peer` was dropped; the first one of each peer is logged."""
        if peer not in self._peers:
            if len(self._peers) >= PEERS_COUNTED:
                peer = EVERYBODY_ELSE
            if peer not in self._peers:
                self._peers.add(peer)
                log.warning("frame.refused", peer=name_of(peer), reason=bad.reason.value, detail=bad.detail)
        key = (peer, bad.reason)
        self.refused[key] = self.refused.get(key, 0) + 1

    def refused_for(self, reason: Reason) -> int:
        """Frames dropped for `reason`, from all peers."""
        return sum(count for (_, why), count in self.refused.items() if why is reason)
