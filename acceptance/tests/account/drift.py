# Changes behind Terraform's back: round k makes the k-th change of every resource.
# Where there are fewer rounds than a resource has changes, they make some of them,
# at equal steps.
#
# `resources` (logical id -> type, physical id), `round`, `rounds` and `action` come from
# the test. `change` prints what each property was and is; `look` what it is.


def of_this_round():
    for id, resource in sorted(resources.items()):
        changes = CHANGES[resource["type"]]
        if len(changes) <= rounds and round < len(changes):
            yield id, changes[round]
        elif len(changes) > rounds:
            yield id, changes[round * len(changes) // rounds]


def normal(value):
    """Sets as AWS answers them have no order."""
    return json.loads(json.dumps(value, sort_keys=True, default=str))


if action == "count":
    print(json.dumps({kind: len(changes) for kind, changes in CHANGES.items()}))
elif action == "look":
    print(json.dumps({id: normal(look(id)) for id, (_, _, look) in of_this_round()}))
elif action == "change":
    # Everything is looked at before anything is changed: what one change does
    # may show in another's property.
    todo = {}
    for id, (paths, change, look) in of_this_round():
        paths = paths(id) if callable(paths) else paths
        if paths:
            todo[id] = {"paths": sorted(paths), "was": normal(look(id))}
    for id, (_, change, look) in of_this_round():
        if id in todo:
            try:
                change(id)
            except Exception as error:
                raise Exception(f"{id}: {todo[id]['paths']} cannot be changed: {error}")
    for id, (_, _, look) in of_this_round():
        if id in todo:
            todo[id]["is"] = normal(look(id))
    print(json.dumps(todo))
elif action == "tidy":
    for tidy in TIDY:
        tidy()
elif action in ("tag as a stranger", "see a stranger's tags"):
    tagged = {id: TAG[resource["type"]] for id, resource in resources.items() if resource["type"] in TAG}
    if action == "tag as a stranger":
        for id, (put, _) in tagged.items():
            put(id, {"a-strangers": "x"})
    print(json.dumps({id: look(id).get("a-strangers") for id, (_, look) in tagged.items()}))
