"""Every metric there is: its name, what it says, its labels. No label ever holds a job, an owner or a prompt."""

from typing import Literal

from msgspec import Struct

SHORT_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Bounds for requests: those that wait are told apart by their route."""
LONG_S = (0.01, 0.05, 0.25, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Bounds for work: 10 ms to an hour."""


class Family(Struct, frozen=True):
    """One metric."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    text: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    """Of a histogram: upper bounds, growing; one more is infinite."""


_DEVICE = ("worker", "device", "uuid")

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("aigc_build_info", "gauge", "1; the labels say which release answers.", ("version",)),
        Family("aigc_jobs_submitted_total", "counter", "Jobs accepted.", ("task", "model")),
        Family("aigc_jobs_finished_total", "counter", "Jobs that reached a final status.", ("task", "model", "status")),
        Family("aigc_job_retries_total", "counter", "Attempts to be made again.", ("task", "reason")),
        Family("aigc_queue_jobs", "gauge", "Jobs that wait.", ("task", "priority")),
        Family("aigc_queue_oldest_job_age_seconds", "gauge", "Age of the oldest job that waits.", ("task",)),
        Family("aigc_queue_stranded_jobs", "gauge", "Waiting jobs that no connected worker can take.", ("task",)),
        Family("aigc_queue_limit_jobs", "gauge", "Jobs that may wait; one more is refused."),
        Family("aigc_jobs_running", "gauge", "Jobs that workers have.", ("task",)),
        Family("aigc_job_queue_seconds", "histogram", "Time that finished jobs waited.", (), LONG_S),
        Family("aigc_job_run_seconds", "histogram", "Time that completed jobs ran.", ("task", "model"), LONG_S),
        Family("aigc_job_stage_seconds", "histogram", "Time that jobs spent in a stage.", ("stage", "model"), LONG_S),
        Family("aigc_model_load_seconds", "histogram", "Time to load a model for a job.", ("model",), LONG_S),
        Family("aigc_model_evictions_total", "counter", "Models that left a device.", ("model", "reason")),
        Family("aigc_worker_up", "gauge", "1 while the worker is heard.", ("worker",)),
        Family("aigc_worker_busy", "gauge", "1 while the worker has a job.", ("worker",)),
        Family("aigc_worker_quarantined", "gauge", "1 while the worker gets no jobs because of a fault.", ("worker",)),
        Family("aigc_worker_restarts_total", "counter", "New lives of a worker.", ("worker", "reason")),
        Family("aigc_gpu_memory_used_bytes", "gauge", "Memory in use on the device, by anybody.", _DEVICE),
        Family("aigc_gpu_memory_total_bytes", "gauge", "Memory of the device.", _DEVICE),
        Family("aigc_gpu_memory_reserved_bytes", "gauge", "Memory of the device that models may use.", _DEVICE),
        Family("aigc_gpu_utilization_ratio", "gauge", "How busy the device is, 0 to 1.", _DEVICE),
        Family("aigc_gpu_temperature_celsius", "gauge", "Temperature of the device.", _DEVICE),
        Family("aigc_gpu_power_watts", "gauge", "Power that the device draws.", _DEVICE),
        Family(
            "aigc_http_request_duration_seconds",
            "histogram",
            "Time to the head of the answer.",
            ("method", "route", "code"),
            SHORT_S,
        ),
        Family("aigc_websocket_connections", "gauge", "Event streams that are open.", ("kind",)),
        Family(
            "aigc_storage_bytes_total", "counter", "Bytes that went into and out of the store of files.",
            ("direction", "backend"),
        ),
        Family("aigc_broker_up", "gauge", "1 while the gateway that answers hears a broker."),
        Family("aigc_broker_generation", "gauge", "Grows with each broker that takes over; counters begin anew then."),
        Family("aigc_broker_candidates", "gauge", "Brokers that lead or stand by."),
        Family("aigc_store_up", "gauge", "1 while the store of jobs answers."),
        Family("aigc_disk_free_bytes", "gauge", "Room on the disk with the data.", ("host",)),
        Family("aigc_host_memory_available_bytes", "gauge", "Memory that processes of the host can have.", ("host",)),
    )
}  # fmt: skip
"""By name."""
