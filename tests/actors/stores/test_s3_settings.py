from datetime import timedelta

from actors.stores.s3_settings import S3Settings


def test_amazon_is_asked_over_tls_and_another_server_as_its_address_says() -> None:
    amazon = S3Settings(bucket="b").arguments()
    plain = S3Settings(bucket="b", endpoint="http://10.0.0.1:9000", region="here").arguments()
    tls = S3Settings(bucket="b", endpoint="https://s3.example.org").arguments()

    assert [one["client_options"]["allow_http"] for one in (amazon, plain, tls)] == [False, True, False]
    assert plain["config"] == {"endpoint": "http://10.0.0.1:9000", "region": "here"}
    assert "endpoint" not in amazon["config"]


def test_every_request_has_a_limit_and_so_have_its_repetitions() -> None:
    given = S3Settings(bucket="b", connect_s=1, request_s=2, retries=3).arguments()

    assert given["client_options"]["connect_timeout"] == timedelta(seconds=1)
    assert given["client_options"]["timeout"] == timedelta(seconds=2)
    assert (given["retry_config"]["max_retries"], given["retry_config"]["retry_timeout"]) == (3, timedelta(seconds=2))


def test_a_prefix_may_be_written_with_slashes() -> None:
    settings = S3Settings(bucket="b", prefix="/team/aigc/")

    assert settings.arguments()["prefix"] == "team/aigc"
    assert str(settings) == "s3://b/team/aigc at Amazon S3"
    assert str(S3Settings(bucket="b", endpoint="http://h:1")) == "s3://b at http://h:1"
    assert S3Settings(bucket="b").arguments()["prefix"] is None
