"""The exam: what the tools that auditors run say of the templates of our
examples, and what our own rules say of them where no tool does, held against our
stance on each control."""


class Failed(Exception):
    """What keeps the exam from being held, in a sentence."""
