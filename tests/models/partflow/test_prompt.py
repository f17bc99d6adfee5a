import numpy as np

from aigc.models.partflow.prompt import BUCKETS, VECTOR, WORDS, PromptReader, word_numbers


def test_words_and_pairs_have_numbers_whatever_stands_around_them():
    one, two = word_numbers("a red chair"), word_numbers("please make me the red chairs")
    assert one == two
    assert len(one) == WORDS
    assert all(0 <= number < BUCKETS for number in one)
    assert sum(number > 0 for number in one) == 3, "two words, one pair"
    assert word_numbers("a chair with red legs") != word_numbers("a red chair with legs")


def test_a_prompt_is_read_as_a_vector_of_unit_variance_and_numbers():
    vectors, words = PromptReader().read(["a chair", "word " * 500])
    assert vectors.shape == (2, VECTOR)
    assert words.shape == (2, WORDS)
    assert np.allclose(np.square(vectors).mean(axis=1), 1, atol=1e-3)
