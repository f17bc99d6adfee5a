from web.tries import ADDRESS, NAME, PAIR, Tries


def test_who_guesses_is_stopped_and_others_of_that_name_and_that_address_are_not() -> None:
    tries = Tries()
    assert all(tries.take("ada", "1.1.1.1", 0.0).allowed for _ in range(PAIR[1]))
    refused = tries.take("ADA", "1.1.1.1", 0.0)
    assert not refused.allowed and refused.retry_after_s == 60 / PAIR[0]
    assert tries.take("ada", "2.2.2.2", 0.0).allowed
    assert tries.take("bob", "1.1.1.1", 0.0).allowed
    assert tries.take("ada", "1.1.1.1", refused.retry_after_s).allowed


def test_many_names_of_one_address_and_many_addresses_for_one_name_are_stopped_too() -> None:
    tries = Tries()
    names = [tries.take(f"n{number}", "1.1.1.1", 0.0).allowed for number in range(ADDRESS[1] + 1)]
    assert names == [True] * ADDRESS[1] + [False]
    tries = Tries()
    addresses = [tries.take("ada", f"1.1.1.{number}", 0.0).allowed for number in range(NAME[1] + 1)]
    assert addresses == [True] * NAME[1] + [False]


def test_a_try_that_succeeded_does_not_count() -> None:
    tries = Tries()
    for _ in range(100):
        assert tries.take("ada", "1.1.1.1", 0.0).allowed
        tries.give_back("ada", "1.1.1.1")
