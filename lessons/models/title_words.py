"""Finding lessons by how the words of their titles begin, with an index that every PostgreSQL can have."""

import string
from functools import reduce
from operator import and_

from django.contrib.postgres.search import SearchQuery, SearchVector, SearchVectorExact
from django.db.models import F, Func, Q, TextField, Value

WORDS_SEARCHED = 8
# PostgreSQL's parser would take "Math/Physics" for a path, and the "-42" of "Room-42" for a number.
SIGNS = string.punctuation
SPACES = " " * len(SIGNS)
SEPARATE = str.maketrans(SIGNS, SPACES)

TITLE_WORDS = SearchVector(
    Func(F("title"), Value(SIGNS), Value(SPACES), function="translate", output_field=TextField()), config="simple"
)


# Of how many titles the word that begins so is a part, at least. ANALYZE notes the frequent ones; of others: NULL.
HAVING_WORD = """
SELECT max(share) * (SELECT reltuples FROM pg_class WHERE oid = 'lessons_lesson'::regclass)
  FROM pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) AS noted (word, share)
 WHERE tablename = 'lesson_titles' AND starts_with(word, %s)
"""


def words_of(text: str) -> list[str]:
    """The first few words of `text`, as titles are taken apart into theirs."""
    return text.replace("\0", " ").translate(SEPARATE).split()[:WORDS_SEARCHED]


def title_has(text: str) -> Q:
    """Each of the words of `text` begins a word of the title. Without a word, no title does."""
    words = words_of(text)
    return reduce(and_, map(_begins_a_word, words)) if words else Q(pk__in=[])


def _begins_a_word(word: str) -> Q:
    return Q(SearchVectorExact(TITLE_WORDS, SearchQuery(f"'{word}':*", config="simple", search_type="raw")))
