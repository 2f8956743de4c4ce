"""What the rules share: a template as they see it, and what they are kept in."""

import dataclasses
import json
import re

from ..controls import Finding

TEMPLATE = "template"
RULES = {}


@dataclasses.dataclass
class Resource:
    id: str
    type: str
    properties: dict
    template: "Template"

    def at(self, path, otherwise=None):
        """The property of a path such as `VpcConfig.SubnetIds`."""
        value = self.properties
        for name in path.split("."):
            if not isinstance(value, dict) or name not in value:
                return otherwise
            value = value[name]
        return value


class Template:
    def __init__(self, name, document):
        self.name = name
        self.resources = {
            id: Resource(id, one["Type"], one.get("Properties") or {}, self) for id, one in document["Resources"].items()
        }

    def of(self, *types):
        return [one for one in self.resources.values() if one.type in types]

    def types(self):
        return {one.type for one in self.resources.values()}


def findings(templates):
    """What every rule says of every resource that it is about."""
    for template in templates:
        for name, (types, check) in RULES.items():
            for resource in template.of(*types):
                wrong = check(resource)
                if wrong is not None:
                    yield Finding(TEMPLATE, name, template.name, resource.id, not wrong, "; ".join(wrong))


def rule(*types):
    def register(check):
        RULES[check.__name__] = (types, check)
        return check

    return register


def required(condition, otherwise):
    return [] if condition else [otherwise]


def many(value):
    """CloudFormation and IAM take one thing for a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def refers(value, id):
    """Whether an intrinsic function somewhere in a value names the resource."""
    if isinstance(value, list):
        return any(refers(one, id) for one in value)
    if not isinstance(value, dict):
        return False
    attribute = value.get("Fn::GetAtt")
    if isinstance(attribute, str):
        attribute = attribute.split(".")
    if value.get("Ref") == id or (attribute and attribute[0] == id):
        return True
    text = many(value.get("Fn::Sub"))[:1]
    if text and isinstance(text[0], str) and re.search(r"\$\{" + re.escape(id) + r"(\.[^}]*)?\}", text[0]):
        return True
    return any(refers(one, id) for one in value.values())


def statements(document, effect=None):
    if isinstance(document, str):
        document = json.loads(document)
    return [one for one in many((document or {}).get("Statement")) if effect in (None, one.get("Effect"))]
