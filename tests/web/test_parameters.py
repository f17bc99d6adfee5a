from typing import Any

import pytest

from aigc.features import FEATURES
from web.parameters import ParameterSchema
from web.problem import FieldError
from web.requests import SMALL_BYTES

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "seed": {"type": "integer", "minimum": 0, "default": 42},
        "size": {"type": "number", "maximum": 2.0, "default": 1.0},
        "steps": {"type": "integer", "enum": [10, 20, 50], "default": 20},
        "shape": {"enum": ["auto", "slab"], "default": "auto"},
        "hint": {"type": "string"},
        "radii": {"anyOf": [{"type": "array", "items": {"exclusiveMinimum": 0}}, {"type": "null"}], "default": None},
    },
}


@pytest.fixture
def parameters() -> ParameterSchema:
    return ParameterSchema(SCHEMA)


def test_what_is_missing_or_null_has_its_default(parameters: ParameterSchema) -> None:
    whole, errors = parameters.complete({"seed": None, "size": 1.5})
    assert errors == []
    assert whole == {"seed": 42, "size": 1.5, "steps": 20, "shape": "auto"}


def test_a_whole_float_is_an_integer_where_one_is_wanted(parameters: ParameterSchema) -> None:
    whole, errors = parameters.complete({"seed": 486.0, "size": 2.0})
    assert errors == []
    assert (whole["seed"], type(whole["seed"])) == (486, int)
    assert type(whole["size"]) is float


@pytest.mark.parametrize("wrong", [1.5, True, "7", [7]])
def test_nothing_else_is_taken_for_an_integer(parameters: ParameterSchema, wrong: Any) -> None:
    _, errors = parameters.complete({"seed": wrong})
    assert [error.pointer for error in errors] == ["/params/seed"]


def test_every_error_is_told_with_its_place_and_the_name_that_was_meant(parameters: ParameterSchema) -> None:
    _, errors = parameters.complete({"sed": 1, "size": 3.0, "shape": "cube"})
    assert sorted(errors, key=lambda error: error.pointer) == [
        FieldError("/params/sed", "sed is not known here; did you mean seed?"),
        FieldError("/params/shape", '"cube" is not one of "auto" or "slab"'),
        FieldError("/params/size", "3.0 is greater than the maximum of 2.0"),
    ]


def test_what_may_be_left_out_is_still_told_what_is_wrong_with_it(parameters: ParameterSchema) -> None:
    assert parameters.complete({"radii": None})[1] == []
    _, errors = parameters.complete({"radii": [1, 1, 0]})
    assert errors == [FieldError("/params/radii/2", "0 is less than or equal to the minimum of 0")]


def test_existing_clients_may_send_unknown_names_and_numbers_beside_a_list(parameters: ParameterSchema) -> None:
    whole, errors = parameters.complete({"sed": 1, "steps": 33, "shape": "auto"}, lenient=True)
    assert errors == []
    assert whole == {"seed": 42, "size": 1.0, "steps": 20, "shape": "auto"}


def test_lenience_does_not_make_a_number_of_a_word(parameters: ParameterSchema) -> None:
    _, errors = parameters.complete({"steps": "many"}, lenient=True)
    assert [error.pointer for error in errors] == ["/params/steps"]


def test_an_open_schema_keeps_names_that_it_does_not_know() -> None:
    whole, errors = ParameterSchema({"type": "object"}).complete({"anything": [1]}, lenient=True)
    assert (whole, errors) == ({"anything": [1]}, [])


def test_the_defaults_of_one_request_are_not_those_of_the_next(parameters: ParameterSchema) -> None:
    first, _ = parameters.complete({})
    first["seed"] = 7
    assert parameters.complete({})[0]["seed"] == 42


@pytest.mark.parametrize("feature", FEATURES.values(), ids=FEATURES)
def test_every_feature_accepts_its_own_defaults(feature: Any) -> None:
    whole, errors = ParameterSchema(feature.parameters.model_json_schema()).complete({})
    assert errors == []
    assert feature.parameters(**whole) == feature.parameters()


def test_of_long_parameters_that_are_wrong_no_more_is_told_than_that(parameters: ParameterSchema) -> None:
    assert parameters.complete({"hint": "a" * SMALL_BYTES})[1] == []
    _, errors = parameters.complete({"hint": "a" * SMALL_BYTES, "seed": -1})
    assert errors == [FieldError("/params", "is longer than 64 KiB; give large inputs as uploads")]
