import pytest

from aigc.models.shapes.retrieval import Retriever
from aigc.models.shapes.understanding import understand
from aigc.runner.model import InputInvalid
from tests.models.shapes.prompts import HELD_ABSTRACT, HELD_FOREIGN, HELD_IN_LIBRARY, HELD_NONSENSE, IN_LIBRARY

EVERY = 3
"""Every third prompt is tried here; `python -m tests.models.shapes.test_understanding` tries and counts all."""


@pytest.fixture(scope="module")
def retriever():
    return Retriever()


def fate(retriever, prompt):
    """The shape that the prompt becomes, "" if it is refused; and whether the result says that it is in doubt."""
    try:
        understood = understand(retriever, prompt)
    except InputInvalid:
        return "", True
    return understood.match.shape.name, bool(understood.warnings)


def warnings_of(retriever, prompt):
    """What is said of the prompt; nothing where it is refused."""
    try:
        return understand(retriever, prompt).warnings
    except InputInvalid:
        return ()


def names_of(meant):
    return meant if isinstance(meant, set) else {meant}


def test_what_the_library_has_is_made_whatever_it_is_called(retriever):
    fates = {prompt: fate(retriever, prompt) for prompt in list(HELD_IN_LIBRARY)[::EVERY]}
    right = [prompt for prompt, (shape, _) in fates.items() if shape in names_of(HELD_IN_LIBRARY[prompt])]
    refused = [prompt for prompt, (shape, _) in fates.items() if not shape]
    silently_wrong = [prompt for prompt, (_, is_doubted) in fates.items() if prompt not in right and not is_doubted]

    assert len(right) >= 0.8 * len(fates)
    assert len(refused) <= 0.12 * len(fates), refused
    assert len(silently_wrong) <= 0.05 * len(fates), silently_wrong


def test_nonsense_other_languages_and_what_is_no_thing_become_no_shape_in_silence(retriever):
    fates = {prompt: fate(retriever, prompt) for prompt in (HELD_NONSENSE + HELD_FOREIGN + HELD_ABSTRACT)[::EVERY]}
    refused = [prompt for prompt, (shape, _) in fates.items() if not shape]

    assert [prompt for prompt, (_, is_doubted) in fates.items() if not is_doubted] == ["pies"]  # dog in Polish
    assert set(HELD_NONSENSE[::EVERY]) <= set(refused)
    assert len(refused) >= 0.85 * len(fates)


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("a flurble", "not known here: 'flurble'"), ("ein roter Stuhl", "not known here: 'ein', 'roter', 'stuhl'"),
        ("a wooden blibber", "'blibber'"), ("justice", "nothing that is known here comes near 'justice'"),
        ("very big and red", "does not say what to make"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_unknown_words_and_what_is_nearest(retriever, prompt, message):
    with pytest.raises(InputInvalid, match=message) as caught:
        understand(retriever, prompt)

    nearest = retriever.match(prompt).nearest
    assert len(nearest) == 3
    assert all(f"{shape.name} ({score:.2f})" in caught.value.suggestion for shape, score in nearest)


@pytest.mark.parametrize("prompt", ["a satellite dish", "a bell pepper", "a dog tag"])
def test_a_name_that_stands_there_by_accident_is_told(retriever, prompt):
    understood = understand(retriever, prompt)

    assert understood.match.named
    assert "by its meaning the prompt is not near" in understood.warnings[0]


def test_what_is_named_in_many_words_is_not_doubted(retriever):
    clear = [prompt for prompt, shape in list(IN_LIBRARY.items())[::EVERY] if isinstance(shape, str)]
    doubted = [prompt for prompt in clear if "by its meaning" in " ".join(warnings_of(retriever, prompt))]

    assert len(doubted) <= 0.05 * len(clear), doubted


def test_a_misspelt_name_is_offered_as_it_is_spelt(retriever):
    with pytest.raises(InputInvalid) as caught:
        understand(retriever, "a red chiar")

    assert "if you mean chair" in caught.value.suggestion


def test_an_unknown_word_beside_a_named_thing_is_said(retriever):
    understood = understand(retriever, "a flurble chair")

    assert understood.match.shape.name == "chair"
    assert "'flurble'" in understood.warnings[0]
    assert understand(retriever, "a red wooden chair with three legs").warnings == ()


def main():
    retriever = Retriever()
    fates = {prompt: fate(retriever, prompt) for prompt in HELD_IN_LIBRARY}
    right = sum(shape in names_of(HELD_IN_LIBRARY[prompt]) for prompt, (shape, _) in fates.items())
    print(f"in the library: {right} of {len(fates)} right; refused {[one for one in fates if not fates[one][0]]}")
    for name, prompts in (("nonsense", HELD_NONSENSE), ("foreign", HELD_FOREIGN), ("abstract", HELD_ABSTRACT)):
        made = {prompt: shape for prompt in prompts for shape, _ in [fate(retriever, prompt)] if shape}
        silent = [prompt for prompt in made if not fate(retriever, prompt)[1]]
        print(f"{name}: {len(prompts) - len(made)} of {len(prompts)} refused; made {made}; without a word {silent}")


if __name__ == "__main__":
    main()
