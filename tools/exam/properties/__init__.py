"""Rules of our own over the rendered templates, for controls that none of the
tools judges on a CloudFormation template.

A rule is a function of one resource, and is tried on every resource of the
types it is registered for. It returns what is wrong, a sentence each and none
if it is met, or None where it has nothing to say of this resource. It is at
least as strict as the controls for which the catalogue names it.
"""

from . import api, functions, network, policies, stores  # noqa: F401  (they register their rules)
from .frame import RULES, Template, findings, refers  # noqa: F401
