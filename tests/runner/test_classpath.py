import pytest

from aigc.runner.classpath import load_class
from aigc.runner.noop import Noop


def test_a_class_path_leads_to_its_class():
    assert load_class("aigc.runner.noop:Noop") is Noop


def test_a_class_within_a_class_is_found():
    assert load_class("aigc.runner.noop:Noop.load") is Noop.load


@pytest.mark.parametrize("text", ["", "aigc.runner.noop", ":Noop", "aigc.runner.noop:"])
def test_what_is_no_class_path_is_refused_with_its_form(text):
    with pytest.raises(ImportError, match=r"write package\.module:Class"):
        load_class(text)


def test_a_missing_name_is_told_with_the_file_that_lacks_it():
    with pytest.raises(ImportError, match=r"aigc/runner/noop\.py\) has no Nope"):
        load_class("aigc.runner.noop:Nope")
