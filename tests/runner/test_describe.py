import pytest
from pydantic import BaseModel, Field

from aigc.runner.describe import schema_of
from aigc.runner.noop import Noop


class Parameters(BaseModel):
    steps: int = Field(20, ge=1)


def test_a_pydantic_class_gives_its_schema():
    model = type("M", (), {"parameters": Parameters})
    assert schema_of(model)["properties"]["steps"]["minimum"] == 1


def test_a_dict_is_the_schema():
    assert schema_of(Noop) is Noop.parameters


def test_a_model_without_parameters_takes_none():
    assert schema_of(type("M", (), {}))["additionalProperties"] is False


def test_other_declarations_are_refused_with_what_to_do():
    with pytest.raises(TypeError, match=r"M\.parameters is a list; make it a pydantic model class"):
        schema_of(type("M", (), {"parameters": ["steps"]}))
