"""Turns the OASIS test cases that github.com/ovh/kmip-go v0.8.1 holds as XML into TTLV, by PyKMIP 0.10.0's tables of tags and
enumerations (kmip/core/enums.py):

    python3 convert.py ENUMS_OF_PYKMIP FOLDER_OF_KMIPTEST_TESTDATA CASE... > messages

A line "# version/file" for each case, then one message a line, in hexadecimal. $NOW is 1700000000, other variables are
DEADBEEFCAFE, so that a run gives the same bytes each time.
"""
import enum
import importlib.util
import re
import struct
import sys
from datetime import datetime, timezone
from xml.etree import ElementTree


# Alone: its package wants a database and more.
spec = importlib.util.spec_from_file_location("enums", sys.argv[1])
enums = importlib.util.module_from_spec(spec)
spec.loader.exec_module(enums)

NOW = 1700000000
TYPES = {"Structure": 1, "Integer": 2, "LongInteger": 3, "BigInteger": 4, "Enumeration": 5, "Boolean": 6, "TextString": 7, "ByteString": 8, "DateTime": 9, "Interval": 10}


def plain(name):
    return re.sub(r"[^a-z0-9]", "", name.lower())


TAGS = {plain(tag.name): tag.value for tag in enums.Tags}
ENUMERATIONS = {plain(name): {plain(one.name): one.value for one in table} for name, table in vars(enums).items() if isinstance(table, type) and issubclass(table, enum.Enum)}
# Names of the standard's XML profile that PyKMIP writes otherwise.
TABLES = {"maskgeneratorhashingalgorithm": "hashingalgorithm"}
VALUES = {("cryptographicalgorithm", "des3"): "tripledes", ("objecttype", "opaqueobject"): "opaquedata"}


def number(table, text):
    if text.startswith("0x"):
        return int(text, 16)
    table, value = TABLES.get(table, table), plain(text)
    return ENUMERATIONS[table][VALUES.get((table, value), value)]


def seconds(text):
    if text.startswith("$NOW"):
        return NOW + int(text[4:] or 0)
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp())


def variable(text):
    return "DEADBEEFCAFE" if re.fullmatch(r"\$[A-Za-z0-9_]+", text) else text


def encode(element, about=""):
    kind = element.get("type", "Structure")
    name = element.tag
    if name == "TTLV":
        tag = int(element.get("tag"), 16)
    else:
        tag = TAGS[plain(name)]
    text = element.get("value", "")
    if not text.startswith("$NOW"):
        text = variable(text)
    if kind == "Structure":
        body, attribute = b"", ""
        for child in element:
            if child.tag == "AttributeName":
                attribute = plain(child.get("value"))
            body += encode(child, attribute)
    elif kind == "Integer":
        table = plain(name) if name != "AttributeValue" else about
        if re.fullmatch(r"-?\d+", text):
            value = int(text)
        elif text.startswith("0x"):
            value = int(text, 16)
        else:
            value = 0
            for part in text.split():
                value |= number(table, part)
        body = struct.pack(">i", value)
    elif kind == "LongInteger":
        body = struct.pack(">q", int(text))
    elif kind in ("BigInteger", "ByteString"):
        body = bytes.fromhex(text)
        if kind == "BigInteger":
            fill = b"\xff" if body and body[0] & 0x80 else b"\0"
            body = fill * (-len(body) % 8) + body
    elif kind == "Enumeration":
        body = struct.pack(">I", number(plain(name) if name != "AttributeValue" else about, text))
    elif kind == "Boolean":
        body = struct.pack(">Q", text == "true")
    elif kind == "TextString":
        body = text.encode()
    elif kind == "DateTime":
        body = struct.pack(">q", seconds(text))
    elif kind == "Interval":
        body = struct.pack(">I", int(text))
    else:
        raise KeyError(kind)
    return tag.to_bytes(3, "big") + bytes([TYPES[kind]]) + struct.pack(">I", len(body)) + body + b"\0" * (-len(body) % 8)


root, *cases = sys.argv[2:]
for case in cases:
    print("#", case)
    for message in ElementTree.parse(f"{root}/{case}").getroot():
        print(encode(message).hex())
