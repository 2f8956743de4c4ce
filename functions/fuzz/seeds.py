#!/usr/bin/env python3
"""Lays the fixtures of the tests into corpus/, where each target begins."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "tests", "fixtures")
CONTENT = (
    b"BT /F 12 Tf 72 700 Td (4111111111111111) Tj [(41) -20 (11)] TJ T* (x) ' ET q /X Do Q\xff"
    b"BT /F 1 Tf <00410042> Tj ET\xff"
    b"1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar <41> <0034> endbfchar "
    b"1 beginbfrange <42> <50> <0041> endbfrange\xff"
    b"1 begincodespacerange <0000> <ffff> endcodespacerange\xff"
    b"12 0 13 40 << /A [1 2 (text)] >>           << /Type /Page >>\xff<x a='b'>text</x>"
)
PARTS = {
    1: b"<w:document><w:body><w:p><w:r><w:t>4111</w:t><w:tab/></w:r></w:p></w:body></w:document>",
    2: b"<Types><Override PartName='/word/document.xml' ContentType='application/vnd."
       b"openxmlformats-officedocument.wordprocessingml.document.main+xml'/></Types>",
    3: b"<Relationships><Relationship Type='x/hyperlink' Target='https://example.com' "
       b"TargetMode='External'/></Relationships>",
    5: b"<row><c t='s' s='1'><f>A1</f><v>0</v></c><c><v>4.1E15</v></c></row>",
    6: b"<si><r><t>4111</t></r><rPh><t>x</t></rPh></si>",
    7: b"<a b='&#52;'>&amp;<![CDATA[x]]></a>",
}
END = b'{"Ok":{"kind":"text","parts":1,"text_bytes":4,"unreadable":null}}'


def fixture(path):
    with open(os.path.join(FIXTURES, path), "rb") as file:
        return file.read()


def files(folder, extension):
    # The key of AES-256 takes thousands of hashes, by design: one execution
    # would be twenty.
    names = [name for name in sorted(os.listdir(os.path.join(FIXTURES, folder)))
             if "aes-256" not in name]
    return [fixture(os.path.join(folder, name)) for name in names if name.endswith(extension)]


def seeds():
    pdfs = files("pdf", ".pdf") + files("office", ".pdf")
    packages = files("docx", ".docx") + files("office", ".docx") + files("xlsx", ".xlsx")
    documents = files("office", ".doc") + files("office", ".xls")
    texts = ["card 4111 1111 1111 1111 – Müller\r\n".encode(code)
             for code in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252")]
    return {
        "pdf": pdfs,
        "content": [CONTENT],
        "ooxml": [b"\0" + data for data in packages]
                 + [bytes([kind]) + part for kind, part in PARTS.items()]
                 + [b"\x04" + data for data in documents[:1]],
        "doc": [b"\0" + data for data in documents]
               + [b"\x01\xff\xff" + documents[0][:4096], b"\x02\0\0\0\0\x02\0a\0b\0\0\0\3\0\2\0\0\0c\0\1\0\0\0x"],
        "text": texts,
        "detect": [data for data in pdfs[:3] + packages[:2] + documents + texts if len(data) < 30000],
        "protocol": [b"\3P\6\0\0\0page 1T\4\0\0\0fourE" + bytes([len(END)]) + b"\0\0\0" + END],
        "scanner": [bytes([5]) + text for text in texts],
    }


def main():
    for target, all_of in seeds().items():
        folder = os.path.join(HERE, "corpus", target)
        os.makedirs(folder, exist_ok=True)
        for number, data in enumerate(all_of):
            with open(os.path.join(folder, f"seed-{number:02}"), "wb") as file:
                file.write(data)


if __name__ == "__main__":
    sys.exit(main())
