# Compares an account with templates: every resource of each is there and is
# what its properties say, and there is nothing else but the manifests.
#
# In: `templates` (region, template, pipeline id). Out: a list of sentences on
# what differs.


class Expected:
    """A template's resources in an account."""

    def __init__(self, region, template, pipeline, everything):
        self.region, self.pipeline, self.everything = region, pipeline, everything
        self.resources = template["Resources"]
        self.names, self.seen = {}, {}

    def saw(self, kind, name):
        self.seen.setdefault(kind, set()).add(name)

    def all(self, kind):
        return self.everything[kind]

    def carries(self, tags, id):
        return tags.get("tap:pipeline") == self.pipeline and tags.get("tap:logical-id") == id

    def name(self, id, attribute):
        """What Ref or GetAtt of a resource mean here."""
        if id not in self.names:
            resource = self.resources[id]
            find = IDENTIFY.get(resource["Type"], lambda x, id, p: {})
            self.names[id] = {}
            self.names[id] = find(self, id, self.resolve(resource["Properties"]))
        return self.names[id].get(attribute)

    def resolve(self, value):
        if isinstance(value, dict) and set(value) == {"Ref"}:
            return self.name(value["Ref"], "Ref")
        if isinstance(value, dict) and set(value) == {"Fn::GetAtt"}:
            return self.name(*value["Fn::GetAtt"])
        if isinstance(value, dict) and set(value) == {"Fn::Join"}:
            glue, parts = value["Fn::Join"]
            return glue.join(str(self.resolve(part)) for part in parts)
        if isinstance(value, dict) and set(value) == {"Fn::Sub"}:
            return self.substitute(value["Fn::Sub"])
        if isinstance(value, dict):
            return {key: self.resolve(member) for key, member in value.items()}
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        return value

    def substitute(self, text):
        import re
        variables = {}
        if isinstance(text, list):
            text, variables = text
        def put(match):
            name = match[1]
            if name in variables:
                return str(self.resolve(variables[name]))
            id, _, attribute = name.partition(".")
            return str(self.name(id, attribute or "Ref"))
        return re.sub(r"\$\{([^!}]+)\}", put, text)

    def tags(self, id, properties, found):
        """All tags, as a map, of a resource whose property is a list of them."""
        expected = tag_map(properties["Tags"]) | {"tap:pipeline": self.pipeline, "tap:logical-id": id}
        found = dict(found)
        if not found.pop("tap:provider-version", None):
            differences.append(f"{id}: the tag tap:provider-version is missing")
        differ(f"{id} tags", expected, found)

    def compare(self):
        for id, resource in self.resources.items():
            try:
                self.name(id, "Ref")
                COMPARE[resource["Type"]](self, id, self.resolve(resource["Properties"]))
            except Exception as error:
                differences.append(f"{id}: {type(error).__name__}: {error}")
        compare_manifest(self)


for region in sorted({region for region, _, _ in templates}):
    everything = {kind: names() for kind, names in KINDS.items()}
    seen = {}
    for here, template, pipeline in templates:
        if here == region:
            expected = Expected(region, template, pipeline, everything)
            expected.compare()
            for kind, names in expected.seen.items():
                seen.setdefault(kind, set()).update(names)
    for kind, names in everything.items():
        differ(f"the {kind} of {region}", sorted(map(str, seen.get(kind, ()))), sorted(map(str, names)))

print(json.dumps(differences))
