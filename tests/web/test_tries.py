from aigc.core.buckets import Buckets
from web.tries import ADDRESS, NAME, PAIR, buckets


def tried(tries: Buckets, name: str, address: str, now: float = 0.0, *, is_known: bool = False) -> bool:
    return tries.take(buckets(name, address, is_known=is_known), now).allowed


def test_who_guesses_is_stopped_and_others_of_that_name_and_that_address_are_not() -> None:
    tries = Buckets()
    assert all(tried(tries, "ada", "1.1.1.1") for _ in range(PAIR[1]))
    refused = tries.take(buckets("ADA", "1.1.1.1"), 0.0)
    assert not refused.allowed and refused.retry_after_s == 60 / PAIR[0]
    assert tried(tries, "ada", "2.2.2.2")
    assert tried(tries, "bob", "1.1.1.1")
    assert tried(tries, "ada", "1.1.1.1", refused.retry_after_s)


def test_many_names_of_one_address_and_many_addresses_for_one_name_are_stopped_too() -> None:
    tries = Buckets()
    names = [tried(tries, f"n{number}", "1.1.1.1") for number in range(ADDRESS[1] + 1)]
    assert names == [True] * ADDRESS[1] + [False]
    tries = Buckets()
    addresses = [tried(tries, "ada", f"1.1.1.{number}") for number in range(NAME[1] + 1)]
    assert addresses == [True] * NAME[1] + [False]
    assert tried(tries, "ada", "9.9.9.9", is_known=True), "her cookie says whose name it is"
    assert NAME[1] > 10 * PAIR[1], "a few addresses hold nobody's name up"


def test_a_try_that_succeeded_does_not_count() -> None:
    tries, taken = Buckets(), buckets("ada", "1.1.1.1")
    for _ in range(100):
        assert tries.take(taken, 0.0).allowed
        tries.give_back(taken)
