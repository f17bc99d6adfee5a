"""The host of this gateway, as operators see it."""

from typing import Any

import psutil


class Host:
    """Processors, memory and the disk that `path` is on."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._busy_s, self._passed_s = 0.0, 0.0  # of all processors, when it was asked last

    def told(self) -> dict[str, Any]:
        """How it is now; percent of the processors since it was asked last, at first since the host was started."""
        memory, disk = psutil.virtual_memory(), psutil.disk_usage(self._path)
        return {
            "cpu_usage": self._cpu_percent(),
            "memory": {
                "total": memory.total,
                "available": memory.available,
                "used": memory.used,
                "percent": memory.percent,
            },
            "disk": {"total": disk.total, "free": disk.free, "used": disk.used, "percent": disk.percent},
        }

    def _cpu_percent(self) -> float:
        times = psutil.cpu_times()
        busy_s = times.user + times.nice + times.system
        passed_s = busy_s + times.idle
        busy, passed = busy_s - self._busy_s, passed_s - self._passed_s
        self._busy_s, self._passed_s = busy_s, passed_s
        return round(min(100.0, max(0.0, 100 * busy / passed)), 1) if passed > 0 else 0.0
