"""Presidio's pattern recognisers without a language model, in a process of
their own: reads one question as JSON a line, answers each with a line.

    {"texts": [...]}    the findings of each: [[from, to, entity, score], ...]
    {"time": TEXT}      the seconds of its core that one text takes

Words near by are looked for as Presidio does it, by its own enhancer; in place
of a language model's lemmas it gets the words in lower case, of a blank
tokenizer.
"""

import json
import logging
import sys
import time

import spacy
import tldextract
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    IpRecognizer,
    PhoneRecognizer,
    UsSsnRecognizer,
)


# The list of top-level domains that the package brings: it would fetch a newer one.
tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())


class Words:
    """What the enhancer asks of a language model: nothing but which words do
    not count."""

    def is_stopword(self, word, language):
        return False

    def is_punct(self, word, language):
        return not any(character.isalnum() for character in word)


TOKENIZER = spacy.blank("en")
ENHANCER = LemmaContextAwareEnhancer()
RECOGNIZERS = [
    CreditCardRecognizer(),
    UsSsnRecognizer(),
    EmailRecognizer(),
    PhoneRecognizer(),
    IpRecognizer(),
    IbanRecognizer(),
]


def analyze(text):
    tokens = TOKENIZER(text)
    words = [token.lower_ for token in tokens]
    artifacts = NlpArtifacts(
        entities=[], tokens=tokens, tokens_indices=[token.idx for token in tokens], lemmas=words, nlp_engine=Words(), language="en"
    )
    found = []
    for recognizer in RECOGNIZERS:
        found += recognizer.analyze(text, recognizer.supported_entities, artifacts) or []
    return ENHANCER.enhance_using_context(text, found, artifacts, RECOGNIZERS)


def answer(question):
    if "texts" in question:
        return [
            [[one.start, one.end, one.entity_type, round(one.score, 3)] for one in analyze(text)] for text in question["texts"]
        ]
    began = time.process_time()
    analyze(question["time"])
    return time.process_time() - began


def main():
    logging.disable(logging.CRITICAL)
    TOKENIZER.max_length = 1 << 30
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
