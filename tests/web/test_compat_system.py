from datetime import datetime

from tests.web.house_kit import House

API = "/api/v1/system"


async def test_health_has_a_zone_and_counts_from_the_start(house: House) -> None:
    _, first = await house.call("GET", f"{API}/health")
    _, second = await house.call("GET", f"{API}/health")
    assert first["status"] == "healthy"
    assert first["timestamp"].endswith("Z") and datetime.fromisoformat(first["timestamp"])
    assert 0 <= first["uptime"] <= second["uptime"] < 1000


async def test_info_tells_of_the_host_and_the_software(house: House) -> None:
    _, body = await house.call("GET", f"{API}/info")
    assert set(body["system"]) == {"platform", "python_version", "cpu_count", "memory_total", "memory_available"}
    assert set(body["application"]) == {"version", "environment", "debug"}
    assert body["system"]["memory_total"] >= body["system"]["memory_available"] > 0


async def test_nobody_has_to_log_in(house: House) -> None:
    _, body = await house.call("GET", f"{API}/auth-status")
    assert (body["user_auth_enabled"], body["api_key_required"], body["mode"]) == (False, False, "simple")
    assert set(body["features"]) == {"job_isolation", "user_management", "role_based_access"}
    assert body["description"] and isinstance(body["timestamp"], float)
