"""docs/ holds what its sources say, in the shapes of the registry."""

import json
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import docs  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]

# The words in which a description says what a change of its argument does.
CHANGE = re.compile(
    r"Changed in place\b"
    r"|A change (adds or removes|moves|puts|replaces) \w"
    r"|A change alone does nothing\b"
    r"|A change touches no AWS resource\b"
)


def settable(attributes, above=()):
    """The path of each leaf that a user may write, its description and that of
    what it stands in."""
    for name, attribute in attributes.items():
        if not (attribute.get("optional") or attribute.get("required")):
            continue
        path, description = (*above, name), attribute.get("description", "")
        nested = attribute.get("nested_type")
        if nested is None:
            yield ".".join(path), description, ""
            continue
        for below, own, parent in settable(nested["attributes"], path):
            yield below, own, parent or description


def at_rest(zones):
    """What the quickstart costs a month with interface endpoints in so many
    zones, at the prices of the guide, in cents."""
    resources = json.loads((ROOT / "schemas" / "templates" / "quickstart.json").read_text())["Resources"].values()
    of = {}
    for resource in resources:
        of.setdefault(resource["Type"], []).append(resource.get("Properties", {}))
    interfaces = [one for one in of["AWS::EC2::VPCEndpoint"] if one["VpcEndpointType"] == "Interface"]
    [acl] = of["AWS::WAFv2::WebACL"]
    return (
        len(interfaces) * zones * 730
        + 500 + 100 * len(acl["Rules"])
        + 100 * len(of["AWS::KMS::Key"])
        + 300 * len(of["AWS::CloudWatch::Dashboard"])
        + 10 * len(of["AWS::CloudWatch::Alarm"])
        + 40 * len(of["AWS::SecretsManager::Secret"])
        + 30 * len(of["AWS::Logs::MetricFilter"])
    )


class Docs(unittest.TestCase):
    def test_the_costs_are_those_of_the_template(self):
        page = (ROOT / "docs" / "guides" / "limits-and-costs.md").read_text()
        dollars = lambda cents: f"{cents / 100:.2f}"
        self.assertIn(f"| together | | {dollars(at_rest(3))} |", page)
        for sentence in (f"makes it {dollars(at_rest(2))}, and `1` makes it {dollars(at_rest(1))}", f"then cost {dollars(at_rest(0))} a"):
            self.assertIn(sentence, page)
        self.assertIn(f"about {at_rest(3) // 100} USD a month", " ".join((ROOT / "README.md").read_text().split()))

    def test_nothing_is_stale(self):
        pages = docs.pages()
        there = {str(path.relative_to(ROOT / "docs")): path.read_text() for path in (ROOT / "docs").rglob("*.md")}
        self.assertEqual(sorted(there), sorted(pages))
        for name, text in pages.items():
            self.assertEqual(there[name], text, f"docs/{name} is stale; run: make docs")

    def test_every_anchor_that_is_pointed_at_is_there(self):
        for name, text in docs.pages().items():
            for anchor in set(docs.re.findall(r"\]\(#([^)]+)\)", text)):
                self.assertTrue(f'<a id="{anchor}"></a>' in text or anchor in headings(text), f"{name}: #{anchor}")

    def test_every_attribute_is_described(self):
        for name, text in docs.pages().items():
            for line in text.splitlines():
                if docs.re.match(r"- `\w+` \(", line):
                    self.assertRegex(line, r"^- `\w+` \([A-Z][\w ,-]+(\[Write-only\]\(https:[^)]+\))?\) \S", name)

    def test_every_argument_says_what_a_change_of_it_does(self):
        schemas = json.loads((ROOT / "schemas" / "provider.json").read_text())
        for name, schema in schemas["resource_schemas"].items():
            leaves = list(settable(schema["block"]["attributes"]))
            self.assertGreater(len(leaves), 70, name)
            silent = [path for path, own, parent in leaves if not (CHANGE.search(own) or CHANGE.search(parent))]
            self.assertEqual(silent, [], name)

    def test_a_leaf_is_described_by_itself_and_by_what_it_stands_in(self):
        leaf = {"type": "string", "optional": True, "description": "A leaf."}
        inner = {"optional": True, "description": "Inner.", "nested_type": {"attributes": {"leaf": leaf}}}
        outer = {"optional": True, "description": "Outer.", "nested_type": {"attributes": {"inner": inner, "leaf": leaf}}}
        seen = {"type": "string", "computed": True, "description": "Seen."}
        self.assertEqual(
            list(settable({"outer": outer, "leaf": leaf, "seen": seen})),
            [
                ("outer.inner.leaf", "A leaf.", "Inner."),
                ("outer.leaf", "A leaf.", "Outer."),
                ("leaf", "A leaf.", ""),
            ],
        )

    def test_what_is_listed_is_plain_text(self):
        for markdown, text in (
            ("The `AWS_*` variables, and `a_b`.", "The AWS_* variables, and a_b."),
            ("See [the guide](https://example.com/a) or [below](#below).", "See the guide https://example.com/a or below."),
            ("**Never** *more* than 2 * 3 * 4.\n\nSecond.", "Never more than 2 * 3 * 4.\nSecond."),
        ):
            self.assertEqual(docs.plain(markdown), text)
        for name, text in docs.pages().items():
            front = text.split("---\n")[1]
            self.assertNotRegex(front, r"`|\]\(", name)

    def test_what_is_only_written_is_linked_and_noted_before_its_list(self):
        leaf = {"type": "string", "description": "A leaf.", "optional": True}
        nested = {"nesting_mode": "single", "attributes": {"inner": leaf | {"write_only": True}}}
        items = {"area": {"nested_type": nested, "optional": True, "description": "An area."}, "b": leaf | {"write_only": True, "sensitive": True}}
        text = docs.attributes(items, (), "### {}")
        link = "[Write-only](https://developer.hashicorp.com/terraform/language/resources/ephemeral#write-only-arguments)"
        self.assertTrue(text.startswith(f"### Optional\n\n{docs.WRITE_ONLY_NOTE}\n\n- `area` "), text)
        self.assertIn(f"- `b` (String, Sensitive, {link}) A leaf.\n", text)
        self.assertEqual(text.count("> **NOTE**"), 1, "not once more in what is nested")

    def test_an_import_is_a_block_and_a_command_and_both_name_one_thing(self):
        self.assertEqual(
            docs.import_block("# As root.\nterraform import a_b.c d-e@f\n"),
            'import {\n  to = a_b.c\n  id = "d-e@f"\n}',
        )
        page = docs.pages()["resources/secure_pipeline.md"]
        section = page.split("## Import\n")[1]
        block, command = section.index("```terraform\nimport {"), section.index("```shell\nterraform import ")
        self.assertLess(block, command)

    def test_the_providers_example_says_where_the_provider_comes_from(self):
        example = docs.pages()["index.md"].split("```terraform\n")[1].split("```")[0]
        self.assertEqual(example.count("required_providers"), 1)
        self.assertLess(example.index(docs.SOURCE), example.index('provider "tap"'))
        own = '```terraform\nterraform {\n  required_providers {}\n}\n```\n'
        self.assertEqual(docs.required(own), own)

    def test_lists_are_in_the_registrys_order_and_nested_schemas_have_their_own_lists(self):
        leaf = {"type": "string", "description": "A leaf.", "description_kind": "markdown"}
        nested = {"nesting_mode": "single", "attributes": {"inner": leaf | {"required": True}}}
        items = {
            "seen": leaf | {"computed": True},
            "either": leaf | {"optional": True, "computed": True},
            "must": {"type": ["map", ["set", "bool"]], "required": True, "sensitive": True, "description": "A map."},
            "area": {"nested_type": nested, "optional": True, "description": "An area."},
        }
        self.assertEqual(
            docs.attributes(items, (), "### {}"),
            "### Required\n\n- `must` (Map of Set of Boolean, Sensitive) A map.\n\n"
            "### Optional\n\n- `area` (Attributes) An area. (see [below for nested schema](#nestedatt--area))\n"
            "- `either` (String) A leaf.\n\n"
            "### Read-Only\n\n- `seen` (String) A leaf.\n\n"
            '<a id="nestedatt--area"></a>\n### Nested Schema for `area`\n\n'
            "Required:\n\n- `inner` (String) A leaf.\n\n",
        )


def headings(text):
    lines = [line.lstrip("#").strip().lower() for line in text.splitlines() if line.startswith("#")]
    return {docs.re.sub(r"[^\w -]", "", line).replace(" ", "-") for line in lines}


if __name__ == "__main__":
    unittest.main()
