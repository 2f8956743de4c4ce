# What the tests do to an account, and see of it, by boto3 alone: the provider's
# own reading of AWS is not what it is held against.
#
# Each service has a file that says of its types how boto3 sees them
# (IDENTIFY, COMPARE), changes them (CHANGES), tags them (TAG) and deletes them
# (DELETE); KINDS lists what a region has of a kind, so that nothing unexpected
# stays unseen. `compare.py`, `drift.py` and `vanish.py` are what is done with that.

import time

account = "123456789012"
region = "us-east-1"

# Kind -> what a region has of it, by name.
KINDS = {}
# Type -> what Ref and GetAtt of a resource mean: f(x, id, properties) -> dict.
IDENTIFY = {}
# Type -> f(x, id, resolved properties): says by differ() where it differs.
COMPARE = {}
# Type -> changes, one for each property that AWS lets anybody change: the paths that a plan
# shows for it, how to make it, and how boto3 sees the property. Paths may be
# f(id); a resource without paths takes no part in that change.
CHANGES = {}
# Type -> (tag as a stranger, tags).
TAG = {}
# Type -> f(physical id). In this order: what others lie in goes last.
DELETE = {}
# What takes away what the changes made beside the pipeline.
TIDY = []

differences = []
clients = {}


def c(name):
    """A client in the region that is looked at."""
    if (name, region) not in clients:
        clients[name, region] = boto3.client(name, region_name=region)
    return clients[name, region]


class Late:
    """The client of a service, in whichever region is looked at."""

    def __init__(self, name):
        self._name = name

    def __getattr__(self, attribute):
        return getattr(c(self._name), attribute)


def listed(service, operation, key, **arguments):
    """All pages of a list."""
    if not c(service).can_paginate(operation):
        return getattr(c(service), operation)(**arguments)[key]
    pages = c(service).get_paginator(operation).paginate(**arguments)
    return [item for page in pages for item in page.get(key, [])]


def registering(registry):
    def register(*types):
        def keep(function):
            for name in types:
                registry[name] = function
            return function
        return keep
    return register


kind, identify, compare, deletes = map(registering, (KINDS, IDENTIFY, COMPARE, DELETE))


def differ(what, expected, found):
    if expected != found:
        differences.append(f"{what}: the template says {expected!r}, the account {found!r}")


def same(id, properties, found):
    """All properties but the tags, those too that only the account has."""
    said = {name: value for name, value in properties.items() if name != "Tags"}
    found = {name: value for name, value in found.items() if value is not None}
    for name in sorted(said.keys() | found.keys()):
        differ(f"{id} {name}", said.get(name), found.get(name))


def differ_by_property(id, expected, found):
    """All of a resource but its tags. What is off, empty or not there is the same."""
    for name in sorted(set(expected) | set(found)):
        here, there = expected.get(name), found.get(name)
        if name != "Tags" and (here or there):
            differ(f"{id} {name}", here, there)


def listed_tags(tags):
    """A map as the APIs take it."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def policy(document):
    """A policy with its sets in one order: actions, resources and the values
    of a condition are sets, which AWS and the provider may list differently."""
    if isinstance(document, dict):
        return {key: policy(value) for key, value in document.items()}
    if isinstance(document, list) and all(isinstance(item, str) for item in document):
        return sorted(document) if len(document) > 1 else document[0]
    if isinstance(document, list):
        return [policy(item) for item in document]
    return document


def tag_map(tags, key="Key", value="Value"):
    return {tag[key]: tag[value] for tag in tags}


# -- of one resource of the pipeline, in drift and vanish: `resources` is theirs -----------

def physical(id):
    return resources[id]["physical"]


def visible(tags):
    """The tags that the template knows, in the order in which they are compared."""
    return sorted(key for key in tags if key not in ("tap:pipeline", "tap:logical-id", "tap:provider-version", "a-strangers"))


def index(tags, key):
    return f"Tags[{visible(tags).index(key)}].Value"


def tag_changes(put, remove, look):
    """The two changes of a tag that every taggable type has."""
    return [
        (lambda id: [index(look(id), "owner-of")], lambda id: put(id, {"owner-of": "other"}), look),
        (["Tags"], lambda id: remove(id, "owner-of"), look),
    ]


def without_the_last(policy):
    policy["Statement"].pop()
    return policy


def statement_path(sid, of="PolicyDocument"):
    """Statements are told apart by their ids."""
    return f"{of}.Statement[{sid}]"


def condition_paths(policy, sid, condition, now, of="PolicyDocument"):
    """Of a condition, as `NumericLessThan.s3:TlsVersion`, whose texts are changed to one."""
    statement = next(one for one in policy["Statement"] if one["Sid"] == sid)
    operator, key = condition.split(".")
    had = statement["Condition"][operator][key]
    path = f"{statement_path(sid, of)}.Condition.{condition}"
    return [f"{path}[+{now}]", *(f"{path}[-{text}]" for text in sorted([had] if isinstance(had, str) else had))]


def path_without_the_last(policy):
    return statement_path("-" + policy["Statement"][-1]["Sid"])
