"""What the examples say, held against the provider's published schema."""

import json
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RESOURCE = "tap_secure_pipeline"
TOKEN = re.compile(r'#[^\n]*|"(?:\\.|[^"\\])*"|[A-Za-z_][\w-]*|[{}=]')


def paths_in(text):
    """The path of each argument of the pipelines that a configuration declares."""
    tokens = [token for token in TOKEN.findall(text) if not token.startswith("#")]
    stack, found = [], set()
    for at, token in enumerate(tokens):
        if token == "{":
            key = tokens[at - 2] if at > 1 and tokens[at - 1] == "=" else None
            declares = key is None and tokens[max(at - 3, 0):at - 1] == ["resource", f'"{RESOURCE}"']
            stack.append(key or (RESOURCE if declares else ""))
        elif token == "}":
            stack.pop()
        elif token == "=" and stack[:1] == [RESOURCE]:
            found.add((*stack[1:], tokens[at - 1]))
    return found


def settable(attributes, above=()):
    """The path of each attribute that a user may write; `*` is a map's key."""
    for name, attribute in attributes.items():
        if not (attribute.get("optional") or attribute.get("required")):
            continue
        path = (*above, name)
        yield path
        nested = attribute.get("nested_type", {})
        inner = (*path, "*") if nested.get("nesting_mode") == "map" else path
        yield from settable(nested.get("attributes", {}), inner)


def speaks_of(written, path):
    return len(written) == len(path) and all(b in ("*", a) for a, b in zip(written, path))


class Examples(unittest.TestCase):
    def test_paths_are_found_however_deep_and_in_pipelines_only(self):
        text = 'provider "tap" {\n  region = 1\n}\n# x = 1\nresource "tap_secure_pipeline" "a" {\n  b = "c = {"\n  d = { e = { f = 1 } }\n}\n'
        self.assertEqual(paths_in(text), {("b",), ("d",), ("d", "e"), ("d", "e", "f")})

    def test_the_complete_example_uses_every_attribute(self):
        schemas = json.loads((ROOT / "schemas" / "provider.json").read_text())
        resource = schemas["resource_schemas"][RESOURCE]
        wanted = list(settable(resource["block"]["attributes"]))
        self.assertGreater(len(wanted), 70)
        written = paths_in((ROOT / "examples" / "complete" / "main.tf").read_text())
        missing = [".".join(path) for path in wanted if not any(speaks_of(one, path) for one in written)]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main()
