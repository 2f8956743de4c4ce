"""docs/ holds what its sources say, in the shapes of the registry."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import docs  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Docs(unittest.TestCase):
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
                    self.assertRegex(line, r"^- `\w+` \([A-Z][\w ,-]+\) \S", name)

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
