"""The exam: what the tools that auditors run say of the templates of our
examples, held against our stance on each control."""


class Failed(Exception):
    """What keeps the exam from being held, in a sentence."""
