"""What an S3 store must be told."""

from datetime import timedelta
from typing import Any

from msgspec import Struct


class S3Settings(Struct, frozen=True, kw_only=True):
    """Which bucket, and how long to wait for it. Credentials are looked for where S3 tools do (`AWS_*`, roles)."""

    bucket: str
    prefix: str = ""
    """All names begin so: one bucket can serve several installations."""
    endpoint: str | None = None
    """`https://host:port` of another server than Amazon's."""
    region: str = "us-east-1"
    cache_bytes: int = 20 << 30
    """Files that were read here stay here, up to so much together, unless more than that is in use."""
    min_free_bytes: int = 512 << 20
    """Of the disk of this cache."""
    in_use_s: float = 3600.0
    """A file that was handed out may be opened for so long, and stays."""
    connect_s: float = 3.0
    request_s: float = 30.0
    """For one request; none carries more than one part."""
    retries: int = 2
    call_s: float = 120.0
    """For whatever is asked of the store, all its requests and the wait for a thread included; a stream's blocks and
    each file of a result count for themselves."""
    block_bytes: int = 1 << 20
    """A stream is handed to a thread in blocks of about this size."""
    part_bytes: int = 8 << 20
    """Larger files travel in parts of this size, at least 5 MiB (S3's rule), two at a time."""
    threads: int = 16
    """Requests under way at once."""

    def __str__(self) -> str:
        """As an operator knows it."""
        return f"s3://{'/'.join(filter(None, (self.bucket, self.prefix.strip('/'))))} at {self.endpoint or 'Amazon S3'}"

    def arguments(self) -> dict[str, Any]:
        """What obstore's `S3Store` takes. Plain HTTP only where the endpoint says so."""
        place = {"endpoint": self.endpoint} if self.endpoint else {}
        return {
            "prefix": self.prefix.strip("/") or None,
            "config": {"region": self.region, **place},
            "client_options": {
                "connect_timeout": timedelta(seconds=self.connect_s),
                "timeout": timedelta(seconds=self.request_s),
                "allow_http": (self.endpoint or "").startswith("http://"),
            },
            "retry_config": {
                "max_retries": self.retries,
                "retry_timeout": timedelta(seconds=self.request_s),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=2),
                    "base": 2,
                },
            },
        }
