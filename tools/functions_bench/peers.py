"""What is found of the labelled corpus (functions/corpus/README.md), beside
what others find: the regular expressions that a Python developer writes for
what the first documents name (SSN, credit cards, e-mail, phone, IP), and
Presidio's pattern recognisers.

A label is recalled when a hit of its type touches it; a hit is right when it
touches a label of its type.
"""

import json
import re

from . import programs

KINDS = ["payment-card", "us-ssn", "email", "phone", "ip-address", "iban"]

#: One plain expression for each type that the first documents name.
PLAIN = {
    "us-ssn": r"\b\d{3}-\d{2}-\d{4}\b",
    "payment-card": r"\b(?:\d{4}[-\s]?){3}\d{4}\b",
    "email": r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b",
    "phone": r"\b(?:\+?1[-.\s]?)?\(?\d{3}\)?[-.\s]?\d{3}[-.\s]?\d{4}\b",
    "ip-address": r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
}

ENTITIES = {
    "CREDIT_CARD": "payment-card",
    "US_SSN": "us-ssn",
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "IP_ADDRESS": "ip-address",
    "IBAN_CODE": "iban",
}

LEVELS = ["low", "medium", "high"]

#: Presidio's scores: all that it returns, and those above its weak patterns.
SCORES = [0.0, 0.4]


def run(options):
    del options
    lines = programs.output(programs.example("bench_scanner"), "corpus").splitlines()
    samples = [json.loads(line) for line in lines]
    tools = {
        **{f"scanner, {level} and above": ours(samples, level) for level in ("low", "medium")},
        "plain expressions": plain(samples),
        **presidio(samples),
    }
    lookalikes = {sample["class"] for sample in samples if not sample["labels"]}
    print(f"{len(samples)} samples, {sum(not s['labels'] for s in samples)} of them look-alikes of {len(lookalikes)} classes\n")
    figures = {"samples": len(samples), "lookalike_classes": len(lookalikes), "tools": {}}
    print(f"{'precision / recall / F1':30}" + "".join(f"{kind:>21}" for kind in KINDS))
    for tool, hits in tools.items():
        scores = {kind: score(samples, hits, kind) for kind in KINDS}
        figures["tools"][tool] = scores
        cells = ["      -" if not s["hits"] else f"{s['precision']:.3f} {s['recall']:.3f} {s['f1']:.3f}" for s in scores.values()]
        print(f"{tool:30}" + "".join(f"{cell:>21}" for cell in cells))
    return figures


def ours(samples, least):
    levels = LEVELS[LEVELS.index(least) :]
    # A hit says where it begins, and nothing of its length.
    return [[(at, at + 1, kind) for at, kind, level in sample["hits"] if level in levels] for sample in samples]


def plain(samples):
    found = []
    for sample in samples:
        place = byte_places(sample["text"])
        hits = []
        for kind, expression in PLAIN.items():
            for match in re.finditer(expression, sample["text"]):
                hits.append((place[match.start()], place[match.end()], kind))
        found.append(hits)
    return found


def presidio(samples):
    with programs.Presidio() as process:
        answers = process.ask({"texts": [sample["text"] for sample in samples]})
    tools = {}
    for least in SCORES:
        name = "Presidio, " + (f"score {least} and above" if least else "every score")
        tools[name] = []
        for sample, answer in zip(samples, answers):
            place = byte_places(sample["text"])
            tools[name].append([(place[a], place[b], ENTITIES[e]) for a, b, e, s in answer if s >= least and e in ENTITIES])
    return tools


def byte_places(text):
    """Where each character begins in UTF-8, and the end."""
    places, at = [], 0
    for character in text:
        places.append(at)
        at += len(character.encode())
    return [*places, at]


def score(samples, hits, kind):
    labels = recalled = count = right = 0
    for sample, found in zip(samples, hits):
        wanted = [(a, b) for a, b, label in sample["labels"] if label == kind]
        found = [(a, b) for a, b, hit in found if hit == kind]
        touches = lambda one, others: any(one[0] < b and a < one[1] for a, b in others)
        labels += len(wanted)
        recalled += sum(touches(one, found) for one in wanted)
        count += len(found)
        right += sum(touches(one, wanted) for one in found)
    precision, recall = right / max(count, 1), recalled / max(labels, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"labels": labels, "hits": count, "precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}
