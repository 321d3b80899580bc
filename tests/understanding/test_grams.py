"""Features are read as scikit-learn reads them, and weigh the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.rasa.nlu.grams import Grams, runs_of_letters, runs_of_words

TEXTS = ["a large oat flat white to go!", "no  more e-mails, ever", "no", "可以 要 牛 奶 吗 ？", "", "I'm I'm I'm sure"]
PAIRS = {
    "words": (runs_of_words, TfidfVectorizer(token_pattern=r"(?u)\w+|[^\w\s]", ngram_range=(1, 3), lowercase=False)),
    "letters": (runs_of_letters, TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), lowercase=False)),
}


@pytest.mark.parametrize("kind", PAIRS)
@given(text=st.text(max_size=40))
def test_the_same_features_as_scikit_learns(kind, text):
    """As often, for any text."""
    ours, theirs = PAIRS[kind]
    assert sorted(ours(text)) == sorted(theirs.build_analyzer()(text))


def test_the_same_weights_as_scikit_learns():
    """Also for features that were not learned."""
    grams = Grams(runs_of_letters, least=2)
    grams.fit_transform(TEXTS)
    theirs = TfidfVectorizer(analyzer=runs_of_letters, min_df=2, sublinear_tf=True).fit(TEXTS)
    for text in [*TEXTS, "more oat milk"]:
        places, weights = grams.places(text)
        row = np.zeros(len(grams))
        row[places] = weights
        np.testing.assert_allclose(row, theirs.transform([text]).toarray()[0], atol=1e-12)
